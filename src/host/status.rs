//! The target of `--status`: where gate tells a script how it went, apart from the command's own exit code. Refuses a
//! place by which somebody could have gate overwrite what is not theirs, or gate's own files.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fstat, ftruncate, lstat, open};
use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

use super::raw;
use crate::model::Shown;

/// What a place must keep to.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// The account of the requester, who must own the file.
    pub requester: u32,
    /// gate's own directories: configuration, keys, queue, log, cache.
    pub closed: &'a [PathBuf],
    /// Whether a new file may be made; not when gate runs with other rights than the requester's.
    pub may_create: bool,
}

/// A place that is no good, or that fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("status file `{}`: {fault}", Shown::os(place))]
pub struct StatusError {
    place: OsString,
    fault: Fault,
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A directory, link, device, or, by name, a pipe.
    #[error("is not a regular file")]
    NotRegular,
    /// It has several names, so that it may be somebody else's file too.
    #[error("has more than one name")]
    Linked,
    /// Its owner is not the requester.
    #[error("belongs to account {0}, not to who asks")]
    Owner(u32),
    /// It lies in a directory of gate's.
    #[error("lies among gate's own files")]
    Inside,
    /// It is not there, and must not be made with other rights than the requester's.
    #[error("does not exist, and gate makes none under another account")]
    Absent,
    /// Not `fd:` and a number from 3.
    #[error("is not of the form fd:N with a number from 3")]
    NoNumber,
    /// No such descriptor was inherited, or it is not open for writing.
    #[error("is not a descriptor that is open for writing")]
    NotOpen,
    /// The system refuses.
    #[error("{}", super::launch::plain((*.0).into()))]
    System(Errno),
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        match errno {
            // What a last part that is a link gives with O_NOFOLLOW.
            Errno::LOOP => Self::NotRegular,
            other => Self::System(other),
        }
    }
}

/// An open place for the status.
#[derive(Debug)]
pub struct StatusFile {
    place: OsString,
    file: File,
    /// A regular file is replaced as a whole; a pipe or socket gets one line after the other.
    regular: bool,
}

impl StatusFile {
    /// Opens `FILE` or `fd:N`, checks it, and only then empties it. To be done before anything else of a run.
    ///
    /// # Errors
    /// When the place is no good; nothing was changed then.
    pub fn open(place: &OsStr, bounds: Bounds<'_>) -> Result<Self, StatusError> {
        let opened = match place.as_bytes().strip_prefix(b"fd:") {
            Some(number) => inherited(number, bounds),
            None => named(Path::new(place), bounds),
        };
        opened
            .and_then(|(file, regular)| {
                if regular {
                    ftruncate(&file, 0)?;
                }
                Ok(Self { place: place.to_owned(), file, regular })
            })
            .map_err(|fault| StatusError { place: place.to_owned(), fault })
    }

    /// Replaces the whole content by one JSON object and a line end.
    ///
    /// # Errors
    /// When the disk is full, or nobody reads the pipe any more.
    pub fn write(&mut self, json: &[u8]) -> Result<(), StatusError> {
        let line = [json, b"\n"].concat();
        let written = if self.regular {
            self.file.set_len(0).and_then(|()| self.file.write_all_at(&line, 0))
        } else {
            self.file.write_all(&line)
        };
        written.map_err(|error| StatusError {
            place: self.place.clone(),
            fault: Fault::System(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
        })
    }
}

fn named(path: &Path, bounds: Bounds<'_>) -> Result<(File, bool), Fault> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match lstat(path) {
        // Looked at first, since opening a device can do something already.
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => return Err(Fault::NotRegular),
        Ok(_) => open(path, flags, Mode::empty())?,
        Err(Errno::NOENT) if !bounds.may_create => return Err(Fault::Absent),
        Err(Errno::NOENT) => {
            let parent = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            if lies_inside(parent, bounds.closed)? {
                return Err(Fault::Inside);
            }
            open(path, flags | OFlags::CREATE | OFlags::EXCL, Mode::RUSR | Mode::WUSR)?
        }
        Err(errno) => return Err(errno.into()),
    };
    let stat = fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Fault::NotRegular);
    }
    if stat.st_nlink != 1 {
        return Err(Fault::Linked);
    }
    if stat.st_uid != bounds.requester {
        return Err(Fault::Owner(stat.st_uid));
    }
    outside(&file, bounds.closed)?;
    Ok((file.into(), true))
}

