//! Words of a command: what is known of each, and where it stands in what the requester wrote.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use serde::{Deserialize, Serialize};

/// A part of a word that gate cannot know.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hole {
    /// The value of a variable that the script does not set.
    Variable(String),
    /// The output of a command, or arithmetic.
    Substitution,
    /// A file name pattern (`*`, `?`, `[…]`), with its text.
    Glob(String),
    /// A home directory (`~`, `~user`), with its text.
    Home(String),
    /// Words read at run time (`xargs`, `find {}`).
    Input,
    /// Text of which only its shape is known, as a policy's pattern in which a star behind brackets repeats them: the
    /// number of a process of the script's own, the path of a file that is found.
    Fitting(String),
}

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Bytes that are known.
    Text(OsString),
    /// Bytes that are not.
    Hole(Hole),
}

/// Bytes of one argument of the invocation, for underlining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Index into the invocation's arguments.
    pub argument: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word {
    pieces: Vec<Piece>,
    origin: Option<Origin>,
}

impl Word {
    /// A word of which every byte is known.
    #[must_use]
    pub fn exact(text: impl Into<OsString>) -> Self {
        Self { pieces: vec![Piece::Text(text.into())], origin: None }
    }

    /// A word of pieces; neighbouring texts are joined.
    #[must_use]
    pub fn of(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push(text),
                (_, piece) => joined.push(piece),
            }
        }
        Self { pieces: joined, origin: None }
    }

    /// A word of which nothing is known.
    #[must_use]
    pub fn unknown(hole: Hole) -> Self {
        Self { pieces: vec![Piece::Hole(hole)], origin: None }
    }

    /// The same word, with the place it came from.
    #[must_use]
    pub fn at(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin;
        self
    }

    /// Where it stands in the invocation, if it stands there literally.
    #[must_use]
    pub const fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// The pieces, in order; an empty word has none or one empty text.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The whole text, if every byte is known.
    #[must_use]
    pub fn known(&self) -> Option<&OsStr> {
        match self.pieces.as_slice() {
            [] => Some(OsStr::new("")),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The whole text as UTF-8, if every byte is known and it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.known().and_then(OsStr::to_str)
    }

    /// The known bytes that the word begins with; empty if it begins with a hole.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text.as_bytes(),
            Some(Piece::Hole(_)) | None => &[],
        }
    }

    /// Whether every byte is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known().is_some()
    }

    /// The word with its first `length` bytes taken off, if those are known.
    #[must_use]
    pub fn without_prefix(&self, length: usize) -> Option<Self> {
        let prefix = self.prefix();
        let rest = prefix.get(length..)?;
        let rest = Piece::Text(OsStr::from_bytes(rest).to_owned());
        let pieces = std::iter::once(rest).chain(self.pieces.iter().skip(1).cloned());
        let origin = self.origin.filter(|origin| origin.end - origin.start >= prefix.len() && self.is_known());
        let origin = origin.and_then(|origin| {
            let exact = origin.end - origin.start == prefix.len();
            exact.then_some(Origin { start: origin.start + length, ..origin })
        });
        Some(Self::of(pieces).at(origin.or(self.origin)))
    }

    /// The text with every hole shown as people write it: `$NAME`, `$(…)`, the pattern itself.
    #[must_use]
    pub fn display(&self) -> OsString {
        let mut text = OsString::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(known) => text.push(known),
                Piece::Hole(Hole::Variable(name)) => {
                    text.push("$");
                    text.push(name);
                }
                Piece::Hole(Hole::Substitution) => text.push("$(…)"),
                Piece::Hole(Hole::Glob(pattern) | Hole::Home(pattern) | Hole::Fitting(pattern)) => text.push(pattern),
                Piece::Hole(Hole::Input) => text.push("{}"),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_a_hole_is_not_known() {
        let word = Word::of([Piece::Text("a".into()), Piece::Hole(Hole::Variable("X".into()))]);
        assert_eq!(word.known(), None);
        assert_eq!(word.prefix(), b"a");
        assert_eq!(word.display(), "a$X");
        assert_eq!(Word::of([Piece::Text("a".into()), Piece::Text("b".into())]).text(), Some("ab"));
    }

    #[test]
    fn taking_a_prefix_off_keeps_the_place() {
        let word = Word::exact("--out=x").at(Some(Origin { argument: 2, start: 0, end: 7 }));
        let rest = word.without_prefix(6).unwrap();
        assert_eq!(rest.text(), Some("x"));
        assert_eq!(rest.origin(), Some(Origin { argument: 2, start: 6, end: 7 }));
        assert_eq!(word.without_prefix(9), None);
    }
}
