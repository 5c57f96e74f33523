//! What only a person may do: give up on damaged lines and go on behind them, or begin another log. Refuses to change a
//! byte of what is there.

use super::begin::World;
use super::dir::Dir;
use super::disk::{Disk, Kernel};
use super::error::{Doing as _, LogError};
use super::key::{Place, read_pin, written};
use super::lock::{Hint, Lock};
use super::read::{Snapshot, verified};
use super::turn::BROKEN;
use super::{AuditLog, Clock, Limits, Origin, Paths, segment};
use crate::audit::{Note, Opening, Stamp, Tip, Verifier, sealed};
use crate::encoding::json::json;
use crate::model::Digest;

/// What a person gave up on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The record that says so, the first of a new segment.
    pub seq: u64,
    /// The first bad place: segment and offset.
    pub bad: (u64, u64),
    /// What is wrong there.
    pub what: String,
    /// Leaf hash of the last good line.
    pub last_good: Digest,
}

impl AuditLog {
    /// Leaves damaged lines as they are and opens a segment behind them, with a record that names the first bad line and
    /// the last good hash; also takes away what a failed sync left. `None` if nothing is damaged.
    ///
    /// # Errors
    /// If the new segment can't be made durable.
    pub fn repair(&mut self) -> Result<Option<Repaired>, LogError> {
        let lock = Lock::exclusive(&self.dir, self.limits.patience)?;
        let snapshot = Snapshot::now(&self.dir)?;
        let report = verified(&self.dir, &snapshot, Verifier::new(Some(self.pin.clone()), Vec::new()), &mut |_| ())?;
        let end = snapshot.segments.last().copied().unwrap_or_default();
        let (bad, what, last_good) = match report.first() {
            Some(fault) => ((fault.segment, fault.offset), fault.what.to_string(), fault.after),
            None if self.dir.has(BROKEN)? => {
                let torn = report.notes.iter().find_map(|note| match note {
                    Note::Torn { segment, offset, .. } => Some((*segment, *offset)),
                    Note::NotPinned | Note::TimeBackwards { .. } | Note::TornRepaired { .. } | Note::GivenUp { .. } => {
                        None
                    }
                });
                (torn.unwrap_or(end), "a sync failed; the bytes are as they are".to_owned(), report.last)
            }
            None => return Ok(None),
        };
        let seq = report.next.max(report.size);
        let entry = Opening::Repair { segment: bad.0, offset: bad.1, what: what.clone(), last_good }.entry();
        let Origin { host, mode, boot, .. } = &self.origin;
        let stamp = Stamp { host, mode: *mode, time: (self.clock)() };
        let line = sealed(&entry, &Tip { log: self.pin.log, seq, prev: report.last }, &stamp, &self.key)?;
        self.place_segment(seq, &line.bytes)?;
        self.forget_policies()?;
        lock.leave(&Hint { segment: seq, boot: boot.clone() });
        self.dir.remove(BROKEN)?;
        self.dir.sync()?;
        Ok(Some(Repaired { seq, bad, what, last_good }))
    }

    /// A segment with its first line appears whole or not at all, so that a crash here leaves nothing to repair.
    fn place_segment(&self, first: u64, line: &[u8]) -> Result<(), LogError> {
        let name = segment::name(first);
        if self.dir.has(&name)? {
            // A successor without a line, left by a crash: it has no byte, and nothing is lost with it.
            let lines = self.dir.content(&name, 0)?;
            if lines.is_none_or(|lines| !lines.is_empty()) {
                return Err(LogError::Unfit {
                    path: self.dir.path(&name),
                    why: "stands where the next segment belongs",
                });
            }
        }
        let staged = format!("{name}.new");
        let mut file = self.dir.make_empty(&staged).doing("make", self.dir.path(&staged))?;
        written(&*self.disk, &mut file, line).doing("write", self.dir.path(&staged))?;
        self.dir.rename(&staged, &name)?;
        self.dir.sync()
    }

    /// Begins another log although there is, or was, one: by a person's act. What is there is kept under another name, and
    /// the new genesis names the old head as far as it can be read.
    ///
    /// # Errors
    /// If the old log can't be put aside or the new one not be made.
    pub fn anew(paths: Paths, origin: Origin, clock: Clock) -> Result<Self, LogError> {
        let old = read_pin(&paths.pin).ok().flatten();
        let mut follows = None;
        let aside = old.as_ref().map_or_else(|| format!("old-{}", clock().micros()), |pin| pin.log.to_string());
        if let Some(dir) = Dir::open(&paths.audit)? {
            let _lock = Lock::exclusive(&dir, Limits::default().patience)?;
            let snapshot = Snapshot::now(&dir)?;
            if !snapshot.segments.is_empty() {
                let report = verified(&dir, &snapshot, Verifier::new(old, Vec::new()), &mut |_| ())?;
                let log = report.log.map(|log| log.to_string());
                follows = Some(json!({
                    "consistent": report.is_consistent(), "last": report.last, "log": log,
                    "root": report.root, "size": report.next,
                }));
            }
            put_aside(&paths.audit, &aside)?;
        }
        put_aside(&paths.key, &aside)?;
        put_aside(&paths.pin, &aside)?;
        let limits = Limits::default();
        let disk: Box<dyn Disk> = Box::new(Kernel);
        let now = clock();
        let world = World { paths: &paths, origin: &origin, limits: &limits, disk: &*disk, now };
        let dir = Dir::made(&paths.audit)?;
        let lock = Lock::exclusive(&dir, limits.patience)?;
        let begun = world.make(dir, follows)?;
        drop(lock);
        Ok(Self { dir: begun.dir, pin: begun.pin, key: begun.key, origin, clock, limits, disk })
    }
}

fn put_aside(path: &std::path::Path, aside: &str) -> Result<(), LogError> {
    let Some(place) = Place::of(path)?.filter(|place| place.exists().unwrap_or(true)) else { return Ok(()) };
    let name = format!("{}.{aside}", place.name);
    if place.dir.has(&name)? {
        return Err(LogError::Unfit {
            path: place.dir.path(&name),
            why: "stands where the old log would be put aside",
        });
    }
    place.dir.rename(&place.name, &name)?;
    place.dir.sync()
}
