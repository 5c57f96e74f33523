//! One parsed text and the account of its bytes. A text is clean only when every byte is a blank, a comment, shell
//! punctuation, a reserved word, or part of something the walk looked at.

use std::cell::RefCell;
use std::ops::Range;

use shuck_ast::{File, Span};
use shuck_parser::parser::Parser as Grammar;
use shuck_parser::{Error, ShellDialect, ShellProfile};

use super::{Dialect, Unreadable};

/// Nesting the grammar may follow; deeper text is refused as unreadable.
const GRAMMAR_DEPTH: usize = 48;
const GRAMMAR_FUEL: usize = 100_000;

/// How deep brackets and runs of the words before a command may go, by a count that knows no quotes. The grammar does not
/// count all of its own depth, and behind a few thousand of them its stack ends.
const BRACKETS: usize = 400;
const PREFIXES: usize = 40;
/// How deep parameters may go in each other, and how many functions of zsh, whose bodies need no braces.
const PARAMETERS: usize = 24;
const HEADS: usize = 16;
/// Braces in one word without blanks; what they expand to is bounded elsewhere.
const BRACES: usize = 1000;

const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "for", "in", "do", "done", "while", "until", "case", "esac", "select",
    "function", "time", "-p", "coproc", "repeat", "foreach", "end", "always", "--", "-",
];

/// A text, its tree and which of its bytes were looked at.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) text: String,
    pub(super) file: File,
    /// Parsed with bash's grammar although `sh` was asked for.
    pub(super) widened: bool,
    /// The bytes of the given script that this text came from; `None` for the given script itself.
    origin: Option<Range<usize>>,
    seen: RefCell<Vec<bool>>,
}

impl Unit {
    pub(super) fn parse(text: String, dialect: Dialect, origin: Option<Range<usize>>) -> Result<Self, Unreadable> {
        let first = match dialect {
            Dialect::Posix => ShellDialect::Posix,
            Dialect::Bash => ShellDialect::Bash,
            Dialect::Zsh => ShellDialect::Zsh,
            Dialect::Korn => ShellDialect::Mksh,
        };
        let (file, widened) = match parsed(&text, first) {
            Ok(file) => (file, false),
            // `sh` is bash on many systems and `ksh` is more than one program: what their grammar refuses, bash's may read.
            Err(error) if matches!(dialect, Dialect::Posix | Dialect::Korn) => {
                (parsed(&text, ShellDialect::Bash).map_err(|_| error)?, true)
            }
            Err(error) => return Err(error),
        };
        let seen = RefCell::new(vec![false; text.len()]);
        Ok(Self { text, file, widened, origin, seen })
    }

    pub(super) fn slice(&self, span: Span) -> &str {
        self.text.get(span.start.offset()..span.end.offset()).unwrap_or_default()
    }

    /// The bytes of the given script this span stands for.
    pub(super) fn origin(&self, span: Span) -> Range<usize> {
        match &self.origin {
            Some(origin) => origin.clone(),
            None => {
                let start = span.start.offset();
                // The tree counts the blank or operator after a command as part of it.
                let mut text = self.slice(span);
                while let Some(shorter) = text.strip_suffix([' ', '\t', '\n', ';', '&', '|'])
                    && !shorter.ends_with('\\')
                {
                    text = shorter;
                }
                start..start + text.len()
            }
        }
    }

    /// The bytes of the given script this range of the text stands for.
    pub(super) fn origin_of(&self, range: Range<usize>) -> Range<usize> {
        self.origin.clone().unwrap_or(range)
    }

    /// The bytes of the given script, if the span stands there literally.
    pub(super) fn place(&self, span: Span) -> Option<Range<usize>> {
        (self.origin.is_none() && span.end.offset() > span.start.offset())
            .then(|| span.start.offset()..span.end.offset())
    }

    pub(super) fn see(&self, span: Span) {
        self.see_bytes(span.start.offset()..span.end.offset());
    }

    pub(super) fn see_bytes(&self, range: Range<usize>) {
        if let Some(bytes) = self.seen.borrow_mut().get_mut(range) {
            bytes.fill(true);
        }
    }

    /// Takes back what was seen: the body of a substitution is accounted for by its own commands.
    pub(super) fn look_again(&self, range: Range<usize>) {
        if let Some(bytes) = self.seen.borrow_mut().get_mut(range) {
            bytes.fill(false);
        }
    }

