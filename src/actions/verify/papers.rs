//! The papers a run is judged with: the policy records and what of them decides who may answer, the open requests, and
//! the answers to them. Refuses a policy text that its digest does not stand for, and answers that do not count.

use std::time::Duration;

use serde::Deserialize;

use super::{Anchor, Examination, Fallen, Wrong, asked};
use crate::actions::enrolment::Revoked;
use crate::approval::{Accepted, Circumstances, Enrolled, Exception, Received, Refusal, Roster, judge, unvouched};
use crate::audit::Record;
use crate::encoding::json::{Value, canonical};
use crate::model::{Apart, Digest, Fingerprint, ProofKind, RequestId, Timestamp};

/// The host looks at its clock before it waits for the log's lock (10 seconds at most); a record's time is that of its
/// turn.
const TURN: Duration = Duration::from_secs(15);

/// What of a policy record decides who may answer.
#[derive(Debug)]
pub(super) struct Deciding {
    pub roster: Roster,
}

impl Deciding {
    /// Reads a policy record. The digest is that of `Configured` in `ports`: over the digest of all rules, the settings
    /// and gate's version.
    pub fn read(digest: &Digest, record: &Record) -> Result<Self, Wrong> {
        let text = record.members.get("text").ok_or(Wrong::Member("text"))?;
        let settings = text.get("settings").ok_or(Wrong::Member("text"))?;
        let rules: Option<Digest> = text.get("policy").and_then(|policy| policy.get("digest")?.as_str()?.parse().ok());
        let gate = text.get("gate").and_then(Value::as_str);
        let (Some(rules), Some(gate)) = (rules, gate) else { return Err(Wrong::Member("text")) };
        // INVARIANT (who was enrolled then): the requests that people signed name the digest, and so these principals.
        let whole = canonical(settings).and_then(|settings| canonical(&(rules, Digest::of(&settings), gate)));
        if whole.map(|bytes| Digest::of(&bytes)).ok().as_ref() != Some(digest) {
            return Err(Wrong::PolicyText(*digest));
        }
        let enrolled = settings.get("roster").and_then(|roster| Enrolled::deserialize(roster).ok());
        let roster = Roster::try_from(enrolled.ok_or(Wrong::Member("text"))?).map_err(Wrong::Roster)?;
        Ok(Self { roster })
    }
}

/// A request in the log.
#[derive(Debug)]
pub(super) enum Asked {
    /// It may still be answered and used.
    Open(Box<Open>),
    /// A run used it up.
    Used { id: RequestId, by: u64 },
    /// It ended without a run.
    Ended { id: RequestId, seq: u64, why: String },
}

/// A request that may still be used.
#[derive(Debug)]
pub(super) struct Open {
    pub received: Received,
    pub answers: Vec<Heard>,
}

/// An answer that counts, as the host heard it.
#[derive(Debug)]
pub(super) struct Heard {
    /// The record that holds it.
    pub seq: u64,
    pub bytes: Vec<u8>,
    pub answer: Accepted,
    elapsed: Duration,
}

impl Asked {
    pub fn id(&self) -> RequestId {
        match self {
            Self::Open(open) => open.received.request().id,
            Self::Used { id, .. } | Self::Ended { id, .. } => *id,
        }
    }
}

impl Heard {
    /// Judges the answer once more, beside others that count already.
    pub fn beside(
        &self,
        earlier: &[Accepted],
        received: &Received,
        known: (&Deciding, &Revoked),
        record: &Record,
    ) -> Result<Accepted, Refusal> {
        let Accepted { apart, exception, .. } = self.answer;
        judge(received, &self.bytes, &circumstances(known, record, self.elapsed, apart, exception), earlier)
    }
}

impl Examination {
    pub(super) fn request(&mut self, record: &Record) -> Result<(), Wrong> {
        self.tally.requests += 1;
        let request = record.members.get("request").ok_or(Wrong::Member("request"))?;
        let bytes = canonical(request).map_err(|_| Wrong::Member("request"))?;
        let received = Received::read(&bytes).map_err(Wrong::Request)?;
        let request = received.request();
        for (member, agrees) in [
            ("digest", record.parsed("digest") == Some(received.digest())),
            ("id", record.parsed("id") == Some(request.id)),
            ("policy", record.parsed("policy") == Some(request.subject.policy)),
        ] {
            if !agrees {
                return Err(Wrong::Differs(member, "its request"));
            }
        }
        let deciding = self.policies.get(&request.subject.policy);
        let deciding = deciding.ok_or(Wrong::NoPolicy(request.subject.policy))?;
        if self.pinned.as_ref().is_some_and(|pinned| *pinned != deciding.roster) {
            return Err(Wrong::NotPinned);
        }
        // Where nothing is pinned nobody can have signed.
        if let (None, Some((name, key))) = (&self.pinned, unvouched(&deciding.roster)) {
            return Err(Wrong::Unvouched { name: name.to_owned(), key });
        }
        if self.ids.insert(request.id, received.digest()).is_some() {
            return Err(Wrong::SecondRequest(request.id));
        }
        let open = Open { received, answers: Vec::new() };
        self.requests.insert(open.received.digest(), Asked::Open(Box::new(open)));
        Ok(())
    }

