//! Another way to approvers besides the local queue, and what it needs of this host.

use std::os::fd::BorrowedFd;

use super::{Event, Failure, Publication};
use crate::model::RequestId;

/// Carries requests away and answers back while the local queue is watched; nothing it brings is believed.
pub trait Carrier {
    /// Puts a request before approvers elsewhere.
    ///
    /// # Errors
    /// When it is not there yet, and waiting for that is not wanted.
    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), Failure>;

    /// Says elsewhere that a request is over.
    fn close(&mut self, id: RequestId, why: &str);

    /// Readable when there may be something to take.
    fn readable(&self) -> Option<BorrowedFd<'_>>;

    /// What happened, if something did.
    fn take(&mut self) -> Option<Event>;
}

/// Looks up names of hosts.
pub trait Names: Send + Sync {
    /// The addresses of a host as they are written, the best first; none where it has none.
    fn addresses(&self, host: &str) -> Vec<String>;
}
