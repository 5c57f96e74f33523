//! What came of an examination. Refuses to say more than the evidence does: whether the log holds together, how far
//! somebody's signature vouches for it, and how much nobody vouches for are three statements.

use std::collections::BTreeMap;

use crate::audit::{self, Mode, Note, Report};
use crate::encoding::json::{Value, json};
use crate::model::{Fingerprint, Grade, ProofKind, RequestId, Timestamp};

use super::{Fault, What};

/// An answer whose signature vouches for the records before its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// How many records it vouches for: all before this one.
    pub size: u64,
    /// Who signed.
    pub approver: String,
    /// With which key.
    pub key: Fingerprint,
    /// When, by their own clock.
    pub at: Timestamp,
    /// The request that names the head.
    pub request: RequestId,
}

/// A token whose count did not rise from one answer to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallen {
    /// The later answer's record.
    pub seq: u64,
    /// The key.
    pub key: Fingerprint,
    /// What the token said before.
    pub before: u32,
    /// What it said then.
    pub counter: u32,
}

/// What there was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Policy records.
    pub policies: u64,
    /// Requests.
    pub requests: u64,
    /// Verdicts.
    pub verdicts: u64,
    /// Runs that no rule asked about.
    pub allowed: u64,
    /// Runs that people approved.
    pub approved: u64,
    /// Commands and requests that were refused.
    pub refused: u64,
    /// Outcomes.
    pub outcomes: u64,
    /// Approvals that runs stood on, by what they were proven and how well.
    pub proofs: BTreeMap<(ProofKind, Grade), u64>,
    /// Tokens whose count did not rise.
    pub fallen: Vec<Fallen>,
    /// Approvals of an agent's owner, that runs stood on.
    pub own_agents: u64,
    /// Approvals of a request from an account that nobody claims, that runs stood on.
    pub unclaimed: u64,
    /// Findings that were waived in runs.
    pub waived: u64,
    /// Records by what gate saw of itself.
    pub modes: BTreeMap<Mode, u64>,
}

/// What came of an examination.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Examined {
    /// What the log's own verifier found.
    pub report: Report,
    /// All faults in the order of their places, up to a limit.
    pub faults: Vec<Fault>,
    /// How many more there were.
    pub unlisted: u64,
    /// The furthest signature that vouches for the log.
    pub anchor: Option<Anchor>,
    /// What there was.
    pub tally: Tally,
    /// Whether log and key are the ones that somebody expected or pinned.
    pub pinned: bool,
}

impl Examined {
    pub(super) fn of(
        report: Report,
        papers: Vec<Fault>,
        unlisted: u64,
        anchors: &[Anchor],
        tally: Tally,
        as_expected: bool,
    ) -> Self {
        let given_up = given_up(&report);
        let mut faults: Vec<Fault> = report.faults.iter().map(of_log).collect();
        faults.extend(papers.into_iter().map(|fault| {
            let by = given_up.iter().find(|(from, to)| (*from..*to).contains(&fault.seq));
            Fault { acknowledged: by.map(|(_, by)| *by), ..fault }
        }));
        faults.sort_by_key(|fault| (fault.seq, fault.offset.is_none()));
        // A head is only held against a log that was sound so far.
        let sound = report.first().map_or(u64::MAX, |fault| fault.seq);
        let anchor = anchors.iter().filter(|anchor| anchor.size <= sound).max_by_key(|anchor| (anchor.size, anchor.at));
        Self {
            unlisted: unlisted.saturating_add(report.unlisted),
            pinned: as_expected || report.is_pinned(),
            anchor: anchor.filter(|anchor| anchor.size > 0).cloned(),
            report,
            faults,
            tally,
        }
    }

