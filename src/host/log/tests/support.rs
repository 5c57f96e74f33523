//! A log in a directory of its own, a clock that ticks, and a disk that fails when told to.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::super::disk::{Disk, Kernel, Step};
use super::super::*;
use crate::audit::{Known, Report};
use crate::encoding::json::{Map, Value, canonical, json};
use crate::model::RequestId;

/// One home of gate.
pub struct Home {
    pub root: TempDir,
    pub limits: Limits,
    pub boot: &'static str,
    pub clock: Arc<AtomicI64>,
}

pub fn members(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub fn run() -> Entry {
    Entry::new(Kind::Run, Map::new()).unwrap()
}

pub fn outcome(reason: &str) -> Entry {
    Entry::new(Kind::Outcome, members(json!({"reason": reason}))).unwrap()
}

pub fn id(byte: u8) -> RequestId {
    RequestId::new(Timestamp::from_micros(1_700_000_000_000_000).unwrap(), &[byte; 10])
}

/// A request that names this head.
pub fn request(head: &LogHead) -> Result<Entry, LogError> {
    asked(id(1), head)
}

/// A request with this id.
pub fn asked(id: RequestId, head: &LogHead) -> Result<Entry, LogError> {
    let request = json!({"head": head, "id": id});
    let digest = Digest::of(&canonical(&request)?);
    Ok(Entry::new(Kind::Request, members(json!({"digest": digest, "id": id, "request": request}))).unwrap())
}

impl Home {
    pub fn new() -> Self {
        let limits = Limits { patience: Duration::from_secs(20), ..Limits::default() };
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        Self { root: tempfile::tempdir().unwrap(), limits, boot: "boot-1", clock }
    }

    pub fn paths(&self) -> Paths {
        paths(self.root.path())
    }

    pub fn audit(&self) -> PathBuf {
        self.paths().audit
    }

    pub fn segment(&self, first: u64) -> PathBuf {
        self.audit().join(segment::name(first))
    }

    pub fn log(&self) -> AuditLog {
        self.try_log().unwrap()
    }

    pub fn try_log(&self) -> Result<AuditLog, LogError> {
        self.log_on(Box::new(Kernel))
    }

    pub fn log_on(&self, disk: Box<dyn Disk>) -> Result<AuditLog, LogError> {
        let ticks = Arc::clone(&self.clock);
        let clock: Clock = Box::new(move || Timestamp::from_micros(ticks.fetch_add(1, Ordering::Relaxed)).unwrap());
        AuditLog::open_with(&self.paths(), origin(self.boot), clock, self.limits, disk)
    }

    /// A log with this many records after its genesis.
    pub fn with(records: u64) -> (Self, AuditLog) {
        let home = Self::new();
        let mut log = home.log();
        for _ in 0..records {
            let _ = log.append(&[run()]).unwrap();
        }
        (home, log)
    }

    pub fn report(&self) -> Report {
        self.report_knowing(Vec::new())
    }

    pub fn report_knowing(&self, known: Vec<Known>) -> Report {
        let pin = read_pin(&self.paths().pin).unwrap();
        verify(&self.audit(), pin, known, Duration::from_secs(20), &mut |_| ()).unwrap()
    }

    /// The report of a log in which nothing is wrong, with this many records.
    #[track_caller]
    pub fn assert_whole(&self, records: u64) {
        let _ = self.whole(records);
    }

    #[track_caller]
    pub fn whole(&self, records: u64) -> Report {
        let report = self.report();
        assert!(report.is_consistent(), "{:#?}", report.faults);
        assert_eq!(report.records, records, "{report:#?}");
        report
    }

    /// Changes a segment's bytes behind the log's back.
    pub fn tamper(&self, first: u64, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(self.segment(first)).unwrap();
        change(&mut bytes);
        std::fs::write(self.segment(first), bytes).unwrap();
    }
}

pub fn paths(root: &std::path::Path) -> Paths {
    Paths {
        audit: root.join("state/audit"),
        pin: root.join("config/log"),
        key: root.join("config/keys/record"),
        store: KeyStore::File,
    }
}

pub fn origin(boot: &str) -> Origin {
    Origin {
        host: "build01".to_owned(),
        mode: Mode::Wrapper,
        machine: Some(Digest::of(b"machine")),
        gate: "0.1.0".to_owned(),
        boot: boot.to_owned(),
    }
}

/// What a disk should do when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The write fails: the disk is full.
    Write,
    /// Only so many bytes are written.
    Short(usize),
    /// The sync fails.
    Sync,
    /// The process dies here.
    Stop(Step),
}

/// A disk on which one thing goes wrong, and which counts its syncs.
#[derive(Clone)]
pub struct Faulty {
    pub mishap: Arc<Mutex<Option<Mishap>>>,
    pub syncs: Arc<AtomicI64>,
}

impl Faulty {
    pub fn new(mishap: Option<Mishap>) -> Self {
        Self { mishap: Arc::new(Mutex::new(mishap)), syncs: Arc::default() }
    }

    pub fn set(&self, mishap: Mishap) {
        *self.mishap.lock().unwrap() = Some(mishap);
    }

    fn is(&self, wanted: Mishap) -> bool {
        *self.mishap.lock().unwrap() == Some(wanted)
    }
}

impl Disk for Faulty {
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        if self.is(Mishap::Write) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match *self.mishap.lock().unwrap() {
            Some(Mishap::Short(length)) => Kernel.write(file, &bytes[..length.min(bytes.len())]),
            _ => Kernel.write(file, bytes),
        }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        if self.is(Mishap::Sync) { Err(io::Error::from_raw_os_error(5)) } else { Kernel.sync(file) }
    }

    fn reached(&self, step: Step) -> io::Result<()> {
        // An error here ends the writer's turn as a kill would: whatever it holds is dropped, nothing more is done.
        if self.is(Mishap::Stop(step)) { Err(io::Error::other("stopped")) } else { Ok(()) }
    }
}

/// A good disk, and something that happens once while a writer is at this step.
pub struct Meanwhile<F> {
    step: Step,
    happens: Mutex<Option<F>>,
}

impl<F: FnOnce() + Send> Meanwhile<F> {
    pub fn new(step: Step, happens: F) -> Self {
        Self { step, happens: Mutex::new(Some(happens)) }
    }
}

impl<F: FnOnce() + Send> Disk for Meanwhile<F> {
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        Kernel.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        Kernel.sync(file)
    }

    fn reached(&self, step: Step) -> io::Result<()> {
        let happens = if step == self.step { self.happens.lock().unwrap().take() } else { None };
        if let Some(happens) = happens {
            happens();
        }
        Ok(())
    }
}
