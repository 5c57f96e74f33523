//! Quote removal: what a literal part of a word stands for, and whether it holds something the parser should have seen.

/// A run of characters, and whether quotes or backslashes keep it from globbing, splitting and brace expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) quoted: bool,
}

fn push(runs: &mut Vec<Run>, c: char, quoted: bool) {
    match runs.last_mut() {
        Some(run) if run.quoted == quoted => run.text.push(c),
        _ => runs.push(Run { text: c.to_string(), quoted }),
    }
}

/// An unquoted literal as written, split into bare and escaped runs.
pub(super) fn unquoted(raw: &str) -> Vec<Run> {
    if !raw.contains('\\') {
        return vec![Run { text: raw.to_owned(), quoted: false }];
    }
    let mut runs = Vec::new();
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('\n') => {}
                Some(next) => push(&mut runs, next, true),
                None => push(&mut runs, '\\', true),
            },
            (c, false) => push(&mut runs, c, false),
        }
    }
    runs
}

/// The text of a literal between double quotes as written; in a here-document `"` needs no escape.
pub(super) fn double_quoted(raw: &str, here: bool) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.peek() {
            Some('\n') => {
                chars.next();
            }
            Some(&next @ ('$' | '`' | '\\')) => {
                chars.next();
                text.push(next);
            }
            Some('"') if !here => {
                chars.next();
                text.push('"');
            }
            _ => text.push('\\'),
        }
    }
    text
}

/// The text of a backtick substitution after its own level of backslashes.
pub(super) fn backtick_body(raw: &str, in_double_quotes: bool) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next @ ('$' | '`' | '\\'))) => {
                chars.next();
                text.push(next);
            }
            ('\\', Some('"')) if in_double_quotes => {
                chars.next();
                text.push('"');
            }
            (c, _) => text.push(c),
        }
    }
    text
}

/// Whether a literal holds an unescaped substitution or quote, so that the parser must have misread it.
pub(super) fn suspicious(raw: &str, quoted: bool, here: bool) -> bool {
    let mut bytes = raw.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            // A backslash that ends a literal escaped what the parser went on with.
            b'\\' if bytes.next().is_none() => return true,
            b'\\' => {}
            b'`' => return true,
            b'$' if matches!(bytes.peek(), Some(b'(' | b'{')) => return true,
            b'$' if !quoted && matches!(bytes.peek(), Some(b'\'' | b'"')) => return true,
            b'"' if !here => return true,
            b'\'' if !quoted => return true,
            b'<' | b'>' if !quoted && bytes.peek() == Some(&b'(') => return true,
            _ => {}
        }
    }
    false
}

/// Whether an unquoted part of a word holds something that ends a word; an open brace leads the parser on to its close.
pub(super) fn outgrown(raw: &str) -> bool {
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' => return true,
            _ => {}
        }
    }
    false
}

/// The text of `$'...'` as written between the quotes; `None` when an escape is not understood.
pub(super) fn ansi_c(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let value = match chars.next()? {
            'a' => 7,
            'b' => 8,
            'e' | 'E' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            plain @ ('\\' | '\'' | '"' | '?') => u32::from(plain),
            'x' => digits(&mut chars, 16, 2, 0)?,
            'u' => digits(&mut chars, 16, 4, 0)?,
            'U' => digits(&mut chars, 16, 8, 0)?,
            'c' => u32::from(chars.next()?.to_ascii_uppercase()) ^ 0x40,
            octal @ '0'..='7' => digits(&mut chars, 8, 2, octal.to_digit(8)?).map(|value| value & 0xff)?,
            other => {
                text.push('\\');
                u32::from(other)
            }
        };
        // Bytes over 127 may join into one character, and a NUL ends the string: neither is followed.
        match char::from_u32(value) {
            Some('\0') | None => return None,
            Some('\u{80}'..='\u{ff}') => return None,
            Some(c) => text.push(c),
        }
    }
    Some(text)
}

fn digits(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, radix: u32, most: usize, first: u32) -> Option<u32> {
    let mut value = first;
    let mut seen = usize::from(radix == 8);
    let most = most + seen;
    while seen < most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        chars.next();
        value = value.checked_mul(radix)?.checked_add(digit)?;
        seen += 1;
    }
    (seen > 0).then_some(value)
}
