//! Decides whether bytes are canonical JSON, without building anything; refuses every other spelling by its fault.
//!
//! INVARIANT (one spelling): bytes pass exactly when parsing them and writing the result again by RFC 8785 gives the same
//! bytes. A property test holds this against serde_json and our own writer.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::text::member_order;
use super::{MAX_DEPTH, MAX_INTEGER};

/// What makes bytes other than canonical JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// Starts with a byte order mark.
    #[error("a byte order mark stands at the start")]
    ByteOrderMark,
    /// Ends inside a value.
    #[error("the text ends too early")]
    Truncated,
    /// Not JSON.
    #[error("not JSON")]
    Syntax,
    /// White space between the parts.
    #[error("white space stands between the parts")]
    WhiteSpace,
    /// Something follows the value.
    #[error("text follows the value")]
    TrailingText,
    /// The same name twice, one after the other.
    #[error("a member occurs twice")]
    DuplicateMember,
    /// A name that does not come after the one before it; a duplicate from further up shows as this.
    #[error("members are out of order")]
    MemberOrder,
    /// A number with a fraction or an exponent.
    #[error("a floating-point number")]
    Float,
    /// Beyond ±(2^53 - 1).
    #[error("an integer beyond 2^53 - 1")]
    Integer,
    /// `-0`, or zeros in front.
    #[error("a number that is not in its shortest form")]
    Number,
    /// Half of a surrogate pair.
    #[error("a lone surrogate")]
    LoneSurrogate,
    /// An escape where RFC 8785 has none or another.
    #[error("an escape that is not the canonical one")]
    Escape,
    /// A raw control character inside a string.
    #[error("a control character inside a string")]
    ControlCharacter,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH}")]
    Depth,
}

/// Whether these bytes are one canonical JSON value and nothing else.
///
/// # Errors
/// The first fault and the offset of its byte.
pub fn check(bytes: &[u8]) -> Result<(), (usize, Fault)> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(fault) => return Err((fault.valid_up_to(), Fault::Utf8)),
    };
    if text.starts_with('\u{feff}') {
        return Err((0, Fault::ByteOrderMark));
    }
    let mut scan = Scan { text, at: 0 };
    match scan.value(0) {
        Ok(()) if scan.at == bytes.len() => Ok(()),
        Ok(()) => Err((scan.at, Fault::TrailingText)),
        Err(fault) => Err((scan.at, fault)),
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Steps over this byte or says what stands in its place.
    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            found => Err(unexpected(found)),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        word.bytes().try_for_each(|byte| self.expect(byte))
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            found => Err(unexpected(found)),
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Depth);
        }
        self.expect(b'[')?;
        if self.peek() != Some(b']') {
            self.value(depth)?;
            while self.peek() == Some(b',') {
                self.at += 1;
                self.value(depth)?;
            }
        }
        self.expect(b']')
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Depth);
        }
        self.expect(b'{')?;
        if self.peek() != Some(b'}') {
            let mut before = self.member(depth, None)?;
            while self.peek() == Some(b',') {
                self.at += 1;
                before = self.member(depth, Some(&before))?;
            }
        }
        self.expect(b'}')
    }

    fn member(&mut self, depth: usize, before: Option<&str>) -> Result<Cow<'a, str>, Fault> {
        let start = self.at;
        let name = self.string()?;
        let fault = match before.map(|before| member_order(before, &name)) {
            None | Some(Ordering::Less) => None,
            Some(Ordering::Equal) => Some(Fault::DuplicateMember),
            Some(Ordering::Greater) => Some(Fault::MemberOrder),
        };
        if let Some(fault) = fault {
            self.at = start;
            return Err(fault);
        }
        self.expect(b':')?;
        self.value(depth)?;
        Ok(name)
    }

    /// Steps over a string and returns what it says.
    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.expect(b'"')?;
        let mut text = Cow::Borrowed("");
        loop {
            let start = self.at;
            let plain = self.rest().iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
            self.at += plain.ok_or(Fault::Truncated)?;
            let run = self.since(start);
            if text.is_empty() {
                text = Cow::Borrowed(run);
            } else {
                text.to_mut().push_str(run);
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.to_mut().push(self.escape()?),
                _ => return Err(Fault::ControlCharacter),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let (said, length) = match self.rest() {
            [_, b'"', ..] => ('"', 2),
            [_, b'\\', ..] => ('\\', 2),
            [_, b'b', ..] => ('\u{8}', 2),
            [_, b't', ..] => ('\t', 2),
            [_, b'n', ..] => ('\n', 2),
            [_, b'f', ..] => ('\u{c}', 2),
            [_, b'r', ..] => ('\r', 2),
            [_, b'/', ..] => return Err(Fault::Escape),
            [_, b'u', digits @ ..] => {
                let unit = hex(digits)?;
                match unit {
                    0xd800..=0xdbff if follows_low_half(digits) => return Err(Fault::Escape),
                    0xd800..=0xdfff => return Err(Fault::LoneSurrogate),
                    0x08 | 0x09 | 0x0a | 0x0c | 0x0d => return Err(Fault::Escape),
                    0x00..=0x1f if !digits.iter().take(4).any(u8::is_ascii_uppercase) => {
                        (char::from_u32(unit).ok_or(Fault::Escape)?, 6)
                    }
                    _ => return Err(Fault::Escape),
                }
            }
            [_] | [] => return Err(Fault::Truncated),
            _ => return Err(Fault::Syntax),
        };
        self.at += length;
        Ok(said)
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.at;
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = self.since(first);
        let fault = match self.peek() {
            found if digits.is_empty() => Some(unexpected(found)),
            Some(b'.' | b'e' | b'E') => Some(Fault::Float),
            _ if digits.len() > 1 && digits.starts_with('0') => Some(Fault::Number),
            _ if digits == "0" && first > start => Some(Fault::Number),
            _ if digits.parse().is_ok_and(|number: u64| number <= MAX_INTEGER) => None,
            _ => Some(Fault::Integer),
        };
        if let Some(fault) = fault {
            self.at = start;
            return Err(fault);
        }
        Ok(())
    }
}

fn unexpected(found: Option<u8>) -> Fault {
    match found {
        None => Fault::Truncated,
        Some(b' ' | b'\t' | b'\n' | b'\r') => Fault::WhiteSpace,
        Some(_) => Fault::Syntax,
    }
}

fn hex(digits: &[u8]) -> Result<u32, Fault> {
    let digits = digits.first_chunk::<4>().ok_or(Fault::Truncated)?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(Fault::Syntax)?;
        Ok(unit << 4 | digit)
    })
}

/// Whether four digits are followed by `\u` and the second half of a surrogate pair.
fn follows_low_half(digits: &[u8]) -> bool {
    match digits {
        [_, _, _, _, b'\\', b'u', second @ ..] => hex(second).is_ok_and(|unit| (0xdc00..=0xdfff).contains(&unit)),
        _ => false,
    }
}
