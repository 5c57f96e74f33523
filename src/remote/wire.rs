//! What a host, an approver and the server say to each other: JSON over HTTP, version 1. Refuses members it does not know
//! where a server reads; a host skips them, so that a newer server may say more.

use serde::{Deserialize, Serialize};

use crate::encoding::{dsse, ed25519, unpadded};
use crate::model::{Answer, Digest, Fingerprint, PublicKey, RequestId, Timestamp};

pub use crate::ports::REQUEST_TYPE;

/// How long a host is answered late, in seconds, when nothing happens.
pub const LONGEST_WAIT: u64 = 25;

/// A request as a host puts it before approvers: its exact bytes, and the host's word for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The request's bytes, in base64 without padding.
    pub request: String,
    /// The record key of the host's log.
    pub key: PublicKey,
    /// Its Ed25519 signature over the pre-authentication encoding of type and bytes, in base64 without padding.
    pub signature: String,
    /// Whether the request stays when nobody waits for it (`--no-wait`).
    pub stays: bool,
}

/// Why a publication is none.
#[derive(Debug, thiserror::Error)]
pub enum Unpublished {
    /// A member is not what it should be.
    #[error("{0}")]
    Form(&'static str),
    /// Its host did not sign it.
    #[error("the request is not signed by its host: {0}")]
    Unsigned(ed25519::SignatureError),
}

impl Publication {
    /// The request's bytes, which its host signed.
    ///
    /// # Errors
    /// Each reason of [`Unpublished`].
    pub fn opened(&self) -> Result<Vec<u8>, Unpublished> {
        let bytes = unpadded::decoded(self.request.as_bytes())
            .ok_or(Unpublished::Form("`request` is not base64 without padding"))?;
        let signature = unpadded::decoded(self.signature.as_bytes()).and_then(|bytes| bytes.try_into().ok());
        let signature: [u8; 64] =
            signature.ok_or(Unpublished::Form("`signature` is not 64 bytes in base64 without padding"))?;
        ed25519::verify(&self.key, &dsse::pae(REQUEST_TYPE, &bytes), &signature).map_err(Unpublished::Unsigned)?;
        Ok(bytes)
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It can be answered.
    Waiting,
    /// It was approved, and the command was cleared.
    Used,
    /// Somebody denied it.
    Denied,
    /// The host took it back.
    Withdrawn,
    /// Its time was over.
    Expired,
    /// Something changed while it waited.
    Broken,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Used => "used",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Broken => "broken",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Waiting, Self::Used, Self::Denied, Self::Withdrawn, Self::Expired, Self::Broken];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// A request in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Which.
    pub id: RequestId,
    /// The host that asks.
    pub host: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// When it was made, by the host's clock.
    pub created: Timestamp,
    /// When it dies, by the host's clock.
    pub expires: Timestamp,
    /// What became of it.
    pub state: State,
    /// How many answers there are.
    pub answers: u64,
}

/// Requests, oldest first, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// At most as many as were asked for.
    pub requests: Vec<Listed>,
    /// What `after` of the next page is; none on the last.
    pub next: Option<String>,
}

/// One request, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// As in a list.
    pub listed: Listed,
    /// As it was published.
    pub publication: Publication,
    /// The answers so far.
    pub answers: Vec<Answered>,
}

/// An answer, as the server got it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Counted from 1 for each request.
    pub number: u64,
    /// The digest of the verdict's bytes.
    pub digest: Digest,
    /// Who answers, by the verdict's own words.
    pub approver: String,
    /// What, by the verdict's own words.
    pub decision: Answer,
    /// When it arrived, by the server's clock.
    pub arrived: Timestamp,
    /// The verdict's bytes, in base64 without padding.
    pub verdict: String,
}

/// What a waiting host is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// What became of the request.
    pub state: State,
    /// Answers behind the number that was named.
    pub answers: Vec<Answered>,
}

/// An answer on its way to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// The verdict's bytes, in base64 without padding.
    pub verdict: String,
}

/// The end of a request, as its host tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Any but `waiting`.
    pub state: State,
}

/// How large a host's log was, and its root then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The host.
    pub host: String,
    /// The key of its records.
    pub key: Fingerprint,
    /// As a request names it.
    pub head: crate::model::LogHead,
    /// When the server saw it.
    pub seen: Timestamp,
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// As what its owner may call.
    pub role: String,
    /// The host, or the principal.
    pub name: String,
    /// The record key that the host has shown, if it is one and has.
    pub key: Option<Fingerprint>,
    /// The server's time.
    pub time: Timestamp,
}

/// Heads that hosts have shown, by log and size, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// At most as many as were asked for.
    pub heads: Vec<Head>,
    /// What `after` of the next page is; none on the last.
    pub next: Option<String>,
}

/// An entry of the server's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counted from 0.
    pub number: i64,
    /// When it was written, by the server's clock.
    pub time: Timestamp,
    /// The digest of its text, which the next entry names.
    pub digest: Digest,
    /// Its text.
    pub entry: String,
}

/// A part of the server's journal, and where the next begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entries {
    /// At most as many as were asked for.
    pub entries: Vec<Entry>,
    /// What `after` of the next page is; none on the last.
    pub next: Option<i64>,
}

/// Why something was refused (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem it is, as a relative address.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same in words.
    pub title: String,
    /// The status of the response.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
}
