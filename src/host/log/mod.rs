//! The audit log on this machine's disk: one writer at a time, durable before anything runs. Refuses to write behind a line
//! that does not verify, to begin a second log by itself, and to vouch for a record whose sync failed.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

mod begin;
mod blob;
mod claim;
mod dir;
mod disk;
mod enrolled;
mod error;
mod history;
mod key;
mod lock;
mod port;
mod read;
mod repair;
mod segment;
mod shipping;
mod tree;
mod turn;

pub use error::{ClaimError, LogError};
pub use history::Recorded;
pub use key::read_pin;
pub use read::verify;
pub use repair::Repaired;
pub use shipping::{Raw, Shipping};

use crate::audit::{Entry, Kind, Mode, Pin, Record, Tip};
use crate::clearance::Receipt;
use crate::encoding::ed25519::SigningKey;
use crate::host::config::KeyStore;
use crate::model::{Digest, LogHead, LogId, Timestamp};
use begin::{World, settle_genesis};
use dir::Dir;
use disk::{Disk, Kernel, Step};
use error::Doing as _;
use lock::{Hint, LOCK, Lock};
use segment::{Segment, Tail};
use turn::{BROKEN, Turn};

/// Where a log lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The directory with segments, blobs and claims.
    pub audit: PathBuf,
    /// The file that names log and key, beside `config.yaml`.
    pub pin: PathBuf,
    /// The record key.
    pub key: PathBuf,
    /// Where a new record key itself is kept; elsewhere than in the file, the file names that place.
    pub store: KeyStore,
}

/// What this host says of itself in every record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its name.
    pub host: String,
    /// What gate saw of itself.
    pub mode: Mode,
    /// Hash of the machine's id, where it has one.
    pub machine: Option<Digest>,
    /// gate's version.
    pub gate: String,
    /// The id of this boot (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

/// Says what time it is, asked under the lock so that records are in the order of their times.
pub type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// How large and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A segment of this many bytes gets a successor.
    pub segment: u64,
    /// How long to wait for the lock.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { segment: 64 * 1024 * 1024, patience: Duration::from_secs(10) }
    }
}

/// The log, open for writing.
pub struct AuditLog {
    dir: Dir,
    pin: Pin,
    key: SigningKey,
    origin: Origin,
    clock: Clock,
    limits: Limits,
    disk: Box<dyn Disk>,
}

impl AuditLog {
    /// Opens the pinned log; makes key, log and pin where there is nothing of the three.
    ///
    /// # Errors
    /// If one of the three is missing or another than it should be, or cannot be made.
    pub fn open(paths: &Paths, origin: Origin, clock: Clock) -> Result<Self, LogError> {
        Self::open_with(paths, origin, clock, Limits::default(), Box::new(Kernel))
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_within(paths: &Paths, origin: Origin, clock: Clock, limits: Limits) -> Result<Self, LogError> {
        Self::open_with(paths, origin, clock, limits, Box::new(Kernel))
    }

    fn open_with(
        paths: &Paths,
        origin: Origin,
        clock: Clock,
        limits: Limits,
        disk: Box<dyn Disk>,
    ) -> Result<Self, LogError> {
        let world = World { paths, origin: &origin, limits: &limits, disk: &*disk, now: clock() };
        let begin::Begun { dir, pin, key } = world.begun()?;
        Ok(Self { dir, pin, key, origin, clock, limits, disk })
    }

    /// Which log this is.
    #[must_use]
    pub const fn pin(&self) -> &Pin {
        &self.pin
    }

    /// The log's id.
    #[must_use]
    pub const fn id(&self) -> LogId {
        self.pin.log
    }

    /// Writes entries at the end, in this order and next to each other. The receipt is for the last one.
    ///
    /// # Errors
    /// Whatever keeps them from being durable; then nothing may run because of them.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Receipt, LogError> {
        let (last, before) = entries.split_last().ok_or(LogError::Nothing)?;
        let mut turn = Turn::taken(self)?;
        for entry in before {
            turn.add(entry)?;
        }
        let written = turn.add(last)?;
        let receipt = turn.finish(written)?;
        for entry in entries.iter().filter(|entry| entry.kind() == Kind::Policy) {
            self.remember_policy(entry);
        }
        Ok(receipt)
    }

    /// Writes one entry that names the head of the log just before itself, as a request does.
    ///
    /// # Errors
    /// As [`Self::append`]; `Tree` if no head can be computed; what `entry` itself returns, and nothing is written then.
    pub fn append_with_head<E: From<LogError>>(
        &mut self,
        entry: impl FnOnce(&LogHead) -> Result<Entry, E>,
    ) -> Result<(Receipt, LogHead), E> {
        self.catch_up()?;
        let mut turn = Turn::taken(self)?;
        let head = LogHead { log: self.pin.log, size: turn.tip.seq, root: self.tree_at(&turn)?.root() };
        let written = turn.add(&entry(&head)?)?;
        Ok((turn.finish(written)?, head))
    }

