//! The records of a run as entries for the log.

use std::time::Duration;

use serde::Serialize;

use crate::approval::Accepted;
use crate::audit::{Entry, Kind};
use crate::clearance::Written;
use crate::encoding::json::{Map, Value, json, strict_value};
use crate::model::{Digest, Ended, Finding, Request, RequestId, Subject};
use crate::ports::{Failure, Unfound};

use super::Stop;

/// The full text of what decides, by its digest.
pub(super) fn policy(digest: &Digest, text: Value) -> Result<Entry, Stop> {
    entry(Kind::Policy, json!({"policy": digest, "text": text}))
}

/// A command that is allowed.
pub(super) fn allowed(subject: &Subject) -> Result<Entry, Stop> {
    let members = json!({
        "decision": "allowed",
        "policy": subject.policy,
        "subject": value(subject)?,
        "waived": waived(&subject.seen.findings),
    });
    entry(Kind::Run, members)
}

/// A command that people approved.
pub(super) fn approved(request: &Request, digest: &Digest, accepted: &[Accepted]) -> Result<Entry, Stop> {
    let verdicts: Vec<Value> = accepted
        .iter()
        .map(|answer| {
            json!({
                "approver": answer.principal,
                "apart": answer.apart,
                "grade": answer.grade,
                "key": answer.key,
                "proof": answer.proof,
                "verdict": answer.digest,
            })
        })
        .collect();
    let members = json!({
        "decision": "approved",
        "policy": request.subject.policy,
        "request": digest,
        "id": request.id,
        "verdicts": verdicts,
        "waived": waived(&request.subject.seen.findings),
    });
    entry(Kind::Run, members)
}

/// A question, whole, before anybody is asked.
pub(super) fn request(bytes: &[u8], id: RequestId, digest: &Digest, policy: &Digest) -> Result<Entry, Stop> {
    let request = strict_value(bytes).map_err(|error| Stop::Binding(Failure::of(&error)))?;
    entry(Kind::Request, json!({"digest": digest, "id": id, "policy": policy, "request": request}))
}

/// An answer that counts.
pub(super) fn verdict(request: &Request, digest: &Digest, bytes: &[u8], accepted: &Accepted) -> Result<Entry, Stop> {
    let verdict = strict_value(bytes).map_err(|error| Stop::Binding(Failure::of(&error)))?;
    let members = json!({
        "apart": accepted.apart,
        "digest": accepted.digest,
        "exception": accepted.exception,
        "grade": accepted.grade,
        "id": request.id,
        "proof": accepted.proof,
        "request": digest,
        "verdict": verdict,
    });
    entry(Kind::Verdict, members)
}

/// A command that a rule refuses.
pub(super) fn refused_by_policy(subject: &Subject, reasons: &[String]) -> Result<Entry, Stop> {
    let members = json!({"policy": subject.policy, "reasons": reasons, "subject": value(subject)?, "why": "denied"});
    entry(Kind::Refuse, members)
}

/// A command that cannot be started.
pub(super) fn not_found(subject: &Subject, unfound: &Unfound) -> Result<Entry, Stop> {
    let reasons = [unfound.to_string()];
    let members =
        json!({"policy": subject.policy, "reasons": reasons, "subject": value(subject)?, "why": "not-executable"});
    entry(Kind::Refuse, members)
}

/// A request that ended without a run: `denied`, `expired`, `withdrawn`, `broken`.
pub(super) fn ended_request(request: &Request, digest: &Digest, why: &str, reason: &str) -> Result<Entry, Stop> {
    let members = json!({
        "id": request.id,
        "policy": request.subject.policy,
        "reasons": [reason],
        "request": digest,
        "why": why,
    });
    entry(Kind::Refuse, members)
}

/// How a command ended.
pub(super) fn ended(run: &Written, ended: Ended, duration: Duration) -> Result<Entry, Stop> {
    let (code, signal) = match ended {
        Ended::Code(code) => (Some(code), None),
        Ended::Signal(signal) => (None, Some(signal)),
    };
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let members = json!({
        "code": code,
        "milliseconds": milliseconds,
        "run": {"digest": run.digest, "seq": run.seq},
        "signal": signal,
    });
    entry(Kind::Outcome, members)
}

/// That a cleared command could not be started.
pub(super) fn unstarted(run: &Written, unfound: &Unfound) -> Result<Entry, Stop> {
    entry(Kind::Outcome, json!({"error": unfound.to_string(), "run": {"digest": run.digest, "seq": run.seq}}))
}

fn waived(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| finding.waived.is_some()).map(|finding| finding.rule.as_str()).collect()
}

fn value<T: Serialize>(value: &T) -> Result<Value, Stop> {
    crate::encoding::json::value(value).map_err(|error| Stop::Binding(Failure::of(&error)))
}

fn entry(kind: Kind, members: Value) -> Result<Entry, Stop> {
    let members = match members {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    Entry::new(kind, members).map_err(|error| Stop::Log(Failure::of(&error)))
}
