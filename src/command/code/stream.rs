//! awk and sed: programs over lines, which can run commands, read and write files.

use super::effects::Effect;
use super::language::Language;
use super::lexer::{Token, tokens};
use super::quoted::Part;
use crate::model::{Hole, Word};

/// What an awk program does.
pub(super) fn awk(code: &str) -> Vec<Effect> {
    let Some(tokens) = tokens(code, Language::Awk) else {
        return vec![Effect::Reach("more code than is read".to_owned())];
    };
    let mut found = Vec::new();
    let mut parentheses = 0_i32;
    let mut printing = None;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match token {
            Token::Name(name) if matches!(name.as_str(), "system" | "getline" | "@load" | "@include") => {
                match name.as_str() {
                    "system" => found.push(shell(tokens.get(at + 1..).unwrap_or_default())),
                    "getline" => {
                        let from = (at + 1..at + 3).find(|at| tokens.get(*at) == Some(&Token::Mark("<")));
                        if let Some(Token::Text(parts)) = from.and_then(|at| tokens.get(at + 1)) {
                            found.push(Effect::Read(whole(parts)));
                        }
                    }
                    _ => found.push(Effect::Reach(name.clone())),
                }
            }
            Token::Name(name) if matches!(name.as_str(), "print" | "printf") => printing = Some(parentheses),
            Token::Name(name) if name == "ENVIRON" => {
                if let Some(Token::Text(parts)) = tokens.get(at + 2) {
                    found.push(Effect::Argv(vec![Word::exact("printenv"), whole(parts)]));
                }
            }
            Token::Text(parts) => {
                let known = parts.iter().filter_map(Part::known).collect::<String>();
                if known.starts_with("/inet/") || known.starts_with("/inet4/") || known.starts_with("/inet6/") {
                    found.push(Effect::Reach("a connection".to_owned()));
                }
            }
            Token::Mark("|") => {
                if next == Some(&Token::Name("getline".to_owned()))
                    || (next == Some(&Token::Mark("&"))
                        && tokens.get(at + 2) == Some(&Token::Name("getline".to_owned())))
                {
                    // What stands before is the command: a string, or a variable.
                    match tokens.get(at.saturating_sub(1)) {
                        Some(Token::Text(parts))
                            if !matches!(
                                tokens.get(at.saturating_sub(2)),
                                Some(Token::Text(_) | Token::Name(_) | Token::Number(_))
                            ) =>
                        {
                            found.push(Effect::Shell(whole(parts)));
                        }
                        _ => found.push(Effect::Reach("getline from a command".to_owned())),
                    }
                } else if next != Some(&Token::Mark("|")) {
                    found.push(shell(tokens.get(at + 1..).unwrap_or_default()));
                }
            }
            Token::Mark(">" | ">>") if printing.is_some_and(|depth| depth == parentheses) => {
                found.push(match (next, tokens.get(at + 2)) {
                    (Some(Token::Text(parts)), None | Some(Token::Line | Token::Mark("}" | ";"))) => {
                        Effect::Write(whole(parts))
                    }
                    // `"out/" $1`: below a directory that is known.
                    (Some(Token::Text(parts)), _) => Effect::Write(Word::of(
                        whole(parts).pieces().iter().cloned().chain([crate::model::Piece::Hole(Hole::Substitution)]),
                    )),
                    (Some(Token::Mark("(")), _) => match tokens.get(at + 2) {
                        Some(Token::Text(parts)) => Effect::Write(Word::of(
                            whole(parts)
                                .pieces()
                                .iter()
                                .cloned()
                                .chain([crate::model::Piece::Hole(Hole::Substitution)]),
                        )),
                        _ => Effect::Write(Word::exact("./")),
                    },
                    // A file named by a field or a variable, most often next to the program's own.
                    _ => Effect::Write(Word::exact("./")),
                });
                printing = None;
            }
            Token::Mark("(" | "[") => parentheses += 1,
            Token::Mark(")" | "]") => parentheses -= 1,
            Token::Mark(";" | "{" | "}") | Token::Line => printing = None,
            _ => {}
        }
    }
    found
}

