//! First use: key, genesis and pin are made once, under the lock, and in an order that a crash at any point can be taken
//! up from. Refuses to begin where anything of a log is already there.

use std::path::Path;

use zeroize::Zeroizing;

use super::dir::Dir;
use super::disk::{Disk, Step};
use super::error::{Doing as _, LogError};
use super::key::{Place, key_text, pin_text, read_key, read_pin, written};
use super::lock::Lock;
use super::{Limits, Origin, Paths, segment};
use crate::audit::{Genesis, Kind, Pin, Stamp, Tip, sealed};
use crate::encoding::ed25519::SigningKey;
use crate::encoding::json::Value;
use crate::model::{Digest, LogId, Timestamp};

/// The genesis record before the pin is in place.
const STAGED: &str = "genesis.new";

/// What a writer starts from.
pub(super) struct Begun {
    pub dir: Dir,
    pub pin: Pin,
    pub key: SigningKey,
}

/// How the world looks to whoever begins a log.
pub(super) struct World<'a> {
    pub paths: &'a Paths,
    pub origin: &'a Origin,
    pub limits: &'a Limits,
    pub disk: &'a dyn Disk,
    pub now: Timestamp,
}

impl World<'_> {
    fn reached(&self, step: Step) -> Result<(), LogError> {
        self.disk.reached(step).doing("go on with", &self.paths.audit)
    }

    /// The pinned log, or a new one where nothing of a log is there.
    pub fn begun(&self) -> Result<Begun, LogError> {
        match read_pin(&self.paths.pin)? {
            Some(pin) => self.existing(pin),
            None => self.first_use(),
        }
    }

    fn existing(&self, pin: Pin) -> Result<Begun, LogError> {
        let missing = || LogError::Missing(self.paths.audit.clone());
        let dir = Dir::open(&self.paths.audit)?.ok_or_else(missing)?;
        let key = match self.key()? {
            Some(key) => key,
            None => {
                let _lock = Lock::exclusive(&dir, self.limits.patience)?;
                settle_key(&self.paths.key, &pin)?;
                self.key()?.ok_or_else(|| LogError::Missing(self.paths.key.clone()))?
            }
        };
        if *key.public() != pin.key {
            return Err(LogError::OtherLog { found: self.paths.key.clone(), pin: self.paths.pin.clone() });
        }
        Ok(Begun { dir, pin, key })
    }

    fn key(&self) -> Result<Option<SigningKey>, LogError> {
        match Place::of(&self.paths.key)? {
            Some(place) => read_key(&place, &place.name),
            None => Ok(None),
        }
    }

    fn first_use(&self) -> Result<Begun, LogError> {
        let dir = Dir::made(&self.paths.audit)?;
        let lock = Lock::exclusive(&dir, self.limits.patience)?;
        self.reached(Step::Locked)?;
        if let Some(pin) = read_pin(&self.paths.pin)? {
            // Another process was faster.
            drop(lock);
            return self.existing(pin);
        }
        self.make(dir, None)
    }

    /// Makes key, genesis and pin; the lock is held.
    pub fn make(&self, dir: Dir, follows: Option<Value>) -> Result<Begun, LogError> {
        let key_place = Place::made(&self.paths.key)?;
        let pin_place = Place::made(&self.paths.pin)?;
        let found = if key_place.exists()? {
            Some(&self.paths.key)
        } else if segment::all(&dir)?.is_empty() {
            None
        } else {
            Some(&self.paths.audit)
        };
        if let Some(found) = found {
            return Err(LogError::NotPinned { found: found.clone(), pin: self.paths.pin.clone() });
        }
        let mut seed = Zeroizing::new([0; 32]);
        let mut id = [0; 16];
        random(seed.as_mut())?;
        random(&mut id)?;
        let weak = |_| LogError::Unfit { path: self.paths.key.clone(), why: "would be a weak key" };
        let key = SigningKey::from_seed(&seed).map_err(weak)?;
        let pin = Pin { key: key.public().clone(), log: LogId::new(id) };
        key_place.stage(self.disk, key_text(&seed, self.paths.store, pin.log)?.as_bytes())?;
        key_place.dir.sync()?;
        self.stage_genesis(&dir, &pin, &key, follows)?;
        self.reached(Step::Prepared)?;
        pin_place.stage(self.disk, &pin_text(&pin)?)?;
        pin_place.settle()?;
        self.reached(Step::Pinned)?;
        key_place.settle()?;
        self.reached(Step::KeyPlaced)?;
        settle_genesis(&dir, &pin)?;
        Ok(Begun { dir, pin, key })
    }

    fn stage_genesis(&self, dir: &Dir, pin: &Pin, key: &SigningKey, follows: Option<Value>) -> Result<(), LogError> {
        let Origin { host, mode, machine, gate, .. } = self.origin;
        let genesis = Genesis { public_key: &pin.key, machine: *machine, gate, follows };
        let tip = Tip { log: pin.log, seq: 0, prev: Digest::ZERO };
        let line = sealed(&genesis.entry(), &tip, &Stamp { host, mode: *mode, time: self.now }, key)?;
        let mut file = dir.make_empty(STAGED).doing("make", dir.path(STAGED))?;
        written(self.disk, &mut file, &line.bytes).doing("write", dir.path(STAGED))?;
        dir.sync()
    }
}

/// Puts a prepared key in its place if it is the pinned one: first use stopped right there.
fn settle_key(path: &Path, pin: &Pin) -> Result<(), LogError> {
    let Some(place) = Place::of(path)? else { return Ok(()) };
    let prepared = !place.exists()? && read_key(&place, &place.staged())?.is_some_and(|key| *key.public() == pin.key);
    if prepared { place.settle() } else { Ok(()) }
}

/// Puts a prepared genesis in its place if it is the pinned log's and no segment is there; the lock is held.
pub(super) fn settle_genesis(dir: &Dir, pin: &Pin) -> Result<(), LogError> {
    let Some(bytes) = dir.content(STAGED, 65_536)? else { return Ok(()) };
    let line = bytes.strip_suffix(b"\n").unwrap_or_default();
    let is_genesis = segment::verified(line, pin)
        .is_ok_and(|record| record.kind == Kind::Genesis && record.seq == 0 && record.prev == Digest::ZERO);
    if is_genesis && segment::all(dir)?.is_empty() {
        dir.rename(STAGED, &segment::name(0))?;
        dir.sync()?;
    }
    Ok(())
}

fn random(bytes: &mut [u8]) -> Result<(), LogError> {
    getrandom::fill(bytes).map_err(|fault| std::io::Error::other(fault.to_string())).doing("read", "/dev/urandom")
}
