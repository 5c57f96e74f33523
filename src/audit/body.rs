//! The records the log writes about itself: genesis, the end and start of segments, repairs, a clock that stepped back;
//! and the pin that says which log this is. Refuses nothing: what is read from records is checked by the verifier.

use serde::{Deserialize, Serialize};

use super::{Entry, Kind, Record};
use crate::encoding::json::{Map, Value, json};
use crate::model::{Digest, LogId, PublicKey, Timestamp};

/// Which log and key are trusted: what the file `log` beside `config.yaml` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The key that signs every record.
    pub key: PublicKey,
    /// The log's id.
    pub log: LogId,
}

/// The first record of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis<'a> {
    /// The key that signs every record.
    pub public_key: &'a PublicKey,
    /// Hash of the machine's id, where it has one.
    pub machine: Option<Digest>,
    /// gate's version.
    pub gate: &'a str,
    /// The log this one follows, by a person's act: its id, size and last leaf hash as far as they can be read.
    pub follows: Option<Value>,
}

impl Genesis<'_> {
    /// The entry.
    #[must_use]
    pub fn entry(&self) -> Entry {
        let mut members = object(json!({"gate": self.gate, "public_key": self.public_key}));
        if let Some(machine) = self.machine {
            members.insert("machine".to_owned(), json!(machine));
        }
        if let Some(follows) = &self.follows {
            members.insert("follows".to_owned(), follows.clone());
        }
        Entry::own(Kind::Genesis, members)
    }
}

/// The last record of a segment: how many records the segment holds without this one, and the root of the tree of all
/// records before this one.
#[must_use]
pub fn closing(count: u64, root: &Digest) -> Entry {
    Entry::own(Kind::Segment, object(json!({"count": count, "root": root, "segment": "close"})))
}

impl Record {
    /// Whether this record is the last of its segment.
    #[must_use]
    pub fn closes_segment(&self) -> bool {
        self.kind == Kind::Segment && self.text("segment") == Some("close")
    }
}

/// The first record of every segment but the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// The segment before it was closed.
    Plain,
    /// A person gave up on what the segment before it holds from this place on.
    Repair {
        /// First sequence number (the name) of the segment with the first bad line.
        segment: u64,
        /// Offset of that line in the segment.
        offset: u64,
        /// What is wrong there, for people.
        what: String,
        /// Leaf hash of the last line that verifies.
        last_good: Digest,
    },
}

impl Opening {
    /// The entry.
    #[must_use]
    pub fn entry(&self) -> Entry {
        match self {
            Self::Plain => Entry::own(Kind::Segment, object(json!({"segment": "open"}))),
            Self::Repair { segment, offset, what, last_good } => {
                let bad = json!({"offset": offset, "segment": segment, "what": what});
                Entry::own(Kind::Repair, object(json!({"bad": bad, "last_good": last_good})))
            }
        }
    }

    /// What the record opens a segment with; `None` if it is no such record.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        match record.kind {
            Kind::Segment if record.text("segment") == Some("open") => Some(Self::Plain),
            Kind::Repair => {
                let bad = record.members.get("bad")?;
                Some(Self::Repair {
                    segment: bad.get("segment")?.as_u64()?,
                    offset: bad.get("offset")?.as_u64()?,
                    what: bad.get("what")?.as_str()?.to_owned(),
                    last_good: record.parsed("last_good")?,
                })
            }
            _ => None,
        }
    }
}

/// An unfinished last line that was cut off and kept in `torn/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Where in the segment it began.
    pub offset: u64,
    /// How many bytes it had.
    pub length: u64,
    /// SHA-256 of those bytes.
    pub hash: Digest,
    /// The boot in which it was found.
    pub boot: String,
    /// Leaf hash of the last whole line.
    pub last: Digest,
}

impl Torn {
    /// The entry.
    #[must_use]
    pub fn entry(&self) -> Entry {
        let Self { offset, length, hash, boot, last } = self;
        let torn = json!({"hash": hash, "length": length, "offset": offset});
        Entry::own(Kind::Repair, object(json!({"boot": boot, "last": last, "torn": torn})))
    }

    /// What the record says was cut off; `None` if it is no such record.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let torn = record.members.get("torn").filter(|_| record.kind == Kind::Repair)?;
        Some(Self {
            offset: torn.get("offset")?.as_u64()?,
            length: torn.get("length")?.as_u64()?,
            hash: torn.get("hash")?.as_str()?.parse().ok()?,
            boot: record.text("boot")?.to_owned(),
            last: record.parsed("last")?,
        })
    }
}

/// The clock says less than the record before.
#[must_use]
pub fn clock_stepped(before: Timestamp) -> Entry {
    Entry::own(Kind::Clock, object(json!({"before": before})))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
