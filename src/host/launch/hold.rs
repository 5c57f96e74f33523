//! Holds the bytes of a file from the moment they are hashed until they run or are read. Refuses to say that a file is
//! held when somebody other than root could still change what the command gets.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, OFlags, SealFlags, fcntl_add_seals, fgetxattr, fstat, memfd_create};
use rustix::io::Errno;

use super::format::{self, Format};
use super::guard::{self, Writer};
use super::interpreter;
use crate::model::{Digest, Digesting, Held, Shown};
use crate::ports::Purpose;

/// What is known about a file, and whether its bytes are held.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct HeldFile {
    /// The held bytes, or why they are not held.
    pub held: Result<Held, NotHeld>,
    /// Of the bytes that are held, or that the file had when it was read; nothing for a file that cannot be read.
    pub digest: Option<Digest>,
    /// The device it lies on.
    pub device: u64,
    /// Its inode there.
    pub inode: u64,
    /// The account that owns it.
    pub owner: u32,
    /// How many bytes the digest covers.
    pub size: u64,
    /// Who but root can change the file or where its path leads.
    pub writer: Option<Writer>,
    /// Whether everybody may read it, so that its bare digest tells nobody anything.
    pub public: bool,
}

/// Why the bytes that were hashed may not be the bytes that run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHeld {
    /// It may be executed but not read (mode 0711), so there is nothing to hash.
    #[error("its bytes cannot be read")]
    Unreadable,
    /// More than 512 MiB.
    #[error("it is too large to be copied")]
    TooLarge,
    /// A copy would lose its set-user-id bit or its capabilities.
    #[error("it runs with rights of its own, which a copy would lose")]
    Privileged,
    /// Its libraries are found from its own place (`$ORIGIN`).
    #[error("it finds its libraries by its own place")]
    OwnLibraries,
    /// Its text asks where it lies, or its interpreter looks for other files beside it.
    #[error("`{}` may look for other files beside it", Shown::os(.0.as_os_str()))]
    OwnPlace(PathBuf),
    /// The file named after `#!` is not root's alone, or `env` may find another one in PATH.
    #[error("its interpreter `{}` can be changed or replaced", Shown::os(.0.as_os_str()))]
    Interpreter(PathBuf),
    /// Neither a program of this machine nor a script.
    #[error("it is neither a program of this machine nor a script with `#!`")]
    UnknownFormat,
    /// The kernel gives no memory that can be sealed, or none that can be executed (`vm.memfd_noexec`).
    #[error("this machine refuses a sealed copy: {}", super::plain((*.0).into()))]
    NoCopy(Errno),
}

/// A file that cannot be held or even looked at.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// A directory, device, pipe or socket.
    #[error("`{}` is not a regular file", Shown::os(.0.as_os_str()))]
    NotRegular(PathBuf),
    /// It cannot be opened, or not be read to its end.
    #[error("`{}`: {}", Shown::os(.0.as_os_str()), super::plain(io::Error::from_raw_os_error(*.1)))]
    Failed(PathBuf, i32),
}

impl HoldError {
    fn failed(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |error| Self::Failed(path.to_owned(), error.raw_os_error().unwrap_or(libc::EIO))
    }
}

/// How the held bytes reach the command.
#[derive(Debug)]
pub enum Way {
    /// A program of root's alone, run by the descriptor that was hashed.
    Descriptor(File),
    /// A sealed copy in memory; `number` stays the same in the command, where it is read as `/proc/self/fd/number`.
    Copy(File),
    /// A file that root alone could change, by its path: scripts keep `$0`, inputs their name. That it is the same file
    /// is looked at once more just before it runs.
    Path(Identity),
}

/// Tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Identity {
    pub fn of(metadata: &std::fs::Metadata) -> Self {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self { device: metadata.dev(), inode: metadata.ino(), size: metadata.len(), changed }
    }

    /// Whether the path still leads to the same file in the same state.
    pub fn still_at(self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|metadata| Self::of(&metadata) == self)
    }
}

/// What is copied into memory at most.
const CAP: u64 = 512 << 20;

/// Opens, hashes and, if need be, copies a file (absolute path).
pub fn hold(path: &Path, purpose: Purpose) -> Result<(HeldFile, Option<Way>), HoldError> {
    let failed = HoldError::failed(path);
    // Opening a device can do something already, and opening a pipe can wait: neither is tried.
    if !std::fs::metadata(path).map_err(&failed)?.is_file() {
        return Err(HoldError::NotRegular(path.to_owned()));
    }
    // INVARIANT (nobody else's path): looked at before it is opened, so that if nobody but root could change the path,
    // the file that is opened is the one it leads to.
    let writer = guard::writer_on(path).map_err(io::Error::from).map_err(&failed)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return unreadable(path, writer),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(&failed)?;
    if !metadata.is_file() {
        return Err(HoldError::NotRegular(path.to_owned()));
    }
    let writer = writer.or(guard::writer_of(&fstat(&file).map_err(io::Error::from).map_err(&failed)?));
    let execute = purpose == Purpose::Executable;
    let (way, (digest, size)) = if writer.is_none() {
        let digest = digest(&file).map_err(&failed)?;
        let by_path = Way::Path(Identity::of(&metadata));
        let way = match Format::of(&file).map_err(&failed)? {
            Format::Program { .. } if execute => Ok(Way::Descriptor(file)),
            Format::Script { interpreter, argument } if execute => reader(&interpreter, argument).map(|_| by_path),
            Format::Program { .. } | Format::Script { .. } | Format::Other => Ok(by_path),
        };
        (way, digest)
    } else {
        match copied(path, &file, purpose).map_err(&failed)? {
            Ok(copy) => {
                let digest = digest(&copy).map_err(&failed)?;
                let fit = if execute { fit(&file, &metadata, &copy).map_err(&failed)? } else { Ok(()) };
                (fit.map(|()| Way::Copy(copy)), digest)
            }
            Err(not) => (Err(not), digest(&file).map_err(&failed)?),
        }
    };
    let (held, way) = match way {
        // The launcher puts its own number here.
        Ok(way) => (Ok(Held::new(0)), Some(way)),
        Err(not) => (Err(not), None),
    };
    Ok((described(path, &metadata, held, Some((digest, size)), writer), way))
}

