//! The person at this end: told what happens, never asked through standard input.

use crate::model::{Digest, Grade, ProofKind, Request, RequestId};

/// Tells the person who runs gate what happens.
pub trait Person {
    /// One thing that happened.
    fn tell(&mut self, progress: Progress<'_>);
}

/// What happens while a command is decided about.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Something about the policy that people should know (an expired waiver).
    Notice(&'a str),
    /// A request waits for people; its digest, for comparing.
    Waiting {
        /// The request.
        request: &'a Request,
        /// The first 8 hex digits of its digest.
        short: &'a str,
        /// Who could still answer, one line for each clause that is not met.
        missing: &'a [String],
    },
    /// Somebody answered and it counts.
    Answered {
        /// Who.
        approver: &'a str,
        /// `approved` or `denied`.
        answer: &'a str,
        /// Why.
        reason: &'a str,
        /// By what they are proven.
        proof: ProofKind,
        /// How well.
        grade: Grade,
        /// What is still missing.
        missing: &'a [String],
    },
    /// Somebody answered and it does not count; why.
    Refused(&'a str),
    /// The wait is over.
    Done,
    /// A durable record clears the command, which runs now.
    Cleared {
        /// The leaf hash of the record.
        record: Digest,
        /// The request it was approved by, if it was asked about.
        request: Option<RequestId>,
    },
}
