//! What programs read: JSON, one object and one newline.

use serde::Serialize;

use super::exit;
use super::failure::Complaint;

/// A value as JSON for programs.
pub fn json<T: Serialize>(value: &T) -> Result<String, Complaint> {
    let bytes = crate::encoding::json::canonical(value)
        .map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))?;
    let mut text = String::from_utf8(bytes).map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))?;
    text.push('\n');
    Ok(text)
}
