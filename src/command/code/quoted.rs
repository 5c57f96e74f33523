//! Strings of code: their escapes decoded, and the code inside them kept apart.

use super::language::Interpolates;

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Characters.
    Known(String),
    /// Code whose value stands here.
    Code(String),
}

impl Part {
    /// The characters, if they are known.
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Code(_) => None,
        }
    }
}

/// What may stand inside a string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside {
    pub interpolates: Interpolates,
    /// Whether a name needs braces (`${name}`).
    pub braces_only: bool,
    /// Whether a backslash stands for itself, but before the quote and itself.
    pub raw: bool,
}

/// A place in code.
#[derive(Debug)]
pub(super) struct Cursor {
    characters: Vec<char>,
    at: usize,
}

impl Cursor {
    pub(super) fn new(code: &str) -> Self {
        Self { characters: code.chars().collect(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    pub(super) fn ahead(&self, skip: usize) -> impl Iterator<Item = char> {
        self.characters.iter().copied().skip(self.at + skip)
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, wanted)| self.peek_at(ahead) == Some(wanted))
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let there = self.starts_with(text);
        if there {
            self.at += text.chars().count();
        }
        there
    }

    /// Whether the last character was no blank.
    pub(super) fn touches_before(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.characters.get(at));
        before.is_some_and(|before| !before.is_whitespace())
    }

    pub(super) fn blanks(&self) -> usize {
        self.ahead(0).take_while(|next| next.is_whitespace()).count()
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(next) = self.peek().filter(|next| wanted(*next)) {
            taken.push(next);
            self.at += 1;
        }
        taken
    }

    pub(super) fn until(&mut self, end: &str) -> String {
        let mut taken = String::new();
        while self.peek().is_some() && !self.eat(end) {
            taken.extend(self.bump());
        }
        taken
    }

    pub(super) fn skip_past(&mut self, end: &str) {
        let _ = self.until(end);
    }

    pub(super) fn skip_to(&mut self, end: char) {
        let _ = self.take_while(|next| next != end);
    }
}

/// Characters up to a quote, which is passed.
pub(super) fn escaped(cursor: &mut Cursor, quote: char, raw: bool) -> String {
    let mut text = String::new();
    while let Some(next) = cursor.bump() {
        match next {
            next if next == quote => break,
            '\\' if raw => {
                text.push('\\');
                text.extend(cursor.bump());
            }
            '\\' => text.extend(escape(cursor)),
            next => text.push(next),
        }
    }
    text
}

/// The character that a backslash and what follows it stand for.
fn escape(cursor: &mut Cursor) -> Option<char> {
    let next = cursor.bump()?;
    let hex = |cursor: &mut Cursor, most: usize| {
        let braced = cursor.eat("{");
        let digits: String =
            cursor.ahead(0).take(if braced { 8 } else { most }).take_while(char::is_ascii_hexdigit).collect();
        for _ in digits.chars() {
            cursor.bump();
        }
        if braced {
            cursor.eat("}");
        }
        u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
    };
    match next {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'e' => Some('\u{1b}'),
        'x' => hex(cursor, 2),
        'u' => hex(cursor, 4),
        'U' => hex(cursor, 8),
        '0'..='7' => {
            let mut digits = next.to_string();
            digits.extend(cursor.ahead(0).take(2).take_while(|digit| ('0'..='7').contains(digit)));
            for _ in digits.chars().skip(1) {
                cursor.bump();
            }
            u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32)
        }
        '\n' => None,
        other => Some(other),
    }
}

/// A string up to its closing quote, which is passed.
pub(super) fn parts(cursor: &mut Cursor, close: &str, inside: Inside) -> Vec<Part> {
    let mut found = Parts::default();
    while cursor.peek().is_some() && !cursor.eat(close) {
        found.next(cursor, inside, close);
    }
    found.finished()
}

/// A string up to the delimiter that closes this opening one; brackets nest.
pub(super) fn nested(cursor: &mut Cursor, open: char, inside: Inside) -> Vec<Part> {
    let close = closing(open);
    let mut found = Parts::default();
    let mut depth = 0_usize;
    while let Some(next) = cursor.peek() {
        if next == close {
            if depth == 0 {
                cursor.bump();
                break;
            }
            depth -= 1;
        } else if next == open {
            depth += 1;
        }
        found.next(cursor, inside, &close.to_string());
    }
    found.finished()
}

const fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    }
}

#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    text: String,
}

impl Parts {
    fn next(&mut self, cursor: &mut Cursor, inside: Inside, close: &str) {
        if inside.interpolates == Interpolates::Prefixed && (cursor.starts_with("{{") || cursor.starts_with("}}")) {
            self.text.extend(cursor.bump());
            cursor.bump();
            return;
        }
        if let Some(code) = interpolated(cursor, inside) {
            self.flush();
            self.parts.push(Part::Code(code));
            return;
        }
        match cursor.bump() {
            Some('\\') if inside.raw => {
                let quoted = cursor.peek().is_some_and(|next| next == '\\' || close.starts_with(next));
                if !quoted || close == "\u{0}" {
                    self.text.push('\\');
                }
                self.text.extend(cursor.bump());
            }
            Some('\\') => self.text.extend(escape(cursor)),
            other => self.text.extend(other),
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Known(std::mem::take(&mut self.text)));
        }
    }

    fn finished(mut self) -> Vec<Part> {
        self.flush();
        self.parts
    }
}

/// The code that begins here inside a string, if any does.
fn interpolated(cursor: &mut Cursor, inside: Inside) -> Option<String> {
    let next = cursor.peek()?;
    match inside.interpolates {
        Interpolates::Nothing => None,
        Interpolates::Prefixed => cursor.eat("{").then(|| without_format(&balanced(cursor, '{', '}'))),
        Interpolates::Hash => cursor.eat("#{").then(|| balanced(cursor, '{', '}')),
        Interpolates::Dollar => {
            if cursor.eat("${") {
                return Some(balanced(cursor, '{', '}'));
            }
            if inside.braces_only {
                return None;
            }
            if cursor.eat("$(") {
                return Some(balanced(cursor, '(', ')'));
            }
            name(cursor, next == '$')
        }
        Interpolates::Sigils => {
            if cursor.eat("{$") {
                return Some(format!("${}", balanced(cursor, '{', '}')));
            }
            if cursor.eat("@{[") {
                let code = balanced(cursor, '[', ']');
                cursor.eat("}");
                return Some(code);
            }
            if cursor.eat("${\\") {
                return Some(balanced(cursor, '{', '}'));
            }
            if cursor.eat("${") {
                return Some(format!("${}", balanced(cursor, '{', '}')));
            }
            name(cursor, matches!(next, '$' | '@'))
        }
    }
}

/// `$name`, `$name[…]`, `$name->{…}`
fn name(cursor: &mut Cursor, sigil: bool) -> Option<String> {
    let first = cursor.peek_at(1)?;
    if !sigil || !(first.is_alphabetic() || first == '_' || first.is_ascii_digit()) {
        return None;
    }
    let mut code: String = cursor.bump().into_iter().collect();
    code += &cursor.take_while(|letter| letter.is_alphanumeric() || letter == '_');
    for (open, close) in [("[", ']'), ("{", '}')] {
        if cursor.eat(open) {
            code += open;
            code += &balanced(cursor, open.chars().next().unwrap_or('['), close);
            code.push(close);
        }
    }
    Some(code)
}

/// An expression of an f-string without its `!r`, `=` and `:format`.
fn without_format(code: &str) -> String {
    let mut depth = 0_i32;
    let mut end = code.len();
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ':' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let code = code.get(..end).unwrap_or(code);
    code.trim_end_matches('=').to_owned()
}

/// Code up to the bracket that closes; strings inside it are passed whole.
fn balanced(cursor: &mut Cursor, open: char, close: char) -> String {
    let mut code = String::new();
    let mut depth = 0_usize;
    let mut quote = None;
    while let Some(next) = cursor.bump() {
        match (quote, next) {
            (_, '\\') => {
                code.push(next);
                code.extend(cursor.bump());
                continue;
            }
            (Some(open), next) if open == next => quote = None,
            (None, '"' | '\'') => quote = Some(next),
            (None, next) if next == close => {
                if depth == 0 {
                    break;
                }
                depth -= 1;
            }
            (None, next) if next == open => depth += 1,
            _ => {}
        }
        code.push(next);
    }
    code
}
