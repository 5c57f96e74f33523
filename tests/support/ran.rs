//! What a program did, compared as one whole.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Exited(i32),
    Killed(i32),
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        status.code().map_or_else(|| Self::Killed(status.signal().unwrap()), Self::Exited)
    }
}

/// Both outputs and the end of one run.
///
/// `assert_eq!(sandbox.gate(["--", "echo", "hi"]).run(), Ran::exited(0).out("hi\n"));`
#[derive(Clone, PartialEq, Eq)]
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub status: Status,
}

impl Ran {
    /// Ended by itself with this code and said nothing.
    pub fn exited(code: i32) -> Self {
        Self { stdout: String::new(), stderr: String::new(), status: Status::Exited(code) }
    }

    /// Ended by this signal and said nothing.
    pub fn killed(signal: i32) -> Self {
        Self { status: Status::Killed(signal), ..Self::exited(0) }
    }

    /// And said this on stdout.
    #[must_use]
    pub fn out(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdout);
        self
    }

    /// And said this on stderr.
    #[must_use]
    pub fn err(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stderr);
        self
    }
}

/// As a person reads it, so that a failed comparison shows lines and not escapes.
impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.status)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            writeln!(f, "--- {name}")?;
            for line in text.split_inclusive('\n') {
                writeln!(f, "{}", line.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"))?;
            }
        }
        Ok(())
    }
}
