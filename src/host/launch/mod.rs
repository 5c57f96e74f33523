//! Runs what a clearance allows, and nothing else: in place, or as a child that is waited for. Refuses a file that is no
//! longer the one that was hashed, and descriptors that nobody approved.

mod again;
mod format;
pub mod getent;
mod guard;
mod hold;
mod interpreter;
mod search;
mod stdin;
mod supervise;

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use again::{Again, Started};
pub use guard::{Writer, writer_on};
pub use hold::{HeldFile, HoldError, NotHeld};
pub use search::{Unfound, found};

use hold::Way;

use super::raw::{Exec, Program, Strings};
use crate::clearance::Clearance;
use crate::model::{Ended, Held, Launch, Shown};
use crate::ports::{self, Failure, Holding, Purpose, Standing};

/// Why a cleared command did not run. Each says by its name which exit code belongs to it.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The file is gone: 127.
    #[error("`{}`: not found", Shown::os(.0.as_os_str()))]
    NotFound(PathBuf),
    /// The file is there; what its first line or its header names to run it is not: 127.
    #[error("`{}`: the interpreter that it names is not found", Shown::os(.0.as_os_str()))]
    NoInterpreter(PathBuf),
    /// The kernel refuses to run it: 126.
    #[error("`{}`: {}", Shown::os(.path.as_os_str()), plain(io::Error::from_raw_os_error(*.errno)))]
    NotExecutable {
        /// What was to run.
        path: PathBuf,
        /// What the kernel said.
        errno: i32,
    },
    /// Arguments and environment are more than the kernel takes (E2BIG): 126.
    #[error("`{}`: arguments and environment take {bytes} bytes, more than this system lets a command have", Shown::os(.path.as_os_str()))]
    TooLong {
        /// What was to run.
        path: PathBuf,
        /// Bytes of all arguments and variables.
        bytes: usize,
    },
    /// A file of root's that was held by its path is another one now: 75.
    #[error("`{}` changed after it was hashed", Shown::os(.0.as_os_str()))]
    Changed(PathBuf),
    /// The launch names a file that this launcher does not hold, holds for something else, or an argument it has not.
    #[error("what was cleared to run is not what is held")]
    NotHeld,
    /// An argument or variable contains a zero byte, or a variable's name is empty or contains `=`.
    #[error("an argument or a variable cannot be handed to a command")]
    Unfit,
    /// This signal came after the command was cleared and before it ran.
    #[error("interrupted by signal {0} before the command ran")]
    Interrupted(i32),
    /// This machine gave no process, pipe or handler, so nothing ran.
    #[error("the command cannot be started: {}", plain(io::Error::from_raw_os_error(*.0)))]
    Refused(i32),
}

