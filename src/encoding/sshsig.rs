//! Detached signatures as `ssh-keygen -Y sign` makes them (PROTOCOL.sshsig, version 1; PROTOCOL.u2f for keys in tokens);
//! refuses every hash but SHA-512, a filled reserved field, and any second way of writing the same signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};

use super::ecdsa::Scalars;
use super::ed25519::SignatureError;
use super::openssh::PrivateKey;
use super::token::{self, Presence, Raw};
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
    raw: Raw,
    /// What a token says of itself; there exactly where the key claims to be in one.
    presence: Option<Presence>,
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
    /// Not by this key over this text.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// Signs a message for one purpose (namespace), armored as `ssh-keygen -Y sign` does it.
#[must_use]
pub fn sign(key: &PrivateKey, namespace: &str, message: &[u8]) -> String {
    let raw = Raw::Ed25519(key.key().sign(&signed_text(namespace, message)));
    Signature { key: key.public().clone(), namespace: namespace.to_owned(), raw, presence: None }.to_string()
}

/// Checks that this key signed this message for this purpose. Gives what the token said of itself, for a key that claims to
/// be in one: a signature without a touch is a signature all the same, as it is for `ssh-keygen -Y verify`.
///
/// # Errors
/// `Namespace`, `OtherKey`, `Signature`.
pub fn verify(
    signature: &Signature,
    namespace: &str,
    message: &[u8],
    key: &PublicKey,
) -> Result<Option<Presence>, SshsigError> {
    if signature.namespace != namespace {
        return Err(SshsigError::Namespace { expected: namespace.to_owned(), found: signature.namespace.clone() });
    }
    if signature.key != *key {
        return Err(SshsigError::OtherKey);
    }
    let text = signed_text(namespace, message);
    let text = match (signature.presence, key.application()) {
        (Some(presence), Some(application)) => token::signed(application, presence, &text),
        (None, None) => text,
        (Some(_), None) | (None, Some(_)) => return Err(SshsigError::Malformed),
    };
    token::verify(key, &text, &signature.raw)?;
    Ok(signature.presence)
}

impl Signature {
    /// Reads an armored signature.
    ///
    /// # Errors
    /// What is wrong with its form.
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
        let (raw, presence) = inner(key.kind(), &mut signature).ok_or(SshsigError::Malformed)?;
        match std::str::from_utf8(namespace) {
            Ok(namespace) if signature.is_empty() && rest.is_empty() && !namespace.is_empty() => {
                Ok(Self { key, namespace: namespace.to_owned(), raw, presence })
            }
            Ok(_) | Err(_) => Err(SshsigError::Malformed),
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
        match &self.raw {
            Raw::Ed25519(bytes) => put_string(&mut signature, bytes),
            Raw::EcdsaP256(scalars) => put_string(&mut signature, &scalars.mpints()),
        }
        if let Some(presence) = self.presence {
            signature.push(presence.flags());
            signature.extend_from_slice(&presence.counter().to_be_bytes());
        }
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

/// The signature's own blob: the name of the key's kind, what the curve gives, and what a token says of itself.
fn inner(kind: KeyKind, blob: &mut &[u8]) -> Option<(Raw, Option<Presence>)> {
    if take_string(blob)? != kind.name().as_bytes() {
        return None;
    }
    let bytes = take_string(blob)?;
    let raw = match kind {
        KeyKind::Ed25519 | KeyKind::SkEd25519 => Raw::Ed25519(bytes.try_into().ok()?),
        KeyKind::EcdsaP256 | KeyKind::SkEcdsaP256 => Raw::EcdsaP256(Scalars::from_mpints(bytes)?),
    };
    if !kind.claims_hardware() {
        return Some((raw, None));
    }
    let ([flags, counter @ ..], rest) = blob.split_first_chunk::<5>()?;
    *blob = rest;
    Some((raw, Some(Presence::new(*flags, u32::from_be_bytes(*counter)))))
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
mod tests;
