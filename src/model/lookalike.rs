//! Names that are not what they look like: letters of other scripts among Latin ones, characters that nobody sees, text
//! that runs the other way. Says what is there; that raises nothing by itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Letters of other scripts that look like Latin ones in most fonts (Unicode Technical Standard 39, confusables).
const ALIKE: &str = "аАВсСеЕНіІјЈКМоОрРѕЅТхХуУԁԛԜԝһӀӏզοΟαΑΒΕΖΗΙΚΜΝΡΤΥΧνρυіѵѴօսհոցԼՏԱ";
/// More than this many different characters are counted, not named.
const MOST: usize = 6;

/// Fewer tabs than this indent something.
const PUSHING: usize = 10;

/// What in a text is not what it looks like, one remark each.
#[must_use]
pub fn lookalikes(text: &str) -> Vec<String> {
    let mut remarks = Vec::new();
    let tabs = text.matches('\t').count();
    if tabs >= PUSHING {
        remarks.push(format!("{tabs} tabs, which can push text out of sight"));
    }
    let of = |wanted: fn(char) -> bool| -> BTreeSet<char> { text.chars().filter(|c| wanted(*c)).collect() };
    let named = [
        ("characters that nobody sees", of(is_invisible)),
        ("characters that turn the direction of text", of(is_turning)),
        ("control characters", of(|c| c.is_control() && !matches!(c, '\n' | '\t'))),
    ];
    remarks.extend(named.into_iter().filter(|(_, found)| !found.is_empty()).map(|(what, found)| {
        let all = found.iter().map(|c| format!("U+{:04X}", *c as u32));
        format!("{what}: {}", listed(all.collect()))
    }));
    for token in text.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_ascii()) {
        let foreign: BTreeSet<char> = token.chars().filter(|c| is_foreign(*c)).collect();
        let all = || listed(foreign.iter().map(|c| format!("`{c}` U+{:04X} {}", *c as u32, script(*c))).collect());
        if foreign.is_empty() {
            continue;
        }
        let remark = if token.chars().any(|c| c.is_ascii_alphabetic()) {
            format!("`{}` has letters of another script among Latin ones: {}", super::Shown::text(&short(token)), all())
        } else if token.chars().all(|c| c.is_ascii_digit() || ALIKE.contains(c)) {
            format!("`{}` has no Latin letter and looks as if: {}", super::Shown::text(&short(token)), all())
        } else {
            continue;
        };
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    let more = remarks.len().saturating_sub(MOST);
    remarks.truncate(MOST);
    if more > 0 {
        remarks.push(format!("and {more} more of the kind"));
    }
    remarks
}

/// A long name by its beginning, and how long it is.
fn short(token: &str) -> String {
    match token.char_indices().nth(40) {
        Some((end, _)) => format!("{}… ({} characters)", token.get(..end).unwrap_or_default(), token.chars().count()),
        None => token.to_owned(),
    }
}

fn listed(all: Vec<String>) -> String {
    let more = all.len().saturating_sub(MOST);
    let mut text = all.into_iter().take(MOST).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}

const fn is_turning(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
            // Blanks of other kinds: they look like the one that parts words, and part none.
            | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}'
    )
}

/// Whether a letter is of a script that shares its looks with Latin.
const fn is_foreign(c: char) -> bool {
    !matches!(script(c).as_bytes(), b"")
}

const fn script(c: char) -> &'static str {
    match c {
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => "Greek",
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}' => {
            "Cyrillic"
        }
        '\u{530}'..='\u{58f}' => "Armenian",
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => "Cherokee",
        '\u{2100}'..='\u{214f}' => "letter-like",
        '\u{2c80}'..='\u{2cff}' => "Coptic",
        '\u{ff10}'..='\u{ff5a}' => "full width",
        '\u{1d400}'..='\u{1d7ff}' => "mathematical",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_two_scripts_is_named_letter_by_letter() {
        assert_eq!(
            lookalikes("https://раypal.com/x"),
            ["`раypal` has letters of another script among Latin ones: `а` U+0430 Cyrillic, `р` U+0440 Cyrillic"]
        );
        assert!(lookalikes("асе")[0].starts_with("`асе` has no Latin letter and looks as if: `а` U+0430"));
        assert!(lookalikes("ｋubectl")[0].contains("full width"));
    }

    #[test]
    fn what_nobody_sees_is_named() {
        assert_eq!(
            lookalikes("a\u{200b}b\u{202e}"),
            ["characters that nobody sees: U+200B", "characters that turn the direction of text: U+202E"]
        );
        assert_eq!(lookalikes("a\u{1b}[2K\r"), ["control characters: U+000D, U+001B"]);
        assert_eq!(lookalikes("a\u{a0}b"), ["characters that nobody sees: U+00A0"]);
        assert_eq!(lookalikes(&format!("x{}y", "\t".repeat(40))), ["40 tabs, which can push text out of sight"]);
    }

    #[test]
    fn ordinary_words_of_any_language_are_left_alone() {
        for text in ["", "ls", "żółw", "漢字.txt", "привет", "файл.txt", "ελληνικά", "naïve-café", "a\tb\nc", "🦀"]
        {
            assert_eq!(lookalikes(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn remarks_do_not_grow_with_the_text() {
        let many: String = (0..500).map(|index| format!("a{}b{index} ", 'а')).collect();
        assert!(lookalikes(&many).len() <= MOST + 1);
        let long = format!("a{}", "а".repeat(1_000_000));
        assert!(lookalikes(&long).concat().len() < 300);
    }
}
