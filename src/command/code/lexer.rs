//! Code taken apart into names, strings and marks, comments left out, so that what stands in a string is not taken for
//! code. It knows how languages write these, and nothing of what they mean.

use super::language::{Backquote, Interpolates, Language, Quotes, Syntax};
use super::quoted::{Cursor, Inside, Part, escaped, parts};

/// Longest code that is read, in tokens.
pub(super) const MAX_TOKENS: usize = 8_000;

/// A piece of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, with its sigil.
    Name(String),
    /// A number.
    Number(String),
    /// A string.
    Text(Vec<Part>),
    /// A list of words (`qw(a b)`).
    Words(Vec<String>),
    /// A command that runs where it stands (`` `…` ``, `qx`, `%x`).
    Run(Vec<Part>),
    /// A pattern, and what it is replaced with where that is code (`s/…/…/e`).
    Pattern(Option<String>),
    /// Anything else.
    Mark(&'static str),
    /// The end of a line.
    Line,
}

const MARKS: [&str; 31] = [
    "...", "<<=", "->", "=>", "::", "?.", "..", "==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "|>", "+=", ".=", "<-",
    "<<", ">>", "<>", "(", ")", "[", "]", "{", "}", ".", ",", ";",
];
const SINGLE: [&str; 16] = ["=", "+", "-", "*", "/", "%", "<", ">", "|", "&", "!", ":", "?", "~", "\\", "@"];

/// The tokens of code; `None` where it is longer than is read.
pub(super) fn tokens(code: &str, language: Language) -> Option<Vec<Token>> {
    let mut lexer = Lexer {
        cursor: Cursor::new(code),
        language,
        syntax: language.syntax(),
        tokens: Vec::new(),
        heredocs: Vec::new(),
    };
    while lexer.step() {
        if lexer.tokens.len() > MAX_TOKENS {
            return None;
        }
    }
    Some(lexer.tokens)
}

struct Lexer {
    cursor: Cursor,
    language: Language,
    syntax: Syntax,
    tokens: Vec<Token>,
    /// The here-documents that begin after this line: their ends, whether code stands in them, and their tokens.
    heredocs: Vec<(String, bool, usize)>,
}

impl Lexer {
    fn step(&mut self) -> bool {
        let Some(next) = self.cursor.peek() else { return false };
        if next == '\n' {
            self.cursor.bump();
            self.tokens.push(Token::Line);
            self.here_documents();
        } else if next.is_whitespace() {
            self.cursor.bump();
        } else if !self.comment() && !self.quoted() {
            self.plain();
        }
        true
    }

    fn comment(&mut self) -> bool {
        if self.language == Language::Perl && self.at_line_start() && self.cursor.starts_with("=") {
            let pod = self.cursor.peek_at(1).is_some_and(char::is_alphabetic);
            if pod {
                self.cursor.skip_past("\n=cut");
                return true;
            }
        }
        if let Some((open, close)) = self.syntax.block
            && self.cursor.eat(open)
        {
            self.cursor.skip_past(close);
            return true;
        }
        // `$#x` and `#{` outside a string are no comments; `//` in Perl or Python is an operator.
        let hash = |mark: &&&str| **mark != "#" || !matches!(self.last_character(), Some('$' | '&'));
        let line = self.syntax.line.iter().filter(hash).any(|mark| self.cursor.starts_with(mark));
        if line {
            self.cursor.skip_to('\n');
        }
        line
    }

    fn last_character(&self) -> Option<char> {
        match self.tokens.last() {
            Some(Token::Name(name)) if matches!(name.as_str(), "$" | "&") => name.chars().next_back(),
            _ => None,
        }
    }

    fn at_line_start(&self) -> bool {
        matches!(self.tokens.last(), None | Some(Token::Line))
    }

    fn quoted(&mut self) -> bool {
        let Some(quote) = self.cursor.peek() else { return false };
        let syntax = self.syntax;
        match quote {
            '"' => self.string('"', syntax.interpolates != Interpolates::Prefixed, false),
            '\'' if syntax.single_strings => self.string('\'', false, syntax.raw_single),
            '\'' if self.language == Language::Julia => {
                self.cursor.bump();
                let text = escaped(&mut self.cursor, '\'', false);
                self.tokens.push(Token::Text(vec![Part::Known(text)]));
                true
            }
            '`' => match syntax.backquote {
                Backquote::Runs => {
                    self.cursor.bump();
                    let inside = self.inside(true);
                    let parts = parts(&mut self.cursor, "`", inside);
                    self.tokens.push(Token::Run(parts));
                    true
                }
                Backquote::Template => {
                    self.cursor.bump();
                    let inside = Inside { interpolates: Interpolates::Dollar, braces_only: true, raw: false };
                    let parts = parts(&mut self.cursor, "`", inside);
                    self.tokens.push(Token::Text(parts));
                    true
                }
                Backquote::Name => {
                    self.cursor.bump();
                    let name = escaped(&mut self.cursor, '`', true);
                    self.tokens.push(Token::Name(name));
                    true
                }
                Backquote::Escape => {
                    self.cursor.bump();
                    self.cursor.bump();
                    true
                }
            },
            '/' if syntax.regex && self.operand_due() => {
                self.cursor.bump();
                let _ = escaped(&mut self.cursor, '/', true);
                self.cursor.take_while(char::is_alphabetic);
                self.tokens.push(Token::Pattern(None));
                true
            }
            '%' if syntax.quotes == Quotes::Ruby && self.operand_due() => self.ruby_percent(),
            '[' if self.language == Language::Lua && self.cursor.starts_with("[[") => {
                self.cursor.eat("[[");
                let text = self.cursor.until("]]");
                self.tokens.push(Token::Text(vec![Part::Known(text)]));
                true
            }
            '<' if matches!(self.language, Language::Ruby | Language::Perl | Language::Php) => self.here_start(),
            _ => false,
        }
    }

