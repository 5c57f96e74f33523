//! Why nothing could be recorded, so that nothing runs (exit 74); refuses to hide the place.

use std::io;
use std::path::{Path, PathBuf};

use crate::audit::SealError;
use crate::encoding::json::CanonicalError;
use crate::model::{RequestId, Shown};

/// Why the log could not be written, read or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The system refused a file operation.
    #[error("cannot {doing} `{}`: {}", Shown::os(path.as_os_str()), crate::host::plain(source))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another writer held the lock for too long.
    #[error("the lock `{}` was not free in time: another writer holds it", Shown::os(.0.as_os_str()))]
    Busy(PathBuf),
    /// The lock's file was exchanged while it was held.
    #[error("the lock `{}` was exchanged while it was held", Shown::os(.0.as_os_str()))]
    LockReplaced(PathBuf),
    /// An earlier sync failed, so that nobody knows what is on disk.
    #[error("`{}` says that an earlier record may not be on disk", Shown::os(.0.as_os_str()))]
    Broken(PathBuf),
    /// This process's own sync failed.
    #[error("the record may not be on disk: {}", crate::host::plain(.0))]
    NotDurable(io::Error),
    /// Fewer bytes were written than the record has.
    #[error("only {0} of {1} bytes were written (is the disk full?)")]
    Short(usize, usize),
    /// A finished line is not what it should be.
    #[error("the log is damaged at record {seq} (`{}`, offset {offset}): {what}", Shown::os(path.as_os_str()))]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the line begins.
        offset: u64,
        /// The number that belongs to this place, or that of the segment where it can't be told.
        seq: u64,
        /// What is wrong.
        what: String,
    },
    /// The log, its key or its pin is gone although it was made once.
    #[error("`{}` is missing, and a log that was begun is never begun anew by itself", Shown::os(.0.as_os_str()))]
    Missing(PathBuf),
    /// A log or key is there that no pin names.
    #[error("`{}` exists, but the file `{}` that should name the log is missing", Shown::os(found.as_os_str()), Shown::os(pin.as_os_str()))]
    NotPinned {
        /// The log's directory or the key.
        found: PathBuf,
        /// Where the pin should be.
        pin: PathBuf,
    },
    /// The log or its key is another than the pinned one.
    #[error("`{}` is not what `{}` names", Shown::os(found.as_os_str()), Shown::os(pin.as_os_str()))]
    OtherLog {
        /// The segment or the key.
        found: PathBuf,
        /// The pin.
        pin: PathBuf,
    },
    /// A file is not what it should be: owner, permissions, kind or content.
    #[error("`{}` {why}", Shown::os(path.as_os_str()))]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why it is not used.
        why: &'static str,
    },
    /// The record key is in a keyring that does not give it.
    #[error("the record key: {0}")]
    Keyring(String),
    /// The entry can't be a record.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The kept tree and the log do not agree, even after it was computed anew.
    #[error("the log's tree does not fit its last record")]
    Tree,
    /// Nothing was given to be recorded.
    #[error("there is nothing to record")]
    Nothing,
}

/// Why a request could not be claimed for a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// It already cleared a run, or tried to.
    #[error("the request `{0}` was already used")]
    AlreadyUsed(RequestId),
    /// It ended without a run.
    #[error("the request `{0}` has ended: {1}")]
    Ended(RequestId, String),
    /// No record of this log holds it, so that nobody can say what was asked.
    #[error("the request `{0}` is not in this log")]
    Unknown(RequestId),
    /// Only a `run` record uses up a request.
    #[error("only a run record uses up a request")]
    NotRun,
    /// The log refused.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl From<CanonicalError> for LogError {
    fn from(fault: CanonicalError) -> Self {
        Self::Seal(fault.into())
    }
}

/// Adds what was tried to what the system said.
pub(super) trait Doing<T> {
    /// Names the operation and the file.
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, LogError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, LogError> {
        self.map_err(|source| LogError::Io { doing, path: path.as_ref().to_owned(), source: source.into() })
    }
}
