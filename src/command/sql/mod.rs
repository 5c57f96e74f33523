//! What SQL text does, by its statements' verbs. It reads keywords, not meaning: comments and strings are taken out, and
//! what begins with no verb it knows counts as a write.

mod client;
mod lexer;
mod names;
mod redis;
mod statement;
#[cfg(test)]
mod table;
mod tables;

use crate::model::{Piece, Word};
use lexer::Token;
pub(super) use tables::{stated, touched};

/// What the words do that a program is given as statements.
pub(super) fn given(program: &str, words: &[Word]) -> Vec<&'static str> {
    let redis = ["redis-cli", "valkey-cli", "keydb-cli", "iredis"].contains(&program);
    if !redis {
        return words.iter().flat_map(verbs).collect();
    }
    let shown = words.iter().map(|word| match word.text() {
        Some(text) => text.to_owned(),
        None => format!("{}\u{fffd}", String::from_utf8_lossy(word.prefix())),
    });
    if words.is_empty() { Vec::new() } else { redis::verbs(&shown.collect::<Vec<_>>().join(" ")) }
}

/// What the statements of a text do, as words that policies use.
pub(super) fn verbs(word: &Word) -> Vec<&'static str> {
    let mut found = Vec::new();
    let Some(text) = text(word) else { return vec!["unknown"] };
    let mut statements = String::new();
    for line in text.lines() {
        let (before, own) = own_command(line);
        statements.push_str(before);
        statements.push('\n');
        if let Some(own) = own {
            found.extend(own);
            statements.push_str(";\n");
        }
    }
    let tokens = lexer::tokens(&statements);
    for statement in tokens.split(|token| matches!(token, Token::Mark(';')) || token.is("\\g") || token.is("\\gx")) {
        if statement.first().and_then(Token::word).is_some_and(|word| word.contains('\u{fffd}')) {
            found.push("unknown");
        }
        found.extend(statement::verbs(statement));
    }
    found
}

/// The text of a word. What is put in at run time may be any name or value; where a statement begins with it, it may be any
/// statement.
fn text(word: &Word) -> Option<String> {
    let mut text = String::new();
    for piece in word.pieces() {
        match piece {
            Piece::Text(known) => text.push_str(known.to_str()?),
            Piece::Hole(_) => text.push('\u{fffd}'),
        }
    }
    Some(text)
}

/// A line up to a client's own command, and what that does: one at its beginning, or one of psql's behind a statement.
fn own_command(line: &str) -> (&str, Option<Vec<&'static str>>) {
    if let Some(own) = client::command(line) {
        return ("", Some(own));
    }
    let first = line.trim_start().split([' ', '\t', ';']).next().unwrap_or_default().to_ascii_lowercase();
    if first == "source" {
        return ("", Some(vec!["unknown"]));
    }
    let mut quote = None;
    for (at, letter) in line.char_indices() {
        match letter {
            '\'' | '"' | '$' if quote == Some(letter) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            '\\' if quote.is_none() => {
                let (before, rest) = line.split_at_checked(at).unwrap_or((line, ""));
                return (before, client::command(rest));
            }
            _ => {}
        }
    }
    (line, None)
}