/// The requester opened it with their own rights, so it may be anybody's, and a pipe.
fn inherited(number: &[u8], bounds: Bounds<'_>) -> Result<(File, bool), Fault> {
    let digits = number.len() < 10 && number.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(number).ok().filter(|_| digits).and_then(|number| number.parse().ok());
    // 0 to 2 belong to the command, and would be taken from it.
    let number: i32 = number.filter(|number| *number > 2).ok_or(Fault::NoNumber)?;
    let given = raw::inherited(number).ok_or(Fault::NotOpen)?;
    if !fcntl_getfl(given)?.intersects(OFlags::WRONLY | OFlags::RDWR) {
        return Err(Fault::NotOpen);
    }
    let regular = match FileType::from_raw_mode(fstat(given)?.st_mode) {
        FileType::RegularFile => true,
        FileType::Fifo | FileType::Socket => false,
        _ => return Err(Fault::NotRegular),
    };
    let file: OwnedFd = fcntl_dupfd_cloexec(given, 3)?;
    if regular {
        outside(&file, bounds.closed)?;
    }
    // The command gets neither.
    fcntl_setfd(given, FdFlags::CLOEXEC)?;
    Ok((file.into(), regular))
}

/// By where the file that was opened really lies, whatever links its path went through.
fn outside(file: &OwnedFd, closed: &[PathBuf]) -> Result<(), Fault> {
    let real = real(file.as_fd())?;
    match real.parent() {
        Some(parent) if !lies_inside(parent, closed)? => Ok(()),
        _ => Err(Fault::Inside),
    }
}

