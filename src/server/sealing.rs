//! What hosts and approvers send is encrypted before it is stored (AES-256-GCM, NIST SP 800-38D), so that a copy of the
//! database tells nobody what was asked. Each text is bound to the row it belongs to. Refuses what does not open.
//!
//! One key encrypts; keys before it, and the next one, open too, so that the key is changed while servers run:
//! `sealing.key`, `sealing.key.next` and `sealing.key.old-…` in the server's folder, which are read again when they
//! change.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::secret;
use crate::model::Digest;

/// The keys that texts are stored under.
pub struct Sealing {
    path: PathBuf,
    keys: RwLock<Keys>,
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

/// Device, number and time of change of a file.
type State = (u64, u64, i64, i64);

struct Keys {
    /// The file that the first key was read from, and its folder: a key beside it changes that.
    from: [State; 2],
    /// The one that encrypts first.
    all: Vec<RandomizedNonceKey>,
}

impl Sealing {
    /// The key in a file, which is made where there is none, and those beside it.
    ///
    /// # Errors
    /// When it cannot be read or made, or others can read it.
    pub fn open(path: &Path) -> Result<Self, SealingError> {
        Ok(Self { path: path.to_owned(), keys: RwLock::new(read(path)?) })
    }

    /// A text for one row: nonce, ciphertext, tag.
    ///
    /// # Errors
    /// When the system has no random bytes, or the key was taken away.
    pub fn sealed(&self, row: &str, text: &[u8]) -> Result<Vec<u8>, SealingError> {
        self.follow()?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.all.first().ok_or(SealingError::Closed)?;
        let mut out = text.to_vec();
        let bound = Aad::from(row.as_bytes());
        let nonce = key.seal_in_place_append_tag(bound, &mut out).map_err(|_| SealingError::Closed)?;
        Ok([nonce.as_ref().as_slice(), &out].concat())
    }

    /// The text of one row.
    ///
    /// # Errors
    /// `Closed`.
    pub fn opened(&self, row: &str, sealed: &[u8]) -> Result<Vec<u8>, SealingError> {
        self.opened_by(row, sealed).map(|(text, _)| text)
    }

    /// The text of one row under the key that encrypts; none where it is under that already.
    ///
    /// # Errors
    /// `Closed`; as [`Self::sealed`].
    pub fn renewed(&self, row: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealingError> {
        self.follow()?;
        match self.opened_by(row, sealed)? {
            (_, 0) => Ok(None),
            (text, _) => self.sealed(row, &text).map(Some),
        }
    }

    /// The text of one row, and the place of the key that opens it.
    fn opened_by(&self, row: &str, sealed: &[u8]) -> Result<(Vec<u8>, usize), SealingError> {
        let found = self.keys.read().unwrap_or_else(PoisonError::into_inner).opened(row, sealed);
        match found {
            Some(found) => Ok(found),
            // Another server may have a newer key.
            None if self.follow()? => {
                let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
                keys.opened(row, sealed).ok_or(SealingError::Closed)
            }
            None => Err(SealingError::Closed),
        }
    }

    /// Reads the keys again where they are others now; says whether they were.
    fn follow(&self) -> Result<bool, SealingError> {
        let now = state(&self.path).map_err(|error| fault(&self.path, &error))?;
        if self.keys.read().unwrap_or_else(PoisonError::into_inner).from == now {
            return Ok(false);
        }
        let keys = read(&self.path)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(true)
    }

    /// Makes the key that all servers are given before one of them encrypts with it; the same again where there is one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn prepare(&self) -> Result<PathBuf, SealingError> {
        let next = beside(&self.path, ".next");
        secret::kept(&next).map_err(|error| fault(&next, &error))?;
        Ok(next)
    }

    /// Encrypts with the next key from now on, and goes on opening with the one before; gives the name of the new one.
    ///
    /// # Errors
    /// When the files cannot be changed.
    pub fn turn(&self) -> Result<Digest, SealingError> {
        let next = self.prepare()?;
        let before = secret::kept(&self.path).map_err(|error| fault(&self.path, &error))?;
        let old = beside(&self.path, &format!(".old-{}", Digest::of(&before[..]).short()));
        match fs::hard_link(&self.path, &old) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fault(&old, &error)),
            Ok(()) | Err(_) => {}
        }
        let name = Digest::of(&secret::kept(&next).map_err(|error| fault(&next, &error))?[..]);
        fs::rename(&next, &self.path).map_err(|error| fault(&next, &error))?;
        secret::settled(&self.path).map_err(|error| fault(&self.path, &error))?;
        self.follow()?;
        Ok(name)
    }

    /// Forgets the keys that came before; says how many.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn forget(&self) -> Result<usize, SealingError> {
        let old = older(&self.path)?;
        for path in &old {
            fs::remove_file(path).map_err(|error| fault(path, &error))?;
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = read(&self.path)?;
        Ok(old.len())
    }
}

