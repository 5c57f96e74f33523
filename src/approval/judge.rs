//! Whether one answer to one request counts. The host that runs asks this before it runs, and `gate audit verify` asks it
//! again years later with what was enrolled then; refuses whatever it can't prove from the bytes it was given.

use std::collections::BTreeSet;
use std::time::Duration;

use super::own::{Exception, Standpoint, standpoint};
use super::proof::{Known, Proven, Typed, prove, reach, read, short, usable};
use super::refusal::{Refusal, RequestError};
use super::roster::Roster;
use crate::encoding::json::{canonical, strict};
use crate::model::{
    Answer, Apart, Clause, Digest, Fingerprint, Grade, LogId, ProofKind, Request, Statement, Timestamp, Verdict,
};

/// The namespace of signatures over verdicts.
pub const NAMESPACE: &str = "gate-verdict";
/// The namespace of a server's signatures over what it saw of somebody who answered.
pub const WITNESS_NAMESPACE: &str = "gate-witness";
/// The `type` of a request.
const REQUEST_TYPE: &str = "gate.request.v1";
/// How large a request may be.
pub const LARGEST_REQUEST: usize = 8 << 20;
/// How large a verdict may be.
pub const LARGEST_VERDICT: usize = 64 << 10;
/// How far the approver's clock may be off.
const SKEW: Duration = Duration::from_mins(5);

/// A request and the digest of the bytes it was read from, which is what people sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    request: Request,
    digest: Digest,
}

impl Received {
    /// Reads a request; what is believed of it follows from these bytes alone.
    ///
    /// # Errors
    /// Each fault of [`RequestError`].
    pub fn read(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > LARGEST_REQUEST {
            return Err(RequestError::TooLarge { limit: LARGEST_REQUEST });
        }
        let form = |fault: &dyn ToString| RequestError::Form(fault.to_string());
        let typed: Typed = strict(bytes).map_err(|fault| form(&fault))?;
        if typed.kind != REQUEST_TYPE {
            return Err(RequestError::Type(short(&typed.kind)));
        }
        let request: Request = strict(bytes).map_err(|fault| form(&fault))?;
        if canonical(&request).map_err(|fault| form(&fault))? != bytes {
            return Err(RequestError::Form("a member has a second spelling".to_owned()));
        }
        Ok(Self { request, digest: Digest::of(bytes) })
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// The digest of its bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// What the host knows beside the two papers.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Who is enrolled.
    pub roster: &'a Roster,
    /// Keys that the host or its log knows to be revoked.
    pub revoked: &'a BTreeSet<Fingerprint>,
    /// The machine's own key.
    pub record_key: &'a Fingerprint,
    /// The machine's log.
    pub log: LogId,
    /// How much of the request's time is over, by the clocks of the host that runs.
    pub elapsed: Duration,
    /// Where the answer came from, as the host saw it.
    pub apart: Apart,
    /// Whether the host saw that the approver typed a passphrase for this one request.
    pub passphrase: bool,
}

impl<'a> Circumstances<'a> {
    const fn known(&self) -> Known<'a> {
        Known { roster: self.roster, revoked: self.revoked, record_key: Some(self.record_key) }
    }
}

/// An answer that counts, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Accepted {
    /// Who answered.
    pub principal: String,
    /// With which key.
    pub key: Fingerprint,
    /// How well they were proven.
    pub grade: Grade,
    /// By what.
    pub proof: ProofKind,
    /// A token's own count of its signatures, where a token signed.
    pub counter: Option<u32>,
    /// Where it came from.
    pub apart: Apart,
    /// What they said.
    pub decision: Answer,
    /// Why they said it.
    pub reason: String,
    /// When the answer dies.
    pub expires: Timestamp,
    /// Why it counts although gate can't know that somebody else asked.
    pub exception: Option<Exception>,
    /// The digest of the verdict's bytes, as the `run` record names it.
    pub digest: Digest,
}

/// Judges one answer. `earlier` are the answers that count already: a person's second approval that adds nothing is
/// refused. A denial counts from anyone entitled, whatever its grade.
///
/// # Errors
/// Each reason of [`Refusal`]; the first that applies.
pub fn judge(
    received: &Received,
    verdict: &[u8],
    circumstances: &Circumstances<'_>,
    earlier: &[Accepted],
) -> Result<Accepted, Refusal> {
    let Verdict { statement, proof } = read(verdict)?;
    let Proven { grade, counter, witnessed } = prove(&statement, &proof, &circumstances.known())?;
    if statement.request != received.digest {
        return Err(Refusal::OtherRequest);
    }
    let request = received.request();
    if request.head.log != circumstances.log {
        return Err(Refusal::OtherLog { expected: circumstances.log, found: request.head.log });
    }
    in_time(request, &statement, witnessed, circumstances.elapsed)?;
    let approver = &statement.approver;
    let close = answers_for_agents(grade, circumstances.passphrase);
    let exception = other_person(request, approver, circumstances.roster, close)?;
    let accepted = Accepted {
        principal: approver.clone(),
        key: statement.key,
        grade,
        proof: proof.kind(),
        counter,
        apart: circumstances.apart,
        decision: statement.decision,
        reason: statement.reason,
        expires: statement.expires,
        exception,
        digest: Digest::of(verdict),
    };
    entitled(&request.subject.requirement, &accepted, circumstances.roster)?;
    match accepted.decision {
        Answer::Deny => Ok(accepted),
        Answer::Approve => adds(earlier, &accepted).map(|()| accepted),
    }
}