    fn inside(&self, interpolates: bool) -> Inside {
        Inside {
            interpolates: if interpolates { self.syntax.interpolates } else { Interpolates::Nothing },
            braces_only: false,
            raw: false,
        }
    }

    fn string(&mut self, quote: char, interpolates: bool, raw: bool) -> bool {
        // `r'…'`, `f"…"`, `b"…"`: the prefix was read as a name.
        let mut inside = Inside { raw, ..self.inside(interpolates) };
        if matches!(self.language, Language::Python | Language::R | Language::Julia)
            && let Some(Token::Name(prefix)) = self.tokens.last()
            && self.cursor.touches_before()
            && prefix.len() <= 3
            && prefix.chars().all(|letter| "rRbBfFuUv".contains(letter))
        {
            let lower = prefix.to_ascii_lowercase();
            inside.raw = lower.contains('r');
            if lower.contains('f') {
                inside.interpolates = Interpolates::Prefixed;
            }
            self.tokens.pop();
        }
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let parts = if matches!(self.language, Language::Python | Language::Julia | Language::Jvm)
            && self.cursor.eat(&triple)
        {
            parts(&mut self.cursor, &triple, inside)
        } else {
            self.cursor.bump();
            parts(&mut self.cursor, &quote.to_string(), inside)
        };
        self.tokens.push(Token::Text(parts));
        true
    }

    /// Whether a value is due here, so that a slash begins a pattern and is no division.
    fn operand_due(&self) -> bool {
        match self.tokens.last() {
            None | Some(Token::Line) => true,
            Some(Token::Mark(mark)) => !matches!(*mark, ")" | "]" | "}"),
            Some(Token::Name(name)) => BEFORE_VALUES.contains(&name.as_str()),
            Some(Token::Number(_) | Token::Text(_) | Token::Words(_) | Token::Run(_) | Token::Pattern(_)) => false,
        }
    }

    fn ruby_percent(&mut self) -> bool {
        let kind = self.cursor.peek_at(1).unwrap_or(' ');
        let (skip, open) = if kind.is_ascii_alphabetic() { (2, self.cursor.peek_at(2)) } else { (1, Some(kind)) };
        let Some(open) = open.filter(|open| !open.is_alphanumeric() && !open.is_whitespace() && *open != '=') else {
            return false;
        };
        for _ in 0..=skip {
            self.cursor.bump();
        }
        self.delimited(kind, open);
        true
    }

    /// `q(…)`, `%w[…]` and the like, after the opening delimiter.
    fn delimited(&mut self, kind: char, open: char) {
        let inside = self.inside(!matches!(kind, 'q' | 'w' | 'i') && open != '\'');
        let inside = Inside { raw: matches!(kind, 'q' | 'w' | 'i'), ..inside };
        let parts = super::quoted::nested(&mut self.cursor, open, inside);
        self.tokens.push(match kind {
            'x' => Token::Run(parts),
            'r' => Token::Pattern(None),
            'w' | 'W' | 'i' | 'I' => {
                let text: String = parts.iter().map(|part| part.known().unwrap_or("\u{fffd}")).collect();
                Token::Words(text.split_whitespace().map(str::to_owned).collect())
            }
            _ => Token::Text(parts),
        });
    }

