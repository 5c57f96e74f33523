//! JSON in its one canonical form (RFC 8785), written and read; refuses what two readers could understand differently:
//! floats, integers beyond ±(2^53 - 1), duplicate members, any second spelling.
//!
//! What is signed or hashed is always the bytes that [`canonical`] returned or that [`strict`] was given.

mod name;
mod read;
mod relaxed;
mod scan;
mod text;
mod write;

/// JSON of any shape, for those who are not its home.
pub use serde_json::{Map, Value, json};

pub use read::{StrictError, strict, strict_value};
pub use relaxed::{RelaxedError, relaxed};
pub use scan::{Fault, check};
pub use write::{CanonicalError, append, canonical};

/// A value as JSON of any shape; what has no canonical form is refused when that is written.
///
/// # Errors
/// When the value cannot be told as JSON at all.
pub fn value<T: serde::Serialize + ?Sized>(value: &T) -> Result<Value, CanonicalError> {
    serde_json::to_value(value).map_err(|error| CanonicalError::Value(error.to_string()))
}

/// Reads JSON as people write it: one value in any spelling. For what nobody signs.
///
/// # Errors
/// What is wrong, and at which column.
pub fn lenient<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LenientError> {
    serde_json::from_str(text).map_err(|fault| {
        let said = fault.to_string();
        let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
        LenientError { message: crate::model::Shown::text(said).to_string(), column: fault.column() }
    })
}

/// Why a text is no JSON, or not what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {column})")]
pub struct LenientError {
    message: String,
    column: usize,
}

/// How deep arrays and objects may nest, both ways, so that whatever is written can be read.
pub const MAX_DEPTH: usize = 64;

/// The largest integer, and with a minus sign the smallest, that every reader of JSON takes for the same number
/// (RFC 7493 section 2.2).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Reads JSON that another program wrote for itself, in any spelling; for nothing that is signed, hashed or gate's own.
#[must_use]
pub fn foreign<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
