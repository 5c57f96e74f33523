//! Text as it is hashed, shown, sent and recorded: UTF-8, or bytes that are not, with secrets taken out.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Digest, Shown};

/// Text of the requester. In JSON a string; `{"b64":"…"}` (RFC 4648 section 4) if and only if it is not UTF-8;
/// `{"commit":"sha256:…","masked":KIND}` for a secret; `{"parts":[…]}` of these where a secret is only a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    /// All of it, in UTF-8.
    Plain(String),
    /// All of it, not in UTF-8.
    Bytes(Vec<u8>),
    /// A secret: its kind, and a salted commitment to it.
    Masked {
        /// What kind of secret: `flag`, `variable`, `url-password`, `token`.
        kind: String,
        /// SHA-256 of the RFC 8785 form of `[salt, JSON pointer, value]`.
        commit: Digest,
    },
    /// Several of the above, in order.
    Parts(Vec<Self>),
}

impl Text {
    /// Text with nothing to hide.
    #[must_use]
    pub fn of(text: &OsStr) -> Self {
        text.to_str().map_or_else(|| Self::Bytes(text.as_bytes().to_vec()), |text| Self::Plain(text.to_owned()))
    }

    /// How many secrets are taken out.
    #[must_use]
    pub fn hidden(&self) -> usize {
        match self {
            Self::Plain(_) | Self::Bytes(_) => 0,
            Self::Masked { .. } => 1,
            Self::Parts(parts) => parts.iter().map(Self::hidden).sum(),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => fmt::Display::fmt(&Shown::text(text), f),
            Self::Bytes(bytes) => fmt::Display::fmt(&Shown::os(OsStr::from_bytes(bytes)), f),
            Self::Masked { kind, .. } => write!(f, "‹{} hidden›", Shown::text(kind)),
            Self::Parts(parts) => parts.iter().try_for_each(|part| fmt::Display::fmt(part, f)),
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("b64", &STANDARD.encode(bytes))?;
                map.end()
            }
            Self::Masked { kind, commit } => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("commit", commit)?;
                map.serialize_entry("masked", kind)?;
                map.end()
            }
            Self::Parts(parts) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("parts", parts)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or an object with `b64`, `masked` and `commit`, or `parts`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::Plain(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        let (mut b64, mut masked, mut commit, mut parts) = (None::<String>, None::<String>, None, None::<Vec<Text>>);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "b64" => b64 = Some(map.next_value()?),
                "masked" => masked = Some(map.next_value()?),
                "commit" => commit = Some(map.next_value::<Digest>()?),
                "parts" => parts = Some(map.next_value()?),
                other => return Err(A::Error::unknown_field(other, &["b64", "commit", "masked", "parts"])),
            }
        }
        match (b64, masked, commit, parts) {
            (Some(b64), None, None, None) => {
                let bytes = STANDARD.decode(b64).map_err(A::Error::custom)?;
                if std::str::from_utf8(&bytes).is_ok() {
                    return Err(A::Error::custom("`b64` holds text that is UTF-8"));
                }
                Ok(Text::Bytes(bytes))
            }
            (None, Some(kind), Some(commit), None) => Ok(Text::Masked { kind, commit }),
            (None, None, None, Some(parts)) if !parts.iter().any(|part| matches!(part, Text::Parts(_))) => {
                Ok(Text::Parts(parts))
            }
            _ => Err(A::Error::custom("not a text: `b64`, `masked` with `commit`, or `parts` stands alone")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_back_what_it_wrote() {
        let masked = Text::Masked { kind: "flag".into(), commit: Digest::of(b"x") };
        let parts = Text::Parts(vec![Text::Plain("--token=".into()), masked.clone()]);
        for text in [Text::Plain("a".into()), Text::of(OsStr::from_bytes(b"\xff")), masked, parts] {
            let json = serde_json::to_string(&text).unwrap();
            assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text, "{json}");
        }
    }

    #[test]
    fn text_has_one_spelling() {
        for bad in
            [r#"{"b64":"YQ=="}"#, r#"{"masked":"x"}"#, r#"{"b64":"/w==","x":1}"#, "1", r#"{"parts":[{"parts":[]}]}"#]
        {
            assert!(serde_json::from_str::<Text>(bad).is_err(), "{bad}");
        }
    }
}
