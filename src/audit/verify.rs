//! Checks a log line by line: spelling, signature, place, chain, tree, segments, blobs, and every head that is known from
//! elsewhere. Refuses to stop at the first fault or to repeat itself: what only follows from a fault is not another one.
//!
//! INVARIANT (leaf): each line, good or bad, is one leaf; where a repair opens a segment further on, zeros fill the gap.
//! So the tree a host keeps and the tree built here are the same.

mod standing;

use std::collections::BTreeSet;

use serde::Deserialize;

use super::body::{Opening, Torn};
use super::{Fault, Kind, Lookup, Note, Pin, Record, Report, Tree, What, leaf};
use crate::encoding::json::canonical;
use crate::model::{Digest, Fingerprint, LogHead, PublicKey, RequestId, Timestamp};

pub use standing::Standing;

/// How many faults are listed.
const MOST_FAULTS: usize = 1000;

/// How far the clock may go back unmentioned, in microseconds.
const TOLERANCE: i64 = 1_000_000;

/// A head of this log that is known from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// How many records there were.
    pub size: u64,
    /// What they were.
    pub mark: Mark,
    /// Who knows, for people: `request 0197…`, `checkpoint`, `used/0197…`.
    pub source: String,
}

/// What a head says about the records before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The root of their tree.
    Root(Digest),
    /// The leaf hash of the last of them.
    Last(Digest),
}

/// A verification under way.
#[derive(Debug)]
pub struct Verifier {
    pin: Option<Pin>,
    key: Option<(PublicKey, Fingerprint)>,
    known: std::iter::Peekable<std::vec::IntoIter<Known>>,
    policies: BTreeSet<Digest>,
    used: BTreeSet<RequestId>,
    tree: Tree,
    time: Option<Timestamp>,
    place: Place,
    /// The fault of the line before explains a wrong `prev` in this one.
    suspect: bool,
    /// Records that were found missing, and the index of that fault.
    gap: Option<(usize, u64, u64)>,
    report: Report,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    segment: u64,
    line: u64,
    offset: u64,
    /// The sequence number that belongs here.
    seq: u64,
    /// Whether the last record closed its segment.
    closed: bool,
    /// Whether bytes after the last whole line were seen.
    unfinished: bool,
}

impl Verifier {
    /// A verification against a pin, if there is one, and against heads known from elsewhere.
    #[must_use]
    pub fn new(pin: Option<Pin>, mut known: Vec<Known>) -> Self {
        known.sort_by_key(|head| head.size);
        let report = Report {
            log: None,
            records: 0,
            size: 0,
            segments: 0,
            next: 0,
            last: Digest::ZERO,
            root: Digest::ZERO,
            faults: Vec::new(),
            unlisted: 0,
            notes: if pin.is_some() { Vec::new() } else { vec![Note::NotPinned] },
            heads: 0,
        };
        Self {
            key: pin.as_ref().map(|pin| (pin.key.clone(), pin.key.fingerprint())),
            pin,
            known: known.into_iter().peekable(),
            policies: BTreeSet::new(),
            used: BTreeSet::new(),
            tree: Tree::default(),
            time: None,
            place: Place::default(),
            suspect: false,
            gap: None,
            report,
        }
    }

    /// The next segment begins, named by this sequence number.
    pub fn segment(&mut self, first: u64) {
        if self.place.unfinished {
            self.fault(What::Unfinished);
        }
        self.report.segments += 1;
        self.place = Place { segment: first, line: 0, offset: 0, seq: self.report.next, ..self.place };
        self.place.unfinished = false;
    }

    /// The next line, without its newline. Returns what it says if it is what it should be, with blobs put back.
    pub fn line(&mut self, bytes: &[u8], lookup: &mut Lookup<'_>) -> Option<Record> {
        let before = self.report.faults.len() + usize::try_from(self.report.unlisted).unwrap_or(usize::MAX);
        self.place.line += 1;
        self.place.seq = self.report.next;
        let record = self.judged(bytes, lookup);
        let after = self.report.faults.len() + usize::try_from(self.report.unlisted).unwrap_or(usize::MAX);
        self.suspect = after > before;
        self.tree.push(leaf(bytes));
        self.report.records += 1;
        self.report.last = leaf(bytes);
        self.place.offset += u64::try_from(bytes.len()).unwrap_or(u64::MAX).saturating_add(1);
        self.compare_known();
        record.filter(|_| !self.suspect)
    }

    /// Bytes after the last newline of the segment.
    pub fn unfinished(&mut self, length: u64) {
        self.place.unfinished = true;
        let Place { segment, offset, .. } = self.place;
        self.report.notes.push(Note::Torn { segment, offset, length });
    }