    /// Whether a `policy` record with this digest is known to be durable. A wrong no costs a second record; a wrong yes, which
    /// takes a tampered directory, is found by `verify`.
    ///
    /// # Errors
    /// If the directory can't be searched.
    pub fn has_policy(&self, policy: &Digest) -> Result<bool, LogError> {
        self.dir.has(&format!("{POLICIES}/{}", policy.hex()))
    }

    fn remember_policy(&self, entry: &Entry) {
        let digest = entry.members().get("policy").and_then(|digest| digest.as_str()?.parse::<Digest>().ok());
        if let (Some(digest), Ok(dir)) = (digest, self.dir.sub_made(POLICIES)) {
            // A failure costs a second policy record.
            dir.make_empty(&digest.hex()).ok();
        }
    }

    /// After a repair nobody knows which policies can still be read.
    fn forget_policies(&self) -> Result<(), LogError> {
        let Some(dir) = self.dir.sub(POLICIES)? else { return Ok(()) };
        dir.names()?.iter().filter(|name| !name.starts_with('.')).try_for_each(|name| dir.remove(name))
    }

    fn reached(&self, step: Step) -> Result<(), LogError> {
        self.disk.reached(step).doing("go on with", self.dir.path(""))
    }

    /// The segment to write to, and its end. The hint saves reading the directory, which may be large.
    fn end(&self, hint: Option<&Hint>) -> Result<(Segment, Tail), LogError> {
        if let Some(hint) = hint
            && let Some(segment) = Segment::open(&self.dir, hint.segment)?
            && let Ok(tail) = segment.tail(&self.dir, &self.pin)
        {
            return self.followed(segment, tail);
        }
        let mut last = segment::all(&self.dir)?.pop();
        if last.is_none() {
            settle_genesis(&self.dir, &self.pin)?;
            last = segment::all(&self.dir)?.pop();
        }
        let missing = || LogError::Missing(self.dir.path(&segment::name(0)));
        let segment = Segment::open(&self.dir, last.ok_or_else(missing)?)?.ok_or_else(missing)?;
        let tail = segment.tail(&self.dir, &self.pin)?;
        self.followed(segment, tail)
    }

    /// From a closed segment to its successor, if there is one by now.
    fn followed(&self, mut segment: Segment, mut tail: Tail) -> Result<(Segment, Tail), LogError> {
        while let Some(closing) = tail.last.as_ref().filter(|record| record.closes_segment()) {
            let Some(next) = Segment::open(&self.dir, closing.seq + 1)? else { break };
            tail = next.tail(&self.dir, &self.pin)?;
            segment = next;
        }
        Ok((segment, tail))
    }

    /// Where a segment that has no line yet begins: after the closed one before it.
    fn tip_before(&self, first: u64) -> Result<Tip, LogError> {
        let missing = || LogError::Missing(self.dir.path(&segment::name(first)));
        let before = segment::all(&self.dir)?.into_iter().rfind(|segment| *segment < first).ok_or_else(missing)?;
        let segment = Segment::open(&self.dir, before)?.ok_or_else(missing)?;
        let last: Record = segment.tail(&self.dir, &self.pin)?.last.ok_or_else(missing)?;
        if last.closes_segment() && last.seq + 1 == first {
            Ok(Tip { log: last.log, seq: first, prev: last.digest })
        } else {
            Err(segment.damaged(&self.dir, segment.size, last.seq + 1, "the segment is not closed".to_owned()))
        }
    }

    fn write_all(&self, file: &File, bytes: &[u8]) -> Result<(), LogError> {
        let written = self.disk.write(file, bytes).doing("write to", self.dir.path("*.jsonl"))?;
        if written == bytes.len() { Ok(()) } else { Err(LogError::Short(written, bytes.len())) }
    }

    fn keep_torn(&self, seq: u64, torn: &[u8], hash: &Digest) -> Result<(), LogError> {
        let dir = self.dir.sub_made("torn")?;
        let name = format!("{seq:012}-{}", hash.hex());
        let mut file = dir.make_empty(&name).doing("make", dir.path(&name))?;
        key::written(&*self.disk, &mut file, torn).doing("write", dir.path(&name))?;
        dir.sync()
    }

    /// Tells every writer that a sync failed, in a turn of its own if that can be had.
    fn broken(&self, fault: std::io::Error) -> LogError {
        let _lock = Lock::exclusive(&self.dir, self.limits.patience);
        self.broken_locked(fault)
    }

    fn broken_locked(&self, fault: std::io::Error) -> LogError {
        match self.dir.make_empty(BROKEN) {
            Ok(_) => {
                // The failure to report is the first one.
                self.dir.sync().ok();
                LogError::NotDurable(fault)
            }
            Err(second) => LogError::Io { doing: "make", path: self.dir.path(BROKEN), source: second },
        }
    }
}

/// Which policies have a durable record, one empty file each.
const POLICIES: &str = "policies";

#[cfg(test)]
mod tests;
