//! What a verification found. Refuses to say more than the evidence does: consistent, anchored and not anchored are three
//! statements, and a log that nothing vouches for is `genesis not pinned`.

use super::Fault;
use crate::model::{Digest, LogId, Timestamp};

/// Something a reader should know and that is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Nobody said which log and key to trust, so the log vouches for itself.
    NotPinned,
    /// The clock went back between the record before and this one.
    TimeBackwards {
        /// The record.
        seq: u64,
        /// The time of the record before.
        before: Timestamp,
        /// Its own time.
        time: Timestamp,
    },
    /// An unfinished line was cut off and kept in `torn/`.
    TornRepaired {
        /// The `repair` record.
        seq: u64,
        /// SHA-256 of the bytes.
        hash: Digest,
    },
    /// A person gave up on what stands before this record.
    GivenUp {
        /// The `repair` record.
        seq: u64,
        /// What was wrong then.
        what: String,
    },
    /// The last line is not finished; nothing it says was ever acted on, and the next record repairs it.
    Torn {
        /// The segment.
        segment: u64,
        /// Where the line begins.
        offset: u64,
        /// How many bytes there are.
        length: u64,
    },
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// The log, if any record could be read.
    pub log: Option<LogId>,
    /// How many lines were read.
    pub records: u64,
    /// How many leaves the tree has: the records, and zeros where a repair left a gap.
    pub size: u64,
    /// How many segments.
    pub segments: u64,
    /// The sequence number the next record gets.
    pub next: u64,
    /// Leaf hash of the last line.
    pub last: Digest,
    /// Root of the tree of all records.
    pub root: Digest,
    /// Faults in the order of their places, up to a limit.
    pub faults: Vec<Fault>,
    /// How many more faults there were.
    pub unlisted: u64,
    /// What else a reader should know.
    pub notes: Vec<Note>,
    /// How many signed or kept heads were compared with the tree.
    pub heads: u64,
}

impl Report {
    /// Whether nothing is wrong, except for what a person gave up on.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        self.first().is_none() && self.unlisted == 0
    }

    /// The first fault that nobody gave up on.
    #[must_use]
    pub fn first(&self) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.acknowledged.is_none())
    }

    /// How many faults a person gave up on.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.faults.iter().filter(|fault| fault.acknowledged.is_some()).count()
    }

    /// How many torn lines were repaired.
    #[must_use]
    pub fn repairs(&self) -> usize {
        self.notes.iter().filter(|note| matches!(note, Note::TornRepaired { .. })).count()
    }

    /// Whether the log's id and key were held against a pin.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        !self.notes.contains(&Note::NotPinned)
    }

    /// How many records no signature outside this machine vouches for, when the largest head that somebody signed has
    /// `size` records.
    #[must_use]
    pub const fn unanchored(&self, size: u64) -> u64 {
        self.next.saturating_sub(size)
    }
}
