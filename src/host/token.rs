//! What lets this account in at an approval server: a variable in CI, a file of this account alone, or the keyring that the
//! configuration names. Refuses a file that others can read.

use std::ffi::OsString;
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
    let path = place.paths.keys().join(FILE);
    let none = || Failure {
        message: "no token lets this account in at the approval server".to_owned(),
        hint: Some(format!("put it into `{}` (chmod 600), or into GATE_TOKEN in CI", path.display())),
    };
    in_file(&path)?.ok_or_else(none)
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
    let ring = match store {
        KeyStore::File => return Ok(None),
        KeyStore::SecretService => Ring::SecretService,
        KeyStore::Kernel => Ring::Kernel,
    };
    let kept = fetch(ring, NAME).map_err(|error| Failure::of(&error))?;
    Ok(kept.and_then(|bytes| std::str::from_utf8(&bytes).ok().and_then(token)))
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
        assert!(found(home.path(), Some("")).is_err(), "an empty one is not skipped");
        fs::write(&path, "two words").unwrap();
        assert!(found(home.path(), None).unwrap_err().contains("holds no token"));
    }
}
