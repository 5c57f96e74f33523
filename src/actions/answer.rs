//! Answering a request: read once, shown from those bytes, signed, put into the queue. Who would be refused by the host
//! that runs is told so before anything is shown or signed.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::approval::{Answering, NAMESPACE, Received, Refusal, RequestError, Roster, Screen, may_answer};
use crate::encoding::json::{CanonicalError, canonical};
use crate::model::{Answer, Digest, Fingerprint, Proof, RequestId, Statement, Verdict, VerdictType};
use crate::ports::{Approver, Clock, Failure, Requests, Signer};

/// What answering needs.
pub struct Desk<'a> {
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Where the request lies.
    pub requests: &'a dyn Requests,
    /// Who answers.
    pub approver: &'a mut dyn Approver,
    /// With which key.
    pub signer: &'a mut dyn Signer,
    /// Who is enrolled.
    pub roster: &'a Roster,
    /// Keys known to be revoked.
    pub revoked: &'a BTreeSet<Fingerprint>,
    /// This machine's own key, where it has one.
    pub record_key: Option<&'a Fingerprint>,
}

/// An answer that lies in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Who answered.
    pub approver: String,
    /// What.
    pub answer: Answer,
    /// The digest of the request's bytes.
    pub request: Digest,
    /// The digest of the verdict's bytes.
    pub verdict: Digest,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// What lies in the queue is no request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What lies there is another one.
    #[error("the queue holds the request {0} under this id")]
    OtherRequest(RequestId),
    /// The host that runs would refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The person would rather not.
    #[error("nothing was answered")]
    Left,
    /// Queue, key or terminal failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The statement has no canonical form.
    #[error("the answer cannot be written: {0}")]
    Unwritten(#[from] CanonicalError),
}

/// Answers a request.
///
/// # Errors
/// Each reason of [`AnswerError`]; nothing was written then.
pub fn answer(desk: &mut Desk<'_>, id: RequestId, answer: Answer) -> Result<Answered, AnswerError> {
    let bytes = desk.requests.bytes(id)?;
    let received = Received::read(&bytes)?;
    if received.request().id != id {
        return Err(AnswerError::OtherRequest(received.request().id));
    }
    let key = desk.signer.public().fingerprint();
    let elapsed = desk.clock.now().wall.since(received.request().created);
    let approver = allowed(desk, &received, &key, answer, elapsed)?;
    let screen = Screen::of(&received, elapsed);
    let reason = desk.approver.confirm(&screen, answer)?.ok_or(AnswerError::Left)?;
    // People think: what was allowed when they were asked may be over.
    let at = desk.clock.now().wall;
    allowed(desk, &received, &key, answer, at.since(received.request().created))?;
    let statement = Statement {
        kind: VerdictType::V1,
        request: received.digest(),
        decision: answer,
        approver: approver.clone(),
        key,
        at,
        expires: received.request().expires,
        reason,
    };
    let signature = desk.signer.sign(NAMESPACE, &canonical(&statement)?)?;
    let verdict = canonical(&Verdict { statement, proof: Proof::Sshsig { signature } })?;
    desk.requests.answer(id, &verdict)?;
    Ok(Answered { approver, answer, request: received.digest(), verdict: Digest::of(&verdict) })
}

fn allowed(
    desk: &Desk<'_>,
    received: &Received,
    key: &Fingerprint,
    answer: Answer,
    elapsed: Duration,
) -> Result<String, Refusal> {
    let answering = Answering {
        roster: desk.roster,
        revoked: desk.revoked,
        record_key: desk.record_key,
        elapsed,
        apart: desk.requests.apart(received.request().subject.requester.uid),
        passphrase: desk.signer.is_protected(),
    };
    may_answer(received, key, answer, &answering)
}

#[cfg(test)]
mod tests;
