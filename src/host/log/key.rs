//! The record key's file and the pin's file. Refuses a key that others can read, and any second spelling.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::dir::Dir;
use super::disk::Disk;
use super::error::{Doing as _, LogError};
use crate::audit::Pin;
use crate::encoding::ed25519::SigningKey;
use crate::encoding::json::{canonical, strict};
use crate::encoding::unpadded;
use crate::host::config::KeyStore;
use crate::model::LogId;

/// What a key file begins with.
const TAG: &str = "gate.record-key.v1 ";

/// More than a key or pin file ever has.
const LIMIT: u64 = 4096;

/// A file by its directory and name.
#[derive(Debug)]
pub(super) struct Place {
    pub dir: Dir,
    pub name: String,
}

impl Place {
    /// Opens the directory of a file; `None` if there is no such directory.
    pub fn of(path: &Path) -> Result<Option<Self>, LogError> {
        let (dir, name) = parts(path)?;
        Ok(Dir::open_shared(dir)?.map(|dir| Self { dir, name }))
    }

    /// Opens the directory of a file, making it if it is missing.
    pub fn made(path: &Path) -> Result<Self, LogError> {
        let (dir, name) = parts(path)?;
        Ok(Self { dir: Dir::made_shared(dir)?, name })
    }

    /// The name under which the file is prepared.
    pub fn staged(&self) -> String {
        format!("{}.new", self.name)
    }

    /// Whether the file is there.
    pub fn exists(&self) -> Result<bool, LogError> {
        self.dir.has(&self.name)
    }

    /// Moves what was prepared into its place, durably.
    pub fn settle(&self) -> Result<(), LogError> {
        self.dir.rename(&self.staged(), &self.name)?;
        self.dir.sync()
    }

    /// Prepares the file's content, durably but for its name.
    pub fn stage(&self, disk: &dyn Disk, bytes: &[u8]) -> Result<(), LogError> {
        let staged = self.staged();
        let mut file = self.dir.make_empty(&staged).doing("make", self.dir.path(&staged))?;
        written(disk, &mut file, bytes).doing("write", self.dir.path(&staged))
    }
}

fn parts(path: &Path) -> Result<(&Path, String), LogError> {
    let name = path.file_name().and_then(|name| name.to_str());
    match (path.parent(), name) {
        (Some(dir), Some(name)) => Ok((dir, name.to_owned())),
        _ => Err(LogError::Unfit { path: path.to_owned(), why: "is no name of a file" }),
    }
}

/// Writes all bytes and syncs them.
pub(super) fn written(disk: &dyn Disk, file: &mut File, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(bytes)?;
    disk.sync(file)
}

/// The key file's content for a seed: the seed itself, or where it is kept by now.
pub(super) fn key_text(seed: &[u8; 32], store: KeyStore, id: LogId) -> Result<Zeroizing<String>, LogError> {
    let kept = |ring: &str| Zeroizing::new(format!("{TAG}{ring} {id}\n"));
    match store {
        KeyStore::File => Ok(Zeroizing::new(format!("{TAG}{}\n", *Zeroizing::new(unpadded::encoded(seed))))),
        KeyStore::SecretService | KeyStore::Kernel => {
            ring::keep(store, &entry(&id.to_string()), seed).map(|()| kept(store.name()))
        }
    }
}

/// The name of a record key in a keyring.
fn entry(log: &str) -> String {
    format!("record key of the log {log}")
}

/// Reads a key; `None` if there is none.
pub(super) fn read_key(place: &Place, name: &str) -> Result<Option<SigningKey>, LogError> {
    let Some(bytes) = place.dir.secret(name, LIMIT)? else { return Ok(None) };
    let bytes = Zeroizing::new(bytes);
    let unfit = || LogError::Unfit { path: place.dir.path(name), why: "is not a record key" };
    let text = bytes.strip_prefix(TAG.as_bytes()).and_then(|text| text.strip_suffix(b"\n")).ok_or_else(unfit)?;
    let seed = match std::str::from_utf8(text).ok().and_then(|text| text.split_once(' ')) {
        Some((store, log)) => ring::fetch(KeyStore::of_name(store).ok_or_else(unfit)?, &entry(log))?,
        None => unpadded::decoded(text).map(Zeroizing::new).ok_or_else(unfit)?,
    };
    let seed = seed.first_chunk::<32>().filter(|_| seed.len() == 32).ok_or_else(unfit)?;
    SigningKey::from_seed(seed).map(Some).map_err(|_| unfit())
}

/// Keyrings, where this gate was built with them.
mod ring {
    use zeroize::Zeroizing;

    use super::{KeyStore, LogError};

    #[cfg(feature = "keyring")]
    pub(super) fn keep(store: KeyStore, name: &str, seed: &[u8; 32]) -> Result<(), LogError> {
        let ring =
            crate::host::keyring::Ring::chosen(store).ok_or_else(|| LogError::Keyring("no keyring".to_owned()))?;
        crate::host::keyring::keep(ring, name, seed).map_err(|error| LogError::Keyring(error.to_string()))
    }

    #[cfg(feature = "keyring")]
    pub(super) fn fetch(store: KeyStore, name: &str) -> Result<Zeroizing<Vec<u8>>, LogError> {
        let ring =
            crate::host::keyring::Ring::chosen(store).ok_or_else(|| LogError::Keyring("no keyring".to_owned()))?;
        let seed = crate::host::keyring::fetch(ring, name).map_err(|error| LogError::Keyring(error.to_string()))?;
        seed.ok_or_else(|| LogError::Keyring(format!("the keyring has no entry `{name}`")))
    }

    #[cfg(not(feature = "keyring"))]
    pub(super) fn keep(_: KeyStore, _: &str, _: &[u8; 32]) -> Result<(), LogError> {
        Err(LogError::Keyring("this gate was built without keyrings".to_owned()))
    }

    #[cfg(not(feature = "keyring"))]
    pub(super) fn fetch(_: KeyStore, _: &str) -> Result<Zeroizing<Vec<u8>>, LogError> {
        Err(LogError::Keyring("this gate was built without keyrings".to_owned()))
    }
}

/// The pin file's content.
pub(super) fn pin_text(pin: &Pin) -> Result<Vec<u8>, LogError> {
    let mut text = canonical(pin)?;
    text.push(b'\n');
    Ok(text)
}

/// Reads which log and key are pinned; `None` if no file says so.
///
/// # Errors
/// If the file is not fit to be believed.
pub fn read_pin(path: &Path) -> Result<Option<Pin>, LogError> {
    let Some(place) = Place::of(path)? else { return Ok(None) };
    let Some(bytes) = place.dir.content(&place.name, LIMIT)? else { return Ok(None) };
    let pin = bytes.strip_suffix(b"\n").and_then(|text| strict(text).ok());
    pin.map(Some).ok_or_else(|| LogError::Unfit { path: path.to_owned(), why: "names no log and key" })
}
