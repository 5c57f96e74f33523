//! Whether a run had the papers it needed when it was cleared.

use serde::Deserialize;

use super::papers::{Asked, Open, is_over};
use super::{Examination, Wrong, asked};
use crate::approval::{Accepted, Exception, Standing, standing};
use crate::audit::Record;
use crate::encoding::json::{Value, canonical, strict};
use crate::model::{Answer, Apart, Digest, Effect, Finding, Fingerprint, Grade, ProofKind, RequestId, Subject};

/// A verdict as a run names it.
#[derive(Deserialize)]
struct Named {
    approver: String,
    apart: Apart,
    grade: Grade,
    key: Fingerprint,
    proof: ProofKind,
    verdict: Digest,
}

impl Examination {
    pub(super) fn run(&mut self, record: &Record) -> Result<(), Wrong> {
        self.runs.push((record.seq, record.digest, false));
        match record.text("decision") {
            Some("allowed") => self.allowed(record),
            Some("approved") => self.approved(record),
            Some(_) | None => Err(Wrong::Decision),
        }
    }

    fn allowed(&mut self, record: &Record) -> Result<(), Wrong> {
        self.tally.allowed += 1;
        let subject = self.subject(record)?;
        waived(record, &subject.seen.findings).map(|count| self.tally.waived += count)?;
        let counts = |finding: &&Finding| finding.waived.is_none() && finding.effect > Effect::Allow;
        match subject.seen.findings.iter().find(counts) {
            Some(finding) => Err(Wrong::NotAllowed(finding.rule.clone())),
            None => Ok(()),
        }
    }

    /// The subject of a record that was never asked about; its policy must be there.
    pub(super) fn subject(&self, record: &Record) -> Result<Subject, Wrong> {
        let subject = record.members.get("subject").ok_or(Wrong::Member("subject"))?;
        let bytes = canonical(subject).map_err(|_| Wrong::Member("subject"))?;
        let subject: Subject = strict(&bytes).map_err(|fault| Wrong::Subject(fault.to_string()))?;
        if record.parsed("policy") != Some(subject.policy) {
            return Err(Wrong::Differs("policy", "its subject"));
        }
        if self.policies.contains_key(&subject.policy) { Ok(subject) } else { Err(Wrong::NoPolicy(subject.policy)) }
    }

    fn approved(&mut self, record: &Record) -> Result<(), Wrong> {
        self.tally.approved += 1;
        let asked = asked(&mut self.requests, record)?;
        let id = asked.id();
        let used = Asked::Used { id, by: record.seq };
        let open = match asked {
            Asked::Used { by, .. } => return Err(Wrong::UsedBefore { id, by: *by }),
            Asked::Ended { seq, why, .. } => return Err(Wrong::Ended { id, why: why.clone(), at: *seq }),
            Asked::Open(_) => std::mem::replace(asked, used),
        };
        let Asked::Open(open) = open else { return Err(Wrong::NotUsed) };
        if record.parsed::<RequestId>("used") != Some(id) {
            return Err(Wrong::NotUsed);
        }
        self.cleared(record, &open)
    }

    /// Whether the answers clear the request at the time of this record.
    fn cleared(&mut self, record: &Record, open: &Open) -> Result<(), Wrong> {
        let request = open.received.request();
        let policy = request.subject.policy;
        if record.parsed("policy") != Some(policy) {
            return Err(Wrong::Differs("policy", "its request"));
        }
        let deciding = self.policies.get(&policy).ok_or(Wrong::NoPolicy(policy))?;
        if let Some(denial) = open.answers.iter().find(|heard| heard.answer.decision == Answer::Deny) {
            return Err(Wrong::Denied { by: denial.answer.principal.clone(), at: denial.seq });
        }
        let named = record.members.get("verdicts").map(Vec::<Named>::deserialize);
        let named = named.and_then(Result::ok).ok_or(Wrong::Member("verdicts"))?;
        if named.is_empty() {
            return Err(Wrong::NoVerdicts);
        }
        let mut accepted: Vec<Accepted> = Vec::new();
        for name in &named {
            let heard = open.answers.iter().find(|heard| heard.answer.digest == name.verdict);
            let heard = heard.ok_or(Wrong::NoVerdict(name.verdict))?;
            let answer =
                heard.beside(&accepted, &open.received, (deciding, &self.revoked), record).map_err(Wrong::Refused)?;
            if !says(name, &answer) {
                return Err(Wrong::Differs("verdicts", "the verdict's own record"));
            }
            if is_over(answer.expires, record) {
                return Err(Wrong::VerdictExpired { by: answer.principal, at: answer.expires });
            }
            accepted.push(answer);
        }
        if is_over(request.expires, record) {
            return Err(Wrong::RequestExpired(request.expires));
        }
        match standing(&request.subject.requirement, &accepted, &deciding.roster) {
            Standing::Met => {}
            Standing::Missing(missing) => {
                let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
                return Err(Wrong::Unmet(missing.join("; ")));
            }
            Standing::Denied { by, .. } => return Err(Wrong::Denied { by, at: record.seq }),
        }
        for answer in &accepted {
            *self.tally.proofs.entry((answer.proof, answer.grade)).or_default() += 1;
            match answer.exception {
                Some(Exception::Agent) => self.tally.own_agents += 1,
                Some(Exception::Unclaimed) => self.tally.unclaimed += 1,
                None => {}
            }
        }
        self.tally.waived += waived(record, &request.subject.seen.findings)?;
        Ok(())
    }
}

fn says(name: &Named, answer: &Accepted) -> bool {
    name.approver == answer.principal
        && name.apart == answer.apart
        && name.grade == answer.grade
        && name.key == answer.key
        && name.proof == answer.proof
}

/// How many findings were waived; the record must name them all and no others.
fn waived(record: &Record, findings: &[Finding]) -> Result<u64, Wrong> {
    let waived = findings.iter().filter(|finding| finding.waived.is_some());
    let rules: Vec<&str> = waived.map(|finding| finding.rule.as_str()).collect();
    let named = record.members.get("waived").and_then(Value::as_array).ok_or(Wrong::Member("waived"))?;
    if named.iter().map(Value::as_str).eq(rules.iter().map(|rule| Some(*rule))) {
        Ok(u64::try_from(rules.len()).unwrap_or(u64::MAX))
    } else {
        Err(Wrong::Differs("waived", "its findings"))
    }
}
