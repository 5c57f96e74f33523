//! What can be wrong with a log, each by its own name and place; refuses to call anything a mere warning.

use std::fmt;

use super::LineFault;
use crate::model::{Digest, Fingerprint, LogId, RequestId};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The segment, by its first sequence number.
    pub segment: u64,
    /// The line in the segment, from 1.
    pub line: u64,
    /// The offset of the line in the segment.
    pub offset: u64,
    /// The sequence number that belongs to this place.
    pub seq: u64,
    /// Leaf hash of the line before.
    pub after: Digest,
    /// What is wrong.
    pub what: What,
    /// The `repair` record by which a person gave up on this place.
    pub acknowledged: Option<u64>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} (segment {:012}, line {}): {}", self.seq, self.segment, self.line, self.what)
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum What {
    /// The bytes are no record.
    #[error("{0}")]
    Line(#[from] LineFault),
    /// Body or signature was changed, or the signature was forged.
    #[error("the signature does not fit the body: one of them was changed or forged")]
    Signature,
    /// Signed, if at all, by a key that is not the log's.
    #[error("the record names the key {0}, which is not the log's")]
    UnknownKey(Fingerprint),
    /// A record of another log.
    #[error("the record belongs to the log {0}")]
    OtherLog(LogId),
    /// Records are gone between the line before and this one.
    #[error("records {0} to {1} are missing before this line")]
    Missing(u64, u64),
    /// Lines changed places.
    #[error("lines changed places: this one says it is record {0}")]
    Swapped(u64),
    /// The line before stands here once more.
    #[error("record {0} stands here a second time")]
    Duplicate(u64),
    /// A record that belongs further up was put in here.
    #[error("a line was inserted: it says it is record {0}")]
    Inserted(u64),
    /// Signed and numbered as it should be, but written after another line than the one before it.
    #[error("the record does not follow the line before it: another history was joined on here")]
    Chain,
    /// The log does not begin with a genesis record.
    #[error("the log does not begin with a genesis record")]
    NoGenesis,
    /// A genesis record that is not the first, or names another key or predecessor than it should.
    #[error("the genesis record is not what it should be: {0}")]
    Genesis(&'static str),
    /// The log has another id than the pinned one.
    #[error("the log is {0} and not the one that is pinned")]
    PinnedLog(LogId),
    /// The log has another key than the pinned one.
    #[error("the log's key is not the one that is pinned")]
    PinnedKey,
    /// A line without an end, with a segment after it.
    #[error("the segment ends within a line although another follows")]
    Unfinished,
    /// The segment is not named by its first record.
    #[error("the segment's name says {0}")]
    SegmentName(u64),
    /// The segment before has no closing record.
    #[error("the segment before was not closed")]
    NotClosed,
    /// The segment does not begin as it should.
    #[error("the segment does not begin with a record that opens it")]
    NotOpened,
    /// Something stands after the record that closes a segment.
    #[error("the record stands after the end of its segment")]
    AfterClose,
    /// A closing record that miscounts.
    #[error("the segment says it has {0} records")]
    Count(u64),
    /// A blob that a record names is gone.
    #[error("the blob {0} is missing")]
    MissingBlob(Digest),
    /// A blob has other bytes than the record says.
    #[error("the blob {0} has other bytes")]
    OtherBlob(Digest),
    /// A record lacks what its type demands.
    #[error("{0}")]
    Shape(String),
    /// A signed head names another history; chain and tree do not agree with it.
    #[error("the head that {0} names (size {1}) is not the head of this history")]
    Head(String, u64),
    /// The log ends before a head that is known.
    #[error("truncated: {0} knows {1} records")]
    Truncated(String, u64),
    /// Judged by a policy that no record holds.
    #[error("no record before this one holds the policy {0}")]
    UnknownPolicy(Digest),
    /// One request cleared two runs.
    #[error("the request {0} was used a second time")]
    UsedTwice(RequestId),
}
