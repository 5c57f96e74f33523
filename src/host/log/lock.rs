//! The lock that makes writers take turns, and the hint that stands in its file: which segment is the last, and in which
//! boot its end was checked. Refuses to wait for ever, and a file that is not the one its path names.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::dir::Dir;
use super::error::{Doing as _, LogError};
use super::segment;

/// The name of the lock's file.
pub(super) const LOCK: &str = "lock";

/// The held lock; dropping it lets it go.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

/// What the last writer left in the lock's file. It saves looking; nothing is believed because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    /// The segment it wrote to.
    pub segment: u64,
    /// The boot in which the end of that segment was checked.
    pub boot: String,
}

impl Lock {
    /// Waits for the lock at most this long.
    pub fn exclusive(dir: &Dir, patience: Duration) -> Result<Self, LogError> {
        let deadline = Instant::now() + patience;
        loop {
            let file = dir.open_or_make(LOCK).doing("open", dir.path(LOCK))?;
            wait(dir, &file, deadline, FlockOperation::NonBlockingLockExclusive)?;
            // INVARIANT (one lock): who unlinks the file can't make two writers hold two locks for longer than one turn.
            if dir.is_same(LOCK, &file)? {
                return Ok(Self { file });
            }
            if Instant::now() >= deadline {
                return Err(LogError::Busy(dir.path(LOCK)));
            }
        }
    }

    /// The lock shared with other readers; `None` in a copy of a log without the file, which has no writers.
    pub fn shared(dir: &Dir, patience: Duration) -> Result<Option<Self>, LogError> {
        if !dir.has(LOCK)? {
            return Ok(None);
        }
        let file = dir.read(LOCK).doing("open", dir.path(LOCK))?;
        wait(dir, &file, Instant::now() + patience, FlockOperation::NonBlockingLockShared)?;
        Ok(Some(Self { file }))
    }

    /// Refuses if the path leads to another file by now.
    pub fn check(&self, dir: &Dir) -> Result<(), LogError> {
        if dir.is_same(LOCK, &self.file)? { Ok(()) } else { Err(LogError::LockReplaced(dir.path(LOCK))) }
    }

    /// What the last writer left.
    pub fn hint(&self) -> Option<Hint> {
        let mut bytes = [0; 96];
        let length = self.file.read_at(&mut bytes, 0).ok()?;
        let text = std::str::from_utf8(bytes.get(..length)?).ok()?.strip_suffix('\n')?;
        let (name, boot) = text.split_once(' ')?;
        Some(Hint { segment: segment::first(name)?, boot: boot.to_owned() })
    }

    /// Leaves a hint. It is not synced: a lost or torn one costs a look into the directory.
    pub fn leave(&self, hint: &Hint) {
        let text = format!("{} {}\n", segment::name(hint.segment), hint.boot);
        let length = u64::try_from(text.len()).unwrap_or(0);
        if self.file.write_all_at(text.as_bytes(), 0).is_ok() {
            // The rest of a longer old text makes the hint unreadable, which is safe: the failure needs no answer.
            self.file.set_len(length).ok();
        }
    }
}

fn wait(dir: &Dir, file: &File, deadline: Instant, how: FlockOperation) -> Result<(), LogError> {
    let mut pause = Duration::from_micros(50);
    loop {
        match flock(file, how) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
            Err(fault) => return Err(fault).doing("lock", dir.path(LOCK)),
        }
        if Instant::now() >= deadline {
            return Err(LogError::Busy(dir.path(LOCK)));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(4));
    }
}
