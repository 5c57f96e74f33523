//! Every way in which a command did not run.

use crate::actions::enrolment::Unenrolled;
use crate::approval::Unmeetable;
use crate::model::{RequestId, Timestamp};
use crate::ports::{Failure, Interrupt, Unfound};

/// Why nothing ran.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// A rule says so; the reasons, one line each.
    #[error("denied by policy: {}", .0.join("; "))]
    DeniedByPolicy(Vec<String>),
    /// A person said so.
    #[error("denied by {by}: {reason}")]
    DeniedByPerson {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// `gate withdraw` took the request back.
    #[error("request {0} was withdrawn")]
    Withdrawn(RequestId),
    /// Nobody answered in time.
    #[error("request {id} expired at {at} without the approvals it needs")]
    Expired {
        /// The request.
        id: RequestId,
        /// When.
        at: Timestamp,
    },
    /// The request waits; nobody waits for it here.
    #[error("request {0} waits for approval")]
    Waiting(RequestId),
    /// What would run is no longer what was asked about.
    #[error("the command changed while it waited: {0}")]
    Changed(String),
    /// `--resume` names a request that cannot be resumed.
    #[error("cannot resume: {0}")]
    Resume(String),
    /// A signal ended the wait.
    #[error("interrupted while waiting; request {id} is withdrawn")]
    Interrupted {
        /// The request.
        id: RequestId,
        /// The signal.
        signal: Interrupt,
    },
    /// The requirement cannot be met by anybody.
    #[error("{0}")]
    Unmeetable(#[from] Unmeetable),
    /// Who may answer is not what the log has accepted.
    #[error("{0}")]
    Unenrolled(#[from] Unenrolled),
    /// What decides is broken.
    #[error("{0}")]
    Configuration(Failure),
    /// The invocation cannot be bound to what would run.
    #[error("{0}")]
    Binding(Failure),
    /// A request cannot be put before approvers.
    #[error("{0}")]
    Approvals(Failure),
    /// The approval server cannot be reached, and must be.
    #[error("{0}")]
    Unreachable(Failure),
    /// The log cannot be written or trusted.
    #[error("{0}")]
    Log(Failure),
    /// There is no such program, or it cannot be executed.
    #[error("{0}")]
    Unfound(Unfound),
}