fn real(file: BorrowedFd<'_>) -> Result<PathBuf, Errno> {
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    let target = rustix::fs::readlink(link, Vec::new())?;
    Ok(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
}

/// Compares directories by device and inode, so that neither a link nor a second mount hides one.
fn lies_inside(directory: &Path, closed: &[PathBuf]) -> Result<bool, Fault> {
    let errno = |error: std::io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
    let same = |path: &Path| std::fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
    // A directory of gate's that does not exist yet holds nothing.
    let closed: Vec<(u64, u64)> = closed.iter().filter_map(|path| same(path).ok()).collect();
    for ancestor in directory.canonicalize().map_err(errno)?.ancestors() {
        if closed.contains(&same(ancestor).map_err(errno)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::symlink;

    use super::*;

    struct Desk {
        root: tempfile::TempDir,
        closed: Vec<PathBuf>,
    }

    impl Desk {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("gate/audit")).unwrap();
            let closed = vec![root.path().join("gate"), root.path().join("not-made-yet")];
            Self { root, closed }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.root.path().join(name)
        }

        fn bounds(&self) -> Bounds<'_> {
            Bounds { requester: rustix::process::getuid().as_raw(), closed: &self.closed, may_create: true }
        }

        fn fault(&self, place: impl AsRef<OsStr>) -> Fault {
            StatusFile::open(place.as_ref(), self.bounds()).unwrap_err().fault
        }
    }

    #[test]
    fn each_status_replaces_the_one_before() {
        let desk = Desk::new();
        let path = desk.path("status");
        fs::write(&path, "what an earlier run left here").unwrap();
        let mut status = StatusFile::open(path.as_os_str(), desk.bounds()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "", "an old status is not taken for ours");
        status.write(br#"{"state":"waiting","code":null}"#).unwrap();
        status.write(br#"{"state":"ended"}"#).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"state\":\"ended\"}\n");
    }

    #[test]
    fn a_new_file_is_the_requesters_alone() {
        let desk = Desk::new();
        let path = desk.path("new");
        StatusFile::open(path.as_os_str(), desk.bounds()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let absent = desk.path("absent");
        let other = Bounds { may_create: false, ..desk.bounds() };
        assert_eq!(StatusFile::open(absent.as_os_str(), other).unwrap_err().fault, Fault::Absent);
        assert!(!absent.exists());
    }

    #[test]
    fn a_place_that_leads_elsewhere_is_refused_and_not_emptied() {
        let desk = Desk::new();
        let precious = desk.path("precious");
        fs::write(&precious, "keep").unwrap();
        symlink(&precious, desk.path("link")).unwrap();
        symlink(desk.path("gone"), desk.path("dangling")).unwrap();
        fs::hard_link(&precious, desk.path("second")).unwrap();
        let fifo = desk.path("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
        for (name, fault) in [
            ("link", Fault::NotRegular),
            ("dangling", Fault::NotRegular),
            ("second", Fault::Linked),
            ("fifo", Fault::NotRegular),
            ("gate", Fault::NotRegular),
            ("none/status", Fault::System(Errno::NOENT)),
        ] {
            assert_eq!(desk.fault(desk.path(name)), fault, "{name}");
        }
        assert_eq!(desk.fault("/dev/null"), Fault::NotRegular);
        assert_eq!(fs::read_to_string(&precious).unwrap(), "keep");
        assert!(!desk.path("gone").exists());
    }

    #[test]
    fn another_accounts_file_is_refused_and_not_emptied() {
        let desk = Desk::new();
        let path = desk.path("theirs");
        fs::write(&path, "keep").unwrap();
        let own = desk.bounds().requester;
        let bounds = Bounds { requester: own + 1, ..desk.bounds() };
        let error = StatusFile::open(path.as_os_str(), bounds).unwrap_err();
        assert_eq!(error.fault, Fault::Owner(own));
        assert_eq!(fs::read_to_string(&path).unwrap(), "keep");
    }

    #[test]
    fn gates_own_files_are_refused_by_whatever_way() {
        let desk = Desk::new();
        let log = desk.path("gate/audit/000000000000.jsonl");
        fs::write(&log, "keep").unwrap();
        symlink(desk.path("gate/audit"), desk.path("way")).unwrap();
        for place in ["gate/audit/000000000000.jsonl", "way/000000000000.jsonl", "gate/../gate/new", "way/new"] {
            assert_eq!(desk.fault(desk.path(place)), Fault::Inside, "{place}");
        }
        let open = fs::OpenOptions::new().append(true).open(&log).unwrap();
        assert_eq!(desk.fault(format!("fd:{}", open.as_raw_fd())), Fault::Inside);
        assert_eq!(fs::read_to_string(&log).unwrap(), "keep");
        assert_eq!(fs::read_dir(desk.path("gate")).unwrap().count(), 1);
    }

    #[test]
    fn an_inherited_descriptor_is_written_and_not_passed_on() {
        let desk = Desk::new();
        let (mut reader, writer) = std::io::pipe().unwrap();
        fcntl_setfd(&writer, FdFlags::empty()).unwrap();
        let place = OsString::from(format!("fd:{}", writer.as_raw_fd()));
        let mut status = StatusFile::open(&place, desk.bounds()).unwrap();
        assert!(rustix::io::fcntl_getfd(&writer).unwrap().contains(FdFlags::CLOEXEC));
        status.write(b"{}").unwrap();
        status.write(b"{}").unwrap();
        drop((status, writer));
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "{}\n{}\n");
    }

    #[test]
    fn a_descriptor_that_cannot_be_written_is_refused() {
        let desk = Desk::new();
        for place in ["fd:", "fd:x", "fd:-1", "fd:0", "fd:1", "fd:2", "fd:+5", "fd:99999999999"] {
            assert_eq!(desk.fault(place), Fault::NoNumber, "{place}");
        }
        assert_eq!(desk.fault("fd:987654"), Fault::NotOpen);
        let file = File::open("/dev/null").unwrap();
        assert_eq!(desk.fault(format!("fd:{}", file.as_raw_fd())), Fault::NotOpen);
    }

    #[test]
    fn an_error_names_the_place() {
        let error = StatusFile::open(OsStr::new("/nowhere/\x1b]0;x"), Desk::new().bounds()).unwrap_err();
        assert_eq!(error.to_string(), "status file `/nowhere/\\e]0;x`: no such file or directory");
    }
}