    /// The verdict on the whole.
    pub fn finish(mut self) -> Report {
        if self.report.records == 0 {
            self.fault(What::NoGenesis);
        }
        self.place.line += 1;
        self.place.seq = self.report.next;
        while let Some(head) = self.known.next() {
            self.fault(What::Truncated(head.source, head.size));
        }
        self.report.root = self.tree.root();
        self.report.size = self.tree.size();
        self.report
    }

    fn judged(&mut self, bytes: &[u8], lookup: &mut Lookup<'_>) -> Option<Record> {
        let (mut record, sealed) = match Record::read(bytes) {
            Ok(read) => read,
            Err(fault) => {
                self.fault(if self.report.records == 0 { What::NoGenesis } else { fault.into() });
                self.report.next += 1;
                self.place.closed = false;
                return None;
            }
        };
        if self.report.records == 0 {
            self.genesis(&record);
        }
        let signed = match &self.key {
            Some((key, fingerprint)) if *fingerprint == record.key => sealed.is_signed_by(key).then_some(()),
            Some(_) | None => {
                self.fault(What::UnknownKey(record.key));
                self.report.next += 1;
                return None;
            }
        };
        if signed.is_none() {
            self.fault(What::Signature);
            self.report.next += 1;
            self.place.closed = false;
            return None;
        }
        if self.report.log.is_some_and(|log| log != record.log) {
            self.fault(What::OtherLog(record.log));
            self.report.next += 1;
            return None;
        }
        self.position(&record);
        if let Err(what) = record.restore(lookup) {
            self.fault(what);
        }
        self.meaning(&record);
        self.place.closed = record.closes_segment();
        Some(record)
    }

    fn genesis(&mut self, record: &Record) {
        self.report.log = Some(record.log);
        if record.kind != Kind::Genesis || record.seq != 0 {
            return self.fault(What::NoGenesis);
        }
        let named: Option<PublicKey> = record.parsed("public_key");
        if record.prev != Digest::ZERO {
            self.fault(What::Genesis("it names a record before it"));
        }
        match (&self.pin, named) {
            (_, None) => self.fault(What::Genesis("it holds no key")),
            (Some(pin), Some(_)) if pin.log != record.log => self.fault(What::PinnedLog(record.log)),
            (Some(pin), Some(named)) if pin.key != named => self.fault(What::PinnedKey),
            (Some(_), Some(_)) => {}
            (None, Some(named)) => {
                let fingerprint = named.fingerprint();
                self.key = Some((named, fingerprint));
            }
        }
    }

    /// Whether the record stands where it says: number, predecessor, segment.
    fn position(&mut self, record: &Record) {
        let first_of_segment = self.place.line == 1;
        let opening = Opening::of(record).filter(|_| first_of_segment && self.report.records > 0);
        if let Some(Opening::Repair { segment, offset, what, .. }) = opening {
            return self.given_up(record, (segment, offset), what);
        }
        let next = self.report.next;
        let follows = record.prev == self.report.last;
        if record.seq > next {
            self.fault(What::Missing(next, record.seq - 1));
            self.gap = self.report.faults.len().checked_sub(1).map(|fault| (fault, next, record.seq - 1));
            self.report.next = record.seq + 1;
        } else if record.seq < next {
            self.out_of_place(record);
        } else {
            if !follows && !self.suspect {
                self.fault(What::Chain);
            }
            self.report.next = next + 1;
        }
        if first_of_segment && record.seq != self.place.segment && record.seq == next {
            self.fault(What::SegmentName(self.place.segment));
        }
        if self.report.records > 0 && record.seq == next {
            self.seam(first_of_segment, opening.is_some());
        }
        if record.kind == Kind::Genesis && self.report.records > 0 {
            self.fault(What::Genesis("it is not the first record"));
        }
    }

    /// Where one segment ends and the next begins.
    fn seam(&mut self, first_of_segment: bool, opens: bool) {
        match (first_of_segment, self.place.closed) {
            (true, false) if !self.suspect => self.fault(What::NotClosed),
            (true, true) if !opens => self.fault(What::NotOpened),
            (false, true) => self.fault(What::AfterClose),
            (true, _) | (false, false) => {}
        }
    }

    fn out_of_place(&mut self, record: &Record) {
        let seq = record.seq;
        let filled = self.gap.filter(|(_, from, to)| (*from..=*to).contains(&seq));
        if let Some(fault) = filled.and_then(|(index, ..)| self.report.faults.get_mut(index)) {
            // The record that seemed to be missing is here: nothing was deleted, lines changed places.
            if let What::Missing(_, to) = fault.what {
                fault.what = What::Swapped(to + 1);
            }
            self.fault(What::Swapped(seq));
        } else if record.digest == self.report.last {
            self.fault(What::Duplicate(seq));
        } else {
            self.fault(What::Inserted(seq));
        }
    }

