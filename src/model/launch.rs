//! What is handed to the kernel: the program, its arguments, environment and held files.

use std::ffi::OsString;
use std::path::PathBuf;

/// Names a file whose bytes the launcher holds open; only the launcher that gave it can use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held(u32);

impl Held {
    /// The launcher's number for a held file.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The launcher's number for this file.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Everything `execve` needs to run one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Absolute path of the executable, as found when it was looked up.
    pub executable: PathBuf,
    /// The bytes to run instead of the path, where they are held.
    pub held: Option<Held>,
    /// All arguments; the first is the name the command is called by.
    pub arguments: Vec<OsString>,
    /// Arguments, by index, that are replaced by the path of a held file.
    pub inputs: Vec<(usize, Held)>,
    /// The environment, each name once.
    pub environment: Vec<(OsString, OsString)>,
}

/// How a command that was supervised ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Ended {
    /// It exited with this code (0 to 255).
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}
