//! Private key files as `ssh-keygen` makes them (PROTOCOL.key); refuses other kinds of keys than Ed25519, and files whose
//! halves do not belong together.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{Cipher, Error, Kdf, LineEnding};
use zeroize::Zeroizing;

use super::ed25519::SigningKey;
use crate::model::{InvalidKey, KeyKind, PublicKey, take_string};

const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";

/// How many rounds of bcrypt a new file gets: what `ssh-keygen` uses since OpenSSH 9.4.
const ROUNDS: u32 = 24;

/// The most rounds that are worked off for a file that asks for them: minutes, not days.
const MOST_ROUNDS: u32 = 10_000;

/// Longest file that is looked at.
const LONGEST_FILE: usize = 64 * 1024;

/// Why a private key file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The key is encrypted and no passphrase was given.
    #[error("the key is protected by a passphrase")]
    NeedsPassphrase,
    /// The passphrase does not open the key.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// A new file can't be protected by an empty passphrase.
    #[error("an empty passphrase protects nothing")]
    EmptyPassphrase,
    /// A key of another kind.
    #[error("the key is not an Ed25519 key but of kind `{0}`")]
    NotEd25519(String),
    /// The public half, or another format of private keys.
    #[error("not a private key file of OpenSSH")]
    NotOpenSsh,
    /// Ciphers or key derivations that are not supported.
    #[error("the key is encrypted in a way that is not supported")]
    Cipher,
    /// More rounds than anybody would wait for.
    #[error("the key asks for {0} rounds of bcrypt, more than {MOST_ROUNDS}")]
    Rounds(u32),
    /// Broken inside, or its halves do not belong together.
    #[error("the key file is damaged")]
    Malformed,
}

impl KeyFileError {
    /// What to do about it, if there is something.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotEd25519(_) => Some("ssh-keygen -t ed25519 makes a key that can be used"),
            Self::NotOpenSsh | Self::Cipher => Some("ssh-keygen -p -f FILE writes a private key anew"),
            Self::EmptyPassphrase | Self::NeedsPassphrase | Self::WrongPassphrase => None,
            Self::Rounds(_) | Self::Malformed => None,
        }
    }
}

/// A private key and the comment that stands in its file.
pub struct PrivateKey {
    key: SigningKey,
    comment: String,
}

/// Whether a file's key is encrypted.
///
/// # Errors
/// As [`PrivateKey::read`], as far as that can be seen without the passphrase.
pub fn needs_passphrase(text: &str) -> Result<bool, KeyFileError> {
    opened(text).map(|file| file.is_encrypted())
}

impl PrivateKey {
    /// The key that follows from 32 random bytes.
    ///
    /// # Errors
    /// Never for a seed that was drawn at random; a weak key is refused all the same.
    pub fn from_seed(seed: &[u8; 32], comment: &str) -> Result<Self, InvalidKey> {
        Ok(Self { key: SigningKey::from_seed(seed)?, comment: comment.to_owned() })
    }

