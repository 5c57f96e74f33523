//! Finds the file that a name stands for, as `execvp` and `env` do, before anything is asked; refuses to guess further.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, FileType, accessat, stat};
use rustix::io::Errno;

use crate::model::Shown;

/// Where `execvp` looks when PATH is not set (confstr(3), `_CS_PATH`).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// No file can be run by this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfound {
    /// There is no such file: exit code 127.
    #[error("`{}`: not found", Shown::os(.0))]
    Missing(std::ffi::OsString),
    /// There is one, but this account cannot execute it: exit code 126.
    #[error("`{}`: {}", Shown::os(.0.as_os_str()), reason(*.1))]
    NotExecutable(PathBuf, Errno),
}

fn reason(errno: Errno) -> String {
    match errno {
        Errno::ACCESS => "not executable by this account".to_owned(),
        Errno::ISDIR => "is a directory".to_owned(),
        Errno::NAMETOOLONG => "the name is too long".to_owned(),
        other => super::plain(other.into()),
    }
}

/// The absolute path of what `name` would run from `directory` (absolute) with this PATH.
///
/// # Errors
/// When nothing has that name, or only files that cannot be executed.
pub fn found(name: &OsStr, path: Option<&OsStr>, directory: &Path) -> Result<PathBuf, Unfound> {
    let missing = || Unfound::Missing(name.to_owned());
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return Err(missing());
    }
    if bytes.contains(&b'/') {
        let file = directory.join(name);
        return match executable(&file) {
            Ok(()) => Ok(file),
            Err(Errno::NOENT) => Err(missing()),
            Err(errno) => Err(Unfound::NotExecutable(file, errno)),
        };
    }
    let mut forbidden = None;
    for part in path.unwrap_or(OsStr::new(DEFAULT_PATH)).as_bytes().split(|byte| *byte == b':') {
        // An empty part is the directory itself.
        let mut file = directory.join(OsStr::from_bytes(part));
        file.push(name);
        match executable(&file) {
            Ok(()) => return Ok(file),
            // What execvp skips.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::STALE | Errno::NODEV | Errno::TIMEDOUT) => (),
            Err(errno @ (Errno::ACCESS | Errno::ISDIR)) => {
                forbidden.get_or_insert(Unfound::NotExecutable(file, errno));
            }
            Err(errno) => return Err(Unfound::NotExecutable(file, errno)),
        }
    }
    Err(forbidden.unwrap_or_else(missing))
}

/// Asks for the effective ids, as exec does: under `sudo -u` and in a set-user-id program the real ones are others'.
fn executable(file: &Path) -> Result<(), Errno> {
    accessat(CWD, file, Access::EXEC_OK, AtFlags::EACCESS)?;
    match FileType::from_raw_mode(stat(file)?.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(Errno::ISDIR),
        _ => Err(Errno::ACCESS),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use super::*;

    fn file(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The tree that all tests look in; `env` is asked about the same one.
    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        file(&at("first/plain"), 0o644);
        file(&at("second/plain"), 0o755);
        file(&at("first/locked"), 0o644);
        fs::create_dir_all(at("first/folder")).unwrap();
        file(&at("second/folder"), 0o755);
        fs::create_dir_all(at("first/only-folder")).unwrap();
        file(&at("here"), 0o755);
        file(&at("below/tool"), 0o755);
        std::os::unix::fs::symlink("nowhere", at("first/dangling")).unwrap();
        std::os::unix::fs::symlink("loop", at("first/loop")).unwrap();
        root
    }

    #[test]
    fn a_name_is_found_where_env_finds_it() {
        let root = tree();
        let long = "n".repeat(300);
        for name in [
            "plain",
            "locked",
            "folder",
            "only-folder",
            "here",
            "./here",
            "below/tool",
            "here/x",
            "none",
            "./none",
            "./first",
            "first/locked",
            "dangling",
            "loop",
            "./first/loop",
            "true",
            "/bin/true",
            "",
            &long,
        ] {
            for path in [
                Some("first:second"),
                Some(""),
                Some("first::second"),
                Some("second:first:"),
                None,
                Some("here:first:second"),
                Some("/usr/bin:/bin"),
                Some("nowhere"),
            ] {
                let ours = found(OsStr::new(name), path.map(OsStr::new), root.path());
                let mut env = Command::new("/usr/bin/env");
                env.current_dir(root.path());
                match path {
                    Some(path) => env.args(["--", &format!("PATH={path}")]),
                    None => env.args(["-u", "PATH", "--"]),
                };
                let theirs = env.arg(name).output().unwrap().status.code().unwrap();
                let code = match &ours {
                    Ok(file) => {
                        assert!(file.is_absolute() && file.is_file(), "{file:?}");
                        0
                    }
                    Err(Unfound::Missing(_)) => 127,
                    Err(Unfound::NotExecutable(..)) => 126,
                };
                assert_eq!(code, theirs, "`{name}` in {path:?}: {ours:?}");
            }
        }
    }

    #[test]
    fn the_first_file_that_can_run_is_taken() {
        let root = tree();
        let found = |name: &str, path: &str| found(OsStr::new(name), Some(OsStr::new(path)), root.path()).unwrap();
        assert_eq!(found("plain", "first:second"), root.path().join("second/plain"));
        assert_eq!(found("folder", "first:second"), root.path().join("second/folder"));
        assert_eq!(found("here", "first:"), root.path().join("here"));
        assert_eq!(found("./below/tool", "first"), root.path().join("./below/tool"));
    }

    #[test]
    fn a_name_cannot_hide_in_the_message() {
        let error = found(OsStr::from_bytes(b"a\x1b[2Kb\xff"), None, Path::new("/")).unwrap_err();
        assert_eq!(error.to_string(), "`a\\e[2Kb\\xFF`: not found");
    }
}
