//! One writer's turn: with the lock held, from the last line to the next ones. Refuses to go on from a line that does not
//! verify, from a failed write, and after a sync that failed, be it another process's.
//!
//! INVARIANT (durable first): a receipt exists only after `fdatasync` of the file that holds the record, and that sync is
//! never tried twice: after an error nobody knows what is on disk.

use super::AuditLog;
use super::blob;
use super::disk::Step;
use super::error::{Doing as _, LogError};
use super::lock::{Hint, Lock};
use super::segment::{self, Segment, Tail};
use crate::audit::{Entry, Kind, Line, Opening, Stamp, Tip, Torn, clock_stepped, sealed};
use crate::clearance::{Receipt, Written};
use crate::model::Digest;

/// Left by a process whose sync failed; only a person removes it.
pub(super) const BROKEN: &str = "broken";

/// How much of the end is checked after a start of the machine.
const AFTER_BOOT: u64 = 1024 * 1024;

/// How far the clock may go back without a record, in microseconds.
const TOLERANCE: i64 = 1_000_000;

/// The log under this writer's lock.
pub(super) struct Turn<'a> {
    pub log: &'a AuditLog,
    lock: Lock,
    hint: Option<Hint>,
    pub segment: Segment,
    /// Where the next line goes, pending lines counted.
    pub tip: Tip,
    /// Where the first pending line goes.
    pub on_disk: Tip,
    pending: Vec<Line>,
}

impl<'a> Turn<'a> {
    /// Takes the lock and makes the end of the log fit to be written on.
    pub fn taken(log: &'a AuditLog) -> Result<Self, LogError> {
        let lock = Lock::exclusive(&log.dir, log.limits.patience)?;
        log.reached(Step::Locked)?;
        if log.dir.has(BROKEN)? {
            return Err(LogError::Broken(log.dir.path(BROKEN)));
        }
        let hint = lock.hint().filter(|hint| hint.boot == log.origin.boot);
        let (segment, tail) = log.end(hint.as_ref())?;
        if hint.is_none() {
            segment.check_chain(&log.dir, AFTER_BOOT)?;
        }
        log.reached(Step::TailRead)?;
        let time = tail.last.as_ref().map(|record| record.time);
        let (tip, closed) = match &tail.last {
            Some(record) => {
                (Tip { log: record.log, seq: record.seq + 1, prev: record.digest }, record.closes_segment())
            }
            None => (log.tip_before(segment.first)?, false),
        };
        let mut turn = Self { log, lock, hint, segment, tip, on_disk: tip, pending: Vec::new() };
        turn.made_whole(tail, closed)?;
        if turn.segment.size >= log.limits.segment {
            turn.rotate()?;
        }
        if let Some(before) = time.filter(|before| (log.clock)().micros() < before.micros() - TOLERANCE) {
            turn.add(&clock_stepped(before))?;
        }
        Ok(turn)
    }

    /// Deals with an unfinished last line, with a segment that has no line yet, and with one that is closed.
    fn made_whole(&mut self, tail: Tail, closed: bool) -> Result<(), LogError> {
        let torn = tail.torn;
        let empty = tail.last.is_none();
        if torn.is_empty() {
            return self.ready(empty, closed);
        }
        let follows = segment::verified(&torn, &self.log.pin)
            .ok()
            .filter(|record| record.seq == self.tip.seq && record.prev == self.tip.prev);
        if let Some(record) = follows {
            self.log.write_all(&self.segment.file, b"\n")?;
            self.segment.size += 1;
            self.tip = self.tip.after(record.digest);
            self.on_disk = self.tip;
            return self.ready(false, record.closes_segment());
        }
        let length = u64::try_from(torn.len()).unwrap_or(u64::MAX);
        let offset = self.segment.size - length;
        let hash = Digest::of(&torn);
        self.log.keep_torn(self.tip.seq, &torn, &hash)?;
        self.log.reached(Step::TornKept)?;
        let path = self.log.dir.path(&segment::name(self.segment.first));
        rustix::fs::ftruncate(&self.segment.file, offset).doing("cut", path)?;
        self.segment.size = offset;
        self.log.reached(Step::TornCut)?;
        self.ready(empty, closed)?;
        let boot = self.log.origin.boot.clone();
        let last = self.tip.prev;
        self.add(&Torn { offset, length, hash, boot, last }.entry()).map(drop)
    }

