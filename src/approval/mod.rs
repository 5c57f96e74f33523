//! Who may answer a request, and whether an answer counts; refuses self-approval.
//!
//! Nothing here reads a file, a clock or the environment: the host that runs a command and whoever verifies its log years
//! later ask the same functions with the same papers and get the same answer.

mod enrol;
mod judge;
mod meetable;
mod own;
mod proof;
mod refusal;
mod roster;
mod screen;
mod standing;

pub use enrol::{
    Change, ENROL_NAMESPACE, EnrolStatement, EnrolType, Enrolment, EnrolmentError, Pinned, accept_enrolment, unvouched,
    widening,
};
pub use judge::{
    Accepted, Answering, Circumstances, LARGEST_REQUEST, LARGEST_VERDICT, NAMESPACE, Received, WITNESS_NAMESPACE,
    judge, may_answer,
};
pub use meetable::{Unmeetable, meetable};
pub use own::Exception;
pub use proof::{Known, Proven, proven};
pub use refusal::{Refusal, RequestError};
pub use roster::{AGENT_SOURCE, Enrolled, Roster, RosterError, SeenAccount, is_unclaimed, is_workload};
pub use screen::Screen;
pub use standing::{Missing, Standing, standing};

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod enrolled;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod proofs;
#[cfg(test)]
pub(crate) mod trial;
#[cfg(test)]
mod witnesses;