    /// Reads a file's text. A passphrase for a key that has none is not looked at.
    ///
    /// # Errors
    /// Each fault of [`KeyFileError`] but `EmptyPassphrase`.
    pub fn read(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyFileError> {
        let mut file = opened(text)?;
        if file.is_encrypted() {
            let passphrase = passphrase.ok_or(KeyFileError::NeedsPassphrase)?;
            file = file.decrypt(passphrase).map_err(|fault| match fault {
                Error::Crypto => KeyFileError::WrongPassphrase,
                Error::AlgorithmUnknown | Error::AlgorithmUnsupported { .. } => KeyFileError::Cipher,
                _ => KeyFileError::Malformed,
            })?;
        }
        let pair = file.key_data().ed25519().ok_or(KeyFileError::Malformed)?;
        let key = SigningKey::from_seed(pair.private.as_ref()).map_err(|_| KeyFileError::Malformed)?;
        // INVARIANT (halves belong together): the file's public half is anybody's to change; only the one that follows
        // from the seed is used, and a file that says otherwise is refused.
        if key.public().ed25519_bytes() == Some(&pair.public.0) {
            Ok(Self { key, comment: file.comment().to_owned() })
        } else {
            Err(KeyFileError::Malformed)
        }
    }

    /// The text of a file that `ssh-keygen` reads, encrypted (bcrypt, AES-256-CTR) if there is a passphrase. Of the
    /// entropy 16 bytes are salt and 4 show a wrong passphrase; it must be new for every file.
    ///
    /// # Errors
    /// `EmptyPassphrase`; `Malformed` if the comment can't be written.
    pub fn write(&self, passphrase: Option<&[u8]>, entropy: &[u8; 20]) -> Result<Zeroizing<String>, KeyFileError> {
        let public = self.public().ed25519_bytes().ok_or(KeyFileError::Malformed)?;
        let private = Ed25519PrivateKey::from_bytes(self.key.seed());
        let pair = KeypairData::Ed25519(Ed25519Keypair { public: Ed25519PublicKey(*public), private });
        let mut file = ssh_key::PrivateKey::new(pair, self.comment.as_str()).map_err(|_| KeyFileError::Malformed)?;
        if let Some(passphrase) = passphrase {
            if passphrase.is_empty() {
                return Err(KeyFileError::EmptyPassphrase);
            }
            let [salt @ .., a, b, c, d] = entropy;
            let salt: &[u8; 16] = salt;
            let kdf = Kdf::Bcrypt { salt: salt.to_vec(), rounds: ROUNDS };
            let checkint = u32::from_be_bytes([*a, *b, *c, *d]);
            file =
                file.encrypt_with(Cipher::Aes256Ctr, kdf, checkint, passphrase).map_err(|_| KeyFileError::Malformed)?;
        }
        file.to_openssh(LineEnding::LF).map_err(|_| KeyFileError::Malformed)
    }

    /// The key to sign with.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        self.key.public()
    }

    /// The comment, often `who@where`.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }
}

/// Shows the public half alone.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.key, f)
    }
}

/// The file as far as it can be read without a passphrase.
fn opened(text: &str) -> Result<ssh_key::PrivateKey, KeyFileError> {
    if text.len() > LONGEST_FILE || !text.starts_with(BEGIN) {
        return Err(KeyFileError::NotOpenSsh);
    }
    let kind = declared_kind(text).ok_or(KeyFileError::Malformed)?;
    if kind != KeyKind::Ed25519.name() {
        return Err(KeyFileError::NotEd25519(kind));
    }
    let file = ssh_key::PrivateKey::from_openssh(text).map_err(|fault| match fault {
        Error::AlgorithmUnknown | Error::AlgorithmUnsupported { .. } => KeyFileError::Cipher,
        _ => KeyFileError::Malformed,
    })?;
    match file.kdf() {
        Kdf::Bcrypt { rounds, .. } if *rounds > MOST_ROUNDS => Err(KeyFileError::Rounds(*rounds)),
        _ => Ok(file),
    }
}