    /// The first stretch of text nothing accounts for.
    pub(super) fn unaccounted(&self) -> Option<Range<usize>> {
        let seen = self.seen.borrow();
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if seen.get(at) == Some(&true) || byte.is_ascii_whitespace() {
                at += 1;
                continue;
            }
            match byte {
                b'#' => at += bytes.iter().skip(at).take_while(|byte| **byte != b'\n').count(),
                b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 2,
                b';' | b'&' | b'|' | b'(' | b')' | b'{' | b'}' | b'!' | b'[' | b']' => at += 1,
                _ => {
                    let length = bytes
                        .iter()
                        .zip(seen.iter())
                        .skip(at)
                        .take_while(|(byte, seen)| !**seen && (byte.is_ascii_alphabetic() || **byte == b'-'))
                        .count();
                    let word = self.text.get(at..at + length).unwrap_or_default();
                    if !RESERVED.contains(&word) {
                        return Some(match &self.origin {
                            Some(origin) => origin.clone(),
                            None => at..at + length.max(1),
                        });
                    }
                    at += length;
                }
            }
        }
        None
    }
}

/// What of its text the grammar may copy, in bytes: it copies the rest of a word for every substitution in it.
const COPIED: usize = 8 << 20;
/// What it may read again, in bytes: it reads what is nested once more on every way out of it.
const AGAIN: usize = 512 << 10;
/// Most here-documents: for each the grammar looks through the rest of the text.
const DOCUMENTS: usize = 1000;

/// What the grammar would take long for, by a look at its bytes alone. Where here-documents are, any may hold all of it.
fn too_much(text: &str) -> Option<&'static str> {
    let documents = text.matches("<<").count();
    if documents > DOCUMENTS {
        return Some("too many here-documents");
    }
    let (mut start, mut many, mut copied, mut quoted) = (0, 0_usize, 0_usize, documents > 0);
    let mut before = b' ';
    let (mut open, mut again) = (0_usize, 0_usize);
    for (at, byte) in text.bytes().enumerate().chain([(text.len(), b'\n')]) {
        match byte {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        again = again.saturating_add(open);
        match byte {
            b'(' if matches!(before, b'$' | b'<' | b'>') => many += 1,
            b'"' | b'`' if documents == 0 => quoted = !quoted,
            _ => {}
        }
        before = byte;
        if byte.is_ascii_whitespace() && !quoted || at == text.len() {
            copied = copied.saturating_add((at - start).saturating_mul(many));
            (start, many) = (at, 0);
        }
    }
    match (copied > COPIED, again > AGAIN) {
        (true, _) => Some("too many substitutions in one word"),
        (_, true) => Some("too much in brackets"),
        _ => None,
    }
}

/// What is nested deeper than any script that is meant, by a look at its bytes alone.
fn too_deep(text: &str, dialect: ShellDialect) -> Option<&'static str> {
    let (mut open, mut braces, mut parameters) = (0_usize, 0_usize, 0_usize);
    let mut before = None;
    for byte in text.bytes() {
        match byte {
            b'{' if before == Some(b'$') => parameters += 1,
            b'}' => parameters = parameters.saturating_sub(1),
            _ => {}
        }
        before = Some(byte);
        match byte {
            b'(' | b'{' | b'[' => open += 1,
            b')' | b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'{' => braces += 1,
            byte if byte.is_ascii_whitespace() => braces = 0,
            _ => {}
        }
        if open > BRACKETS || braces > BRACES || parameters > PARAMETERS {
            return Some("brackets nest too deep");
        }
    }
    let mut run = 0;
    for word in text.split(|character: char| character.is_whitespace() || character == '\\') {
        match word {
            "time" | "coproc" | "!" | "-p" => run += 1,
            "" => {}
            _ => run = 0,
        }
        if run > PREFIXES {
            return Some("too many words before a command");
        }
    }
    if dialect == ShellDialect::Zsh && heads(text) > HEADS {
        return Some("too many functions in each other");
    }
    None
}

/// The longest run of words with empty brackets and at most one without between them, as `f() g () …` has it.
fn heads(text: &str) -> usize {
    let (mut run, mut longest, mut plain) = (0, 0, 0);
    for word in text.split(|character: char| character.is_whitespace() || character == '\\') {
        match word.matches("()").count() + usize::from(word.ends_with('(')) {
            _ if matches!(word, "" | ")") => {}
            0 => {
                plain += 1;
                run = if plain > 1 { 0 } else { run };
            }
            open => (run, plain) = (run + open, 0),
        }
        longest = longest.max(run);
    }
    longest
}

