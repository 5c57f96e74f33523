//! One line of the log: `{"body":{…},"sig":"…"}`. Refuses every other spelling, and believes nothing about the signature
//! until a key is named.

use super::{Kind, LONGEST_LINE, Lookup, Mode, PAYLOAD_TYPE, What, blob};
use crate::encoding::json::{Map, StrictError, Value, strict};
use crate::encoding::{dsse, ed25519, unpadded};
use crate::model::{Digest, Fingerprint, LogId, PublicKey, Timestamp};

const PREFIX: &[u8] = b"{\"body\":";
const MIDDLE: &[u8] = b",\"sig\":\"";
const SUFFIX: &[u8] = b"\"}";
const SIGNATURE: usize = 86;

/// What a line says; whether it is true is another question.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its place in the log, from 0.
    pub seq: u64,
    /// Its type.
    pub kind: Kind,
    /// The log it belongs to.
    pub log: LogId,
    /// The key that says it signed.
    pub key: Fingerprint,
    /// The leaf hash of the line before it.
    pub prev: Digest,
    /// When the host says it was written.
    pub time: Timestamp,
    /// The host that wrote it.
    pub host: String,
    /// What gate saw of itself.
    pub mode: Mode,
    /// The leaf hash of this line.
    pub digest: Digest,
    /// The members that belong to the type.
    pub members: Map<String, Value>,
}

/// The part of a line that is signed, and the signature.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    /// The bytes of the body.
    pub body: &'a [u8],
    /// The signature over their DSSE encoding.
    pub signature: [u8; 64],
}

/// Why bytes are not a line of format version 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// Longer than 65,535 bytes.
    #[error("the line is longer than {LONGEST_LINE} bytes")]
    Long,
    /// Not `{"body":…,"sig":"…"}`.
    #[error("the line is not of the form {{\"body\":…,\"sig\":…}}")]
    Form,
    /// The signature is not 64 bytes in base64 without padding.
    #[error("the signature is not 64 bytes in base64")]
    Signature,
    /// The body is not canonical JSON.
    #[error("the body is {0}")]
    Body(StrictError),
    /// A member that every record has is missing or ill-formed.
    #[error("the member `{0}` is missing or ill-formed")]
    Member(&'static str),
    /// Another version of the format.
    #[error("version {0} of the record format is not known")]
    Version(u64),
}

/// The leaf hash of a line (RFC 6962 section 2.1): SHA-256 of a zero byte and the line without its newline.
#[must_use]
pub fn leaf(line: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], line])
}

impl<'a> Sealed<'a> {
    /// Takes a line (without its newline) apart; the body is not looked into.
    ///
    /// # Errors
    /// `Long`, `Form`, `Signature`.
    pub fn split(line: &'a [u8]) -> Result<Self, LineFault> {
        if line.len() > LONGEST_LINE {
            return Err(LineFault::Long);
        }
        let rest = line.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)).ok_or(LineFault::Form)?;
        let at = rest.len().checked_sub(SIGNATURE).ok_or(LineFault::Form)?;
        let (rest, text) = rest.split_at_checked(at).ok_or(LineFault::Form)?;
        let body = rest.strip_suffix(MIDDLE).ok_or(LineFault::Form)?;
        let signature = unpadded::decoded(text).and_then(|bytes| bytes.try_into().ok());
        Ok(Self { body, signature: signature.ok_or(LineFault::Signature)? })
    }

    /// Whether this key signed the body.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        ed25519::verify(key, &dsse::pae(PAYLOAD_TYPE, self.body), &self.signature).is_ok()
    }

    /// The line that holds this body and signature, without its newline.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(self.body.len() + 104);
        line.extend_from_slice(PREFIX);
        line.extend_from_slice(self.body);
        line.extend_from_slice(MIDDLE);
        line.extend_from_slice(unpadded::encoded(&self.signature).as_bytes());
        line.extend_from_slice(SUFFIX);
        line
    }
}

/// How many bytes a line has more than its body.
pub(super) const AROUND: usize = PREFIX.len() + MIDDLE.len() + SIGNATURE + SUFFIX.len();

