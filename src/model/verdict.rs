//! One approver's signed answer to one request.

use serde::{Deserialize, Serialize};

use super::request::type_tag;
use super::{Digest, Fingerprint, Timestamp};

type_tag!(
    /// The `type` of a verdict's statement.
    VerdictType = "gate.verdict.v1"
);

/// The answer itself, the bytes that are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// `gate.verdict.v1`.
    #[serde(rename = "type")]
    pub kind: VerdictType,
    /// The digest of the request's bytes.
    pub request: Digest,
    /// The answer.
    pub decision: Answer,
    /// Who answers: a principal of the roster.
    pub approver: String,
    /// The key that signs.
    pub key: Fingerprint,
    /// When, by the approver's clock; shown, and held against the host's window.
    pub at: Timestamp,
    /// When the answer dies.
    pub expires: Timestamp,
    /// Why.
    pub reason: String,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[must_use]
pub enum Answer {
    /// It may run.
    Approve,
    /// It may not.
    Deny,
}

/// What proves that the approver said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Proof {
    /// An armored SSHSIG in namespace `gate-verdict` over the statement's bytes.
    Sshsig {
        /// From `-----BEGIN SSH SIGNATURE-----` on.
        signature: String,
    },
}

/// A statement with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What is said.
    pub statement: Statement,
    /// Why it is believed.
    pub proof: Proof,
}
