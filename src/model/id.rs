//! Identifiers: UUIDs of the version their kind demands (RFC 9562), in the one lower-case hyphenated spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{Builder, Uuid, Version};

use super::Timestamp;

/// The text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind}")]
pub struct InvalidId {
    text: String,
    kind: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $version:expr, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let refused = || InvalidId { text: text.to_owned(), kind: $kind };
                let uuid = Uuid::try_parse(text).map_err(|_| refused())?;
                if uuid.get_version() == Some($version) && uuid.as_hyphenated().to_string() == text {
                    Ok(Self(uuid))
                } else {
                    Err(refused())
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// The id of a request: a UUIDv7, so that ids sort by the time they were made.
    RequestId, Version::SortRand, "a request id (a UUIDv7 in lower case)"
);
id!(
    /// The id of an audit log: a UUIDv4.
    LogId, Version::Random, "a log id (a UUIDv4 in lower case)"
);

impl RequestId {
    /// An id from the time it is made and 10 random bytes.
    #[must_use]
    pub fn new(now: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        Self(Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }
}

impl LogId {
    /// An id from 16 random bytes.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(Builder::from_random_bytes(random).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling_and_one_version() {
        let id = RequestId::new(Timestamp::from_micros(1_700_000_000_000_000).unwrap(), &[7; 10]);
        assert_eq!(id.to_string().parse::<RequestId>(), Ok(id));
        let log = LogId::new([1; 16]);
        assert!(log.to_string().parse::<RequestId>().is_err());
        assert!(id.to_string().to_uppercase().parse::<RequestId>().is_err());
        assert!("../../etc/passwd".parse::<RequestId>().is_err());
    }
}
