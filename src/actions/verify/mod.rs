//! `gate audit verify`: judges every run again, years later, with nothing but the papers in the log: the policy that
//! decided, the request, each person's signed answer. Refuses a run whose papers are missing, late, or somebody else's.
//!
//! `audit` says whether the log is what was written; this says whether what was written allowed what ran. The records
//! come in order, each once, and are let go as soon as nothing can refer to them any more.

mod examined;
mod fault;
mod papers;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::enrolment::{Revoked, revoked_of, roster_of};
use crate::approval::{Pinned, Roster, accept_enrolment, unvouched, widening};
use crate::audit::{Kind, Opening, Record, Report};
use crate::encoding::json::{Value, canonical};
use crate::model::{Digest, Fingerprint, LogId, PublicKey, RequestId};

pub use examined::{Anchor, Examined, Fallen, Tally};
pub use fault::{Fault, What, Wrong};

use papers::{Asked, Deciding};

/// How many faults are listed.
const MOST_FAULTS: usize = 1000;

/// The log and the key somebody expects, where there is no file that pins them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The log's id.
    pub log: LogId,
    /// The fingerprint of the key that signs its records.
    pub key: Fingerprint,
}

/// An examination under way: every record that is what it should be is shown to it, in order.
#[derive(Debug, Default)]
pub struct Examination {
    expected: Option<Expected>,
    as_expected: bool,
    policies: BTreeMap<Digest, Deciding>,
    requests: BTreeMap<Digest, Asked>,
    ids: BTreeMap<RequestId, Digest>,
    /// Who may answer, as the newest `key` record has it.
    pinned: Option<Roster>,
    /// The keys that the `key` records revoke.
    revoked: Revoked,
    /// Place and leaf hash of each run, and whether its outcome is recorded; in order.
    runs: Vec<(u64, Digest, bool)>,
    /// The newest count of each token, and the verdict that has it.
    counters: BTreeMap<Fingerprint, (u32, Digest)>,
    /// What the signatures of accepted answers vouch for.
    anchors: Vec<Anchor>,
    tally: Tally,
    /// The segment of the record at hand.
    segment: u64,
    faults: Vec<Fault>,
    unlisted: u64,
}

impl Examination {
    /// An examination; `expected` says which log it should be, where nothing else pins it.
    #[must_use]
    pub fn new(expected: Option<Expected>) -> Self {
        Self { expected, ..Self::default() }
    }

    /// The next record.
    pub fn record(&mut self, record: &Record) {
        if Opening::of(record).is_some() {
            self.segment = record.seq;
        }
        *self.tally.modes.entry(record.mode).or_default() += 1;
        let judged = match record.kind {
            Kind::Genesis => self.genesis(record),
            Kind::Policy => self.policy(record),
            Kind::Request => self.request(record),
            Kind::Verdict => self.verdict(record),
            Kind::Run => self.run(record),
            Kind::Refuse => self.refuse(record),
            Kind::Outcome => self.outcome(record),
            Kind::Key => self.key(record),
            Kind::Grant | Kind::Segment | Kind::Anchor | Kind::Repair | Kind::Clock | Kind::Erase => Ok(()),
        };
        if let Err(wrong) = judged {
            self.fault(record, wrong);
        }
    }

    /// What came of it, together with what the log's own verifier found.
    pub fn finish(self, report: Report) -> Examined {
        Examined::of(report, self.faults, self.unlisted, &self.anchors, self.tally, self.as_expected)
    }

    fn genesis(&mut self, record: &Record) -> Result<(), Wrong> {
        let Some(expected) = self.expected else { return Ok(()) };
        let key = record.parsed::<PublicKey>("public_key").map(|key| key.fingerprint());
        if record.log != expected.log {
            return Err(Wrong::OtherLog(record.log));
        }
        if key != Some(expected.key) {
            return Err(Wrong::OtherKey(record.key));
        }
        self.as_expected = record.seq == 0;
        Ok(())
    }

