//! Base64 as programs write it: in lines, of which the ends mean nothing (RFC 2045 section 6.8).

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes that base64 in lines stands for; `None` for what is no base64.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    LENIENT.decode(letters).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn ends_of_lines_mean_nothing() {
        assert_eq!(decode("Y3Vy\nbA==\n").as_deref(), Some(b"curl".as_slice()));
        assert_eq!(decode("Y3VybA").as_deref(), Some(b"curl".as_slice()));
        assert_eq!(decode("Y3V$"), None);
    }
}
