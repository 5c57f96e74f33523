//! Reads one file that people wrote, whole and bounded; refuses directories, pipes and what is too large, so that a
//! hostile file delays nothing.

use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::model::Shown;

/// A file's content, and whose it is.
#[derive(Debug)]
pub struct FileRead {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Its owner.
    pub uid: u32,
    /// Its permission bits.
    pub mode: u32,
    /// Its group.
    pub gid: u32,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Something else stands there.
    #[error("`{}` is a {kind}, not a file", Shown::os(.path.as_os_str()))]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// Larger than anything meant.
    #[error("`{}` has {size} bytes, more than {limit}", Shown::os(.path.as_os_str()))]
    TooLarge {
        /// Where.
        path: PathBuf,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// It cannot be opened or read.
    #[error("`{}` cannot be read: {}", Shown::os(.path.as_os_str()), words(.source))]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not text.
    #[error("`{}` is not UTF-8 text", Shown::os(.path.as_os_str()))]
    NotText {
        /// Where.
        path: PathBuf,
    },
}

/// The content of a file; `None` if there is none.
///
/// # Errors
/// When something is there that cannot be read as a whole.
pub fn bytes(path: &Path, limit: u64) -> Result<Option<FileRead>, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    // A pipe without a writer would be waited for.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    let mut file = match std::fs::File::options().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        // `config.yaml/` below a file: there is no such file either, but something is wrong.
        Err(fault) => return Err(unreadable(fault)),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned(), kind: kind(&metadata) });
    }
    let too_large = |size| FileError::TooLarge { path: path.to_owned(), size, limit };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    let read = (&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    match u64::try_from(read) {
        Ok(read) if read <= limit => {}
        read => return Err(too_large(read.unwrap_or(u64::MAX))),
    }
    Ok(Some(FileRead { bytes, uid: metadata.uid(), mode: metadata.mode() & 0o7777, gid: metadata.gid() }))
}

/// The content of a file as text.
///
/// # Errors
/// As [`bytes()`], and when it is not UTF-8.
pub fn text(path: &Path, limit: u64) -> Result<Option<(String, FileRead)>, FileError> {
    let Some(mut read) = bytes(path, limit)? else {
        return Ok(None);
    };
    let text = String::from_utf8(std::mem::take(&mut read.bytes));
    text.map(|text| Some((text, read))).map_err(|_| FileError::NotText { path: path.to_owned() })
}

fn kind(metadata: &std::fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_dir() {
        "directory"
    } else if kind.is_fifo() {
        "pipe"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    }
}

/// What went wrong, without the number.
pub(in crate::host) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_or_too_large_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        assert!(bytes(&folder.path().join("none"), 9).unwrap().is_none());
        let fault = bytes(folder.path(), 9).unwrap_err().to_string();
        assert!(fault.ends_with("is a directory, not a file"), "{fault}");
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        let fault = bytes(&pipe, 9).unwrap_err().to_string();
        assert!(fault.ends_with("is a pipe, not a file"), "{fault}");
        let large = folder.path().join("large");
        std::fs::write(&large, [b'x'; 10]).unwrap();
        assert!(bytes(&large, 9).unwrap_err().to_string().ends_with("has 10 bytes, more than 9"));
        assert_eq!(bytes(&large, 10).unwrap().unwrap().bytes.len(), 10);
        std::fs::write(&large, [0xff]).unwrap();
        assert!(text(&large, 9).unwrap_err().to_string().ends_with("is not UTF-8 text"));
        // /dev/zero and /proc files have no size to trust.
        assert!(bytes("/dev/zero".as_ref(), 9).unwrap_err().to_string().ends_with("is a device, not a file"));
        assert!(matches!(bytes("/proc/self/status".as_ref(), 9), Err(FileError::TooLarge { .. })));
    }
}