    /// Whether nothing is wrong, except for what a person gave up on.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        self.first().is_none() && self.unlisted == 0
    }

    /// The first fault that nobody gave up on.
    #[must_use]
    pub fn first(&self) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.acknowledged.is_none())
    }

    /// How many records nobody's signature vouches for.
    #[must_use]
    pub fn unanchored(&self) -> u64 {
        self.report.unanchored(self.anchor.as_ref().map_or(0, |anchor| anchor.size))
    }

    /// Whether a head that is known lies beyond the end of the log.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.report.faults.iter().any(|fault| matches!(fault.what, audit::What::Truncated(..)))
    }

    /// All of it for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let Self { report, tally, .. } = self;
        let anchor = self.anchor.as_ref().map(|anchor| {
            json!({
                "approver": anchor.approver, "at": anchor.at, "key": anchor.key, "request": anchor.request,
                "seq": anchor.size.saturating_sub(1),
            })
        });
        let modes: BTreeMap<&str, u64> = tally.modes.iter().map(|(mode, count)| (mode.word(), *count)).collect();
        let proofs: Vec<Value> = tally
            .proofs
            .iter()
            .map(|((proof, grade), count)| json!({"count": count, "grade": grade, "proof": proof}))
            .collect();
        let fallen = tally.fallen.iter().map(|Fallen { seq, key, before, counter }| {
            json!({"before": before, "counter": counter, "key": key, "note": "counter-not-risen", "seq": seq})
        });
        let notes: Vec<Value> = report.notes.iter().filter_map(note_json).chain(fallen).collect();
        json!({
            "anchored": anchor,
            "consistent": self.is_consistent(),
            "counts": {
                "allowed": tally.allowed, "approved": tally.approved, "outcomes": tally.outcomes,
                "policies": tally.policies, "refused": tally.refused, "requests": tally.requests,
                "verdicts": tally.verdicts,
            },
            "exceptions": {"agent": tally.own_agents, "unclaimed": tally.unclaimed},
            "faults": self.faults.iter().map(fault_json).collect::<Vec<_>>(),
            "head": {"log": report.log, "root": report.root, "size": report.size},
            "modes": modes,
            "notes": notes,
            "pinned": self.pinned,
            "proofs": proofs,
            "records": report.records,
            "repairs": report.repairs(),
            "segments": report.segments,
            "truncated": self.is_truncated(),
            "unanchored": self.unanchored(),
            "unlisted": self.unlisted,
            "waived": tally.waived,
        })
    }
}

fn of_log(fault: &audit::Fault) -> Fault {
    Fault {
        seq: fault.seq,
        segment: fault.segment,
        line: fault.line,
        offset: Some(fault.offset),
        kind: None,
        what: What::Log(fault.what.clone()),
        acknowledged: fault.acknowledged,
    }
}

/// The records that a person gave up on: from the first bad one up to the `repair` record.
fn given_up(report: &Report) -> Vec<(u64, u64)> {
    let mut ranges: BTreeMap<u64, u64> = BTreeMap::new();
    for fault in &report.faults {
        if let Some(by) = fault.acknowledged {
            let from = ranges.entry(by).or_insert(fault.seq);
            *from = (*from).min(fault.seq);
        }
    }
    ranges.into_iter().map(|(by, from)| (from, by)).collect()
}

fn fault_json(fault: &Fault) -> Value {
    json!({
        "acknowledged": fault.acknowledged, "line": fault.line, "offset": fault.offset, "segment": fault.segment,
        "seq": fault.seq, "type": fault.kind.map(audit::Kind::word), "what": fault.what.to_string(),
    })
}

fn note_json(note: &Note) -> Option<Value> {
    match note {
        Note::NotPinned => None,
        Note::TimeBackwards { seq, before, time } => {
            Some(json!({"before": before, "note": "time-backwards", "seq": seq, "time": time}))
        }
        Note::TornRepaired { seq, hash } => Some(json!({"hash": hash, "note": "torn-repaired", "seq": seq})),
        Note::GivenUp { seq, what } => Some(json!({"note": "given-up", "seq": seq, "what": what})),
        Note::Torn { segment, offset, length } => {
            Some(json!({"length": length, "note": "torn", "offset": offset, "segment": segment}))
        }
    }
}
