//! The log's directory by descriptor: every name is opened relative to it, close-on-exec and never through a symbolic
//! link. Refuses directories and files that others can write.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, accessat, fstat, mkdirat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::error::{Doing as _, LogError};

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open directory.
#[derive(Debug)]
pub(super) struct Dir {
    file: File,
    path: PathBuf,
}

impl Dir {
    /// Opens a directory that belongs to this account or to root and that nobody else can write; `None` if it is missing.
    pub fn open(path: &Path) -> Result<Option<Self>, LogError> {
        Self::opened_unless(path, 0o022)
    }

    /// The same of a directory the user may have made: many systems let new directories be written by the user's own
    /// group.
    pub fn open_shared(path: &Path) -> Result<Option<Self>, LogError> {
        Self::opened_unless(path, 0o002)
    }

    fn opened_unless(path: &Path, writable: u32) -> Result<Option<Self>, LogError> {
        let fd = match rustix::fs::open(path, DIRECTORY, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(fault) => return Err(fault).doing("open", path),
        };
        let file = File::from(fd);
        let stat = fstat(&file).doing("look at", path)?;
        let owner = rustix::process::geteuid().as_raw();
        if (stat.st_uid != owner && stat.st_uid != 0) || stat.st_mode & writable != 0 {
            return Err(LogError::Unfit { path: path.to_owned(), why: "can be written by others" });
        }
        Ok(Some(Self { file, path: path.to_owned() }))
    }

    /// Makes the directory and those above it where they are missing (0700), then opens it.
    pub fn made(path: &Path) -> Result<Self, LogError> {
        make(path)?;
        Self::open(path)?.ok_or_else(|| LogError::Missing(path.to_owned()))
    }

    /// The same for a directory the user may have made.
    pub fn made_shared(path: &Path) -> Result<Self, LogError> {
        make(path)?;
        Self::open_shared(path)?.ok_or_else(|| LogError::Missing(path.to_owned()))
    }

    /// The full path of a name, for messages.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file for reading.
    pub fn read(&self, name: &str) -> io::Result<File> {
        self.opened(name, OFlags::RDONLY)
    }

    /// Opens a file for reading and appending.
    pub fn append(&self, name: &str) -> io::Result<File> {
        self.opened(name, OFlags::RDWR | OFlags::APPEND)
    }

    /// Opens a file for reading and writing, making it (0600) if it is missing.
    pub fn open_or_make(&self, name: &str) -> io::Result<File> {
        self.opened(name, OFlags::RDWR | OFlags::CREATE)
    }

    /// Makes a file (0600) that must not exist, for appending.
    pub fn make(&self, name: &str) -> io::Result<File> {
        self.opened(name, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL)
    }

    /// Makes a file (0600) or empties it.
    pub fn make_empty(&self, name: &str) -> io::Result<File> {
        self.opened(name, OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC)
    }

    fn opened(&self, name: &str, flags: OFlags) -> io::Result<File> {
        // NONBLOCK: a FIFO put in a file's place must not make gate wait for ever.
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(openat(&self.file, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// The whole content of a regular file of at most `limit` bytes; `None` if it is missing.
    pub fn content(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, LogError> {
        self.content_of(name, limit, false)
    }

    /// The same, of a file that only its owner can read.
    pub fn secret(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, LogError> {
        self.content_of(name, limit, true)
    }

    fn content_of(&self, name: &str, limit: u64, secret: bool) -> Result<Option<Vec<u8>>, LogError> {
        let path = || self.path(name);
        let file = match self.read(name) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault).doing("open", path()),
        };
        let stat = file.metadata().doing("look at", path())?;
        let owner = rustix::process::geteuid().as_raw();
        let unfit = |why| Err(LogError::Unfit { path: path(), why });
        if !stat.is_file() {
            return unfit("is not a regular file");
        }
        if stat.uid() != owner && stat.uid() != 0 {
            return unfit("belongs to another account");
        }
        if stat.mode() & 0o022 != 0 {
            return unfit("can be written by others");
        }
        if secret && stat.mode() & 0o077 != 0 {
            return unfit("can be read by others (chmod 600 mends that)");
        }
        if stat.len() > limit {
            return unfit("is too large");
        }
        let mut bytes = Vec::with_capacity(usize::try_from(stat.len()).unwrap_or(0) + 1);
        file.take(limit).read_to_end(&mut bytes).doing("read", path())?;
        Ok(Some(bytes))
    }

    /// Whether the name exists.
    pub fn has(&self, name: &str) -> Result<bool, LogError> {
        match accessat(&self.file, name, rustix::fs::Access::EXISTS, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(fault) => Err(fault).doing("look for", self.path(name)),
        }
    }

    /// Whether the open file is still what the name leads to.
    pub fn is_same(&self, name: &str, file: &File) -> Result<bool, LogError> {
        let held = fstat(file).doing("look at", self.path(name))?;
        match statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) => Ok((named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)),
            Err(Errno::NOENT) => Ok(false),
            Err(fault) => Err(fault).doing("look at", self.path(name)),
        }
    }

    /// A directory inside; `None` if it is missing.
    pub fn sub(&self, name: &str) -> Result<Option<Self>, LogError> {
        match openat(&self.file, name, DIRECTORY, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { file: fd.into(), path: self.path(name) })),
            Err(Errno::NOENT) => Ok(None),
            Err(fault) => Err(fault).doing("open", self.path(name)),
        }
    }

    /// A directory inside, made (0700) and made durable if it is missing.
    pub fn sub_made(&self, name: &str) -> Result<Self, LogError> {
        match mkdirat(&self.file, name, Mode::RWXU) {
            Ok(()) => self.sync()?,
            Err(Errno::EXIST) => {}
            Err(fault) => return Err(fault).doing("make", self.path(name)),
        }
        self.sub(name)?.ok_or_else(|| LogError::Missing(self.path(name)))
    }

    /// Makes names that were added or removed durable.
    pub fn sync(&self) -> Result<(), LogError> {
        rustix::fs::fsync(&self.file).doing("sync", &self.path)
    }

    /// Renames within the directory.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), LogError> {
        renameat(&self.file, from, &self.file, to).doing("rename", self.path(from))
    }

    /// Removes a file; a missing one is fine.
    pub fn remove(&self, name: &str) -> Result<(), LogError> {
        match unlinkat(&self.file, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(fault) => Err(fault).doing("remove", self.path(name)),
        }
    }

    /// All names that are UTF-8; the log makes no others.
    pub fn names(&self) -> Result<Vec<String>, LogError> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.file).doing("list", &self.path)? {
            let entry = entry.doing("list", &self.path)?;
            if let Ok(name) = entry.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

fn make(path: &Path) -> Result<(), LogError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).doing("make", path)
}
