//! How often each rule fired, asked and was approved, counted from the records of the audit log; judges no rule.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::audit::{Kind, Record};
use crate::model::{Effect, Finding, RequestId, Timestamp};

use super::replay::subject;

/// What became of a rule's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Invocations it fired on.
    pub fired: u64,
    /// Requests it asked for.
    pub asked: u64,
    /// Of those, how many ran.
    pub approved: u64,
    /// Of those, how many a person denied.
    pub denied: u64,
    /// Invocations in which it was waived.
    pub waived: u64,
    /// Invocations it denied itself.
    pub refused: u64,
}

/// A count under way: every record of the log is shown to it, in order.
#[derive(Debug, Default)]
pub struct Usage {
    since: Option<Timestamp>,
    rules: BTreeMap<String, Counts>,
    /// The rules that asked, of requests that may still be answered.
    open: BTreeMap<RequestId, BTreeSet<String>>,
}

impl Usage {
    /// A count of what was written from then on.
    #[must_use]
    pub fn new(since: Option<Timestamp>) -> Self {
        Self { since, ..Self::default() }
    }

    /// The next record.
    pub fn record(&mut self, record: &Record) {
        if self.since.is_some_and(|since| record.time < since) {
            return;
        }
        if let Some(Ok(subject)) = subject(record) {
            self.findings(record, &subject.seen.findings);
            return;
        }
        let ended = record.parsed("id").filter(|_| matches!(record.kind, Kind::Run | Kind::Refuse));
        let Some(rules) = ended.and_then(|id| self.open.remove(&id)) else { return };
        for rule in rules {
            let counts = self.rules.entry(rule).or_default();
            counts.approved += u64::from(record.kind == Kind::Run);
            counts.denied += u64::from(record.text("why") == Some("denied"));
        }
    }

    /// The counts of each rule that fired.
    #[must_use]
    pub fn finish(self) -> BTreeMap<String, Counts> {
        self.rules
    }

    fn findings(&mut self, record: &Record, findings: &[Finding]) {
        let of = |wanted: &dyn Fn(&Finding) -> bool| -> BTreeSet<String> {
            findings.iter().filter(|finding| wanted(finding)).map(|finding| finding.rule.clone()).collect()
        };
        let counting = |finding: &Finding, effect| finding.waived.is_none() && finding.effect == effect;
        let asked = match record.kind {
            Kind::Request => of(&|finding| counting(finding, Effect::Ask)),
            _ => BTreeSet::new(),
        };
        for rule in of(&|_| true) {
            self.rules.entry(rule).or_default().fired += 1;
        }
        for rule in &asked {
            self.rules.entry(rule.clone()).or_default().asked += 1;
        }
        for rule in of(&|finding| finding.waived.is_some()) {
            self.rules.entry(rule).or_default().waived += 1;
        }
        for rule in of(&|finding| counting(finding, Effect::Deny)) {
            self.rules.entry(rule).or_default().refused += 1;
        }
        if let Some(id) = record.parsed("id").filter(|_| !asked.is_empty()) {
            self.open.insert(id, asked);
        }
    }
}
