//! One approver's signed answer to one request.

use serde::{Deserialize, Serialize};

use super::request::type_tag;
use super::{Digest, Fingerprint, Timestamp};

type_tag!(
    /// The `type` of a verdict's statement.
    VerdictType = "gate.verdict.v1"
);

type_tag!(
    /// The `type` of what a server says about an answer.
    WitnessType = "gate.witness.v1"
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
    /// A passkey's answer, whose challenge is the SHA-256 of the statement's bytes (WebAuthn Level 3 section 5.2.2). All
    /// three are base64url without padding, as browsers bring them.
    Webauthn {
        /// `response.authenticatorData`.
        authenticator_data: String,
        /// `response.clientDataJSON`.
        client_data: String,
        /// `response.signature`.
        signature: String,
    },
    /// A server says who it was: an armored SSHSIG in namespace `gate-witness` over its own statement. The key that the
    /// verdict's statement names is then the server's.
    Witness {
        /// What the server says.
        witness: Witness,
        /// From `-----BEGIN SSH SIGNATURE-----` on.
        signature: String,
    },
}

/// What a server saw of somebody who answered, the bytes that it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// `gate.witness.v1`.
    #[serde(rename = "type")]
    pub kind: WitnessType,
    /// The digest of the verdict's statement.
    pub statement: Digest,
    /// How they were known: `oidc`, `slack`, `teams` and the like.
    pub how: String,
    /// Who they were there, by that way's own name.
    pub subject: String,
    /// When, by the server's clock.
    pub at: Timestamp,
}

/// What proves an answer, without the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofKind {
    /// A key's own signature.
    Sshsig,
    /// A passkey's answer.
    Webauthn,
    /// A server's word.
    Witness,
}

impl Proof {
    /// Which kind of proof this is.
    #[must_use]
    pub const fn kind(&self) -> ProofKind {
        match self {
            Self::Sshsig { .. } => ProofKind::Sshsig,
            Self::Webauthn { .. } => ProofKind::Webauthn,
            Self::Witness { .. } => ProofKind::Witness,
        }
    }
}

impl ProofKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sshsig, Self::Webauthn, Self::Witness];

    /// The word for it in a verdict.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sshsig => "sshsig",
            Self::Webauthn => "webauthn",
            Self::Witness => "witness",
        }
    }
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
