//! How much of what runs inside other commands is followed, so that no invocation takes long to judge: each `eval` in a row
//! of them has all words after it once more. Depends on the words alone, never on a clock.

use crate::model::{Piece, Word};

/// Most words of the commands in scripts and inside other commands.
const WORDS: usize = 8192;
/// Most bytes in them.
const BYTES: usize = 256 * 1024;

/// What may still be followed.
#[derive(Debug)]
pub(super) struct Fuel {
    words: usize,
    bytes: usize,
}

impl Fuel {
    pub(super) const fn new() -> Self {
        Self { words: WORDS, bytes: BYTES }
    }

    /// An argument list is always followed, and the words in it may stand in commands inside it twice more.
    pub(super) fn add(&mut self, given: &[Word]) {
        self.words = self.words.saturating_add(given.len().saturating_mul(3));
        self.bytes = self.bytes.saturating_add(bytes(given).saturating_mul(3));
    }

    /// Takes what one command costs, or nothing where there is less: a smaller one may still be followed.
    pub(super) fn take(&mut self, command: &[Word]) -> bool {
        match (self.words.checked_sub(command.len()), self.bytes.checked_sub(bytes(command))) {
            (Some(words), Some(bytes)) => {
                *self = Self { words, bytes };
                true
            }
            _ => false,
        }
    }
}

fn bytes(words: &[Word]) -> usize {
    let pieces = words.iter().flat_map(Word::pieces);
    pieces.map(|piece| if let Piece::Text(text) = piece { text.len() } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_followed_through_two_more_commands() {
        let given = vec![Word::exact("w"); 10 * WORDS];
        let mut fuel = Fuel::new();
        fuel.add(&given);
        assert!(fuel.take(&given) && fuel.take(&given) && fuel.take(&given));
        assert!(!fuel.take(&given));
        assert!(fuel.take(&given[..WORDS]), "what is too much costs nothing");
    }

    #[test]
    fn long_words_cost_more() {
        let mut fuel = Fuel::new();
        let long = [Word::exact("w".repeat(BYTES / 2))];
        assert!(fuel.take(&long) && fuel.take(&long));
        assert!(!fuel.take(&long));
    }
}
