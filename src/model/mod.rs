//! The nouns of gate as plain, checked values; refuses to read files, clocks or the environment.

mod digest;
mod id;
mod key;
mod launch;
mod time;

pub use digest::{Digest, InvalidDigest};
pub use id::{InvalidId, LogId, RequestId};
pub use key::{Fingerprint, InvalidFingerprint, InvalidKey, KeyKind, PublicKey};
pub use launch::{Ended, Held, Launch};
pub use time::{InvalidSpan, InvalidTimestamp, Span, Timestamp};
