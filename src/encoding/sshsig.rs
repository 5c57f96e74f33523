//! Detached signatures as `ssh-keygen -Y sign` makes them (PROTOCOL.sshsig, version 1); refuses every hash but SHA-512, a
//! filled reserved field, and any second way of writing the same signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};

use super::ed25519::{self, SignatureError};
use super::openssh::PrivateKey;
use crate::model::{InvalidKey, KeyKind, PublicKey, put_string, take_string};

const MAGIC: &[u8; 6] = b"SSHSIG";
const VERSION: [u8; 4] = [0, 0, 0, 1];
const HASH: &str = "sha512";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "-----END SSH SIGNATURE-----\n";
/// How many base64 characters `ssh-keygen` puts on a line.
const WIDTH: usize = 70;
/// Longest armored signature that is looked at.
const LONGEST: usize = 4096;

/// A well-formed signature, not yet checked against anything.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    key: PublicKey,
    namespace: String,
    bytes: [u8; 64],
}

/// Why a text is not a signature, or not the one that is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SshsigError {
    /// Not armored exactly as `ssh-keygen` does it.
    #[error("not a signature as ssh-keygen -Y sign writes it")]
    Armor,
    /// Something is missing, too much or in the wrong place inside.
    #[error("the signature is damaged")]
    Malformed,
    /// Another version of the format.
    #[error("the signature has another version than 1")]
    Version,
    /// The reserved field is not empty.
    #[error("the signature's reserved field is not empty")]
    Reserved,
    /// Another hash than SHA-512.
    #[error("the signature uses hash `{}`, not sha512", .0.escape_debug())]
    Hash(String),
    /// The key inside is not one.
    #[error("the signature's key: {0}")]
    Key(#[from] InvalidKey),
    /// Made for another purpose.
    #[error("the signature was made for `{}`, not for `{}`", .found.escape_debug(), .expected.escape_debug())]
    Namespace {
        /// What it should be made for.
        expected: String,
        /// What it is made for.
        found: String,
    },
    /// Made by another key.
    #[error("the signature was made by another key")]
    OtherKey,
    /// Not by this key over this text, or by a key whose signatures can't be checked.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// Signs a message for one purpose (namespace), armored as `ssh-keygen -Y sign` does it.
#[must_use]
pub fn sign(key: &PrivateKey, namespace: &str, message: &[u8]) -> String {
    let bytes = key.key().sign(&signed_text(namespace, message));
    Signature { key: key.public().clone(), namespace: namespace.to_owned(), bytes }.to_string()
}

/// Checks that this key signed this message for this purpose.
///
/// # Errors
/// `Namespace`, `OtherKey`, `Signature`.
pub fn verify(signature: &Signature, namespace: &str, message: &[u8], key: &PublicKey) -> Result<(), SshsigError> {
    if signature.namespace != namespace {
        return Err(SshsigError::Namespace { expected: namespace.to_owned(), found: signature.namespace.clone() });
    }
    if signature.key != *key {
        return Err(SshsigError::OtherKey);
    }
    Ok(ed25519::verify(key, &signed_text(namespace, message), &signature.bytes)?)
}

impl Signature {
    /// Reads an armored signature.
    ///
    /// # Errors
    /// What is wrong with its form; `Signature` if it is of a kind that can't be checked.
    pub fn parse(armored: &str) -> Result<Self, SshsigError> {
        if armored.len() > LONGEST {
            return Err(SshsigError::Armor);
        }
        let body = armored.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or(SshsigError::Armor)?;
        let blob = STANDARD.decode(body.replace('\n', "")).map_err(|_| SshsigError::Armor)?;
        let signature = Self::from_blob(&blob)?;
        // INVARIANT (one spelling): whoever holds a signature can't make a second text that verifies as well.
        if signature.to_string() == armored { Ok(signature) } else { Err(SshsigError::Armor) }
    }

    fn from_blob(blob: &[u8]) -> Result<Self, SshsigError> {
        let mut rest = blob.strip_prefix(MAGIC).ok_or(SshsigError::Malformed)?;
        let version;
        (version, rest) = rest.split_first_chunk().ok_or(SshsigError::Malformed)?;
        if *version != VERSION {
            return Err(SshsigError::Version);
        }
        let mut field = || take_string(&mut rest).ok_or(SshsigError::Malformed);
        let (key, namespace, reserved, hash, mut signature) = (field()?, field()?, field()?, field()?, field()?);
        if !reserved.is_empty() {
            return Err(SshsigError::Reserved);
        }
        if hash != HASH.as_bytes() {
            return Err(SshsigError::Hash(String::from_utf8_lossy(hash).chars().take(64).collect()));
        }
        let key = PublicKey::from_blob(key)?;
        match key.kind() {
            KeyKind::Ed25519 => {}
            kind @ (KeyKind::EcdsaP256 | KeyKind::SkEd25519 | KeyKind::SkEcdsaP256) => {
                return Err(SignatureError::Unsupported(kind).into());
            }
        }
        let kind = take_string(&mut signature);
        let bytes = take_string(&mut signature).and_then(|bytes| bytes.try_into().ok());
        match (kind, bytes, std::str::from_utf8(namespace)) {
            (Some(b"ssh-ed25519"), Some(bytes), Ok(namespace))
                if signature.is_empty() && rest.is_empty() && !namespace.is_empty() =>
            {
                Ok(Self { key, namespace: namespace.to_owned(), bytes })
            }
            _ => Err(SshsigError::Malformed),
        }
    }

    /// Which key it says it was made by.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What it says it was made for.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// The armored form, with its final newline.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut signature = Vec::with_capacity(83);
        put_string(&mut signature, self.key.kind().name().as_bytes());
        put_string(&mut signature, &self.bytes);
        let mut blob = Vec::with_capacity(256);
        blob.extend_from_slice(MAGIC);
        blob.extend_from_slice(&VERSION);
        for field in [self.key.blob(), self.namespace.as_bytes(), b"", HASH.as_bytes(), &signature] {
            put_string(&mut blob, field);
        }
        f.write_str(BEGIN)?;
        let mut body = STANDARD.encode(blob);
        while !body.is_empty() {
            let rest = body.split_off(WIDTH.min(body.len()));
            writeln!(f, "{body}")?;
            body = rest;
        }
        f.write_str(END)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signature by {} for `{}`", self.key, self.namespace.escape_debug())
    }
}

