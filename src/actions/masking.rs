//! Takes secrets out of texts and leaves salted commitments; the salts and the values stand apart, deletable.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde::{Deserialize, Serialize};

use crate::encoding::json::canonical;
use crate::model::{Digest, Text};
use crate::ports::{Entropy, Failure};
use crate::secrets::{Secret, merged};

/// A value that was masked, with what is needed to show later that it was this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Where the commitment stands: a JSON pointer (RFC 6901) into the subject.
    pub pointer: String,
    /// 32 random bytes in hexadecimal.
    pub salt: String,
    /// The value.
    pub value: Text,
}

/// Makes commitments, with the salts of an earlier time where there are some.
pub(super) struct Masker<'a> {
    entropy: &'a mut dyn Entropy,
    known: BTreeMap<String, String>,
    disclosures: Vec<Disclosure>,
}

impl<'a> Masker<'a> {
    /// With the salts of these disclosures, so that the same values give the same commitments.
    pub(super) fn new(entropy: &'a mut dyn Entropy, disclosures: &[Disclosure]) -> Self {
        let known = disclosures.iter().map(|known| (known.pointer.clone(), known.salt.clone())).collect();
        Self { entropy, known, disclosures: Vec::new() }
    }

    /// Everything that was committed to.
    pub(super) fn disclosures(self) -> Vec<Disclosure> {
        self.disclosures
    }

    /// SHA-256 of the RFC 8785 form of `[salt, pointer, value]`.
    pub(super) fn commitment(&mut self, pointer: String, value: Text) -> Result<Digest, Failure> {
        let salt = match self.known.get(&pointer) {
            Some(salt) => salt.clone(),
            None => self.entropy.bytes()?.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let bytes = canonical(&(&salt, &pointer, &value)).map_err(|error| Failure::of(&error))?;
        self.disclosures.push(Disclosure { pointer, salt, value });
        Ok(Digest::of(&bytes))
    }

    /// A text with these parts taken out; ranges that do not fit it are taken as all of it.
    pub(super) fn text(&mut self, pointer: &str, text: &OsStr, secrets: Vec<Secret>) -> Result<Text, Failure> {
        let secrets = merged(secrets);
        if secrets.is_empty() {
            return Ok(Text::of(text));
        }
        let bytes = text.as_bytes();
        let of = |part: &[u8]| Text::of(OsStr::from_bytes(part));
        let mut parts = Vec::new();
        let mut from = 0;
        for secret in secrets {
            let (before, value) = match (bytes.get(from..secret.range.start), bytes.get(secret.range.clone())) {
                (Some(before), Some(value)) => (before, value),
                _ => (&[][..], bytes.get(from..).unwrap_or_default()),
            };
            if !before.is_empty() {
                parts.push(of(before));
            }
            let at = parts.len();
            let whole = from == 0 && before.is_empty() && value.len() == bytes.len();
            let place = if whole { pointer.to_owned() } else { format!("{pointer}/parts/{at}") };
            let commit = self.commitment(place, of(value))?;
            parts.push(Text::Masked { kind: secret.kind.to_owned(), commit });
            from = secret.range.end.min(bytes.len());
        }
        if let Some(rest) = bytes.get(from..).filter(|rest| !rest.is_empty()) {
            parts.push(of(rest));
        }
        Ok(match parts.len() {
            1 => parts.pop().unwrap_or(Text::Parts(Vec::new())),
            _ => Text::Parts(parts),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Entropy for Counting {
        fn bytes(&mut self) -> Result<[u8; 32], Failure> {
            self.0 += 1;
            Ok([self.0; 32])
        }
    }

    fn secret(range: std::ops::Range<usize>) -> Secret {
        Secret { range, kind: "flag" }
    }

    #[test]
    fn only_the_secret_part_is_taken_out() {
        let mut entropy = Counting(0);
        let mut masker = Masker::new(&mut entropy, &[]);
        let text = masker.text("/a/0", OsStr::new("--password=abc!"), vec![secret(11..14)]).unwrap();
        assert_eq!(text.to_string(), "--password=‹flag hidden›!");
        let disclosures = masker.disclosures();
        assert_eq!(disclosures[0].pointer, "/a/0/parts/1");
        assert_eq!(disclosures[0].value, Text::Plain("abc".into()));
    }

    #[test]
    fn the_same_salts_give_the_same_commitments_and_others_do_not() {
        let once = |disclosures: &[Disclosure], seed| {
            let mut entropy = Counting(seed);
            let mut masker = Masker::new(&mut entropy, disclosures);
            let text = masker.text("/a", OsStr::new("abc"), vec![secret(0..3)]).unwrap();
            (text, masker.disclosures())
        };
        let (first, disclosures) = once(&[], 0);
        assert_eq!(once(&disclosures, 9).0, first);
        assert_ne!(once(&[], 9).0, first);
    }
}
