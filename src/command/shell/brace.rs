//! Brace expansion: `{a,b}` and `{1..3}` over text whose quoted parts are opaque. It expands constants and nothing else.

use super::MAX_ALTERNATIVES;

/// One step of a word: a bare character, or something braces do not look into.
#[derive(Debug, Clone)]
pub(super) enum Token<T> {
    Bare(char),
    Opaque(T),
}

/// Every word the braces make, or `None` when they make too many.
pub(super) fn expanded<T: Clone>(tokens: &[Token<T>]) -> Option<Vec<Vec<Token<T>>>> {
    let mut from = 0;
    while let Some(open) = position(tokens, from, '{') {
        if let Some((close, parts)) = group(tokens, open)? {
            let before = tokens.get(..open)?;
            let tails = expanded(tokens.get(close + 1..)?)?;
            let mut words = Vec::new();
            for part in parts {
                for middle in expanded(&part)? {
                    for tail in &tails {
                        words.push([before, &middle, tail].concat());
                        if words.len() > MAX_ALTERNATIVES {
                            return None;
                        }
                    }
                }
            }
            return Some(words);
        }
        from = open + 1;
    }
    Some(vec![tokens.to_vec()])
}

fn position<T>(tokens: &[Token<T>], from: usize, wanted: char) -> Option<usize> {
    let found = tokens.iter().skip(from).position(|token| matches!(token, Token::Bare(c) if *c == wanted))?;
    Some(from + found)
}

type Group<T> = Option<(usize, Vec<Vec<Token<T>>>)>;

/// The end of the group opened at `open` and what it offers; the outer `None` means too many.
fn group<T: Clone>(tokens: &[Token<T>], open: usize) -> Option<Group<T>> {
    let mut depth = 0usize;
    let mut parts = vec![Vec::new()];
    for (index, token) in tokens.iter().enumerate().skip(open + 1) {
        match token {
            Token::Bare('}') if depth == 0 => {
                if parts.len() > 1 {
                    return Some(Some((index, parts)));
                }
                let inner = parts.pop().unwrap_or_default();
                return Some(sequence(&inner)?.map(|steps| (index, steps)));
            }
            Token::Bare(',') if depth == 0 => {
                parts.push(Vec::new());
                continue;
            }
            Token::Bare('{') => depth += 1,
            Token::Bare('}') => depth -= 1,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(token.clone());
        }
    }
    Some(None)
}

fn sequence<T>(inner: &[Token<T>]) -> Option<Option<Vec<Vec<Token<T>>>>> {
    let mut text = String::new();
    for token in inner {
        match token {
            Token::Bare(c) => text.push(*c),
            Token::Opaque(_) => return Some(None),
        }
    }
    let mut ends = text.split("..");
    let (Some(first), Some(last)) = (ends.next(), ends.next()) else { return Some(None) };
    let step = match ends.next().map(str::parse::<i64>) {
        None => 1,
        Some(Ok(step)) => step.checked_abs()?.max(1),
        Some(Err(_)) => return Some(None),
    };
    if ends.next().is_some() {
        return Some(None);
    }
    let single = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
    };
    let (start, end, letters) = match (first.parse::<i64>(), last.parse::<i64>(), single(first), single(last)) {
        (Ok(start), Ok(end), ..) => (start, end, false),
        (_, _, Some(start), Some(end)) => (i64::from(u32::from(start)), i64::from(u32::from(end)), true),
        _ => return Some(None),
    };
    let count = start.abs_diff(end) / step.unsigned_abs();
    if count >= MAX_ALTERNATIVES as u64 {
        return None;
    }
    let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.trim_start_matches('-').len() > 1;
    let width = if padded(first) || padded(last) { first.len().max(last.len()) } else { 0 };
    let step = if start <= end { step } else { -step };
    let mut value = start;
    let mut steps = Vec::new();
    for _ in 0..=count {
        let text = if letters {
            u32::try_from(value).ok().and_then(char::from_u32).map(String::from).unwrap_or_default()
        } else {
            format!("{value:0width$}")
        };
        steps.push(text.chars().map(Token::Bare).collect());
        value = value.checked_add(step)?;
    }
    Some(Some(steps))
}
