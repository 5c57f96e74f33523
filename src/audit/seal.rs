//! From an entry to a signed line at one place in one log; refuses what would be too long even with its large members
//! moved out.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::blob::{self, MOVABLE};
use super::line::{AROUND, Sealed, leaf};
use super::{Blob, Entry, Kind, LONGEST_LINE, Mode, PAYLOAD_TYPE};
use crate::encoding::dsse;
use crate::encoding::ed25519::SigningKey;
use crate::encoding::json::{CanonicalError, canonical};
use crate::model::{Digest, Fingerprint, LogId, Timestamp};

/// Where the next record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// The log.
    pub log: LogId,
    /// The sequence number of the next record.
    pub seq: u64,
    /// The leaf hash of the last line; zeros before the first.
    pub prev: Digest,
}

/// Who writes, and when.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The host's name.
    pub host: &'a str,
    /// What gate saw of itself.
    pub mode: Mode,
    /// The time.
    pub time: Timestamp,
}

/// A line ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The bytes, with the newline.
    pub bytes: Vec<u8>,
    /// Its leaf hash.
    pub digest: Digest,
    /// Its sequence number.
    pub seq: u64,
    /// Its type.
    pub kind: Kind,
    /// What must be durable before it.
    pub blobs: Vec<Blob>,
}

/// Why an entry can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It holds what canonical JSON can't say.
    #[error("the record cannot be written: {0}")]
    Canonical(#[from] CanonicalError),
    /// Too long for a line.
    #[error("the record needs {0} bytes, and a line has room for {LONGEST_LINE}")]
    Long(usize),
    /// A member that may move to a blob already looks like the name of one.
    #[error("the member `{0}` looks like the name of a blob")]
    Ambiguous(&'static str),
}

impl Tip {
    /// Where the record after this line goes.
    #[must_use]
    pub const fn after(&self, digest: Digest) -> Self {
        Self { log: self.log, seq: self.seq.saturating_add(1), prev: digest }
    }
}

/// Seals an entry as the next record, signed with the record key.
///
/// # Errors
/// Each fault of [`SealError`].
pub fn sealed(entry: &Entry, tip: &Tip, stamp: &Stamp<'_>, key: &SigningKey) -> Result<Line, SealError> {
    for name in MOVABLE {
        if entry.members.get(name).is_some_and(blob::names_blob) {
            return Err(SealError::Ambiguous(name));
        }
    }
    let fingerprint = key.public().fingerprint();
    let room = LONGEST_LINE - AROUND;
    let mut body = canonical(&Body { entry, tip, stamp, fingerprint })?;
    let mut blobs = Vec::new();
    if body.len() > room {
        let mut small = entry.clone();
        blobs = blob::moved(&mut small.members, body.len(), room)?;
        body = canonical(&Body { entry: &small, tip, stamp, fingerprint })?;
    }
    if body.len() > room {
        return Err(SealError::Long(body.len() + AROUND));
    }
    let signature = key.sign(&dsse::pae(PAYLOAD_TYPE, &body));
    let mut bytes = Sealed { body: &body, signature }.line();
    let digest = leaf(&bytes);
    bytes.push(b'\n');
    Ok(Line { bytes, digest, seq: tip.seq, kind: entry.kind(), blobs })
}

struct Body<'a> {
    entry: &'a Entry,
    tip: &'a Tip,
    stamp: &'a Stamp<'a>,
    fingerprint: Fingerprint,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.entry.members {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("host", self.stamp.host)?;
        map.serialize_entry("key", &self.fingerprint)?;
        map.serialize_entry("log", &self.tip.log)?;
        map.serialize_entry("mode", &self.stamp.mode)?;
        map.serialize_entry("prev", &self.tip.prev)?;
        map.serialize_entry("seq", &self.tip.seq)?;
        map.serialize_entry("time", &self.stamp.time)?;
        map.serialize_entry("type", &self.entry.kind())?;
        map.serialize_entry("v", &1)?;
        map.end()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use super::super::Record;
    use super::*;
    use crate::encoding::json::{Map, Value, json};

    pub static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[7; 32]).unwrap());

    pub fn tip() -> Tip {
        Tip { log: LogId::new([4; 16]), seq: 7, prev: Digest::of(b"before") }
    }

    pub fn stamp(micros: i64) -> Stamp<'static> {
        Stamp { host: "build01", mode: Mode::Wrapper, time: Timestamp::from_micros(micros).unwrap() }
    }

    pub fn line_of(tip: &Tip, kind: Kind) -> Vec<u8> {
        let entry = Entry::new(kind, Map::new()).unwrap();
        let mut line = sealed(&entry, tip, &stamp(1_700_000_000_000_000), &KEY).unwrap();
        assert_eq!(line.bytes.pop(), Some(b'\n'));
        line.bytes
    }

    #[test]
    fn a_record_has_exactly_this_spelling() {
        let line = String::from_utf8(line_of(&tip(), Kind::Run)).unwrap();
        let prev = Digest::of(b"before");
        let expected = format!(
            "{{\"body\":{{\"host\":\"build01\",\"key\":\"{}\",\"log\":\"{}\",\"mode\":\"wrapper\",\"prev\":\"{prev}\",\
             \"seq\":7,\"time\":\"2023-11-14T22:13:20.000000Z\",\"type\":\"run\",\"v\":1}},\"sig\":\"",
            KEY.public().fingerprint(),
            tip().log,
        );
        assert!(line.starts_with(&expected), "{line}");
        assert_eq!(line.len(), expected.len() + 86 + 2);
    }

    #[test]
    fn a_member_that_is_too_large_moves_to_a_blob_and_only_that() {
        let text = "x".repeat(70_000);
        let members = Map::from_iter([
            ("text".to_owned(), Value::String(text.clone())),
            ("findings".to_owned(), json!(["small"])),
        ]);
        let entry = Entry::new(Kind::Policy, members.clone()).unwrap();
        let line = sealed(&entry, &tip(), &stamp(0), &KEY).unwrap();
        let [blob] = line.blobs.as_slice() else { panic!("{:?}", line.blobs.len()) };
        assert_eq!(blob.bytes, canonical(&text).unwrap());
        let (mut record, _) = Record::read(line.bytes.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!(record.members["text"], json!({"blob": blob.digest, "len": 70_002}));
        let digests = blob::restored(&mut record.members, &mut |_| Some(blob.bytes.clone())).unwrap();
        assert_eq!((record.members, digests), (members, vec![blob.digest]));
    }

    #[test]
    fn the_longest_line_is_exactly_65535_bytes() {
        let with = |n: usize| {
            let members = Map::from_iter([("reason".to_owned(), Value::String("x".repeat(n)))]);
            sealed(&Entry::new(Kind::Refuse, members).unwrap(), &tip(), &stamp(0), &KEY)
        };
        let around = with(0).unwrap().bytes.len() - 1;
        assert_eq!(with(LONGEST_LINE - around).unwrap().bytes.len() - 1, LONGEST_LINE);
        assert_eq!(with(LONGEST_LINE - around + 1), Err(SealError::Long(LONGEST_LINE + 1)));
    }

    #[test]
    fn a_member_that_could_be_taken_for_a_blob_is_refused() {
        let members = Map::from_iter([("text".to_owned(), json!({"blob": "sha256:0", "len": 1}))]);
        let entry = Entry::new(Kind::Policy, members).unwrap();
        assert_eq!(sealed(&entry, &tip(), &stamp(0), &KEY), Err(SealError::Ambiguous("text")));
    }
}
