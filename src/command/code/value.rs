//! What an expression of code comes to, as far as it is constant: strings, lists, names of functions, and calls.

use crate::model::{Hole, Piece, Word};

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A string; parts of it may not be known.
    Text(Word),
    /// A number, as it is written.
    Number(String),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Pairs(Vec<Argument>),
    /// A function, module or variable, by its whole name.
    Name(String),
    /// What a function gives, by its whole name, and what it was called with.
    Call(String, Vec<Argument>),
    /// What is not known.
    Unknown,
}

/// What a call is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    /// Its name, if it has one.
    pub key: Option<String>,
    /// What it is.
    pub value: Value,
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Word::exact(text.into()))
    }

    /// The string, if all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Text(word) => word.text(),
            Self::Number(number) => Some(number),
            Self::List(_) | Self::Pairs(_) | Self::Name(_) | Self::Call(..) | Self::Unknown => None,
        }
    }

    /// The value as one word of a command.
    pub(super) fn word(&self) -> Word {
        match self {
            Self::Text(word) => word.clone(),
            Self::Number(number) => Word::exact(number.as_str()),
            Self::Call(name, arguments) => passed(name, arguments).unwrap_or_else(unknown),
            Self::Name(name) => variable(name).unwrap_or_else(unknown),
            Self::List(_) | Self::Pairs(_) | Self::Unknown => unknown(),
        }
    }

    /// The value as the permissions that `chmod` is given: a number of a language is one in its own notation.
    pub(super) fn mode(&self) -> Word {
        let Self::Number(written) = self else { return self.word() };
        let digits = written.to_ascii_lowercase().replace('_', "");
        let number = match digits.strip_prefix('0').map(|rest| rest.split_at_checked(1).unwrap_or_default()) {
            Some(("x", hexadecimal)) => u32::from_str_radix(hexadecimal, 16),
            Some(("b", binary)) => u32::from_str_radix(binary, 2),
            Some(("o", octal)) => u32::from_str_radix(octal, 8),
            Some(_) => u32::from_str_radix(&digits, 8),
            None => digits.parse(),
        };
        number.map_or_else(|_| unknown(), |number| Word::exact(format!("{number:o}")))
    }

    /// The value as words of a command; one that is not known is one word.
    pub(super) fn words(&self) -> Vec<Word> {
        match self {
            Self::List(values) => values.iter().map(Self::word).collect(),
            Self::Call(name, arguments) if name.ends_with("split") || name.ends_with("concat") => {
                arguments.iter().flat_map(|argument| argument.value.words()).collect()
            }
            other => vec![other.word()],
        }
    }

    pub(super) fn joined(values: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut pieces = Vec::new();
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 && !between.is_empty() {
                pieces.push(Piece::Text(between.into()));
            }
            pieces.extend(value.word().pieces().iter().cloned());
        }
        Self::Text(Word::of(pieces))
    }
}

fn unknown() -> Word {
    Word::unknown(Hole::Substitution)
}

/// The variable of the environment that an expression reads (`os.environ.X`, `process.env.X`, `ENV.X`), as a word.
fn variable(name: &str) -> Option<Word> {
    environment(name).map(|name| Word::unknown(Hole::Variable(name.to_owned())))
}

/// The variable of the environment that a name stands for.
pub(super) fn environment(name: &str) -> Option<&str> {
    let heads = [
        "os.environ.",
        "process.env.",
        "ENV.",
        "$ENV.",
        "$_ENV.",
        "$_SERVER.",
        "Deno.env.",
        "Bun.env.",
        "ENVIRON.",
        "env.",
        "$env:",
        "$ENV:",
        "environ.",
    ];
    heads
        .iter()
        .find_map(|head| name.strip_prefix(head))
        .filter(|name| !name.is_empty() && !name.contains(['.', '(', '[']))
}

/// What functions give that hand on what they are given.
fn passed(name: &str, arguments: &[Argument]) -> Option<Word> {
    let last = name.rsplit(['.', ':']).next()?;
    let first = arguments.first().map(|argument| &argument.value);
    match last {
        "getenv" | "get" | "fetch" if name.contains("env") || name.contains("ENV") => {
            first.and_then(Value::known).map(|name| Word::unknown(Hole::Variable(name.to_owned())))
        }
        "glob" | "iglob" | "globSync" | "Glob" => first.and_then(Value::known).map(below),
        "listdir" | "scandir" | "readdirSync" => {
            first.and_then(Value::known).map(|folder| below(&format!("{folder}/*")))
        }
        "home" | "homedir" | "expand_home" if arguments.is_empty() => {
            Some(Word::unknown(Hole::Variable("HOME".into())))
        }
        "expanduser" | "File" | "of" | "expand_path" | "Path" | "PosixPath" | "str" | "String" | "fspath"
        | "abspath" | "realpath" | "encode" | "resolve" | "Pathname" | "new" | "tostring" | "bytes" | "normalize"
        | "strip" | "trim" => {
            if arguments.len() > 1 && matches!(last, "Path" | "PosixPath" | "resolve") {
                return Some(Value::joined(arguments.iter().map(|argument| argument.value.clone()), "/").word());
            }
            first.map(home)
        }
        "join" if name.contains("path") || name.starts_with("File") => {
            let parts = arguments.iter().map(|argument| argument.value.clone());
            let parts: Vec<Value> =
                parts.flat_map(|value| if let Value::List(values) = value { values } else { vec![value] }).collect();
            Some(Value::joined(parts, "/").word())
        }
        _ => None,
    }
}

/// The paths that a pattern finds.
pub(super) fn below(pattern: &str) -> Word {
    let open = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    let (known, rest) = pattern.split_at_checked(open).unwrap_or((pattern, ""));
    if rest.is_empty() {
        return Word::exact(known);
    }
    Word::of([Piece::Text(known.into()), Piece::Hole(Hole::Glob(rest.to_owned()))])
}

/// A path that may begin with the home directory.
fn home(value: &Value) -> Word {
    let word = value.word();
    match word.text().and_then(|text| text.strip_prefix("~/")) {
        Some(rest) => Word::of([Piece::Hole(Hole::Home("~".into())), Piece::Text(format!("/{rest}").into())]),
        None => word,
    }
}
