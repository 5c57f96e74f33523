//! What lets this account in at an approval server: a variable in CI, a file of this account alone, or the keyring that the
//! configuration names. Refuses a file that others can read.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::config::file::{self, FileError};
use super::config::{KeyStore, Paths};
use crate::model::Shown;
use crate::ports::Failure;

/// The variable that holds it in CI.
pub const VARIABLE: &str = "GATE_TOKEN";
/// Its file, beside the keys.
const FILE: &str = "remote.token";
/// Its name in a keyring.
#[cfg(feature = "keyring")]
const NAME: &str = "remote";
/// Far longer than any token.
const LONGEST: u64 = 4096;

/// Where the token is looked for.
pub struct Place<'a> {
    /// gate's own files.
    pub paths: &'a Paths,
    /// The keyring, if keys are in one.
    pub store: KeyStore,
    /// A variable of the caller's environment.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// The token: from the environment, else the keyring, else the file.
///
/// # Errors
/// When there is none, or it cannot be read or believed.
pub fn read(place: &Place<'_>) -> Result<Zeroizing<String>, Failure> {
    if let Some(value) = (place.variable)(VARIABLE) {
        let value = value.into_string().map_err(|_| failure("GATE_TOKEN is no token"))?;
        return token(&value).ok_or_else(|| failure("GATE_TOKEN is no token"));
    }
    if let Some(kept) = in_keyring(place.store)? {
        return Ok(kept);
    }
    let none = || Failure {
        message: "no token lets this account in at the approval server".to_owned(),
        hint: Some("`gate key token` keeps the one that the server printed; in CI it is in GATE_TOKEN".to_owned()),
    };
    in_file(&place.paths.keys().join(FILE))?.ok_or_else(none)
}

/// Keeps a token where [`read`] finds it, in place of the one before: in the keyring that keys are in, else in a file of this
/// account alone. Says where.
///
/// # Errors
/// When it is no token, or cannot be written.
pub fn keep(paths: &Paths, store: KeyStore, text: &str) -> Result<String, Failure> {
    let kept = token(text).ok_or_else(|| Failure {
        message: "this is no token".to_owned(),
        hint: Some("`gate serve token` at the server prints one: gate_ROLE_…".to_owned()),
    })?;
    if to_keyring(store, &kept)? {
        return Ok("the keyring".to_owned());
    }
    let path = paths.keys().join(FILE);
    let fault = |error: std::io::Error| unfit(&path, &format!("cannot be written: {error}"));
    let folder = paths.keys();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fault)?;
    let staged = path.with_extension(format!("{}.new", std::process::id()));
    // One that was left behind by a process of this number is of no use.
    let _ = fs::remove_file(&staged);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged).map_err(fault)?;
    let written = file.write_all(format!("{}\n", *kept).as_bytes()).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&staged, &path)).map_err(fault)?;
    Ok(Shown::os(path.as_os_str()).to_string())
}

fn in_file(path: &Path) -> Result<Option<Zeroizing<String>>, Failure> {
    let read = file::bytes(path, LONGEST).map_err(|error: FileError| Failure::of(&error))?;
    let Some(read) = read else { return Ok(None) };
    if read.mode & 0o077 != 0 {
        return Err(unfit(path, "can be read by others (hint: chmod 600)"));
    }
    let bytes = Zeroizing::new(read.bytes);
    let text = std::str::from_utf8(&bytes).ok().and_then(token);
    text.map(Some).ok_or_else(|| unfit(path, "holds no token"))
}

#[cfg(feature = "keyring")]
fn in_keyring(store: KeyStore) -> Result<Option<Zeroizing<String>>, Failure> {
    use super::keyring::{Ring, fetch};
    let Some(ring) = Ring::chosen(store) else { return Ok(None) };
    let kept = fetch(ring, NAME).map_err(|error| Failure::of(&error))?;
    Ok(kept.and_then(|bytes| std::str::from_utf8(&bytes).ok().and_then(token)))
}

#[cfg(feature = "keyring")]
fn to_keyring(store: KeyStore, token: &str) -> Result<bool, Failure> {
    let Some(ring) = super::keyring::Ring::chosen(store) else { return Ok(false) };
    super::keyring::keep(ring, NAME, token.as_bytes()).map_err(|error| Failure::of(&error))?;
    Ok(true)
}

#[cfg(not(feature = "keyring"))]
fn to_keyring(_: KeyStore, _: &str) -> Result<bool, Failure> {
    Ok(false)
}

#[cfg(not(feature = "keyring"))]
fn in_keyring(_: KeyStore) -> Result<Option<Zeroizing<String>>, Failure> {
    Ok(None)
}

/// A token is one word of visible ASCII.
fn token(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim();
    let whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    whole.then(|| Zeroizing::new(text.to_owned()))
}

fn failure(message: &str) -> Failure {
    Failure { message: message.to_owned(), hint: None }
}

fn unfit(path: &Path, why: &str) -> Failure {
    let path: PathBuf = path.to_owned();
    failure(&format!("`{}` {why}", Shown::os(path.as_os_str())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn found(home: &Path, variable: Option<&str>) -> Result<String, String> {
        let paths = Paths::within(home);
        let value = variable.map(OsString::from);
        let place = Place { paths: &paths, store: KeyStore::File, variable: &|_| value.clone() };
        read(&place).map(|token| token.to_string()).map_err(|failure| failure.message)
    }

    #[test]
    fn a_token_comes_from_the_environment_or_a_file_that_nobody_else_reads() {
        let home = tempfile::tempdir().unwrap();
        let path = Paths::within(home.path()).keys().join(FILE);
        assert!(found(home.path(), None).unwrap_err().contains("no token"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "gate_host_1_x\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let fault = found(home.path(), None).unwrap_err();
        assert!(fault.contains("read by others") && !fault.contains("gate_host"), "{fault}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(found(home.path(), None).unwrap(), "gate_host_1_x");
        assert_eq!(found(home.path(), Some("gate_host_2_y")).unwrap(), "gate_host_2_y");
        let paths = Paths::within(home.path());
        assert!(keep(&paths, KeyStore::File, "two words").is_err());
        assert_eq!(found(home.path(), None).unwrap(), "gate_host_1_x");
        let said = keep(&paths, KeyStore::File, " gate_host_3_z\n").unwrap();
        assert!(said.ends_with("keys/remote.token"), "{said}");
        assert_eq!(found(home.path(), None).unwrap(), "gate_host_3_z");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(found(home.path(), Some("")).is_err(), "an empty one is not skipped");
        fs::write(&path, "two words").unwrap();
        assert!(found(home.path(), None).unwrap_err().contains("holds no token"));
    }
}
