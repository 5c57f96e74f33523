//! Why an answer does not count, each reason with words of its own, so that the approver knows what to do and an attack
//! is not taken for a slip.

use crate::encoding::sshsig::SshsigError;
use crate::encoding::webauthn::WebauthnError;
use crate::model::{Apart, Fingerprint, Grade, LogId, Timestamp};

/// Why a request can't be answered at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Beyond the size of a request.
    #[error("the request is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A statement of another type.
    #[error("not a request: its type is `{}`", .0.escape_debug())]
    Type(String),
    /// Not canonical, or with a member that is unknown or missing.
    #[error("the request cannot be read: {0}")]
    Form(String),
}

/// Why a verdict does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Beyond the size of a verdict.
    #[error("the verdict is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Not canonical, or with a member that is unknown or missing.
    #[error("the verdict cannot be read: {0}")]
    Form(String),
    /// A statement of another type.
    #[error("not a verdict: the statement's type is `{}`", .0.escape_debug())]
    Type(String),
    /// A kind of proof that can't be checked.
    #[error("proofs of kind `{}` are not known here", .0.escape_debug())]
    ProofKind(String),
    /// A signature made for something else.
    #[error("the signature was made for `{}`, not for `{expected}`", .found.escape_debug())]
    Namespace {
        /// What it was made for.
        found: String,
        /// What such a proof is made for.
        expected: &'static str,
    },
    /// A signature that is not one.
    #[error("the verdict's proof: {0}")]
    Proof(SshsigError),
    /// A passkey's answer that proves nothing.
    #[error("the passkey's answer does not count: {0}")]
    Webauthn(WebauthnError),
    /// A passkey that signs like a key of OpenSSH.
    #[error("the key {0} is a passkey, which answers on its web page and signs nothing else")]
    Passkey(Fingerprint),
    /// A server vouches, and none is known.
    #[error("a server vouches for this answer, and no approval server is enrolled here")]
    NoWitness,
    /// Another server vouches.
    #[error("the key {0} vouches for this answer, and it is not that of the approval server enrolled here")]
    OtherWitness(Fingerprint),
    /// The server vouches for another answer.
    #[error("the server vouches for another statement")]
    OtherStatement,
    /// The server vouches for somebody who is nobody here.
    #[error("`{}` is not enrolled here", .0.escape_debug())]
    NotEnrolled(String),
    /// The signature does not hold.
    #[error("the signature is not one of {0} over this statement")]
    Signature(Fingerprint),
    /// The statement names another key than the one that signed.
    #[error("the statement names the key {named}, but {signed} signed it")]
    OtherKey {
        /// As the statement says.
        named: Fingerprint,
        /// As the proof says.
        signed: Fingerprint,
    },
    /// The machine's own key.
    #[error("the key {0} is this machine's record key: a machine approves nothing")]
    RecordKey(Fingerprint),
    /// A key that was revoked, as far as this host or its log knows.
    #[error("the key {0} is revoked")]
    RevokedKey(Fingerprint),
    /// A key that nobody is enrolled with.
    #[error("the key {0} is not enrolled here")]
    UnknownKey(Fingerprint),
    /// The statement names somebody else than the one who owns the key.
    #[error("the statement is by `{}`, but the key belongs to `{owner}`", .named.escape_debug())]
    NotTheirKey {
        /// As the statement says.
        named: String,
        /// As enrolled.
        owner: String,
    },
    /// An agent or a pipeline answers.
    #[error("`{0}` is not a person: agents and pipelines ask, people answer")]
    NotAPerson(String),
    /// The request is of another machine's log.
    #[error("the request belongs to the log {found}, not to {expected}")]
    OtherLog {
        /// This one.
        expected: LogId,
        /// As the request says.
        found: LogId,
    },
    /// An answer to another question.
    #[error("the verdict answers another request")]
    OtherRequest,
    /// The request died first.
    #[error("the request expired at {0}")]
    RequestExpired(Timestamp),
    /// The answer died first.
    #[error("the verdict expired at {0}")]
    Expired(Timestamp),
    /// The approver's clock is off, or the answer was made at another time.
    #[error("the verdict says it was made at {at}, more than 5 minutes outside of {from} to {until}")]
    Moment {
        /// As the statement says.
        at: Timestamp,
        /// When the request was made.
        from: Timestamp,
        /// Now.
        until: Timestamp,
    },
    /// Who asks does not answer.
    #[error("`{0}` is asking, and nobody approves their own request")]
    OwnRequest(String),
    /// The request comes from an account of the approver.
    #[error(
        "the request comes from an account that `{approver}` claims ({account}), and nobody approves their own request"
    )]
    OwnAccount {
        /// Who answers.
        approver: String,
        /// From where it was asked.
        account: String,
    },
    /// An owner's answer for an agent, with a key that anything under the account could use.
    #[error("`{0}` owns the agent that asks: that takes a touched key, or a passphrase typed for this one request")]
    AgentUnproven(String),
    /// Nobody who has a say in this request.
    #[error("`{approver}` is in none of the groups that may answer: {groups}")]
    NotEntitled {
        /// Who answers.
        approver: String,
        /// Who may.
        groups: String,
    },
    /// Not proven well enough.
    #[error("the verdict is graded `{}`, and at least `{}` is needed", .is.word(), .needed.word())]
    Grade {
        /// What it is.
        is: Grade,
        /// What the least demanding clause needs.
        needed: Grade,
    },
    /// Came from too near the requester.
    #[error("the verdict came from {}, and it must come from {}", apart_name(*.is), apart_name(*.needed))]
    Apart {
        /// What it is.
        is: Apart,
        /// What the least demanding clause needs.
        needed: Apart,
    },
    /// The same person again, with the same key.
    #[error("`{0}` has approved already, and one person counts once")]
    Repeated(String),
    /// The same person again, with another key.
    #[error("`{0}` has approved already: a second key is not a second person")]
    SecondKey(String),
}

pub(super) const fn apart_name(apart: Apart) -> &'static str {
    match apart {
        Apart::Key => "the requester's own account",
        Apart::Account => "another account",
        Apart::Host => "another host",
    }
}
