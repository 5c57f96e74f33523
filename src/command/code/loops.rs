//! The variables of loops: each stands for everything that its loop goes over, as far as that is constant.

use super::effects::groups;
use super::language::Language;
use super::lexer::Token;
use super::scan::{Scan, Use};
use super::value::{Value, below};

/// The variables of all loops and of functions that are called with each of a list, and what they go over.
pub(super) fn variables(scan: &Scan<'_>) -> Vec<(String, Value)> {
    (0..scan.tokens.len()).filter_map(|at| looped(scan, at)).collect()
}

fn looped(scan: &Scan<'_>, at: usize) -> Option<(String, Value)> {
    let word = scan.name(at).unwrap_or_default();
    match (scan.language, word) {
        (Language::Python | Language::Julia, "for") | (Language::Ruby, "for") => {
            let (name, after) = (scan.name(at + 1)?, at + 2);
            if scan.name(after) == Some("in") {
                return Some((name.to_owned(), each(scan.value(after + 1, end(scan, after + 1), 0))?));
            }
            // `for root, folders, files in os.walk(…)`: the first is each folder.
            let within = (after..after + 8).find(|at| scan.name(*at) == Some("in"))? + 1;
            match scan.value(within, end(scan, within), 0) {
                Value::Call(walk, arguments) if walk.ends_with("walk") => {
                    let folder = arguments.first()?.value.known()?.trim_end_matches('/').to_owned();
                    Some((name.to_owned(), Value::Text(below(&format!("{folder}/*")))))
                }
                _ => None,
            }
        }
        (Language::JavaScript, "for") if scan.mark(at + 1) == "(" => {
            let declared = usize::from(matches!(scan.name(at + 2), Some("const" | "let" | "var")));
            let name = at + 2 + declared;
            (scan.name(name + 1) == Some("of")).then_some(())?;
            Some((scan.name(name)?.to_owned(), each(scan.value(name + 2, scan.close(at + 1), 0))?))
        }
        (Language::Php, "foreach") if scan.mark(at + 1) == "(" => {
            let close = scan.close(at + 1);
            let within = (at + 2..close).find(|at| scan.name(*at) == Some("as"))?;
            Some((scan.name(close.checked_sub(1)?)?.to_owned(), each(scan.value(at + 2, within, 0))?))
        }
        (Language::Perl, "for" | "foreach") => {
            let declared = usize::from(matches!(scan.name(at + 1), Some("my" | "our")));
            let open = (at + 1..at + 4).find(|at| scan.mark(*at) == "(")?;
            let name = if open == at + 1 { "$_" } else { scan.name(at + 1 + declared)? };
            Some((name.to_owned(), each(scan.value(open, scan.close(open) + 1, 0))?))
        }
        (Language::Ruby | Language::JavaScript, _) if begins(scan, at) => {
            let (uses, end) = scan.chain(at, 0);
            let called = uses.last().filter(|used| is_each(used))?;
            Some((parameter(scan, at, end)?, each(called.on.clone()?)?))
        }
        _ => None,
    }
}

/// Whether a value begins here on which something may be called.
fn begins(scan: &Scan<'_>, at: usize) -> bool {
    match scan.tokens.get(at) {
        Some(Token::Name(_)) => !at.checked_sub(1).is_some_and(|before| matches!(scan.mark(before), "." | "?.")),
        Some(Token::Words(_)) => true,
        Some(Token::Mark("(" | "[")) => groups(scan, at),
        _ => false,
    }
}

fn is_each(used: &Use) -> bool {
    matches!(used.name.rsplit('.').next(), Some("each" | "forEach" | "map" | "each_child" | "flat_map" | "filter"))
}

/// The parameter of the block or function that a chain between these places ends with.
fn parameter(scan: &Scan<'_>, from: usize, end: usize) -> Option<String> {
    let block = scan.mark(end) == "{" || scan.name(end) == Some("do");
    if block && scan.mark(end + 1) == "|" {
        return scan.name(end + 2).map(str::to_owned);
    }
    let open = (from..end).rev().find(|at| scan.mark(*at) == "(" && scan.close(*at) + 1 == end)?;
    let first = open + 1 + usize::from(scan.mark(open + 1) == "(");
    let arrow = first + 1 + usize::from(first > open + 1);
    (scan.mark(arrow) == "=>").then(|| scan.name(first).map(str::to_owned))?
}

/// What stands for each of several values: all of a list, or what a pattern or folder holds.
fn each(several: Value) -> Option<Value> {
    match several {
        Value::List(values) => Some(Value::List(values)),
        Value::Call(..) | Value::Text(_) => {
            Some(several.word()).filter(|word| !word.prefix().is_empty()).map(Value::Text)
        }
        Value::Number(_) | Value::Pairs(_) | Value::Name(_) | Value::Unknown => None,
    }
}

/// Where what a loop goes over ends.
fn end(scan: &Scan<'_>, from: usize) -> usize {
    let mut at = from;
    while let Some(token) = scan.tokens.get(at) {
        match token {
            Token::Mark("(" | "[" | "{") => at = scan.close(at),
            Token::Mark(":" | ")" | "]" | "}" | "," | ";") | Token::Line => return at,
            Token::Name(word) if matches!(word.as_str(), "if" | "for" | "do") => return at,
            _ => {}
        }
        at += 1;
    }
    at
}
