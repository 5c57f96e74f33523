//! What a host and the server say about the host's audit log: how far the server has it, and the lines behind that. Lines are
//! shipped byte for byte, so that the server verifies what the host wrote and keeps what it verified.

use serde::{Deserialize, Serialize};

use crate::model::{Digest, Fingerprint, LogHead, LogId, Timestamp};

/// How many lines are shipped together at most.
pub const MOST_LINES: usize = 1000;

/// How many bytes of lines and blobs are shipped together, if it is more than one line.
pub const ENOUGH: usize = 4 << 20;

/// Lines of a host's log, one behind the other, and what they name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipment {
    /// The log.
    pub log: LogId,
    /// The number of the first line.
    pub from: u64,
    /// The lines.
    pub lines: Vec<Line>,
    /// The blobs that they name, each in base64 without padding.
    pub blobs: Vec<String>,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The segment it stands in, by the segment's first number.
    pub segment: u64,
    /// Its bytes without the newline, in base64 without padding.
    pub line: String,
}

/// How far the server has a host's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The log and the root of what is there; none where nothing is.
    pub head: Option<LogHead>,
    /// The leaf hash of the last line.
    pub last: Option<Digest>,
}

impl End {
    /// How many records are there.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.size)
    }
}

/// A record that the server keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The host that shipped it.
    pub host: String,
    /// Its log.
    pub log: LogId,
    /// Its number there.
    pub number: u64,
    /// When it was written, by the host's clock.
    pub time: Timestamp,
    /// Its type.
    pub kind: String,
    /// What was decided, or how it ended; none where its type has no such thing.
    pub outcome: Option<String>,
    /// The rules that fired.
    pub rules: Vec<String>,
    /// The leaf hash of its line.
    pub digest: Digest,
    /// When it arrived, by the server's clock.
    pub arrived: Timestamp,
    /// What it says, in a line for people.
    pub said: String,
    /// The line itself: canonical JSON, signed.
    pub line: String,
}

/// Records of any host, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// At most as many as were asked for. A page may have fewer and yet be followed by another.
    pub records: Vec<Kept>,
    /// What `after` of the next page is; none on the last.
    pub next: Option<String>,
}

/// What the server can say of one host's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostLog {
    /// The host.
    pub host: String,
    /// The key of its records.
    pub key: Fingerprint,
    /// Its log.
    pub log: LogId,
    /// When the server saw it first.
    pub first: Timestamp,
    /// How many records arrived, each verified with all before it.
    pub verified: u64,
    /// The root of the tree of these records, where there are any.
    pub root: Option<Digest>,
    /// When the last of them arrived.
    pub arrived: Option<Timestamp>,
    /// The largest head that the host has shown, of records that arrived and have this root.
    pub anchored: Option<Anchored>,
    /// The largest head that the host has shown of records that did not arrive yet.
    pub ahead: Option<Anchored>,
    /// What contradicts the records that arrived.
    pub conflicts: Vec<Conflict>,
    /// Whether nothing does.
    pub consistent: bool,
}

/// How many records a host said it has, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchored {
    /// How many.
    pub size: u64,
    /// When the server saw it.
    pub seen: Timestamp,
}

/// Something the host signed that contradicts what it signed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The number of the record.
    pub number: u64,
    /// The leaf hash of the line that came later.
    pub digest: Digest,
    /// What is wrong with it.
    pub why: String,
    /// When it came.
    pub seen: Timestamp,
}

/// All hosts, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostLogs {
    /// At most as many as were asked for.
    pub hosts: Vec<HostLog>,
    /// What `after` of the next page is; none on the last.
    pub next: Option<String>,
}
