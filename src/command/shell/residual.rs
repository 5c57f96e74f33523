//! Shapes the parser is known to read as something else than the shell does. A script that has one is not seen.

use std::ops::Range;

/// A place in `text` where the parser's reading of the whole is not to be trusted, with the reason.
pub(super) fn doubt(text: &str) -> Option<(Range<usize>, &'static str)> {
    // A carriage return is a blank to some readers and a letter to the shell.
    if let Some(at) = text.find('\r') {
        return Some((at..at + 1, "a carriage return"));
    }
    if let Some(at) = text.find('\0') {
        return Some((at..at + 1, "a NUL byte"));
    }
    if text.contains("<<") {
        for (at, _) in text.match_indices("$'") {
            let inner = text.get(at + 2..).unwrap_or_default();
            let quote = inner.find('\'').unwrap_or(inner.len());
            if inner.get(..quote).is_some_and(|inner| inner.ends_with('\\')) {
                return Some((at..at + 2 + quote, "an escaped quote near a here-document"));
            }
        }
    }
    None
}

/// Whether `raw`, written `$((...))`, is a command substitution that starts with a subshell, or may be.
pub(super) fn doubtful_arithmetic(raw: &str) -> bool {
    let Some(inner) = raw.strip_prefix("$((") else { return false };
    let Some(inner) = inner.strip_suffix("))") else { return true };
    looks_like_commands(inner)
}

/// Whether the text of an arithmetic expression reads like commands.
pub(super) fn looks_like_commands(inner: &str) -> bool {
    let mut bare = String::with_capacity(inner.len());
    let mut rest = inner;
    // What stands in `$( )` is parsed as commands and is no sign of anything.
    while let Some(at) = rest.find("$(") {
        bare.push_str(rest.get(..at).unwrap_or_default());
        bare.push('1');
        let body = rest.get(at + 2..).unwrap_or_default();
        let Some(length) = closing(body) else { return true };
        rest = body.get(length + 1..).unwrap_or_default();
    }
    bare.push_str(rest);
    if closing(&bare).is_some() {
        return true;
    }
    let single = |mark: &str| bare.replace(&mark.repeat(2), "").contains(mark);
    if bare.contains([';', '`', '\n']) || single("|") || single("&") {
        return true;
    }
    let mut word_before = false;
    for token in bare.split_whitespace() {
        let token = if token == "/" { "" } else { token };
        let starts =
            token.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"' | '\'' | '/' | '.'));
        if word_before && starts {
            return true;
        }
        word_before = token.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '}' | '"' | '\''));
    }
    false
}

/// Where the parenthesis that was open before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether text used as a variable name or number would run a substitution in its subscript.
pub(super) fn live_subscript(text: &str) -> bool {
    text.split_once('[').is_some_and(|(_, rest)| rest.contains("$(") || rest.contains('`'))
}
