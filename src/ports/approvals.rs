//! Where requests go and answers come from.

use crate::model::{Apart, Moment, RequestId};

use super::Failure;

/// Carries requests to approvers and brings back what they say; nothing it brings is believed.
pub trait Approvals {
    /// Puts a request, in its exact bytes, where approvers see it.
    ///
    /// # Errors
    /// When it cannot be put there.
    fn publish(&mut self, id: RequestId, bytes: &[u8], stays: bool) -> Result<(), Failure>;

    /// Takes a request away; it is answered, expired or given up.
    fn close(&mut self, id: RequestId, why: &str);

    /// The next thing that happens to a request, at `until` at the latest.
    ///
    /// # Errors
    /// When nothing can be watched any more.
    fn next(&mut self, id: RequestId, until: &Moment) -> Result<Event, Failure>;
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