    fn ready(&mut self, empty: bool, closed: bool) -> Result<(), LogError> {
        match (empty, closed) {
            (true, _) => self.open_segment(),
            (false, true) => self.succeed(),
            (false, false) => Ok(()),
        }
    }

    /// Seals an entry as the next line of this turn.
    pub fn add(&mut self, entry: &Entry) -> Result<Written, LogError> {
        let line = self.sealed(entry)?;
        let written =
            Written { log: self.tip.log, seq: line.seq, digest: line.digest, cleared: line.kind == Kind::Run };
        self.tip = self.tip.after(line.digest);
        self.pending.push(line);
        Ok(written)
    }

    fn sealed(&self, entry: &Entry) -> Result<Line, LogError> {
        let origin = &self.log.origin;
        let stamp = Stamp { host: &origin.host, mode: origin.mode, time: (self.log.clock)() };
        Ok(sealed(entry, &self.tip, &stamp, &self.log.key)?)
    }

    /// The leaf hashes of the lines of this turn.
    pub fn leaves(&self) -> impl Iterator<Item = Digest> {
        self.pending.iter().map(|line| line.digest)
    }

    /// Writes the lines of this turn at once, lets others have theirs, syncs, and only then vouches for the last line.
    pub fn finish(mut self, written: Written) -> Result<Receipt, LogError> {
        self.write()?;
        let Self { log, lock, hint, segment, .. } = self;
        let now = Hint { segment: segment.first, boot: log.origin.boot.clone() };
        if hint.as_ref() != Some(&now) {
            lock.leave(&now);
        }
        drop(lock);
        log.reached(Step::Unlocked)?;
        log.disk.sync(&segment.file).map_err(|fault| log.broken(fault))?;
        log.reached(Step::Synced)?;
        if log.dir.has(BROKEN)? {
            return Err(LogError::Broken(log.dir.path(BROKEN)));
        }
        Ok(Receipt::durable(written))
    }

    /// Makes everything before the lines to come durable, the lines of this turn included.
    pub fn settle(&mut self) -> Result<(), LogError> {
        if !self.pending.is_empty() {
            self.write()?;
        }
        self.log.disk.sync(&self.segment.file).map_err(|fault| self.log.broken_locked(fault))
    }

    fn write(&mut self) -> Result<(), LogError> {
        let blobs: Vec<_> = self.pending.iter().flat_map(|line| &line.blobs).collect();
        if !blobs.is_empty() {
            blob::keep(self.log, &blobs)?;
            self.log.reached(Step::BlobsKept)?;
        }
        let bytes = match self.pending.as_mut_slice() {
            [line] => std::mem::take(&mut line.bytes),
            lines => lines.iter().flat_map(|line| line.bytes.iter().copied()).collect(),
        };
        self.log.write_all(&self.segment.file, &bytes)?;
        self.segment.size += u64::try_from(bytes.len()).unwrap_or(0);
        self.pending.clear();
        self.on_disk = self.tip;
        self.log.reached(Step::Written)?;
        self.lock.check(&self.log.dir)
    }

    /// Closes the segment and begins the next, both durable before anything else is written.
    fn rotate(&mut self) -> Result<(), LogError> {
        // Lines that wait for this turn belong before the end.
        if !self.pending.is_empty() {
            self.write()?;
        }
        let root = self.log.tree_at(self)?.root();
        self.add(&crate::audit::closing(self.tip.seq.saturating_sub(self.segment.first), &root))?;
        self.write()?;
        self.log.reached(Step::SegmentClosed)?;
        self.succeed()
    }

    /// Makes the successor of a closed segment.
    fn succeed(&mut self) -> Result<(), LogError> {
        self.log.disk.sync(&self.segment.file).map_err(|fault| self.log.broken_locked(fault))?;
        let name = segment::name(self.tip.seq);
        let file = self.log.dir.make(&name).doing("make", self.log.dir.path(&name))?;
        self.log.reached(Step::SegmentCreated)?;
        self.segment = Segment { first: self.tip.seq, file, size: 0 };
        self.open_segment()
    }

    /// Writes the first line of a segment, durable with its name.
    fn open_segment(&mut self) -> Result<(), LogError> {
        self.add(&Opening::Plain.entry())?;
        self.write()?;
        self.log.disk.sync(&self.segment.file).map_err(|fault| self.log.broken_locked(fault))?;
        self.log.dir.sync()?;
        self.log.reached(Step::SegmentOpened)
    }
}
