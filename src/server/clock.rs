//! The server's clock: for what it shows and orders; no request lives or dies by it, but on the host that asks.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// The time; the beginning of time where the clock says what cannot be written.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(0);
    Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH)
}
