//! What hosts and approvers send is encrypted before it is stored (AES-256-GCM, NIST SP 800-38D), so that a copy of the
//! database tells nobody what was asked. Each text is bound to the row it belongs to. Refuses what does not open.

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::secret;

/// The key that texts are stored under.
pub struct Sealing {
    key: RandomizedNonceKey,
}

/// Why a text cannot be stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealingError {
    /// The file of the key cannot be read or made.
    #[error("the key `{}`: {why}", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was stored under another key, for another row, or is not what was stored.
    #[error("what is stored does not open with this key")]
    Closed,
}

impl Sealing {
    /// The key in a file, which is made where there is none.
    ///
    /// # Errors
    /// When it cannot be read or made, or others can read it.
    pub fn open(path: &Path) -> Result<Self, SealingError> {
        let fault = |why: String| SealingError::Key { path: path.to_owned(), why };
        let bytes = secret::kept(path).map_err(|error| fault(error.to_string()))?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes[..]).map_err(|_| fault("it is no key".to_owned()))?;
        Ok(Self { key })
    }

    /// A text for one row: nonce, ciphertext, tag.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn sealed(&self, row: &str, text: &[u8]) -> Result<Vec<u8>, SealingError> {
        let mut out = text.to_vec();
        let bound = Aad::from(row.as_bytes());
        let nonce = self.key.seal_in_place_append_tag(bound, &mut out).map_err(|_| SealingError::Closed)?;
        Ok([nonce.as_ref().as_slice(), &out].concat())
    }

    /// The text of one row.
    ///
    /// # Errors
    /// `Closed`.
    pub fn opened(&self, row: &str, sealed: &[u8]) -> Result<Vec<u8>, SealingError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealingError::Closed)?;
        let mut text = text.to_vec();
        let nonce = Nonce::from(nonce);
        let opened = self.key.open_in_place(nonce, Aad::from(row.as_bytes()), &mut text);
        opened.map(|text| text.to_vec()).map_err(|_| SealingError::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_opens_under_its_key_and_in_its_row_alone() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| Sealing::open(&folder.path().join(name)).unwrap());
        let sealed = one.sealed("request 1", b"rm -rf /srv").unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"/srv"));
        assert_eq!(one.opened("request 1", &sealed).unwrap(), b"rm -rf /srv");
        assert_ne!(one.sealed("request 1", b"rm -rf /srv").unwrap(), sealed);
        let again = Sealing::open(&folder.path().join("one")).unwrap();
        assert!(again.opened("request 1", &sealed).is_ok(), "the key is kept");
        assert!(one.opened("request 2", &sealed).is_err());
        assert!(two.opened("request 1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(one.opened("request 1", &changed).is_err(), "{at}");
            assert!(one.opened("request 1", &sealed[..at]).is_err(), "{at}");
        }
    }
}
