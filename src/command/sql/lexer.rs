//! SQL taken apart: keywords and names, comments gone, strings and quoted names kept apart from them.

/// A token of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, in lower case.
    Word(String),
    /// A string.
    Text(String),
    /// A quoted name.
    Name(String),
    /// A number.
    Number(String),
    /// Anything else.
    Mark(char),
}

impl Token {
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Text(_) | Self::Name(_) | Self::Number(_) | Self::Mark(_) => None,
        }
    }
}

/// The tokens of SQL.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut letters = text.chars().peekable();
    let mut tokens = Vec::new();
    // A `/*! … */` comment is code to MySQL; its end is then passed over.
    while let Some(letter) = letters.next() {
        match (letter, letters.peek().copied()) {
            ('-', Some('-')) | ('#', _) if letter == '-' || !matches!(letters.peek(), Some('>' | '-' | '#')) => {
                while letters.next_if(|next| *next != '\n').is_some() {}
            }
            ('/', Some('/')) => while letters.next_if(|next| *next != '\n').is_some() {},
            ('/', Some('*')) => {
                letters.next();
                if letters.next_if_eq(&'!').is_some() || letters.next_if_eq(&'M').is_some() {
                    while letters.next_if(|next| next.is_ascii_digit() || *next == '!').is_some() {}
                } else {
                    comment(&mut letters);
                }
            }
            ('*', Some('/')) => {
                letters.next();
            }
            (quote @ ('\'' | '"' | '`'), _) => {
                let text = quoted(&mut letters, quote);
                tokens.push(if quote == '\'' { Token::Text(text) } else { Token::Name(text) });
            }
            ('[', Some(next)) if next.is_alphabetic() => {
                let mut name = String::new();
                while let Some(next) = letters.next_if(|next| *next != ']') {
                    name.push(next);
                }
                letters.next();
                tokens.push(Token::Name(name));
            }
            ('$', Some(next)) if next == '$' || next.is_alphabetic() || next == '_' => {
                tokens.push(Token::Text(dollars(&mut letters)));
            }
            (first, _) if first.is_alphabetic() || first == '_' || first == '\\' || first == '\u{fffd}' => {
                let mut word: String = first.to_lowercase().collect();
                while let Some(next) = letters.next_if(|next| {
                    next.is_alphanumeric() || matches!(next, '_' | '\u{fffd}' | '!') && (*next != '!' || first == '\\')
                }) {
                    word.extend(next.to_lowercase());
                }
                // `E'…'`, `N'…'`: the prefix of a string.
                if !(matches!(word.as_str(), "e" | "n" | "b" | "x" | "u") && letters.peek() == Some(&'\'')) {
                    tokens.push(Token::Word(word));
                }
            }
            (digit, _) if digit.is_ascii_digit() => {
                let mut number = digit.to_string();
                while let Some(next) = letters.next_if(|next| next.is_ascii_alphanumeric() || *next == '.') {
                    number.push(next);
                }
                tokens.push(Token::Number(number));
            }
            (blank, _) if blank.is_whitespace() => {}
            (other, _) => tokens.push(Token::Mark(other)),
        }
    }
    tokens
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Passes a comment; PostgreSQL's nest.
fn comment(letters: &mut Letters<'_>) {
    let mut depth = 1_usize;
    let mut last = ' ';
    while let Some(letter) = letters.next() {
        match (last, letter) {
            ('*', '/') => {
                depth -= 1;
                last = ' ';
                if depth == 0 {
                    return;
                }
                continue;
            }
            ('/', '*') if letters.clone().any(|later| later == '/') && depth < 8 && nests(letters) => {
                depth += 1;
                last = ' ';
                continue;
            }
            _ => last = letter,
        }
    }
}

/// Whether two more ends follow, so that an inner comment can be one. MySQL's do not nest; where only one end follows, it
/// is taken as the end, so that nothing is hidden.
fn nests(letters: &Letters<'_>) -> bool {
    let (mut ends, mut last) = (0, ' ');
    for letter in letters.clone() {
        if last == '*' && letter == '/' {
            ends += 1;
        }
        last = letter;
    }
    ends >= 2
}

/// A string up to its quote; two quotes are one.
fn quoted(letters: &mut Letters<'_>, quote: char) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        if letter == quote && letters.next_if_eq(&quote).is_none() {
            break;
        }
        text.push(letter);
    }
    text
}

/// `$tag$ … $tag$`, after the first dollar sign.
fn dollars(letters: &mut Letters<'_>) -> String {
    let mut tag = String::from("$");
    while let Some(letter) = letters.next_if(|next| next.is_alphanumeric() || *next == '_') {
        tag.push(letter);
    }
    if letters.next_if_eq(&'$').is_none() {
        return tag;
    }
    tag.push('$');
    let mut text = String::new();
    for letter in letters.by_ref() {
        text.push(letter);
        if text.ends_with(&tag) {
            text.truncate(text.len() - tag.len());
            break;
        }
    }
    text
}