    /// A name, or Perl's `q`, `qq`, `qw`, `qx`, `m`, `s`, `tr`, `y`.
    fn perl_quote(&mut self, name: &str) -> bool {
        if self.syntax.quotes != Quotes::Perl || matches!(self.tokens.last(), Some(Token::Mark("->"))) {
            return false;
        }
        let kind = match name {
            "q" => 'q',
            "qq" => 'Q',
            "qw" => 'w',
            "qx" => 'x',
            "qr" | "m" => 'r',
            "s" | "tr" | "y" => 's',
            _ => return false,
        };
        let blanks = self.cursor.blanks();
        let Some(open) = self.cursor.peek_at(blanks) else { return false };
        let word = open.is_alphanumeric() || open == '_';
        let arrow = open == '=' && self.cursor.peek_at(blanks + 1) == Some('>');
        if open.is_whitespace()
            || word
            || matches!(open, ',' | ';' | ')')
            || arrow
            || (blanks > 0 && matches!(open, '=' | '#'))
        {
            return false;
        }
        for _ in 0..=blanks {
            self.cursor.bump();
        }
        if kind != 's' {
            self.delimited(kind, open);
            if kind == 'r' {
                self.cursor.take_while(char::is_alphabetic);
            }
            return true;
        }
        let raw = Inside { interpolates: Interpolates::Nothing, braces_only: false, raw: true };
        let _ = super::quoted::nested(&mut self.cursor, open, raw);
        if "([{<".contains(open) {
            let blanks = self.cursor.blanks();
            for _ in 0..=blanks {
                self.cursor.bump();
            }
        }
        let with = super::quoted::nested(&mut self.cursor, open, raw);
        let flags = self.cursor.take_while(char::is_alphabetic);
        let code = (name == "s" && flags.contains('e')).then(|| with.iter().filter_map(Part::known).collect());
        self.tokens.push(Token::Pattern(code));
        true
    }

    /// `<<E`, `<<-E`, `<<~'E'`, `<<<E`.
    fn here_start(&mut self) -> bool {
        let mut at = 2 + usize::from(self.language == Language::Php);
        if !self.cursor.starts_with("<<") || (self.language == Language::Php && !self.cursor.starts_with("<<<")) {
            return false;
        }
        if matches!(self.cursor.peek_at(at), Some('-' | '~')) {
            at += 1;
        }
        let quote = self.cursor.peek_at(at).filter(|quote| matches!(quote, '\'' | '"' | '`'));
        at += usize::from(quote.is_some());
        let name: String =
            self.cursor.ahead(at).take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return false;
        }
        for _ in 0..at + name.chars().count() + usize::from(quote.is_some()) {
            self.cursor.bump();
        }
        self.heredocs.push((name, quote != Some('\''), self.tokens.len()));
        self.tokens.push(if quote == Some('`') { Token::Run(Vec::new()) } else { Token::Text(Vec::new()) });
        true
    }

    fn here_documents(&mut self) {
        for (end, interpolates, at) in std::mem::take(&mut self.heredocs) {
            let mut body = String::new();
            while self.cursor.peek().is_some() {
                let line = self.cursor.take_while(|letter| letter != '\n');
                self.cursor.bump();
                if line.trim().trim_end_matches([';', ')', ',']) == end {
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            let inside = self.inside(interpolates);
            let read = parts(&mut Cursor::new(&body), "\u{0}", Inside { raw: !interpolates, ..inside });
            if let Some(Token::Text(parts) | Token::Run(parts)) = self.tokens.get_mut(at) {
                *parts = read;
            }
        }
    }

    fn plain(&mut self) {
        let Some(next) = self.cursor.peek() else { return };
        let syntax = self.syntax;
        let sigil = syntax.sigils.contains(next)
            && self.cursor.peek_at(1).is_some_and(|after| {
                after.is_alphabetic()
                    || matches!(after, '_' | '$' | '{' | '@')
                    || (next == '$' && after.is_ascii_digit())
            })
            && (!matches!(next, '%' | '&') || self.operand_due())
            && !(next == ':' && self.tokens.last().is_some_and(|last| *last == Token::Mark(":")));
        if sigil
            || next.is_alphabetic()
            || next == '_'
            || (syntax.names.contains(next) && matches!(next, '$' | '@' | '\\'))
        {
            let mut name = String::new();
            if sigil {
                name.extend(self.cursor.bump());
            }
            name += &self.cursor.take_while(|letter| letter.is_alphanumeric() || syntax.names.contains(letter));
            if name.is_empty() {
                name.extend(self.cursor.bump());
            }
            if !self.perl_quote(&name) {
                self.tokens.push(Token::Name(name));
            }
        } else if next.is_ascii_digit() {
            let digits = |letter: char| letter.is_alphanumeric() || letter == '_';
            let number = self.cursor.take_while(digits);
            self.tokens.push(Token::Number(number));
        } else {
            let mark = MARKS.iter().chain(&SINGLE).find(|mark| self.cursor.starts_with(mark));
            if let Some(mark) = mark {
                self.cursor.eat(mark);
                self.tokens.push(Token::Mark(mark));
            } else {
                self.cursor.bump();
            }
        }
    }
}

/// Names after which a value is due.
const BEFORE_VALUES: [&str; 22] = [
    "and", "case", "delete", "do", "else", "elsif", "grep", "if", "in", "not", "of", "or", "print", "printf", "puts",
    "return", "split", "then", "typeof", "unless", "when", "while",
];
