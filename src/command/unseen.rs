//! Words of an inner command that are read at run time: what is found, what is piped in, what stands behind `:::`. What
//! is known of them is kept.

use std::path::Path;

use crate::model::{Command, Flag, Form, Hole, Piece, Role, Runs, Word};

use super::reading::unseen;
use super::script;

/// Most ways in which one inner command is read.
const MAX_WAYS: usize = 8;

/// The words as they will stand when they run, once for each way: the marker replaced, unseen words added.
pub(super) fn completed(words: Vec<Word>, runs: &Runs, command: &Command, found: &Found) -> Vec<Vec<Word>> {
    let (words, given) = split(words, runs);
    let marker = marker(runs, command);
    let stands = |word: &Word| match (&marker, word.text()) {
        (Some(marker), Some(text)) => text.contains(marker.as_str()) || is_placeholder(runs, text),
        _ => false,
    };
    let by_option = runs.marker.as_deref().is_some_and(|marker| marker.starts_with('-'));
    let marked = marker.is_some() && (by_option || words.iter().any(stands));
    let mut ways = ways(runs, found, given);
    ways.truncate(MAX_WAYS);
    let complete = |way: &Vec<Piece>| -> Vec<Word> {
        let place = |word: &Word| match &marker {
            Some(marker) => with_pieces(word, marker, runs, way),
            None => word.clone(),
        };
        let mut complete: Vec<Word> = words.iter().map(place).collect();
        if runs.more && !marked {
            complete.push(if runs.form == Form::Shell || !runs.values.is_empty() {
                Word::of(way.clone())
            } else {
                unseen()
            });
        }
        complete
    };
    ways.iter().map(complete).collect()
}

/// The words of the command, and those that stand behind a word like `:::`, if one does.
fn split(words: Vec<Word>, runs: &Runs) -> (Vec<Word>, Option<Vec<Word>>) {
    let ends = |word: &Word| word.text().is_some_and(|text| runs.values.iter().any(|end| end == text));
    match words.iter().position(ends) {
        None => (words, None),
        Some(at) => {
            let mut words = words;
            let given = words.split_off(at);
            // From a file (`::::`), or several lists: what they give is not told apart.
            let known = given.iter().filter(|word| ends(word)).count() == 1
                && given.first().and_then(Word::text).is_some_and(|end| !end.contains("::::"));
            (words, known.then(|| given.into_iter().skip(1).collect()))
        }
    }
}

/// What the marker may stand for.
fn ways(runs: &Runs, found: &Found, given: Option<Vec<Word>>) -> Vec<Vec<Piece>> {
    if let Some(given) = given
        && (1..=MAX_WAYS).contains(&given.len())
    {
        return given.iter().map(|word| word.pieces().to_vec()).collect();
    }
    match found {
        Some(found) => found.clone(),
        // What stands in shell code by a program that quotes it is no code.
        None if runs.form == Form::Shell => vec![vec![Piece::Text(format!("${{{}}}", script::INPUT).into())]],
        None => vec![vec![Piece::Hole(Hole::Input)]],
    }
}

/// What a command finds, where its inner commands are given that.
pub(super) type Found = Option<Vec<Vec<Piece>>>;

/// The paths below each directory that is looked through, for all that stands in the slot.
pub(super) fn found(command: &Command, runs: &Runs) -> Found {
    let mut found = below(command, runs.found.as_ref()?);
    found.truncate(MAX_WAYS);
    Some(found)
}

fn below(command: &Command, options: &[String]) -> Vec<Vec<Piece>> {
    let mut starts: Vec<Word> =
        command.touches.iter().filter(|touch| touch.role == Role::Target).map(|touch| touch.word.clone()).collect();
    if starts.is_empty() {
        starts.push(Word::exact("."));
    }
    let simple =
        !command.flags.iter().any(|flag| matches!(flag.name.as_str(), "-o" | "-or" | "-not" | "-a" | "-files0-from"))
            && !command.words.iter().any(|word| matches!(word.text(), Some("!" | "(" | ")" | ",")));
    let name = command.flags.iter().find(|flag| simple && options.contains(&flag.name));
    let shape = name.and_then(shape);
    starts
        .iter()
        .map(|start| {
            let mut pieces = start.pieces().to_vec();
            // The directory itself is found too where its own name fits.
            let own = |text: &str| Path::new(text).file_name().and_then(|name| name.to_str()).unwrap_or(".").to_owned();
            let apart =
                |shape: &&String| start.text().is_some_and(|text| !fits(shape.as_bytes(), own(text).as_bytes()));
            match shape.as_ref().filter(apart) {
                Some(shape) => {
                    if !start.text().is_some_and(|text| text.ends_with('/')) {
                        pieces.push(Piece::Text("/".into()));
                    }
                    pieces.push(Piece::Hole(Hole::Fitting(format!("**/{shape}"))));
                }
                None => pieces.push(Piece::Hole(Hole::Fitting("/**".to_owned()))),
            }
            pieces
        })
        .collect()
}

