//! Base64 without padding (RFC 4648 section 4), as records and key files write it; refuses padding, white space and bits
//! that say nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The text for these bytes.
#[must_use]
pub fn encoded(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// The bytes behind a text; `None` if it is not the one text for them.
#[must_use]
pub fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_text() {
        assert_eq!(encoded(b"\xff\xff"), "//8");
        assert_eq!(decoded(b"//8"), Some(vec![0xff, 0xff]));
        for bad in ["//8=", "//9", "//8\n", " //8", "__8"] {
            assert_eq!(decoded(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
