//! Strings as RFC 8785 writes and orders them; refuses nothing, since every string has one spelling.

use std::cmp::Ordering;
use std::fmt;

/// How RFC 8785 section 3.2.3 orders members: by UTF-16 code units.
pub(super) fn member_order(one: &str, other: &str) -> Ordering {
    // Code units and bytes agree unless both sides reach beyond U+D7FF, which only a byte from 0xee on begins.
    if one.bytes().chain(other.bytes()).all(|byte| byte < 0xee) {
        one.cmp(other)
    } else {
        one.encode_utf16().cmp(other.encode_utf16())
    }
}

/// Writes the inside of a string: escapes as in RFC 8785 section 3.2.2.2, everything else as it is.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\') {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        if let Some((byte, tail)) = tail.split_first() {
            match byte {
                0x08 => out.extend_from_slice(br"\b"),
                0x09 => out.extend_from_slice(br"\t"),
                0x0a => out.extend_from_slice(br"\n"),
                0x0c => out.extend_from_slice(br"\f"),
                0x0d => out.extend_from_slice(br"\r"),
                b'"' => out.extend_from_slice(br#"\""#),
                b'\\' => out.extend_from_slice(br"\\"),
                _ => {
                    let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' + n - 10 };
                    out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
                }
            }
            rest = tail;
        }
    }
    out.extend_from_slice(rest);
}

/// Escapes what is formatted into it, so that a digest or a time needs no string of its own.
pub(super) struct Text<'a>(pub(super) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        put_text(self.0, text);
        Ok(())
    }
}
