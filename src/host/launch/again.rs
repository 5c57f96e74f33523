//! Starts this very program again, as somebody at another terminal would, and hands on what it says. Refuses to start any
//! other program, so that no command can run this way without its clearance.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead as _, BufReader, PipeReader};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The file that this process was started from, even if another one lies at its path by now.
const SELF: &str = "/proc/self/exe";

/// How to start this program: where, and with which environment and no other.
#[derive(Debug, Clone)]
pub struct Again {
    /// The directory it is called in.
    pub directory: PathBuf,
    /// All of its environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl Again {
    /// Starts it. Its standard input is empty.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> io::Result<Started> {
        let (output, both) = io::pipe()?;
        let mut command = Command::new(SELF);
        command.arg0(OsStr::new("gate")).args(arguments).current_dir(&self.directory);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(both.try_clone()?).stderr(both);
        let child = command.spawn()?;
        // The command holds the far end of the pipe; the output ends when only the child does.
        drop(command);
        Ok(Started { child, output: BufReader::new(output) })
    }
}

/// A process that runs. Dropped, it is ended.
#[derive(Debug)]
pub struct Started {
    child: Child,
    output: BufReader<PipeReader>,
}

impl Started {
    /// Waits for its next line; none once it has said everything.
    ///
    /// # Errors
    /// When its output cannot be read.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = self.output.read_until(b'\n', &mut line)?;
        Ok((read > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
    }

    /// Waits for its end: its exit code, or 128 and the number of the signal that ended it.
    ///
    /// # Errors
    /// When there is nothing to wait for.
    pub fn ended(mut self) -> io::Result<i32> {
        let status = self.child.wait()?;
        let signal = || status.signal().map_or(-1, |signal| 128_i32.saturating_add(signal));
        Ok(status.code().unwrap_or_else(signal))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to do.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