/// The kind of the file's key, which stands outside of what is encrypted. The package below doesn't tell a kind that it
/// was built without from a cipher that it does not know.
fn declared_kind(text: &str) -> Option<String> {
    let (body, _) = text.strip_prefix(BEGIN)?.split_once("-----")?;
    let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    let bytes = Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let (_cipher, _kdf, _options) = (take_string(&mut rest)?, take_string(&mut rest)?, take_string(&mut rest)?);
    let (_how_many, mut rest) = rest.split_first_chunk::<4>()?;
    let mut public = take_string(&mut rest)?;
    let kind = String::from_utf8_lossy(take_string(&mut public)?);
    Some(kind.chars().take(64).flat_map(char::escape_default).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PrivateKey {
        PrivateKey::from_seed(&[7; 32], "alice@home").unwrap()
    }

    /// The same file with a change to the bytes inside.
    fn changed(text: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let mut bytes = STANDARD.decode(body).unwrap();
        change(&mut bytes);
        let body = STANDARD.encode(bytes);
        let lines: Vec<_> = body.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", lines.join("\n"))
    }

    #[test]
    fn a_key_reads_back_what_it_wrote() {
        for passphrase in [None, Some(b"correct horse".as_slice())] {
            let text = key().write(passphrase, &[9; 20]).unwrap();
            assert_eq!(needs_passphrase(&text), Ok(passphrase.is_some()));
            let read = PrivateKey::read(&text, passphrase).unwrap();
            assert_eq!((read.public(), read.comment()), (key().public(), "alice@home"));
            assert_eq!(read.key().seed(), &[7; 32]);
        }
    }

    #[test]
    fn a_missing_and_a_wrong_passphrase_are_told_apart() {
        let text = key().write(Some(b"right"), &[9; 20]).unwrap();
        assert_eq!(PrivateKey::read(&text, None).unwrap_err(), KeyFileError::NeedsPassphrase);
        assert_eq!(PrivateKey::read(&text, Some(b"wrong")).unwrap_err(), KeyFileError::WrongPassphrase);
        assert_eq!(PrivateKey::read(&text, Some(b"")).unwrap_err(), KeyFileError::WrongPassphrase);
        assert_eq!(key().write(Some(b""), &[9; 20]).unwrap_err(), KeyFileError::EmptyPassphrase);
    }

    #[test]
    fn an_encrypted_file_does_not_hold_the_seed_or_the_comment() {
        let text = key().write(Some(b"right"), &[9; 20]).unwrap();
        changed(&text, |bytes| {
            assert!(!bytes.windows(8).any(|window| window == [7; 8] || window == b"alice@ho"));
        });
    }

    #[test]
    fn halves_that_do_not_belong_together_are_refused() {
        let text = key().write(None, &[9; 20]).unwrap();
        let point = *key().public().ed25519_bytes().unwrap();
        let other = PrivateKey::from_seed(&[8; 32], "").unwrap();
        let forged = changed(&text, |bytes| {
            for at in 0..bytes.len() - 32 {
                if bytes[at..at + 32] == point {
                    bytes[at..at + 32].copy_from_slice(other.public().ed25519_bytes().unwrap());
                }
            }
        });
        assert_ne!(forged, *text);
        assert_eq!(PrivateKey::read(&forged, None).unwrap_err(), KeyFileError::Malformed);
    }

    #[test]
    fn broken_files_are_refused() {
        let text = key().write(None, &[9; 20]).unwrap();
        let cut = changed(&text, |bytes| bytes.truncate(bytes.len() - 1));
        let longer = changed(&text, |bytes| bytes.push(0));
        for (fault, text) in [
            (KeyFileError::Malformed, cut),
            (KeyFileError::Malformed, longer),
            (KeyFileError::Malformed, text.replace("-----END OPENSSH PRIVATE KEY-----", "")),
            (KeyFileError::NotOpenSsh, text.replace("OPENSSH ", "RSA ")),
            (KeyFileError::NotOpenSsh, key().public().to_string()),
            (KeyFileError::NotOpenSsh, String::new()),
            (KeyFileError::NotOpenSsh, format!("{}{}", *text, "\n".repeat(LONGEST_FILE))),
        ] {
            assert_eq!(PrivateKey::read(&text, None).unwrap_err(), fault, "{text}");
            assert_eq!(needs_passphrase(&text).unwrap_err(), fault);
        }
    }

    #[test]
    fn a_file_can_t_ask_for_days_of_work() {
        let text = key().write(Some(b"right"), &[9; 20]).unwrap();
        let greedy = changed(&text, |bytes| {
            let at = bytes.windows(16).position(|window| window == [9; 16]).unwrap() + 16;
            bytes[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
        });
        assert_eq!(PrivateKey::read(&greedy, Some(b"right")).unwrap_err(), KeyFileError::Rounds(u32::MAX));
    }
}