fn parsed(text: &str, dialect: ShellDialect) -> Result<File, Unreadable> {
    if let Some(message) = too_deep(text, dialect).or_else(|| too_much(text)) {
        return Err(Unreadable::Syntax { line: 0, column: 0, message: message.to_owned() });
    }
    // The grammar would expand aliases by itself, with spans that point elsewhere.
    let hidden = text.contains("expand_aliases").then(|| text.replace("expand_aliases", "expand-aliases"));
    let profile = ShellProfile::native(dialect);
    let source = hidden.as_deref().unwrap_or(text);
    let result = Grammar::with_limits_and_profile(source, GRAMMAR_DEPTH, GRAMMAR_FUEL, profile).parse();
    if result.is_ok() {
        return Ok(result.file);
    }
    let Error::Parse { message, line, column } = result.strict_error();
    Err(Unreadable::Syntax { line, column, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_the_grammars_stack_is_not_read() {
        let many = 8000;
        for text in [
            format!("{}true", "time ".repeat(many)),
            format!("{}true", "time -p ! \\\n".repeat(many)),
            format!("{}true", "coproc ".repeat(many)),
            format!("echo {}b{}", "{a,".repeat(many), "}".repeat(many)),
            format!("echo {}", "{a,b}".repeat(many)),
            format!("echo {}x{}", "\"${a:- ".repeat(many), "}\"".repeat(many)),
            format!("echo {}x{}", "$((".repeat(many), "))".repeat(many)),
        ] {
            for dialect in [Dialect::Posix, Dialect::Bash, Dialect::Zsh, Dialect::Korn] {
                assert!(Unit::parse(text.clone(), dialect, None).is_err());
            }
        }
    }

    #[test]
    fn no_opener_ends_a_stack_of_two_mebibytes_however_often_it_stands() {
        let openers = [
            "$(",
            "${",
            "${a:-",
            "\"$(",
            "\"${a:-",
            "`",
            "(",
            "{ ",
            "{",
            "[[ ",
            "[",
            "((",
            "$((",
            "$[",
            "<(",
            "@(",
            "x[",
            "f() ",
            "f () ",
            "f( ) ",
            "f()\n",
            "() ",
            "function f ",
            "if ",
            "while ",
            "for i in a; do ",
            "case x in x) ",
            "! ",
            "time ",
            "coproc ",
            "<<E\n",
            "a=(",
            "-",
            "~",
            "!",
            "'",
            "\"",
            "\\",
            "|",
            "&&",
            "then ",
            "do ",
            "$'",
        ];
        for opener in openers {
            let other = openers.iter().cycle().skip(1 + opener.len());
            let mixed: String = other.take(1000).flat_map(|other| [opener, other]).collect();
            let often = [8, 15, 23, 40, 60, 390, 1500, 100_000].map(|many| opener.repeat(many));
            for text in often.into_iter().chain([mixed]) {
                for dialect in [Dialect::Posix, Dialect::Bash, Dialect::Zsh, Dialect::Korn] {
                    // That it comes back is what is tested; a thread of a test has no more stack than that.
                    let cut = text.get(..text.len().min(8192)).unwrap_or_default().to_owned();
                    let read = super::super::walk::script(&cut, dialect, None, None);
                    drop(read);
                    if text.len() > super::super::MAX_TEXT {
                        assert!(super::super::walk::script(&text, dialect, None, None).is_err(), "{opener}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_the_grammar_copies_over_and_over_is_not_read() {
        for text in [
            "$(x)".repeat(16_000),
            format!("\"{}\"", "$(x) ".repeat(13_000)),
            "<<E ".repeat(16_000),
            format!("{}{}", "$(".repeat(20), "x;".repeat(30_000)),
        ] {
            assert!(too_much(&text).is_some());
        }
        let many: String = (0..900).map(|n| format!("x <<E{n}\ny\nE{n}\n")).collect();
        for text in ["x $(y)\n".repeat(9000), many, "x \"$(y)\" `z`\n".repeat(5000), "x <(y)\n".repeat(9000)] {
            assert_eq!(too_much(&text), None);
        }
    }

    #[test]
    fn ordinary_text_is_not_too_deep() {
        let case = format!("case $x in\n{}esac\n", "  (a) echo ${b} {c,d};;\n".repeat(1000));
        for text in
            [case.as_str(), &"time ls\n".repeat(1000), &"! ! time ls\n".repeat(100), &"echo ':)'\n".repeat(2000)]
        {
            assert_eq!(too_deep(text, ShellDialect::Bash), None);
            assert_eq!(too_deep(text, ShellDialect::Zsh), None);
        }
    }
}