/// What is signed: the purpose and the hash of the message, never the message itself.
fn signed_text(namespace: &str, message: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(128);
    text.extend_from_slice(MAGIC);
    for field in [namespace.as_bytes(), b"", HASH.as_bytes(), &Sha512::digest(message)] {
        put_string(&mut text, field);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"what was approved\n";

    fn key() -> PrivateKey {
        PrivateKey::from_seed(&[7; 32], "alice@home").unwrap()
    }

    fn armored(blob: &[u8]) -> String {
        let body = STANDARD.encode(blob);
        let lines: Vec<_> = body.as_bytes().chunks(WIDTH).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("{BEGIN}{}\n{END}", lines.join("\n"))
    }

    /// A signature whose every field can be said; `rest` follows the last.
    fn made(
        version: u32,
        key: &[u8],
        namespace: &[u8],
        reserved: &[u8],
        hash: &[u8],
        inner: &[&[u8]],
        rest: &[u8],
    ) -> String {
        let mut signature = Vec::new();
        for field in inner {
            put_string(&mut signature, field);
        }
        let mut blob = [MAGIC.as_slice(), &version.to_be_bytes()].concat();
        for field in [key, namespace, reserved, hash, &signature] {
            put_string(&mut blob, field);
        }
        blob.extend_from_slice(rest);
        armored(&blob)
    }

    #[test]
    fn a_signature_verifies_for_its_key_purpose_and_message_alone() {
        let text = sign(&key(), "gate-verdict", MESSAGE);
        let signature = Signature::parse(&text).unwrap();
        assert_eq!((signature.key(), signature.namespace()), (key().public(), "gate-verdict"));
        assert_eq!(signature.to_string(), text);
        assert_eq!(verify(&signature, "gate-verdict", MESSAGE, key().public()), Ok(()));

        let other = PrivateKey::from_seed(&[8; 32], "").unwrap();
        assert_eq!(verify(&signature, "gate-verdict", MESSAGE, other.public()), Err(SshsigError::OtherKey));
        assert_eq!(
            verify(&signature, "gate-verdict", b"something else", key().public()),
            Err(SignatureError::Invalid.into())
        );
        let expected = "gate-grant".to_owned();
        let fault = SshsigError::Namespace { expected, found: "gate-verdict".into() };
        assert_eq!(verify(&signature, "gate-grant", MESSAGE, key().public()), Err(fault));
    }

    #[test]
    fn a_signature_can_t_be_moved_to_another_purpose_or_key() {
        let signature = Signature::parse(&sign(&key(), "gate-grant", MESSAGE)).unwrap();
        let other = PrivateKey::from_seed(&[8; 32], "").unwrap();
        let renamed = Signature { namespace: "gate-verdict".into(), ..signature.clone() };
        assert_eq!(verify(&renamed, "gate-verdict", MESSAGE, key().public()), Err(SignatureError::Invalid.into()));
        let stolen = Signature { key: other.public().clone(), ..signature };
        assert_eq!(verify(&stolen, "gate-grant", MESSAGE, other.public()), Err(SignatureError::Invalid.into()));
    }

    #[test]
    fn a_signature_over_the_bare_message_is_refused() {
        // The record key signs DSSE with the same algorithm; neither may pass for the other.
        let bytes = key().key().sign(MESSAGE);
        let signature = Signature { key: key().public().clone(), namespace: "gate-verdict".into(), bytes };
        assert_eq!(verify(&signature, "gate-verdict", MESSAGE, key().public()), Err(SignatureError::Invalid.into()));
    }

    #[test]
    fn bad_vectors_are_refused_by_their_fault() {
        let key = key();
        let (blob, bytes) = (key.public().blob(), key.key().sign(&signed_text("nn", MESSAGE)));
        let inner: &[&[u8]] = &[b"ssh-ed25519", &bytes];
        let good = made(1, blob, b"nn", b"", b"sha512", inner, b"");
        assert_eq!(good, sign(&key, "nn", MESSAGE));

        let mut weak = Vec::new();
        put_string(&mut weak, b"ssh-ed25519");
        put_string(&mut weak, &[0; 32]);
        let mut token = Vec::new();
        put_string(&mut token, b"sk-ssh-ed25519@openssh.com");
        put_string(&mut token, key.public().ed25519_bytes().unwrap());
        put_string(&mut token, b"ssh:");
        let (armor, malformed) = (SshsigError::Armor, SshsigError::Malformed);
        let one_line =
            good.replacen('\n', "@", 1).replace('\n', "").replace('@', "\n").replace("-----END", "\n-----END");
        for (fault, text) in [
            (SshsigError::Version, made(0, blob, b"nn", b"", b"sha512", inner, b"")),
            (SshsigError::Version, made(2, blob, b"nn", b"", b"sha512", inner, b"")),
            (SshsigError::Hash("sha256".into()), made(1, blob, b"nn", b"", b"sha256", inner, b"")),
            (SshsigError::Hash(String::new()), made(1, blob, b"nn", b"", b"", inner, b"")),
            (SshsigError::Reserved, made(1, blob, b"nn", b"x", b"sha512", inner, b"")),
            (SshsigError::Key(InvalidKey::Weak), made(1, &weak, b"nn", b"", b"sha512", inner, b"")),
            (SshsigError::Key(InvalidKey::Form), made(1, b"", b"nn", b"", b"sha512", inner, b"")),
            (
                SignatureError::Unsupported(KeyKind::SkEd25519).into(),
                made(1, &token, b"nn", b"", b"sha512", inner, b""),
            ),
            (malformed.clone(), made(1, blob, b"", b"", b"sha512", inner, b"")),
            (malformed.clone(), made(1, blob, b"\xff", b"", b"sha512", inner, b"")),
            (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", inner, b"\0")),
            (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[b"ssh-ed25519", &bytes, b""], b"")),
            (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[b"ssh-ed25519", &bytes[1..]], b"")),
            (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[b"ssh-rsa", &bytes], b"")),
            (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[], b"")),
            (malformed.clone(), armored(b"SSHSIX\0\0\0\x01")),
            (malformed, armored(b"SSHSIG\0\0")),
            (armor.clone(), String::new()),
            (armor.clone(), format!("{good}\n")),
            (armor.clone(), format!("\n{good}")),
            (armor.clone(), format!("{good}{good}")),
            (armor.clone(), good.trim_end().to_owned()),
            (armor.clone(), good.replace('\n', "\r\n")),
            (armor.clone(), one_line),
            (armor.clone(), good.replace("==\n", "\n")),
            (armor.clone(), good.replacen("U1NIU0lH", "U1NIU0lH\n", 1)),
            (armor.clone(), good.replacen("U1NIU0lH", "U1NI U0lH", 1)),
            (armor, format!("{BEGIN}{}{END}", "A".repeat(LONGEST))),
        ] {
            assert_ne!(text, good);
            assert_eq!(Signature::parse(&text), Err(fault), "{text}");
        }
    }
}
