//! Addresses of e-mail and telephone numbers; refuses examples, and the few that stand in any source text: only where they
//! are dense is a file about people.

use std::collections::BTreeSet;

use super::runs::{at, closes, opens};

/// So many bytes of text may stand for each address or number.
const SPREAD: usize = 1000;

/// Endings that look like a domain's and are a file's, a unit's or a reserved one's (RFC 2606, RFC 6761).
const NO_DOMAINS: [&str; 36] = [
    "example",
    "invalid",
    "localhost",
    "test",
    "local",
    "internal",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "css",
    "js",
    "ts",
    "mjs",
    "json",
    "html",
    "md",
    "py",
    "rs",
    "go",
    "sh",
    "service",
    "target",
    "timer",
    "socket",
    "mount",
    "slice",
    "so",
    "yaml",
    "yml",
    "toml",
    "lock",
    "xml",
    "patch",
];

/// Different addresses, if they are dense.
pub fn emails(text: &str) -> usize {
    let mut found = BTreeSet::new();
    for (mark, _) in text.match_indices('@') {
        let (Some(before), Some(after)) = (text.get(..mark), text.get(mark + 1..)) else { continue };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
        let name: usize = before.chars().rev().take_while(|c| is_name(*c)).take(65).count();
        let name = before.get(before.len() - name..).unwrap_or_default();
        let host: usize = after.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).count();
        let host = after.get(..host).unwrap_or_default().trim_end_matches(['.', '-']).to_ascii_lowercase();
        if is_address(name, &host) {
            found.insert(format!("{}@{host}", name.to_ascii_lowercase()));
        }
    }
    dense(found.len(), text)
}

fn is_address(name: &str, host: &str) -> bool {
    let name = name.trim_start_matches(['.', '-']);
    let Some((domain, ending)) = host.rsplit_once('.') else { return false };
    let lettered = (2..=24).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphabetic());
    let second = domain.rsplit('.').next().unwrap_or(domain);
    let example = second.starts_with("example") || NO_DOMAINS.contains(&ending) || host.ends_with("noreply.github.com");
    let lower = name.to_ascii_lowercase();
    let nobody = ["git", "noreply", "no-reply", "hg", "donotreply", "root", "nobody"].contains(&lower.as_str());
    !name.is_empty() && name.len() <= 64 && !domain.is_empty() && lettered && !example && !nobody
}

/// Different telephone numbers, if they are dense: `+` and a country, or as they are written in North America.
pub fn phones(text: &str) -> usize {
    let bytes = text.as_bytes();
    // In a difference of two files a line begins with a plus.
    let difference = text.contains("\n@@ -") || text.starts_with("diff ");
    let mut found = BTreeSet::new();
    let mut index = 0;
    while index < bytes.len() {
        let byte = at(bytes, Some(index));
        let before = at(bytes, index.checked_sub(1));
        let number = match byte {
            b'+' if !(difference && matches!(before, 0 | b'\n')) => international(bytes, index),
            b'(' | b'2'..=b'9' => american(bytes, index),
            _ => None,
        };
        match number.filter(|_| opens(before)) {
            Some((number, end)) => {
                found.insert(number);
                index = end;
            }
            None => index += 1,
        }
    }
    dense(found.len(), text)
}

/// `+`, a country and at most 15 digits (E.164), one mark at a time between them.
fn international(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let mut number = String::new();
    let mut index = start + 1;
    let mut end = index;
    while number.len() <= 15 {
        let byte = at(bytes, Some(index));
        if byte.is_ascii_digit() {
            number.push(char::from(byte));
            end = index + 1;
        } else if !matches!(byte, b' ' | b'-' | b'.' | b'(' | b')') || index > end + 1 {
            break;
        }
        index += 1;
    }
    let closed = closes(at(bytes, Some(end)), at(bytes, Some(end + 1)));
    let different: BTreeSet<char> = number.chars().collect();
    let real = (9..=15).contains(&number.len()) && !number.starts_with('0') && different.len() > 3;
    (real && closed).then_some((number, end))
}

/// `(212) 555-2368` or `212-555-2368`; 555-01XX is kept free for fiction.
fn american(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let shapes: [&[u8]; 4] = [b"(ddd) ddd-dddd", b"(ddd)ddd-dddd", b"ddd-ddd-dddd", b"(ddd) ddd dddd"];
    for shape in shapes {
        let Some(part) = bytes.get(start..start + shape.len()) else { continue };
        let fits = part.iter().zip(shape).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            wanted => byte == wanted,
        });
        let end = start + shape.len();
        if !fits || !closes(at(bytes, Some(end)), at(bytes, Some(end + 1))) {
            continue;
        }
        let number: String = part.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
        let starts = |at: usize| number.get(at..=at).is_some_and(|digit| ("2"..="9").contains(&digit));
        let fiction = number.get(3..8) == Some("55501");
        return (starts(0) && starts(3) && !fiction).then_some((number, end));
    }
    None
}

const fn dense(count: usize, text: &str) -> usize {
    if count * SPREAD >= text.len() { count } else { 0 }
}