/// What an approver's gate knows before it asks for a signature.
#[derive(Debug, Clone, Copy)]
pub struct Answering<'a> {
    /// Who is enrolled.
    pub roster: &'a Roster,
    /// Keys known to be revoked.
    pub revoked: &'a BTreeSet<Fingerprint>,
    /// The key of the machine at hand, where it has one.
    pub record_key: Option<&'a Fingerprint>,
    /// How much of the request's time is over.
    pub elapsed: Duration,
    /// Where the answer would come from.
    pub apart: Apart,
    /// Whether a passphrase is typed for it.
    pub passphrase: bool,
}

/// Whether somebody could answer a request, before they are asked to sign; gives their name. Says what [`judge`] would
/// say of a verdict that is well made, as far as that can be known here.
///
/// # Errors
/// The reasons of [`Refusal`] that do not depend on the verdict's own bytes.
pub fn may_answer(
    received: &Received,
    key: &Fingerprint,
    decision: Answer,
    answering: &Answering<'_>,
) -> Result<String, Refusal> {
    let Answering { roster, revoked, record_key, .. } = *answering;
    let known = Known { roster, revoked, record_key };
    let (owner, enrolled) = usable(key, &known)?;
    let grade = reach(enrolled);
    let request = received.request();
    if request.created.plus(answering.elapsed) >= request.expires {
        return Err(Refusal::RequestExpired(request.expires));
    }
    other_person(request, owner, answering.roster, answers_for_agents(grade, answering.passphrase))?;
    serves(&request.subject.requirement, owner, decision, (grade, answering.apart), answering.roster)?;
    Ok(owner.to_owned())
}

/// Holds the answer against the time of the host that runs; a request is dead at the earliest of all expiries.
fn in_time(
    request: &Request,
    statement: &Statement,
    witnessed: Option<Timestamp>,
    elapsed: Duration,
) -> Result<(), Refusal> {
    let (from, until) = (request.created, request.created.plus(elapsed));
    if until >= request.expires {
        return Err(Refusal::RequestExpired(request.expires));
    }
    if until >= statement.expires {
        return Err(Refusal::Expired(statement.expires));
    }
    let outside = |at: &Timestamp| at.plus(SKEW) < from || *at > until.plus(SKEW);
    match std::iter::once(statement.at).chain(witnessed).find(outside) {
        Some(at) => Err(Refusal::Moment { at, from, until }),
        None => Ok(()),
    }
}

/// Whether somebody may answer for their own agent: with a key that the agent cannot use by itself. A server's word says
/// nothing of keys.
fn answers_for_agents(grade: Grade, passphrase: bool) -> bool {
    grade >= Grade::Touched || (passphrase && grade >= Grade::Signed)
}

// INVARIANT (nobody approves their own request): no verdict becomes `Accepted` but through here.
fn other_person(request: &Request, approver: &str, roster: &Roster, close: bool) -> Result<Option<Exception>, Refusal> {
    match standpoint(roster, &request.subject.requester, approver) {
        Standpoint::Other => Ok(None),
        Standpoint::Unknown => Ok(Some(Exception::Unclaimed)),
        Standpoint::OwnAgent if close => Ok(Some(Exception::Agent)),
        Standpoint::OwnAgent => Err(Refusal::AgentUnproven(approver.to_owned())),
        Standpoint::OwnRequest => Err(Refusal::OwnRequest(approver.to_owned())),
        Standpoint::OwnAccount(account) => Err(Refusal::OwnAccount { approver: approver.to_owned(), account }),
    }
}

fn entitled(clauses: &[Clause], accepted: &Accepted, roster: &Roster) -> Result<(), Refusal> {
    serves(clauses, &accepted.principal, accepted.decision, (accepted.grade, accepted.apart), roster)
}

/// Whether an answer of somebody serves at least one clause.
fn serves(
    clauses: &[Clause],
    approver: &str,
    decision: Answer,
    (grade, apart): (Grade, Apart),
    roster: &Roster,
) -> Result<(), Refusal> {
    let own: Vec<&Clause> = clauses.iter().filter(|clause| roster.is_member(approver, &clause.from)).collect();
    if own.is_empty() {
        let groups: BTreeSet<&str> = clauses.iter().flat_map(|clause| &clause.from).map(String::as_str).collect();
        let groups = groups.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Refusal::NotEntitled { approver: approver.to_owned(), groups });
    }
    if decision == Answer::Deny || own.iter().any(|clause| clause.grade <= grade && clause.apart <= apart) {
        return Ok(());
    }
    match own.iter().map(|clause| clause.grade).min() {
        Some(needed) if needed > grade => Err(Refusal::Grade { is: grade, needed }),
        _ => {
            let reached = own.iter().filter(|clause| clause.grade <= grade);
            let needed = reached.map(|clause| clause.apart).min().unwrap_or(Apart::Host);
            Err(Refusal::Apart { is: apart, needed })
        }
    }
}

/// Whether an approval adds anything to what its person said before.
fn adds(earlier: &[Accepted], new: &Accepted) -> Result<(), Refusal> {
    let mut same = earlier.iter().filter(|old| {
        old.decision == Answer::Approve
            && old.principal == new.principal
            && old.grade >= new.grade
            && old.apart >= new.apart
    });
    match same.next() {
        None => Ok(()),
        Some(old) if old.key == new.key => Err(Refusal::Repeated(new.principal.clone())),
        Some(_) => Err(Refusal::SecondKey(new.principal.clone())),
    }
}