impl LaunchError {
    fn refused(error: &io::Error) -> Self {
        Self::Refused(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

/// The system's words for an error, without the number that the standard library adds, in lower case.
pub(super) fn plain(error: io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Holds files and runs commands. One launcher serves one run of gate.
#[derive(Debug, Default)]
pub struct Launcher {
    kept: Vec<Kept>,
    input: Option<File>,
}

#[derive(Debug)]
struct Kept {
    path: PathBuf,
    purpose: Purpose,
    way: Way,
}

impl Launcher {
    /// Opens a file, hashes it and holds the hashed bytes where that is possible. A relative path is taken from the
    /// current directory.
    ///
    /// # Errors
    /// When it is no regular file or cannot be read to its end.
    pub fn hold(&mut self, path: &Path, purpose: Purpose) -> Result<HeldFile, HoldError> {
        let path = std::path::absolute(path)
            .map_err(|error| HoldError::Failed(path.to_owned(), error.raw_os_error().unwrap_or(libc::ENOENT)))?;
        let (mut file, way) = hold::hold(&path, purpose)?;
        if let Some(way) = way {
            file.held = Ok(Held::new(u32::try_from(self.kept.len()).unwrap_or(u32::MAX)));
            self.kept.push(Kept { path, purpose, way });
        }
        Ok(file)
    }

    /// The path by which the command will read a held file: its own if only root could change it, else that of the copy.
    #[must_use]
    pub fn place(&self, held: Held) -> Option<PathBuf> {
        let kept = self.kept(held).ok()?;
        Some(match &kept.way {
            Way::Path(_) | Way::Descriptor(_) => kept.path.clone(),
            Way::Copy(copy) => hold::place(copy),
        })
    }

    /// Becomes the command: same process, terminal, signals and descriptors. Returns only if that fails.
    pub fn exec(&self, clearance: Clearance) -> LaunchError {
        let launch = clearance.redeem();
        match self.ready(&launch) {
            Ok(exec) => failure(&launch, &exec.become_it()),
            Err(error) => error,
        }
    }

    fn kept(&self, held: Held) -> Result<&Kept, LaunchError> {
        usize::try_from(held.number()).ok().and_then(|number| self.kept.get(number)).ok_or(LaunchError::NotHeld)
    }

    /// Everything that needs memory or can be refused, before the point of no return.
    fn ready(&self, launch: &Launch) -> Result<Exec, LaunchError> {
        let mut kept: Vec<RawFd> = Vec::new();
        let mut arguments = launch.arguments.clone();
        for (index, held) in &launch.inputs {
            let input = self.kept(*held)?;
            if input.purpose != Purpose::Input {
                return Err(LaunchError::NotHeld);
            }
            let argument = arguments.get_mut(*index).filter(|_| *index > 0).ok_or(LaunchError::NotHeld)?;
            match &input.way {
                Way::Copy(copy) => {
                    kept.push(copy.as_raw_fd());
                    *argument = hold::place(copy).into_os_string();
                }
                Way::Path(identity) if !identity.still_at(&input.path) => {
                    return Err(LaunchError::Changed(input.path.clone()));
                }
                Way::Path(_) => (),
                Way::Descriptor(_) => return Err(LaunchError::NotHeld),
            }
        }
        let by_path = || Ok(Program::Path(c_string(named(launch).as_os_str().as_bytes().to_vec())?));
        let program = match launch.held {
            None => by_path()?,
            Some(held) => {
                let file = self.kept(held)?;
                if file.purpose != Purpose::Executable || file.path != launch.executable {
                    return Err(LaunchError::NotHeld);
                }
                match &file.way {
                    Way::Descriptor(program) | Way::Copy(program) => {
                        let script = matches!(format::Format::of(program), Ok(format::Format::Script { .. }));
                        let program = program.try_clone().map_err(|error| LaunchError::refused(&error))?;
                        if script {
                            // The interpreter opens the copy by its number.
                            kept.push(program.as_raw_fd());
                        }
                        Program::Descriptor(program.into())
                    }
                    Way::Path(identity) if identity.still_at(&file.path) => by_path()?,
                    Way::Path(_) => return Err(LaunchError::Changed(file.path.clone())),
                }
            }
        };
        let arguments = arguments.into_iter().map(|argument| c_string(argument.into_vec()));
        let arguments = Strings::new(arguments.collect::<Result<_, _>>()?);
        let environment = launch.environment.iter().map(|(name, value)| variable(name, value));
        let environment = Strings::new(environment.collect::<Result<_, _>>()?);
        // Opened anew, so that it is read from its start, and only read.
        let input = self.input.as_ref().map(|input| File::open(hold::place(input)).map(Into::into));
        let input = input.transpose().map_err(|error| LaunchError::refused(&error))?;
        Ok(Exec::new(program, arguments, environment, kept, input))
    }
}

impl ports::Launcher for Launcher {
    fn find(&self, name: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, ports::Unfound> {
        let gone = |error: io::Error| ports::Unfound::NotExecutable(format!("current directory: {}", plain(error)));
        let directory = std::env::current_dir().map_err(gone)?;
        found(name, path, &directory).map_err(|error| match error {
            Unfound::Missing(_) => ports::Unfound::NotFound(error.to_string()),
            Unfound::NotExecutable(..) => ports::Unfound::NotExecutable(error.to_string()),
        })
    }

    fn hold(&mut self, path: &Path, purpose: Purpose) -> Result<Holding, Failure> {
        let file = Self::hold(self, path, purpose).map_err(|error| Failure::of(&error))?;
        let why = file.held.as_ref().err().map(|not| match file.writer {
            Some(writer) => format!("can still be changed by {writer}: {not}"),
            None => not.to_string(),
        });
        Ok(Holding { held: file.held.ok(), digest: file.digest, why, public: file.public })
    }

    fn standard_input(&mut self) -> Result<Standing, Failure> {
        let (standing, copy) = stdin::taken()?;
        self.input = copy;
        Ok(standing)
    }

    fn exec(&mut self, clearance: Clearance) -> ports::Unfound {
        Self::exec(self, clearance).into()
    }

    fn supervise(&mut self, clearance: Clearance) -> Result<(Ended, Duration), ports::Unfound> {
        Ok(Self::supervise(self, clearance)?)
    }
}

impl From<LaunchError> for ports::Unfound {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::NotFound(_) | LaunchError::NoInterpreter(_) => Self::NotFound(error.to_string()),
            LaunchError::Changed(_) => Self::Changed(error.to_string()),
            LaunchError::Interrupted(signal) => Self::Interrupted(signal),
            LaunchError::NotExecutable { .. }
            | LaunchError::TooLong { .. }
            | LaunchError::NotHeld
            | LaunchError::Unfit
            | LaunchError::Refused(_) => Self::NotExecutable(error.to_string()),
        }
    }
}

/// The path that is handed to the kernel. A script sees it as `$0`, so where the command was called by a relative path
/// that leads to the same file, it is that one, as without gate.
fn named(launch: &Launch) -> &Path {
    let full = launch.executable.as_path();
    let Some(typed) = launch.arguments.first().map(Path::new) else {
        return full;
    };
    let relative = typed.is_relative() && typed.as_os_str().as_bytes().contains(&b'/');
    let ends = || full.as_os_str().as_bytes().ends_with(typed.as_os_str().as_bytes());
    let same = || match (std::fs::metadata(full), std::fs::metadata(typed)) {
        (Ok(full), Ok(typed)) => (full.dev(), full.ino()) == (typed.dev(), typed.ino()),
        _ => false,
    };
    if relative && ends() && same() { typed } else { full }
}

fn c_string(bytes: Vec<u8>) -> Result<CString, LaunchError> {
    CString::new(bytes).map_err(|_| LaunchError::Unfit)
}

fn variable(name: &OsStr, value: &OsStr) -> Result<CString, LaunchError> {
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        return Err(LaunchError::Unfit);
    }
    c_string([name.as_bytes(), b"=", value.as_bytes()].concat())
}

fn failure(launch: &Launch, error: &io::Error) -> LaunchError {
    let path = launch.executable.clone();
    match error.raw_os_error().unwrap_or(libc::EIO) {
        libc::ENOENT if path.exists() => LaunchError::NoInterpreter(path),
        libc::ENOENT => LaunchError::NotFound(path),
        libc::E2BIG => {
            let words = launch.arguments.iter().map(|word| word.len() + 1);
            let variables = launch.environment.iter().map(|(name, value)| name.len() + value.len() + 2);
            LaunchError::TooLong { path, bytes: words.chain(variables).sum() }
        }
        errno => LaunchError::NotExecutable { path, errno },
    }
}

#[cfg(test)]
mod tests;
