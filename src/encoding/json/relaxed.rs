//! JSON that other programs wrote, in any spelling; refuses only what is not JSON or not of the expected shape. Never for
//! what is signed or hashed: that is read with `strict`.

use serde::de::DeserializeOwned;

use crate::model::Shown;

/// Why relaxed JSON was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct RelaxedError {
    /// What is wrong.
    said: String,
    /// The line, from 1.
    pub line: usize,
}

/// Reads one value and nothing after it.
///
/// # Errors
/// When it is not JSON, or the type does not take it.
pub fn relaxed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RelaxedError> {
    serde_json::from_slice(bytes).map_err(|fault| {
        let said = fault.to_string();
        let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
        RelaxedError { said: Shown::text(said).to_string(), line: fault.line() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn any_spelling_is_read_and_a_fault_has_its_line() {
        let read: Value = relaxed(b" {\"b\": 1.5,\n \"a\": \"\\u0041\"} ").unwrap();
        assert_eq!(read.get("a").and_then(Value::as_str), Some("A"));
        let fault = relaxed::<Value>(b"{\n\"a\": }").unwrap_err();
        assert_eq!((fault.line, fault.to_string().as_str()), (2, "expected value"));
        assert!(relaxed::<Value>(b"1 2").is_err());
    }
}
