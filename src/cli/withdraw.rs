//! `gate withdraw`: takes back one's own request.

use std::io::Write as _;

use clap::Args;

use crate::host::queue::{QueueError, State};
use crate::model::RequestId;

use super::failure::Complaint;
use super::place::Place;

/// Take back a request of your own
#[derive(Debug, Args)]
pub struct Arguments {
    /// The request
    #[arg(value_name = "ID")]
    id: RequestId,
}

/// Withdraws a request.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let id = arguments.id;
    let queue = Place::read()?.queue()?.ok_or(QueueError::NoRequest(id))?;
    let line = match queue.withdraw(id)? {
        State::Waiting | State::Parked => format!("withdrew {id}\n"),
        State::Gone => format!("withdrew {id}, for which nobody waited any more\n"),
    };
    std::io::stdout().write_all(line.as_bytes()).map_err(|error| Complaint::output(&error))
}
