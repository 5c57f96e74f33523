//! One bounded look at a file; refuses what is no regular file, what is too long and what is not UTF-8, and never waits.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::model::Landing;

/// Longest configuration file that is read.
pub(super) const MAX_CONFIG: u64 = 512 * 1024;

/// The text of a file; `None` where there is none.
pub(super) fn text(path: &Path, longest: u64) -> Result<Option<String>, String> {
    // A device is not even opened: that alone may do something.
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err("that is no regular file".to_owned()),
        Err(error) if is_missing(&error) => return Ok(None),
        Err(_) => return Err("that cannot be opened".to_owned()),
    }
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(_) => return Err("that cannot be opened".to_owned()),
    };
    let metadata = file.metadata().map_err(|_| "that cannot be opened")?;
    if !metadata.is_file() {
        return Err("that is no regular file".to_owned());
    }
    if metadata.len() > longest {
        return Err("longer than gate reads".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(longest + 1).read_to_end(&mut bytes).map_err(|_| "that cannot be read")?;
    if bytes.len() as u64 > longest {
        return Err("longer than gate reads".to_owned());
    }
    String::from_utf8(bytes).map(Some).map_err(|_| "that is not UTF-8".to_owned())
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The text of a configuration file; `None` where there is none.
pub(super) fn config(path: &Path) -> Result<Option<String>, String> {
    text(path, MAX_CONFIG).map_err(|why| format!("a configuration file {why}"))
}

/// The home directory that the command's program would see.
pub(super) fn home(landing: &Landing) -> Result<PathBuf, String> {
    let home = landing.variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    home.ok_or_else(|| "a home directory that is not known".to_owned())
}

/// A path as the command's program would take it: from its directory on.
pub(super) fn from_directory(landing: &Landing, path: &str) -> Result<PathBuf, String> {
    let path = Path::new(path);
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match &landing.directory {
        Some(directory) => Ok(directory.join(path)),
        None => Err("a directory that is not known".to_owned()),
    }
}

/// The same, where the program itself expands `~`.
pub(super) fn expanded(landing: &Landing, path: &str) -> Result<PathBuf, String> {
    match path.strip_prefix('~') {
        Some("") => home(landing),
        Some(rest) if rest.starts_with('/') => Ok(home(landing)?.join(rest.trim_start_matches('/'))),
        _ => from_directory(landing, path),
    }
}
