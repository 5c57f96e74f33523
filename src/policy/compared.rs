//! A word in the forms that patterns are compared with, made once and not for each pattern; most patterns are ruled out
//! by their text alone. Refuses to rule out what only a look at the steps can.

use std::cell::OnceCell;

use super::known;
use super::load::pattern::{self, Step};
use super::seen::{Seen, Whereabouts, absolute, is_local, is_path_pattern, level, plain, with_home};

/// A word that a command touches, and what was found out about it so far.
pub struct Compared<'a> {
    seen: Seen<'a>,
    at: Whereabouts<'a>,
    local: OnceCell<bool>,
    absolute: OnceCell<Form>,
    plain: OnceCell<Form>,
    level: OnceCell<Form>,
}

/// One form of a word.
struct Form {
    steps: Vec<Step>,
    /// The whole word where nothing in it is open.
    literal: Option<Vec<u8>>,
    /// How often it spells each byte.
    bytes: [u16; 256],
}

/// How much must be the same.
type How = fn(&[Step], &[Step]) -> bool;

impl<'a> Compared<'a> {
    /// Nothing is found out yet.
    pub const fn new(seen: Seen<'a>, at: Whereabouts<'a>) -> Self {
        Self {
            seen,
            at,
            local: OnceCell::new(),
            absolute: OnceCell::new(),
            plain: OnceCell::new(),
            level: OnceCell::new(),
        }
    }

    /// Whether some value that the word may have, or something below it, is an instance of the pattern.
    pub fn may_match(&self, pattern: &str) -> bool {
        self.holds(pattern, self.absolute(), self.seen.recursive, pattern::overlap)
    }

    /// Whether some value may be an instance of the pattern, and half of what the pattern spells out is known of the word.
    /// What is not known may not climb here: it is read as whoever wrote it meant it.
    pub fn known_to_match(&self, pattern: &str) -> bool {
        let level = self.level.get_or_init(|| Form::of(level(self.seen.word, self.at)));
        let form = if self.is_path(pattern) { level } else { self.plain() };
        form.spells_half(pattern)
            && self.may_match(pattern)
            && self.holds(pattern, level, self.seen.recursive, known::half)
    }

    /// Whether every value that the word may have, and all below it, is an instance of the pattern.
    pub fn surely_matches(&self, pattern: &str) -> bool {
        // A word that lacks what the pattern spells has no need of a closer look.
        let form = if self.is_path(pattern) { self.absolute() } else { self.plain() };
        !form.literal.as_ref().is_some_and(|literal| lacks(&with_home(pattern, self.at.home), literal))
            && self.seen.surely_matches(pattern, self.at)
    }

    /// Whether the word itself, whatever is below it, is an instance of the pattern.
    pub fn itself_matches(&self, pattern: &str) -> bool {
        self.holds(pattern, self.absolute(), false, pattern::covers)
    }

    fn absolute(&self) -> &Form {
        self.absolute.get_or_init(|| Form::of(absolute(self.seen.word, self.at)))
    }

    fn plain(&self) -> &Form {
        self.plain.get_or_init(|| Form::of(plain(self.seen.word, self.at)))
    }

    /// Whether the pattern is compared with the absolute path.
    fn is_path(&self, pattern: &str) -> bool {
        is_path_pattern(pattern) && (self.at.home.is_some() || !pattern.starts_with('~'))
    }

    fn holds(&self, text: &str, path: &Form, below: bool, how: How) -> bool {
        if is_path_pattern(text) && !*self.local.get_or_init(|| is_local(self.seen.word)) {
            return false;
        }
        let form = if self.is_path(text) { path } else { self.plain() };
        let whole = with_home(text, self.at.home);
        if !below && form.literal.as_ref().is_some_and(|literal| lacks(&whole, literal)) {
            return false;
        }
        if pattern::differs(&whole, &form.steps) {
            return false;
        }
        let Ok(pattern) = pattern::steps(&whole) else {
            return false;
        };
        if !below {
            return how(&pattern, &form.steps);
        }
        let steps: Vec<Step> = form.steps.iter().cloned().chain([Step::Below, Step::All]).collect();
        how(&pattern, &steps)
    }
}

impl Form {
    fn of(steps: Vec<Step>) -> Self {
        let mut bytes = [0_u16; 256];
        let spelled = steps.iter().filter_map(|step| if let Step::Byte(byte) = step { Some(*byte) } else { None });
        let spelled: Vec<u8> = spelled.collect();
        for byte in &spelled {
            if let Some(count) = bytes.get_mut(usize::from(*byte)) {
                *count = count.saturating_add(1);
            }
        }
        let literal = (spelled.len() == steps.len()).then_some(spelled);
        Self { steps, literal, bytes }
    }

    /// Whether the word has the letters for half of what the pattern spells, in whatever order. A pattern without letters
    /// is not ruled out.
    fn spells_half(&self, pattern: &str) -> bool {
        let (mut spelled, mut had, mut counts) = (0_usize, 0_usize, [0_u16; 256]);
        for byte in pattern.bytes() {
            // What stands in brackets counts too little, never too much.
            match byte {
                b'*' | b'?' | b'/' | b'~' => continue,
                b'[' | b'\\' => return true,
                _ => spelled += 1,
            }
            if let (Some(count), Some(own)) = (counts.get_mut(usize::from(byte)), self.bytes.get(usize::from(byte))) {
                *count = count.saturating_add(1);
                had += usize::from(*count <= *own);
            }
        }
        2 * had >= spelled
    }
}

/// Whether the word lacks a text that every instance of the pattern has.
fn lacks(pattern: &str, word: &[u8]) -> bool {
    if pattern.contains(['[', '\\']) {
        return false;
    }
    // A slash beside a star may stand for nothing.
    let texts = pattern.split(['*', '?']).map(|text| text.trim_matches('/').as_bytes()).filter(|text| !text.is_empty());
    texts.into_iter().any(|text| !word.windows(text.len()).any(|part| part == text))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{Hole, Piece, Word};

    proptest! {
        #[test]
        fn what_is_ruled_out_by_its_text_does_not_match(pattern in "(/|\\*\\*/)?[ab*?/.]{1,8}", word in "[ab/.]{0,8}") {
            let at = Whereabouts { directory: Some(Path::new("/b")), home: Some(Path::new("/a")), called: None };
            let word = Word::exact(word);
            let seen = Seen { word: &word, index: None, recursive: false };
            let compared = Compared::new(seen, at);
            prop_assert_eq!(compared.may_match(&pattern), seen.may_match(&pattern, at));
            prop_assert_eq!(compared.itself_matches(&pattern), seen.itself_matches(&pattern, at));
        }
    }

    #[test]
    fn a_word_that_could_be_anything_is_not_known() {
        let at = Whereabouts { directory: Some(Path::new("/work")), home: Some(Path::new("/home/user")), called: None };
        let known = |pieces: Vec<Piece>, pattern: &str| {
            let word = Word::of(pieces);
            Compared::new(Seen { word: &word, index: None, recursive: false }, at).known_to_match(pattern)
        };
        let variable = || Piece::Hole(Hole::Variable("X".to_owned()));
        assert!(known(vec![Piece::Text("~/.ssh/id_a".into())], "**/.ssh/id_*"));
        assert!(known(vec![Piece::Text("/home/user/.ssh/".into()), variable()], "**/.ssh/id_*"));
        assert!(known(vec![variable(), Piece::Text("/.env".into())], "**/.env"));
        assert!(!known(vec![variable()], "**/.env"));
        assert!(!known(vec![Piece::Text("src/".into()), variable()], "**/.env"));
    }
}
