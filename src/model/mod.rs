//! The nouns of gate as plain, checked values; refuses to read files, clocks or the environment.

mod digest;
mod time;

pub use digest::{Digest, InvalidDigest};
pub use time::{InvalidSpan, InvalidTimestamp, Span, Timestamp};