fn described(
    path: &Path,
    metadata: &std::fs::Metadata,
    held: Result<Held, NotHeld>,
    bytes: Option<(Digest, u64)>,
    writer: Option<Writer>,
) -> HeldFile {
    let (device, inode, owner) = (metadata.dev(), metadata.ino(), metadata.uid());
    let (digest, size) = (bytes.map(|(digest, _)| digest), bytes.map_or(metadata.len(), |(_, size)| size));
    HeldFile { held, digest, device, inode, owner, size, writer, public: guard::everyone_reads(path, metadata) }
}

fn unreadable(path: &Path, writer: Option<Writer>) -> Result<(HeldFile, Option<Way>), HoldError> {
    let metadata = std::fs::metadata(path).map_err(HoldError::failed(path))?;
    Ok((described(path, &metadata, Err(NotHeld::Unreadable), None, writer), None))
}

/// Reads from the start to the end, wherever the descriptor stands.
pub fn digest(file: &File) -> io::Result<(Digest, u64)> {
    let mut digesting = Digesting::default();
    let mut buffer = vec![0; 64 << 10];
    let mut size: u64 = 0;
    loop {
        match file.read_at(&mut buffer, size) {
            Ok(0) => return Ok((digesting.digest(), size)),
            Ok(more) => {
                digesting.add(buffer.get(..more).unwrap_or_default());
                size = size.saturating_add(more as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
    }
}

fn copied(path: &Path, file: &File, purpose: Purpose) -> io::Result<Result<File, NotHeld>> {
    if file.metadata()?.len() > CAP {
        return Ok(Err(NotHeld::TooLarge));
    }
    // What `ps` and /proc/self/exe will show.
    let name = path.file_name().map_or(&b"input"[..], |name| name.as_encoded_bytes());
    sealed(name, file, purpose)
}

/// A copy that nobody can change any more, this process included. It is to be hashed only after this.
pub fn sealed(name: &[u8], source: impl io::Read, purpose: Purpose) -> io::Result<Result<File, NotHeld>> {
    let mut copy = match memory(name, purpose) {
        Ok(copy) => copy,
        Err(errno) => return Ok(Err(NotHeld::NoCopy(errno))),
    };
    // One byte more, to see a file that grew meanwhile.
    let size = io::copy(&mut source.take(CAP + 1), &mut copy)?;
    if size > CAP {
        return Ok(Err(NotHeld::TooLarge));
    }
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    Ok(fcntl_add_seals(&copy, seals).map_err(NotHeld::NoCopy).map(|()| copy))
}

fn memory(name: &[u8], purpose: Purpose) -> Result<File, Errno> {
    // The kernel takes 249 bytes.
    let name: Vec<u8> = name.iter().copied().take(200).collect();
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let execution = match purpose {
        Purpose::Executable => MemfdFlags::EXEC,
        Purpose::Input => MemfdFlags::NOEXEC_SEAL,
    };
    let file = match memfd_create(name.as_slice(), flags | execution) {
        // Before Linux 6.3 neither flag is known, and every such file can be executed.
        Err(Errno::INVAL) => memfd_create(name.as_slice(), flags),
        other => other,
    };
    file.map(File::from)
}

/// Whether a copy would do what the file does. The format is read from the copy, which nobody can change.
fn fit(file: &File, metadata: &std::fs::Metadata, copy: &File) -> io::Result<Result<(), NotHeld>> {
    let mut capability: [u8; 64] = [0; 64];
    let capable = fgetxattr(file, c"security.capability", &mut capability).is_ok_and(|length| length > 0);
    Ok(match Format::of(copy)? {
        Format::Program { .. } if metadata.mode() & 0o6000 != 0 || capable => Err(NotHeld::Privileged),
        Format::Program { at_home: true } => Err(NotHeld::OwnLibraries),
        Format::Program { at_home: false } => Ok(()),
        Format::Script { interpreter, argument } => match reader(&interpreter, argument) {
            // A shell script runs as a copy (`$0` is then /dev/fd/N) if its text never asks for its own place. Python
            // and node look beside the file: their scripts run by path, and are not called held.
            Ok(program) if !format::movable(&program, copy)? => Err(NotHeld::OwnPlace(program)),
            other => other.map(|_| ()),
        },
        Format::Other => Err(NotHeld::UnknownFormat),
    })
}

fn reader(interpreter: &Path, argument: Option<OsString>) -> Result<PathBuf, NotHeld> {
    let path = std::env::var_os("PATH");
    interpreter::settled(interpreter, argument.as_deref(), path.as_deref()).map_err(NotHeld::Interpreter)
}

/// Where the command finds a copy. The number is the same after exec, since only close-on-exec is lifted.
pub fn place(copy: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd()))
}
