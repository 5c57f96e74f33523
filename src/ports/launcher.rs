//! Finding, holding and running programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clearance::Clearance;
use crate::model::{Digest, Ended, Held};

use super::Failure;

/// Finds, holds and runs programs.
pub trait Launcher {
    /// The file that a name stands for, looked up as `execvp` does.
    ///
    /// # Errors
    /// When there is none, or none that may be executed.
    fn find(&self, name: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, Unfound>;

    /// Hashes a file and holds the hashed bytes where that is possible.
    ///
    /// # Errors
    /// When it is no regular file or cannot be read.
    fn hold(&mut self, path: &Path, purpose: Purpose) -> Result<Holding, Failure>;

    /// What standard input is; read to its end and held if it is neither a terminal nor nothing.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than may be held.
    fn standard_input(&mut self) -> Result<Standing, Failure>;

    /// Becomes the command; returns only if that fails.
    fn exec(&mut self, clearance: Clearance) -> Unfound;

    /// Runs the command and waits for its end.
    ///
    /// # Errors
    /// When it cannot be started.
    fn supervise(&mut self, clearance: Clearance) -> Result<(Ended, Duration), Unfound>;
}

/// What a held file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is the program that runs.
    Executable,
    /// The command reads it.
    Input,
}

/// A file that was hashed, and whether its bytes are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The held bytes.
    pub held: Option<Held>,
    /// Their digest, if they could be read.
    pub digest: Option<Digest>,
    /// Why they are not held, and who can still change them.
    pub why: Option<String>,
    /// Whether everybody may read the file, so that its bare digest tells nobody anything.
    pub public: bool,
}

/// What standard input is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A terminal: whatever is typed.
    Terminal,
    /// Nothing.
    Null,
    /// Bytes that were read to their end.
    Spooled {
        /// Their digest; committed to with a salt, never shown.
        digest: Digest,
        /// How many.
        length: u64,
    },
}

/// A command that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Unfound {
    /// No such program (exit 127).
    #[error("{0}")]
    NotFound(String),
    /// It is there and cannot be executed (exit 126).
    #[error("{0}")]
    NotExecutable(String),
    /// A file is no longer the one that was hashed (exit 75).
    #[error("{0}")]
    Changed(String),
    /// This signal came after the command was cleared and before it ran.
    #[error("interrupted before the command ran")]
    Interrupted(i32),
}
