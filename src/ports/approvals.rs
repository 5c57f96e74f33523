//! Where requests go and answers come from.

use crate::model::{Apart, Moment, PublicKey, RequestId};

use super::Failure;

/// Carries requests to approvers and brings back what they say; nothing it brings is believed.
pub trait Approvals {
    /// Puts a request, in its exact bytes, where approvers see it.
    ///
    /// # Errors
    /// When it cannot be put there.
    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), Unpublished>;

    /// Takes a request away; it is answered, expired or given up.
    fn close(&mut self, id: RequestId, why: &str);

    /// The next thing that happens to a request, at `until` at the latest.
    ///
    /// # Errors
    /// When nothing can be watched any more.
    fn next(&mut self, id: RequestId, until: &Moment) -> Result<Event, Failure>;
}

/// The type of the bytes that a host signs when it puts a request before approvers elsewhere (as DSSE's payload type).
pub const REQUEST_TYPE: &str = "application/vnd.gate.request.v1+json";

/// A request on its way to approvers.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// Which.
    pub id: RequestId,
    /// Its exact bytes.
    pub bytes: &'a [u8],
    /// Whether it stays when nobody waits for it.
    pub stays: bool,
    /// The record key of this host's log, and its signature over the bytes as [`crate::ports::Log::sign`] makes it.
    pub signed: (&'a PublicKey, [u8; 64]),
}

/// Why a request does not lie before approvers.
#[derive(Debug, thiserror::Error)]
pub enum Unpublished {
    /// The approval server cannot be reached, and the configuration wants it to be.
    #[error(transparent)]
    Unreachable(Failure),
    /// Anything else.
    #[error(transparent)]
    Failed(Failure),
}

/// Something that happens while a request waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody answered, in these bytes, from this far away.
    Answer {
        /// The verdict as it arrived.
        bytes: Vec<u8>,
        /// How far apart from the requester it came from.
        apart: Apart,
    },
    /// `gate withdraw` took it back.
    Withdrawn,
    /// The time is over.
    Deadline,
    /// A signal asks gate to stop.
    Interrupted(Interrupt),
    /// Something a person should know; the wait goes on.
    Notice(String),
}

/// A signal by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupt(pub i32);
