//! What the use cases need from the world, in the model's words. Nothing here does anything.

mod answering;
mod approvals;
mod carrier;
mod configuration;
mod launcher;
mod log;
mod person;

pub use answering::{Approver, Requests, Signer};
pub use approvals::{Approvals, Event, Interrupt, Publication, REQUEST_TYPE, Unpublished};
pub use carrier::{Carrier, Names};
pub use configuration::{Configuration, Configured, Outcome};
pub use launcher::{Holding, Launcher, Purpose, Standing, Unfound};
pub use log::{Log, Recorded, Unclaimed};
pub use person::{Person, Progress};

use crate::model::{Fact, Moment, Question, RequestId};

/// Tells the time.
pub trait Clock {
    /// What the clocks say now.
    fn now(&self) -> Moment;
}

/// Looks things up on this host, read-only and bounded.
pub trait Facts {
    /// The answer, or why there is none.
    fn answer(&self, question: &Question) -> Fact;
}

/// Gives random bytes.
pub trait Entropy {
    /// 32 bytes that nobody can guess.
    ///
    /// # Errors
    /// When the system gives none.
    fn bytes(&mut self) -> Result<[u8; 32], Failure>;
}

/// An adapter failed; its own words say how.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// One line, lower case.
    pub message: String,
    /// What to do about it, if something can be done.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure told by an error of the adapter.
    pub fn of(error: &dyn std::error::Error) -> Self {
        Self { message: error.to_string(), hint: None }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Keeps the salts and values of what was masked, on this host only.
pub trait Disclosures {
    /// Keeps what belongs to a request.
    ///
    /// # Errors
    /// When it is not durable.
    fn keep(&mut self, request: RequestId, bytes: &[u8]) -> Result<(), Failure>;

    /// What was kept for a request.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    fn kept(&mut self, request: RequestId) -> Result<Vec<u8>, Failure>;
}
