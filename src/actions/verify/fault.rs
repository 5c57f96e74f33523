//! What can be wrong with a log whose lines are all in order, each by its own name; and the place of any fault.

use std::fmt;

use crate::approval::{EnrolmentError, Refusal, RequestError, RosterError};
use crate::audit::{self, Kind};
use crate::model::{Digest, Fingerprint, LogId, RequestId, Timestamp};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The record.
    pub seq: u64,
    /// Its segment, by its first sequence number.
    pub segment: u64,
    /// Its line in the segment, from 1.
    pub line: u64,
    /// The line's offset in the segment, where the line itself is at fault.
    pub offset: Option<u64>,
    /// Its type, where it could be read.
    pub kind: Option<Kind>,
    /// What is wrong.
    pub what: What,
    /// The `repair` record by which a person gave up on this place.
    pub acknowledged: Option<u64>,
}

/// What is wrong: with the log, or with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The log is not what was written.
    Log(audit::What),
    /// What was written did not allow what ran.
    Papers(Box<Wrong>),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(what) => what.fmt(f),
            Self::Papers(wrong) => wrong.fmt(f),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, segment, line, .. } = self;
        write!(f, "record {seq} (segment {segment:012}, line {line}")?;
        if let Some(offset) = self.offset {
            write!(f, ", offset {offset}")?;
        }
        if let Some(kind) = self.kind {
            write!(f, ", {kind}")?;
        }
        write!(f, "): {}", self.what)
    }
}

/// Why a record does not stand up to what the log itself holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// The log is not the expected one.
    #[error("the log is {0} and not the one that is expected")]
    OtherLog(LogId),
    /// Its key is not the expected one.
    #[error("the log's key is {0} and not the one that is expected")]
    OtherKey(Fingerprint),
    /// A member that the record's type demands.
    #[error("the member `{0}` is missing or ill-formed")]
    Member(&'static str),
    /// Two papers that should agree do not.
    #[error("the member `{0}` is not that of {1}")]
    Differs(&'static str, &'static str),
    /// A policy record whose text is not the one that was decided with.
    #[error("the text is not the one that the digest {0} stands for")]
    PolicyText(Digest),
    /// Principals that do not fit together: nobody could have decided with them.
    #[error("the principals in it do not fit together: {0}")]
    Roster(RosterError),
    /// More people may answer, and nobody who might before has signed that.
    #[error("more people may answer from here on ({0}), which nobody accepted who might before: {1}")]
    Widened(String, EnrolmentError),
    /// The first principals say that somebody vouched for a key.
    #[error("nobody had vouched for the key {key} of `{name}`: these are the first principals of the log")]
    Unvouched {
        /// Whose key.
        name: String,
        /// The key.
        key: Fingerprint,
    },
    /// A key that was revoked is not any more.
    #[error("a key that was revoked before is in use again")]
    Unrevoked,
    /// Asked of other people than those who may answer.
    #[error("it was asked by other principals than those that the `key` records have")]
    NotPinned,
    /// Decided by a policy that no record holds.
    #[error("no record before this one holds the policy {0}")]
    NoPolicy(Digest),
    /// A subject that cannot be read.
    #[error("the subject cannot be read: {0}")]
    Subject(String),
    /// A request that cannot be read.
    #[error(transparent)]
    Request(RequestError),
    /// Two requests with one id.
    #[error("the request {0} was recorded before")]
    SecondRequest(RequestId),
    /// About a request that is nowhere before.
    #[error("no record before this one holds the request {0}")]
    NoRequest(Digest),
    /// A verdict that does not count.
    #[error("the verdict does not count: {0}")]
    Refused(Refusal),
    /// A word for the decision that means nothing.
    #[error("the decision is neither `allowed` nor `approved`")]
    Decision,
    /// Allowed although a finding asks or denies.
    #[error("it was allowed although `{0}` does not allow it")]
    NotAllowed(String),
    /// A run that does not say which request it used up.
    #[error("it does not use up the request it names")]
    NotUsed,
    /// One request, two runs.
    #[error("the request {id} was used before, by record {by}")]
    UsedBefore {
        /// The request.
        id: RequestId,
        /// The run.
        by: u64,
    },
    /// The request was over.
    #[error("the request {id} had ended ({why}, record {at})")]
    Ended {
        /// The request.
        id: RequestId,
        /// How.
        why: String,
        /// Where that stands.
        at: u64,
    },
    /// Somebody entitled said no before.
    #[error("`{by}` had denied it (record {at})")]
    Denied {
        /// Who.
        by: String,
        /// Where that stands.
        at: u64,
    },
    /// Approved by nobody.
    #[error("it was approved without a single verdict")]
    NoVerdicts,
    /// A verdict that is nowhere before.
    #[error("no record before this one holds the verdict {0} on its request")]
    NoVerdict(Digest),
    /// Too few, or not the right people.
    #[error("the verdicts do not meet the requirement: missing {0}")]
    Unmet(String),
    /// Too late for the request.
    #[error("the request had expired at {0}")]
    RequestExpired(Timestamp),
    /// Too late for a verdict.
    #[error("the verdict of `{by}` had expired at {at}")]
    VerdictExpired {
        /// Whose.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// The outcome of nothing.
    #[error("record {0} is not the run it names")]
    NoRun(u64),
    /// The outcome once more.
    #[error("the outcome of record {0} was recorded before")]
    SecondOutcome(u64),
}