    /// A person gave up on everything from this place on: chain and tree go on from the bytes as they are.
    fn given_up(&mut self, record: &Record, from: (u64, u64), what: String) {
        for fault in &mut self.report.faults {
            if (fault.segment, fault.offset) >= from && fault.acknowledged.is_none() {
                fault.acknowledged = Some(record.seq);
            }
        }
        if record.prev != self.report.last {
            self.fault(What::Chain);
        }
        if self.tree.pad(record.seq).is_err() {
            self.fault(What::Inserted(record.seq));
        }
        if record.seq != self.place.segment {
            self.fault(What::SegmentName(self.place.segment));
        }
        self.gap = None;
        self.report.next = record.seq.saturating_add(1);
        self.report.notes.push(Note::GivenUp { seq: record.seq, what });
    }

    /// What the record says beyond its place.
    fn meaning(&mut self, record: &Record) {
        if let Some(before) = self.time.filter(|before| record.time.micros() < before.micros() - TOLERANCE) {
            self.report.notes.push(Note::TimeBackwards { seq: record.seq, before, time: record.time });
        }
        self.time = Some(record.time);
        let policy: Option<Digest> = record.parsed("policy");
        match (record.kind, policy) {
            (Kind::Policy, Some(policy)) => {
                self.policies.insert(policy);
            }
            (_, Some(policy)) if !self.policies.contains(&policy) => self.fault(What::UnknownPolicy(policy)),
            (_, Some(_) | None) => {}
        }
        match record.kind {
            Kind::Request => self.request_head(record),
            Kind::Run => {
                if let Some(request) = record.parsed("used").filter(|request| !self.used.insert(*request)) {
                    self.fault(What::UsedTwice(request));
                }
            }
            Kind::Segment if record.closes_segment() => self.closing(record),
            Kind::Repair => {
                if let Some(torn) = Torn::of(record) {
                    if torn.last != record.prev {
                        self.fault(What::Shape("the repair does not follow the last whole line".to_owned()));
                    }
                    self.report.notes.push(Note::TornRepaired { seq: record.seq, hash: torn.hash });
                } else if Opening::of(record).is_none() {
                    self.fault(What::Shape("a repair record that says nothing".to_owned()));
                }
            }
            Kind::Genesis
            | Kind::Verdict
            | Kind::Refuse
            | Kind::Outcome
            | Kind::Grant
            | Kind::Policy
            | Kind::Key
            | Kind::Segment
            | Kind::Anchor
            | Kind::Clock
            | Kind::Erase => {}
        }
    }

    fn request_head(&mut self, record: &Record) {
        let head = record.members.get("request").and_then(|request| request.get("head"));
        let Some(head) = head.and_then(|head| LogHead::deserialize(head).ok()) else {
            return self.fault(What::Shape("the request names no head of this log".to_owned()));
        };
        let request = record.members.get("request").and_then(|request| canonical(request).ok()).unwrap_or_default();
        if record.parsed("digest") != Some(Digest::of(&request)) {
            self.fault(What::Shape("the request is not the one that its digest names".to_owned()));
        }
        self.report.heads += 1;
        let here = LogHead { log: record.log, size: record.seq, root: self.tree.root() };
        if self.is_sound() && head != here {
            self.fault(What::Head("this request".to_owned(), head.size));
        }
    }

    fn closing(&mut self, record: &Record) {
        let count = record.number("count");
        if self.is_sound() && count.is_none_or(|count| count.saturating_add(1) != self.place.line) {
            self.fault(What::Count(count.unwrap_or(0)));
        }
        self.report.heads += 1;
        if self.is_sound() && record.parsed("root") != Some(self.tree.root()) {
            self.fault(What::Head("the end of this segment".to_owned(), record.seq));
        }
    }

    fn compare_known(&mut self) {
        while let Some(head) = self.known.next_if(|head| head.size <= self.tree.size()) {
            self.report.heads += 1;
            let fits = match head.mark {
                Mark::Root(root) => self.tree.root() == root,
                Mark::Last(last) => self.report.last == last,
            };
            // A head inside a gap that a repair filled can't be compared any more.
            if head.size == self.tree.size() && !fits && self.is_sound() {
                self.fault(What::Head(head.source, head.size));
            }
        }
    }

    /// Whether nothing so far explains why a head should differ.
    fn is_sound(&self) -> bool {
        self.report.is_consistent()
    }

    fn fault(&mut self, what: What) {
        if self.report.faults.len() >= MOST_FAULTS {
            self.report.unlisted += 1;
            return;
        }
        let Place { segment, line, offset, seq, .. } = self.place;
        let after = self.report.last;
        self.report.faults.push(Fault { segment, line, offset, seq, after, what, acknowledged: None });
    }
}