/// The pattern of a name that an option gives.
fn shape(flag: &Flag) -> Option<String> {
    let text = flag.value.as_ref()?.text()?;
    if text.contains(['/', '\\', '{', '}']) || text.contains("**") || text.is_empty() {
        return None;
    }
    if !flag.name.contains("iname") {
        return Some(text.to_owned());
    }
    let either = |letter: char| match letter.is_ascii_alphabetic() {
        true => format!("[{}{}]", letter.to_ascii_lowercase(), letter.to_ascii_uppercase()),
        false => letter.to_string(),
    };
    (!text.contains('[')).then(|| text.chars().map(either).collect())
}

/// Whether a name may fit a pattern; brackets may be anything. Only the last `*` may still stand for more or less.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    let mut last: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, name) {
            ([], []) | ([b'[', ..], _) => return true,
            ([b'*', rest @ ..], _) => {
                last = Some((rest, name));
                pattern = rest;
                continue;
            }
            ([b'?', rest @ ..], [_, after @ ..]) => (pattern, name) = (rest, after),
            ([byte, rest @ ..], [own, after @ ..]) if byte == own => (pattern, name) = (rest, after),
            _ => {
                let Some((rest, [_, after @ ..])) = last else { return false };
                last = Some((rest, after));
                (pattern, name) = (rest, after);
            }
        }
    }
}

/// The marker itself, or the value of the option that names it.
fn marker(runs: &Runs, command: &Command) -> Option<String> {
    let marker = runs.marker.as_deref()?;
    let named = match command.flags.iter().find(|flag| flag.name == marker) {
        Some(flag) => Some(flag.value.as_ref().and_then(Word::text).unwrap_or("{}").to_owned()),
        None => Some(marker.to_owned()).filter(|marker| !marker.starts_with('-')),
    };
    named.filter(|marker| !marker.is_empty())
}

/// Whether a word holds `{.}`, `{/}`, `{1}` and the like, which give a part of what `{}` gives.
fn is_placeholder(runs: &Runs, text: &str) -> bool {
    runs.form == Form::Shell && placeholder(text).is_some()
}

/// Where the first placeholder stands.
fn placeholder(text: &str) -> Option<(usize, usize)> {
    text.match_indices('{').find_map(|(at, _)| {
        let inside = text.get(at + 1..)?;
        let close = inside.find('}')?;
        let body = inside.get(..close)?;
        body.chars().all(|c| c.is_ascii_digit() || "./#%+-".contains(c)).then_some((at, at + close + 2))
    })
}

fn with_pieces(word: &Word, marker: &str, runs: &Runs, way: &[Piece]) -> Word {
    let Some(text) = word.text() else { return word.clone() };
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let plain = rest.find(marker).map(|at| (at, at + marker.len()));
        let next = match (plain, placeholder(rest).filter(|_| runs.form == Form::Shell)) {
            (Some(plain), Some(other)) if other.0 < plain.0 => Some(other),
            (plain, other) => plain.or(other),
        };
        let Some((start, end)) = next else { break };
        let (before, found) = (rest.get(..start).unwrap_or_default(), rest.get(start..end).unwrap_or_default());
        if !before.is_empty() {
            pieces.push(Piece::Text(before.into()));
        }
        if found == marker {
            pieces.extend(way.iter().cloned());
        } else {
            pieces.push(Piece::Text(format!("${{{}}}", script::INPUT).into()));
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    if pieces.is_empty() {
        return word.clone();
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.into()));
    }
    Word::of(pieces).at(word.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_many_stars_is_tried_in_the_time_of_its_length() {
        let fit = |pattern: &str, name: &str| fits(pattern.as_bytes(), name.as_bytes());
        assert!(!fit(&format!("{}b", "*a".repeat(1000)), &"a".repeat(4000)));
        assert!(fit(&"*a".repeat(1000), &"a".repeat(4000)));
        for (pattern, name) in
            [("*.log", "a.log"), ("a*b*c", "abbcbc"), ("?", "x"), ("*", ""), ("a[bc]d", "aq"), ("**a", "ba")]
        {
            assert!(fit(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.log", "a.txt"), ("a*b", "abc"), ("?", ""), ("a", ""), ("", "a"), ("a*", "b")] {
            assert!(!fit(pattern, name), "{pattern} {name}");
        }
    }
}
