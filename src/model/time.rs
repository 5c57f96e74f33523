//! Points in time in the one form gate writes them: `YYYY-MM-DDTHH:MM:SS.ffffffZ`, and lengths of time as people write
//! them in policies (`15m`).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z, written exactly `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not a time of the one accepted form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of the form YYYY-MM-DDTHH:MM:SS.ffffffZ")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since the epoch; `None` beyond the years -9999 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        jiff::Timestamp::from_microsecond(micros).ok().map(|_| Self(micros))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This time plus a length of time; the last representable time if that is beyond it.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        let last = jiff::Timestamp::MAX.as_microsecond();
        Self(self.0.saturating_add(micros).min(last))
    }

    /// This time less a length of time; the beginning of 1970 if that is before it.
    #[must_use]
    pub fn minus(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros).max(0))
    }

    /// How long after `earlier` this is; zero if it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time:.6}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || InvalidTimestamp(text.to_owned());
        let time: jiff::Timestamp = text.parse().map_err(|_| refused())?;
        let time = Self(time.as_microsecond());
        if time.to_string() == text { Ok(time) } else { Err(refused()) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A length of time as written in a policy or on the command line: `30s`, `15m`, `1h30m`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

/// The text is not a positive length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time such as 30s, 15m or 2h")]
pub struct InvalidSpan(String);

impl Span {
    /// A length of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The length as the standard type.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || InvalidSpan(text.to_owned());
        let signed: jiff::SignedDuration = match text.strip_suffix('d').map(str::parse::<u32>) {
            Some(Ok(days)) => jiff::SignedDuration::from_hours(i64::from(days) * 24),
            Some(Err(_)) | None => text.parse().map_err(|_| refused())?,
        };
        let length = Duration::try_from(signed).map_err(|_| refused())?;
        if length.is_zero() { Err(refused()) } else { Ok(Self(length)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        if rest > 0 || seconds == 0 {
            write!(f, "{rest}s")?;
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_spelling() {
        let text = "2026-11-22T02:26:59.000001Z";
        assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        for bad in ["2026-11-22T02:26:59Z", "2026-11-22T02:26:59.000001+00:00", "2026-11-22 02:26:59.000001Z", ""] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_of_time_read_as_people_write_them() {
        for (text, seconds) in [("30s", 30), ("15m", 900), ("1h30m", 5400), ("2d", 172_800)] {
            assert_eq!(text.parse::<Span>().unwrap().duration().as_secs(), seconds);
        }
        for bad in ["", "0s", "-5m", "15", "soon"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
