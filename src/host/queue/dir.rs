//! The queue's directory by descriptor. A file in it is opened once, without following anything, and believed to be
//! nothing but bytes of a known owner; whatever else stands there is refused with its reason.

use std::fs::{DirBuilder, File};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, fchmod, openat, renameat_with, statat, unlinkat};
use rustix::io::Errno;

use super::QueueError;
use crate::host::config::file::words;

const CAREFUL: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
/// Before the name of a file that is not whole yet.
const STAGED: &str = ".new.";

/// Where a queue lies, and who may write into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// This user's own directory; nobody else can reach it.
    Own(PathBuf),
    /// A directory of root's that other accounts share, named by `/etc/gate/config.yaml`.
    Shared(PathBuf),
}

impl Place {
    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Own(path) | Self::Shared(path) => path,
        }
    }
}

/// Why a file of the queue is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("it cannot be opened: {0}")]
    Unopened(String),
    #[error("it is not a regular file")]
    Kind,
    #[error("it has {0} links")]
    Links(u64),
    #[error("it belongs to uid {0}, who has no business here")]
    Owner(u32),
    #[error("it is larger than {0} bytes")]
    Large(usize),
    #[error("it is gone")]
    Gone,
}

/// A file's bytes, its owner, and the descriptor they were read from.
pub(super) struct Content {
    pub bytes: Vec<u8>,
    pub owner: u32,
    pub file: File,
}

/// An open queue directory.
#[derive(Debug)]
pub(super) struct Dir {
    file: File,
    place: Place,
    uid: u32,
}

impl Dir {
    /// Opens the directory; `None` if it is not there.
    pub fn open(place: &Place) -> Result<Option<Self>, QueueError> {
        let path = place.path();
        let flags = CAREFUL | OFlags::DIRECTORY;
        let file: File = match openat(CWD, path, flags, Mode::empty()) {
            Ok(fd) => fd.into(),
            Err(Errno::NOENT) => return Ok(None),
            Err(fault) => return Err(QueueError::of("open", path, fault)),
        };
        let metadata = file.metadata().map_err(|source| QueueError::io("look at", path, source))?;
        let uid = rustix::process::geteuid().as_raw();
        let mode = metadata.mode();
        let why = match place {
            Place::Own(_) if metadata.uid() != uid => Some("belongs to somebody else"),
            Place::Own(_) if mode & 0o022 != 0 => Some("can be written by others"),
            Place::Shared(_) if metadata.uid() != 0 => Some("does not belong to root"),
            // Without the sticky bit everybody could take away or replace what others put there.
            Place::Shared(_) if mode & 0o022 != 0 && mode & 0o1000 == 0 => Some("has no sticky bit (hint: chmod +t)"),
            Place::Own(_) | Place::Shared(_) => None,
        };
        match why {
            Some(why) => Err(QueueError::Unfit { path: path.to_owned(), why }),
            None => Ok(Some(Self { file, place: place.clone(), uid })),
        }
    }

    /// Opens the directory, making a user's own (0700) if it is not there.
    pub fn made(place: &Place) -> Result<Self, QueueError> {
        let path = place.path();
        match place {
            Place::Own(_) => {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
                made.map_err(|source| QueueError::io("make", path, source))?;
            }
            Place::Shared(_) => {}
        }
        Self::open(place)?.ok_or_else(|| QueueError::Missing(path.to_owned()))
    }

    /// Who uses it here.
    pub const fn uid(&self) -> u32 {
        self.uid
    }

    /// Whether other accounts may write into it.
    pub const fn is_shared(&self) -> bool {
        match self.place {
            Place::Own(_) => false,
            Place::Shared(_) => true,
        }
    }

    /// The path of a name, for messages.
    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Whether the directory itself was removed.
    pub fn is_removed(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Whether something stands under this name.
    pub fn has(&self, name: &str) -> bool {
        statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// When something of this name was last changed, in seconds since the epoch.
    pub fn changed(&self, name: &str) -> Option<i64> {
        let stat = statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        (stat.st_uid == self.uid).then_some(stat.st_mtime)
    }

    /// All names, sorted; those of half-made files are left out.
    pub fn names(&self) -> Result<Vec<String>, QueueError> {
        let fault = |fault: Errno| QueueError::of("list", self.place.path(), fault);
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.file).map_err(fault)? {
            // A name that is not UTF-8 is none of ours.
            if let Ok(name) = entry.map_err(fault)?.file_name().to_str()
                && !name.starts_with('.')
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Reads a file once. In a user's own queue everything must be theirs; in a shared one the owner is told.
    pub fn content(&self, name: &str, limit: usize) -> Result<Content, Unfit> {
        let unopened = |fault: std::io::Error| Unfit::Unopened(words(&fault));
        let file = match openat(&self.file, name, CAREFUL | OFlags::RDONLY, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Err(Unfit::Gone),
            Err(Errno::LOOP) => return Err(Unfit::Kind),
            Err(fault) => return Err(unopened(fault.into())),
        };
        let metadata = file.metadata().map_err(unopened)?;
        if !metadata.is_file() {
            return Err(Unfit::Kind);
        }
        if metadata.nlink() != 1 {
            return Err(Unfit::Links(metadata.nlink()));
        }
        if !self.is_shared() && metadata.uid() != self.uid {
            return Err(Unfit::Owner(metadata.uid()));
        }
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        if metadata.len() > most {
            return Err(Unfit::Large(limit));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        (&file).take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(unopened)?;
        if bytes.len() > limit { Err(Unfit::Large(limit)) } else { Ok(Content { bytes, owner: metadata.uid(), file }) }
    }

    /// Puts a file there as a whole or not at all, and never in place of another; `before` has the descriptor first.
    pub fn put(
        &self,
        name: &str,
        bytes: &[u8],
        before: impl FnOnce(&File) -> Result<(), Errno>,
    ) -> Result<File, QueueError> {
        let path = self.path(name);
        let staged = format!("{STAGED}{}", random_name()?);
        let flags = CAREFUL | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let fd = openat(&self.file, &staged, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(fd.map_err(|fault| QueueError::of("make", &path, fault))?);
        let put = || -> std::io::Result<()> {
            before(&file)?;
            file.write_all(bytes)?;
            if self.is_shared() {
                fchmod(&file, Mode::from_raw_mode(0o644))?;
            }
            Ok(renameat_with(&self.file, &staged, &self.file, name, RenameFlags::NOREPLACE)?)
        };
        match put() {
            Ok(()) => Ok(file),
            Err(source) => {
                self.remove(&staged);
                Err(QueueError::io("make", &path, source))
            }
        }
    }

    /// Takes a file away, if it is ours to take.
    pub fn remove(&self, name: &str) {
        // What is not ours stays; whoever put it there takes it away.
        let _ = unlinkat(&self.file, name, AtFlags::empty());
    }
}

/// 16 hex digits that nobody can guess.
pub(super) fn random_name() -> Result<String, QueueError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| QueueError::NoEntropy)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