    fn policy(&mut self, record: &Record) -> Result<(), Wrong> {
        self.tally.policies += 1;
        let digest: Digest = record.parsed("policy").ok_or(Wrong::Member("policy"))?;
        let deciding = Deciding::read(&digest, record)?;
        self.policies.insert(digest, deciding);
        Ok(())
    }

    /// Who may answer widens only by the signature of somebody who might before, and a revoked key stays revoked.
    fn key(&mut self, record: &Record) -> Result<(), Wrong> {
        let broken = |_| Wrong::Member("text");
        let (new, revoked) =
            (roster_of(&record.members).map_err(broken)?, revoked_of(&record.members).map_err(broken)?);
        if !revoked.is_superset(&self.revoked) {
            return Err(Wrong::Unrevoked);
        }
        if let (None, Some((name, key))) = (&self.pinned, unvouched(&new)) {
            return Err(Wrong::Unvouched { name: name.to_owned(), key });
        }
        if let Some(old) = &self.pinned {
            let changes = widening(old, &new);
            if let Some(change) = changes.first() {
                let enrolment = record.members.get("text").and_then(|text| text.get("enrolment"));
                let bytes = canonical(enrolment.unwrap_or(&Value::Null)).map_err(|_| Wrong::Member("text"))?;
                let pinned = Pinned { roster: old, revoked: &self.revoked, record_key: &record.key, log: record.log };
                accept_enrolment(&bytes, &pinned, &new).map_err(|error| Wrong::Widened(change.to_string(), error))?;
            }
        }
        (self.pinned, self.revoked) = (Some(new), revoked);
        Ok(())
    }

    fn refuse(&mut self, record: &Record) -> Result<(), Wrong> {
        self.tally.refused += 1;
        if record.members.contains_key("subject") {
            return self.subject(record).map(drop);
        }
        let why = record.text("why").ok_or(Wrong::Member("why"))?.to_owned();
        let asked = asked(&mut self.requests, record)?;
        // Another gate that took up the same request may say so after one of them ran it.
        if let Asked::Open(open) = asked {
            *asked = Asked::Ended { id: open.received.request().id, seq: record.seq, why };
        }
        Ok(())
    }

    fn outcome(&mut self, record: &Record) -> Result<(), Wrong> {
        let named = record.members.get("run").ok_or(Wrong::Member("run"))?;
        let seq = named.get("seq").and_then(Value::as_u64).ok_or(Wrong::Member("run"))?;
        let digest = named.get("digest").and_then(|digest| digest.as_str()?.parse::<Digest>().ok());
        let at = self.runs.binary_search_by_key(&seq, |(seq, ..)| *seq).map_err(|_| Wrong::NoRun(seq))?;
        let (_, run, told) = self.runs.get_mut(at).ok_or(Wrong::NoRun(seq))?;
        if digest != Some(*run) {
            return Err(Wrong::NoRun(seq));
        }
        if std::mem::replace(told, true) {
            return Err(Wrong::SecondOutcome(seq));
        }
        self.tally.outcomes += 1;
        Ok(())
    }

    fn fault(&mut self, record: &Record, wrong: Wrong) {
        if self.faults.len() >= MOST_FAULTS {
            self.unlisted += 1;
            return;
        }
        self.faults.push(Fault {
            seq: record.seq,
            segment: self.segment,
            line: record.seq.saturating_sub(self.segment).saturating_add(1),
            offset: None,
            kind: Some(record.kind),
            what: What::Papers(Box::new(wrong)),
            acknowledged: None,
        });
    }
}

/// The request a record is about: the one with this digest, which must have the id that the record gives.
fn asked<'a>(requests: &'a mut BTreeMap<Digest, Asked>, record: &Record) -> Result<&'a mut Asked, Wrong> {
    let digest: Digest = record.parsed("request").ok_or(Wrong::Member("request"))?;
    let asked = requests.get_mut(&digest).ok_or(Wrong::NoRequest(digest))?;
    if record.parsed("id") == Some(asked.id()) { Ok(asked) } else { Err(Wrong::Differs("id", "its request")) }
}