/// The command that is handed on, up to where it ends; a string, or strings that are joined.
fn shell(rest: &[Token]) -> Effect {
    let mut text = String::new();
    let mut depth = 0_usize;
    for token in rest {
        match token {
            Token::Text(parts) => text.extend(parts.iter().filter_map(Part::known)),
            Token::Mark("(") => depth += 1,
            Token::Mark(")") if depth > 1 => depth -= 1,
            Token::Mark(")" | ";" | "}" | "|" | "&") | Token::Line => break,
            _ => return Effect::Reach("a command that is built".to_owned()),
        }
    }
    if text.is_empty() { Effect::Reach("a command that is built".to_owned()) } else { Effect::Shell(Word::exact(text)) }
}

fn whole(parts: &[Part]) -> Word {
    Word::exact(parts.iter().filter_map(Part::known).collect::<String>())
}

/// What a sed script does.
pub(super) fn sed(code: &str) -> Vec<Effect> {
    let mut found = Vec::new();
    let mut letters = code.chars().peekable();
    while let Some(next) = letters.next() {
        match next {
            '/' => delimited(&mut letters, '/'),
            '\\' => {
                if let Some(delimiter) = letters.next() {
                    delimited(&mut letters, delimiter);
                }
            }
            '#' => while letters.next_if(|letter| *letter != '\n').is_some() {},
            's' => substitute(&mut letters, &mut found),
            'y' => {
                if let Some(delimiter) = letters.next() {
                    delimited(&mut letters, delimiter);
                    delimited(&mut letters, delimiter);
                }
            }
            'e' => {
                let command = line(&mut letters, &['\n']);
                found.push(if command.is_empty() {
                    Effect::Reach("e".to_owned())
                } else {
                    Effect::Shell(Word::exact(command))
                });
            }
            'w' | 'W' => found.push(Effect::Write(Word::exact(line(&mut letters, &['\n'])))),
            'r' | 'R' => found.push(Effect::Read(Word::exact(line(&mut letters, &['\n'])))),
            'a' | 'i' | 'c' => text(&mut letters),
            'b' | 't' | 'T' | ':' => {
                let _ = line(&mut letters, &['\n', ';', '}']);
            }
            _ => {}
        }
    }
    found.retain(|effect| !matches!(effect, Effect::Write(word) | Effect::Read(word) if matches!(word.text(), Some("" | "/dev/stdout" | "/dev/stderr" | "/dev/stdin"))));
    found
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn line(letters: &mut Letters<'_>, ends: &[char]) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next_if(|letter| !ends.contains(letter)) {
        text.push(letter);
    }
    text.trim().to_owned()
}

/// Up to the delimiter; one in brackets or behind a backslash does not count.
fn delimited(letters: &mut Letters<'_>, delimiter: char) {
    let mut bracket = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '[' if delimiter == '/' && letters.clone().any(|later| later == ']') => bracket = true,
            ']' => bracket = false,
            letter if letter == delimiter && !bracket => return,
            _ => {}
        }
    }
}

fn substitute(letters: &mut Letters<'_>, found: &mut Vec<Effect>) {
    let Some(delimiter) = letters.next() else { return };
    delimited(letters, delimiter);
    delimited(letters, delimiter);
    while let Some(flag) = letters.next_if(|flag| flag.is_ascii_alphanumeric()) {
        match flag {
            'e' => found.push(Effect::Reach("the e flag".to_owned())),
            'w' => {
                found.push(Effect::Write(Word::exact(line(letters, &['\n']))));
                return;
            }
            _ => {}
        }
    }
}

/// The text of `a`, `i` and `c`, with lines that go on after a backslash.
fn text(letters: &mut Letters<'_>) {
    let mut last = ' ';
    for letter in letters.by_ref() {
        if letter == '\n' && last != '\\' {
            return;
        }
        last = letter;
    }
}
