//! `gate approve`: signs that a command may run.

use std::path::PathBuf;

use clap::Args;

use crate::model::{Answer, RequestId};

use super::answer::{self, Said};
use super::failure::Complaint;

/// Show a request and sign that it may run
#[derive(Debug, Args)]
pub struct Arguments {
    /// The request [default: the only one]
    #[arg(value_name = "ID")]
    id: Option<RequestId>,
    /// Sign with this key [default: the one that is enrolled]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Say why, in the record and to the requester
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do not ask; without a terminal ID, --key and --reason are needed as well
    #[arg(long)]
    yes: bool,
}

/// Approves a request.
pub fn run(arguments: Arguments) -> Result<(), Complaint> {
    let Arguments { id, key, reason, yes } = arguments;
    answer::run(&Said { id, key, reason, yes }, Answer::Approve)
}
