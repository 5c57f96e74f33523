//! The few operations whose failure decides whether something may run, behind one trait so that tests can make each of
//! them fail; refuses to repeat a sync.

use std::fs::File;
use std::io;

/// The points a writer passes; tests stop it at each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    /// What the log says about a request was read, without the lock.
    Looked,
    /// The lock is held.
    Locked,
    /// The last line was read and verified.
    TailRead,
    /// Torn bytes are kept in `torn/`.
    TornKept,
    /// Torn bytes are cut off.
    TornCut,
    /// Blobs are on disk.
    BlobsKept,
    /// The claim is on disk.
    Claimed,
    /// The lines are written, not synced.
    Written,
    /// The lock is free again.
    Unlocked,
    /// The lines are on disk.
    Synced,
    /// The closing record is written.
    SegmentClosed,
    /// The successor exists, without a line.
    SegmentCreated,
    /// The successor's first line is on disk.
    SegmentOpened,
    /// First use: key and genesis are prepared.
    Prepared,
    /// First use: the pin is in place.
    Pinned,
    /// First use: the key is in place.
    KeyPlaced,
}

/// The kernel, or a test's idea of it.
pub(super) trait Disk: Send {
    /// One `write`; fewer bytes than given is for the caller to notice.
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize>;
    /// One `fdatasync`, never repeated.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// The writer came to this point.
    fn reached(&self, step: Step) -> io::Result<()>;
}

/// The kernel itself.
pub(super) struct Kernel;

impl Disk for Kernel {
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::write(file, bytes))?)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        Ok(rustix::fs::fdatasync(file)?)
    }

    fn reached(&self, _: Step) -> io::Result<()> {
        Ok(())
    }
}