impl Keys {
    fn opened(&self, row: &str, sealed: &[u8]) -> Option<(Vec<u8>, usize)> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        self.all.iter().enumerate().find_map(|(place, key)| {
            let mut text = sealed.to_vec();
            let opened = key.open_in_place(Nonce::from(nonce), Aad::from(row.as_bytes()), &mut text);
            opened.ok().map(|text| (text.to_vec(), place))
        })
    }
}

fn fault(path: &Path, error: &impl ToString) -> SealingError {
    SealingError::Key { path: path.to_owned(), why: error.to_string() }
}

fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(more);
    path.with_file_name(name)
}

fn read(path: &Path) -> Result<Keys, SealingError> {
    let key = |path: &Path| {
        let bytes = secret::kept(path).map_err(|error| fault(path, &error))?;
        RandomizedNonceKey::new(&AES_256_GCM, &bytes[..]).map_err(|_| fault(path, &"it is no key"))
    };
    // Before anything is read, so that what changes meanwhile is read again; a key that is missing is made here.
    drop(key(path)?);
    let from = state(path).map_err(|error| fault(path, &error))?;
    let first = key(path)?;
    let next = beside(path, ".next");
    let mut all = vec![first];
    if next.exists() {
        all.push(key(&next)?);
    }
    for old in older(path)? {
        all.push(key(&old)?);
    }
    Ok(Keys { from, all })
}

/// The files of the keys that came before.
fn older(path: &Path) -> Result<Vec<PathBuf>, SealingError> {
    let folder = path.parent().unwrap_or(path);
    let start = beside(path, ".old-");
    let start = start.file_name().unwrap_or_default().as_encoded_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| fault(folder, &error))? {
        let entry = entry.map_err(|error| fault(folder, &error))?;
        if entry.file_name().as_encoded_bytes().starts_with(start) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn state(path: &Path) -> io::Result<[State; 2]> {
    let of = |path: &Path| {
        let found = fs::metadata(path)?;
        Ok::<_, io::Error>((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
    };
    Ok([of(path)?, of(path.parent().unwrap_or(path))?])
}

/// The row that a request is bound to.
#[must_use]
pub fn of_request(request: &str) -> String {
    format!("request {request}")
}

/// The row that an answer is bound to.
#[must_use]
pub fn of_answer(request: &str, digest: &str) -> String {
    format!("answer {request} {digest}")
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

    #[test]
    fn a_key_is_changed_while_others_use_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealing.key");
        let [here, running] = [(); 2].map(|()| Sealing::open(&path).unwrap());
        let before = running.sealed("request 1", b"text").unwrap();
        here.turn().unwrap();
        assert_eq!(running.opened("request 1", &before).unwrap(), b"text", "the old key opens");
        let after = running.sealed("request 2", b"more").unwrap();
        assert_eq!(here.renewed("request 2", &after).unwrap(), None, "the new key encrypts");
        let renewed = here.renewed("request 1", &before).unwrap().unwrap();
        assert_eq!(here.forget().unwrap(), 1);
        assert!(here.opened("request 1", &before).is_err(), "the old key is gone");
        assert_eq!(here.opened("request 1", &renewed).unwrap(), b"text");
        assert!(Sealing::open(&path).unwrap().opened("request 1", &renewed).is_ok());
    }

    #[test]
    fn a_key_that_was_prepared_opens_and_does_not_encrypt() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [one, two] = [&one, &two].map(|folder| folder.path().join("sealing.key"));
        let first = Sealing::open(&one).unwrap();
        fs::copy(&one, &two).unwrap();
        let next = first.prepare().unwrap();
        fs::copy(&next, two.with_file_name("sealing.key.next")).unwrap();
        let second = Sealing::open(&two).unwrap();
        assert_eq!(first.prepare().unwrap(), next);
        first.turn().unwrap();
        let sealed = first.sealed("request 1", b"text").unwrap();
        assert_eq!(second.opened("request 1", &sealed).unwrap(), b"text");
        let sealed = second.sealed("request 2", b"text").unwrap();
        assert!(first.opened("request 2", &sealed).is_ok());
        second.turn().unwrap();
        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    }
}
