//! Who but root could change what a path leads to: the file, a directory above it, or a link on the way. Refuses to call
//! a path safe for any doubt; permissions are read from owner and mode, whose group bits also show what an ACL grants.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Stat, lstat, readlink};
use rustix::io::Errno;

/// Somebody other than root who can change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// The account with this id owns it, or a directory above it.
    Account(u32),
    /// The group with this id can write it, or an ACL grants it to someone.
    Group(u32),
    /// Everyone can.
    Everyone,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account {id}"),
            Self::Group(id) => write!(f, "group {id}"),
            Self::Everyone => f.write_str("everyone"),
        }
    }
}

/// More links than this on one path are a loop (path_resolution(7)).
const LINKS: usize = 40;

/// Who can change this file or directory itself.
pub fn writer_of(stat: &Stat) -> Option<Writer> {
    if stat.st_uid != 0 {
        Some(Writer::Account(stat.st_uid))
    } else if stat.st_mode & 0o002 != 0 {
        Some(Writer::Everyone)
    } else if stat.st_mode & 0o020 != 0 {
        Some(Writer::Group(stat.st_gid))
    } else {
        None
    }
}

/// Who could have an absolute path lead to other bytes: the first on the way from `/`, each link followed by hand.
/// A directory with the sticky bit counts as writable, though only some could replace a file there.
///
/// # Errors
/// When a part of the path cannot be looked at.
pub fn writer_on(path: &Path) -> Result<Option<Writer>, Errno> {
    let mut left: VecDeque<OsString> = parts(path);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    if let Some(writer) = writer_of(&lstat(&at)?) {
        return Ok(Some(writer));
    }
    while let Some(part) = left.pop_front() {
        if part == ".." {
            // Every directory passed so far is root's alone, so `..` is the parent that was checked.
            at.pop();
            continue;
        }
        at.push(&part);
        let stat = lstat(&at)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            links += 1;
            if links > LINKS {
                return Err(Errno::LOOP);
            }
            // A link's own mode says nothing; the directory that holds it was checked.
            let target = readlink(&at, Vec::new())?;
            let target = Path::new(OsStr::from_bytes(target.as_bytes()));
            at.pop();
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            for part in parts(target).into_iter().rev() {
                left.push_front(part);
            }
        } else if let Some(writer) = writer_of(&stat) {
            return Ok(Some(writer));
        }
    }
    Ok(None)
}

/// Whether every account may read the file at this path. Any doubt means no.
pub fn everyone_reads(path: &Path, metadata: &Metadata) -> bool {
    let Ok(real) = path.canonicalize() else {
        return false;
    };
    let open = |directory: &Path| std::fs::metadata(directory).is_ok_and(|metadata| metadata.mode() & 0o001 != 0);
    metadata.mode() & 0o004 != 0 && real.ancestors().skip(1).all(open)
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let part = |component| match component {
        Component::Normal(part) => Some(part.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    path.components().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_the_system_installs_is_roots_alone() {
        assert_eq!(writer_on(Path::new("/bin/sh")), Ok(None));
        assert_eq!(writer_on(Path::new("/usr/../usr/bin/env")), Ok(None));
    }

    #[test]
    fn a_writable_directory_anywhere_above_is_seen() {
        // /tmp is writable by everyone, so a link or a file of root's below it can be replaced or was chosen by anyone.
        let root = tempfile::tempdir_in("/tmp").unwrap();
        let link = root.path().join("sh");
        std::os::unix::fs::symlink("/bin/sh", &link).unwrap();
        assert_eq!(writer_on(&link), Ok(Some(Writer::Everyone)));
    }

    #[test]
    fn a_file_in_a_private_directory_is_not_public() {
        let reads = |path: &Path| everyone_reads(path, &std::fs::metadata(path).unwrap());
        assert!(reads(Path::new("/bin/sh")));
        let root = tempfile::tempdir_in("/tmp").unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o700)).unwrap();
        assert!(!reads(&file), "the directory is 0700");
        std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o755)).unwrap();
        assert!(reads(&file));
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(!reads(&file));
    }

    #[test]
    fn a_loop_of_links_ends() {
        let root = tempfile::tempdir_in("/tmp").unwrap();
        let link = root.path().join("loop");
        std::os::unix::fs::symlink("loop", &link).unwrap();
        assert!(writer_on(&link).is_ok_and(|writer| writer.is_some()));
        assert!(writer_on(Path::new("/nowhere/at/all")).is_err());
    }

    #[test]
    fn owner_group_and_others_count() {
        let stat = |uid, mode| {
            let mut stat = lstat("/bin/sh").unwrap();
            (stat.st_uid, stat.st_gid, stat.st_mode) = (uid, 5, mode);
            writer_of(&stat)
        };
        assert_eq!(stat(0, 0o755), None);
        assert_eq!(stat(1000, 0o555), Some(Writer::Account(1000)));
        assert_eq!(stat(0, 0o775), Some(Writer::Group(5)));
        assert_eq!(stat(0, 0o757), Some(Writer::Everyone));
    }
}