impl Record {
    /// Reads a line (without its newline).
    ///
    /// # Errors
    /// Each fault of [`LineFault`].
    pub fn read(line: &[u8]) -> Result<(Self, Sealed<'_>), LineFault> {
        let sealed = Sealed::split(line)?;
        let mut members: Map<String, Value> = strict(sealed.body).map_err(LineFault::Body)?;
        let version = number(&mut members, "v")?;
        if version != 1 {
            return Err(LineFault::Version(version));
        }
        let record = Self {
            seq: number(&mut members, "seq")?,
            kind: parsed(&mut members, "type")?,
            log: parsed(&mut members, "log")?,
            key: parsed(&mut members, "key")?,
            prev: parsed(&mut members, "prev")?,
            time: parsed(&mut members, "time")?,
            host: text(&mut members, "host")?,
            mode: parsed(&mut members, "mode")?,
            digest: leaf(line),
            members,
        };
        Ok((record, sealed))
    }

    /// Puts members that stand in blobs back in their places.
    ///
    /// # Errors
    /// If a blob is missing or has other bytes than the record says.
    pub fn restore(&mut self, lookup: &mut Lookup<'_>) -> Result<(), What> {
        blob::restored(&mut self.members, lookup).map(drop)
    }

    /// A member of the type that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// The member `name`, read from its text.
    #[must_use]
    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// A member of the type that is a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.members.get(name).and_then(Value::as_u64)
    }
}

fn text(members: &mut Map<String, Value>, name: &'static str) -> Result<String, LineFault> {
    match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(LineFault::Member(name)),
    }
}

fn parsed<T: std::str::FromStr>(members: &mut Map<String, Value>, name: &'static str) -> Result<T, LineFault> {
    text(members, name)?.parse().map_err(|_| LineFault::Member(name))
}

fn number(members: &mut Map<String, Value>, name: &'static str) -> Result<u64, LineFault> {
    members.remove(name).and_then(|value| value.as_u64()).ok_or(LineFault::Member(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::seal::tests::{KEY, line_of, tip};
    use super::*;

    fn good() -> Vec<u8> {
        line_of(&tip(), Kind::Outcome)
    }

    #[test]
    fn a_sealed_line_reads_back() {
        let line = good();
        let (record, sealed) = Record::read(&line).unwrap();
        assert_eq!((record.seq, record.kind, record.log), (tip().seq, Kind::Outcome, tip().log));
        assert!(sealed.is_signed_by(KEY.public()));
        assert_eq!(sealed.line(), line);
        assert_eq!(sealed.body, &line[8..line.len() - 96]);
    }

    #[test]
    fn every_second_spelling_of_a_line_is_refused() {
        let good = String::from_utf8(good()).unwrap();
        let floats = good.replace("\"seq\":7", "\"seq\":7e0");
        let twice = good.replace("\"seq\":7", "\"seq\":7,\"seq\":7");
        let large = good.replace("\"seq\":7", "\"seq\":9007199254740993");
        assert!(floats != good && twice != good && large != good);
        let bads = [
            format!("\u{feff}{good}"),
            format!("{good}\r"),
            format!("{good} "),
            format!("{good}\0"),
            good.replacen("{\"body\":", "{ \"body\":", 1),
            good.replacen("\"sig\"", "\"sig\":1,\"sig\"", 1),
            good.replacen("\"type\":\"outcome\"", "\"type\":\"Outcome\"", 1),
            good.replacen("\"v\":1", "\"v\":2", 1),
            good.replacen("\"v\":1", "\"v\":1,\"a\":1", 1),
            floats,
            twice,
            large,
            String::new(),
            "{}".to_owned(),
        ];
        for bad in bads {
            assert!(Record::read(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_refused() {
        assert_eq!(Record::read(&vec![b'{'; LONGEST_LINE + 1]).unwrap_err(), LineFault::Long);
    }

    proptest! {
        #[test]
        fn no_flipped_bit_goes_unseen(at in 0..500_usize, bit in 0..8_u8) {
            let mut line = good();
            let at = at % line.len();
            line[at] ^= 1 << bit;
            let believed = Record::read(&line).is_ok_and(|(_, sealed)| sealed.is_signed_by(KEY.public()));
            prop_assert!(!believed);
        }

        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Record::read(&bytes);
        }
    }
}