    /// Remembers a token's count. One that does not rise may mean a copy of the key (WebAuthn Level 3 section 6.1.1), or a
    /// token that counts in another way: it is told and refuses nothing. The same answer may be heard twice.
    fn counted(&mut self, (key, counter, digest): (Fingerprint, Option<u32>, Digest), seq: u64) {
        let Some(counter) = counter.filter(|counter| *counter > 0) else { return };
        match self.counters.insert(key, (counter, digest)) {
            Some((before, other)) if counter <= before && other != digest => {
                self.tally.fallen.push(Fallen { seq, key, before, counter });
            }
            Some(_) | None => {}
        }
    }

    pub(super) fn verdict(&mut self, record: &Record) -> Result<(), Wrong> {
        self.tally.verdicts += 1;
        let verdict = record.members.get("verdict").ok_or(Wrong::Member("verdict"))?;
        let bytes = canonical(verdict).map_err(|_| Wrong::Member("verdict"))?;
        if record.parsed("digest") != Some(Digest::of(&bytes)) {
            return Err(Wrong::Differs("digest", "its verdict"));
        }
        let Asked::Open(open) = asked(&mut self.requests, record)? else {
            // Another gate that took up the same request heard it after the end; nothing can come of it.
            return Ok(());
        };
        let request = open.received.request();
        let deciding = self.policies.get(&request.subject.policy);
        let known = (deciding.ok_or(Wrong::NoPolicy(request.subject.policy))?, &self.revoked);
        let apart = record.members.get("apart").and_then(|apart| Apart::deserialize(apart).ok());
        let apart = apart.ok_or(Wrong::Member("apart"))?;
        let exception = record.members.get("exception").map_or(Ok(None), Option::<Exception>::deserialize);
        let exception = exception.map_err(|_| Wrong::Member("exception"))?;
        let mut elapsed = record.time.since(request.created);
        let heard =
            |elapsed| judge(&open.received, &bytes, &circumstances(known, record, elapsed, apart, exception), &[]);
        let mut judged = heard(elapsed);
        if matches!(judged, Err(Refusal::RequestExpired(_) | Refusal::Expired(_))) {
            elapsed = elapsed.saturating_sub(TURN);
            judged = heard(elapsed);
        }
        let answer = judged.map_err(Wrong::Refused)?;
        if answer.exception != exception {
            return Err(Wrong::Differs("exception", "its verdict"));
        }
        for (member, agrees) in
            [("grade", said(record, "grade", answer.grade)), ("proof", said(record, "proof", answer.proof))]
        {
            if !agrees {
                return Err(Wrong::Differs(member, "its verdict"));
            }
        }
        // A server's key says nothing of what the approver saw, so that nobody's signature vouches for the history.
        let anchors = answer.proof != ProofKind::Witness;
        let at = verdict.get("statement").and_then(|statement| statement.get("at")?.as_str()?.parse().ok());
        self.anchors.extend(anchors.then(|| Anchor {
            size: request.head.size,
            approver: answer.principal.clone(),
            key: answer.key,
            at: at.unwrap_or(record.time),
            request: request.id,
        }));
        let token = (answer.key, answer.counter, answer.digest);
        open.answers.push(Heard { seq: record.seq, bytes, answer, elapsed });
        self.counted(token, record.seq);
        Ok(())
    }
}

/// Whether a member says this.
fn said<T: for<'de> Deserialize<'de> + PartialEq>(record: &Record, member: &str, expected: T) -> bool {
    record.members.get(member).and_then(|value| T::deserialize(value).ok()) == Some(expected)
}

/// Whether something that lives until `expires` was over by the time of this record.
pub(super) fn is_over(expires: Timestamp, record: &Record) -> bool {
    record.time >= expires.plus(TURN)
}

fn circumstances<'a>(
    (deciding, revoked): (&'a Deciding, &'a Revoked),
    record: &'a Record,
    elapsed: Duration,
    apart: Apart,
    exception: Option<Exception>,
) -> Circumstances<'a> {
    Circumstances {
        roster: &deciding.roster,
        revoked,
        record_key: &record.key,
        log: record.log,
        elapsed,
        apart,
        // Only the host could see how the passphrase was typed; what it saw stands in the record.
        passphrase: exception == Some(Exception::Agent),
    }
}
