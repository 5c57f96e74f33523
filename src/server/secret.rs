//! 32 secret bytes in a file of this account alone; refuses one that others can read.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

/// The bytes in a file, which is made where there is none.
///
/// # Errors
/// When it cannot be read or made, is not 32 bytes, or others can read it.
pub fn kept(path: &Path) -> io::Result<Zeroizing<[u8; 32]>> {
    let fault = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let mut bytes = Zeroizing::new([0; 32]);
    if !path.exists() {
        aws_lc_rs::rand::fill(&mut bytes[..]).map_err(|_| fault("the system gives no random bytes"))?;
        make(path, &bytes[..])?;
    }
    let mut file = OpenOptions::new().read(true).open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        return Err(fault("others can read it (hint: chmod 600)"));
    }
    file.read_exact(&mut bytes[..])?;
    if file.read(&mut [0])? != 0 {
        return Err(fault("it has more than 32 bytes"));
    }
    Ok(bytes)
}

/// Puts a whole file there, unless another process was first: whoever looks sees all of it or nothing.
fn make(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_extension(format!("{}.{:?}.new", std::process::id(), std::thread::current().id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&staged, path);
    fs::remove_file(&staged)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes sure that the name of a file outlives a crash.
///
/// # Errors
/// When its folder cannot be written to the disk.
pub fn settled(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// So many random bytes; none where the system has none.
pub fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(bytes)
}

/// 32 random bytes as text that needs no escaping anywhere; none where the system has none.
pub fn word() -> Option<String> {
    Some(random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn those_who_make_one_at_once_have_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let made = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| kept(&path).unwrap())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(made.iter().all(|one| *one == made[0]));
    }

    #[test]
    fn a_secret_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let made = kept(&path).unwrap();
        assert_eq!(kept(&path).unwrap(), made);
        assert_ne!(made[..], [0; 32]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(kept(&path).unwrap_err().to_string().contains("others"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for wrong in [31, 33] {
            fs::write(&path, vec![7; wrong]).unwrap();
            assert!(kept(&path).is_err(), "{wrong}");
        }
    }
}
