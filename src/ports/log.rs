//! The audit log as the use cases see it.

use crate::audit::Entry;
use crate::clearance::Receipt;
use crate::encoding::json::{Map, Value};
use crate::model::{Digest, Fingerprint, LogHead, LogId, PublicKey, RequestId};

use super::Failure;

/// Writes records; a receipt means that the record is durable.
pub trait Log {
    /// Which log it is.
    fn id(&self) -> LogId;

    /// The key that signs its records.
    fn key(&self) -> Fingerprint;

    /// The record key, and its signature over bytes of this type as DSSE encodes them.
    fn sign(&self, payload_type: &str, bytes: &[u8]) -> (PublicKey, [u8; 64]);

    /// Whether a `policy` record with this digest is in the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn has_policy(&mut self, digest: &Digest) -> Result<bool, Failure>;

    /// Appends entries together; the receipt is for the last.
    ///
    /// # Errors
    /// When they are not durable; nothing may run then.
    fn append(&mut self, entries: Vec<Entry>) -> Result<Receipt, Failure>;

    /// Appends an entry that names the head of the log just before itself.
    ///
    /// # Errors
    /// When it is not durable.
    fn append_at_head(&mut self, build: &mut dyn FnMut(&LogHead) -> Result<Entry, Failure>)
    -> Result<Receipt, Failure>;

    /// Uses a request up and appends its `run` entry.
    ///
    /// # Errors
    /// When the request was used before, or the entry is not durable.
    fn claim(&mut self, request: RequestId, entry: Entry) -> Result<Receipt, Unclaimed>;

    /// The members of the newest `key` record.
    ///
    /// # Errors
    /// When the log cannot be read; `None` where nobody was ever enrolled.
    fn enrolment(&mut self) -> Result<Option<Map<String, Value>>, Failure>;

    /// A request as its durable record holds it.
    ///
    /// # Errors
    /// When the log cannot be read; `None` if it holds no such request.
    fn request(&mut self, id: RequestId) -> Result<Option<Recorded>, Failure>;
}

/// A request in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How it ended, if it did: `used`, `denied`, `expired`, `withdrawn`, `broken`.
    pub ended: Option<String>,
}

/// A request that was not used up.
#[derive(Debug, thiserror::Error)]
pub enum Unclaimed {
    /// It was used before.
    #[error("request {0} was used before")]
    Used(RequestId),
    /// The log failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}
