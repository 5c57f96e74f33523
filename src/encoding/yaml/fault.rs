//! What is wrong in a text and where: file, line, column, the line itself with a mark under the place, and a hint.

use std::fmt;

use crate::model::Shown;

/// How much of a long line is shown on either side of the place.
const AROUND: usize = 60;

/// A fault in a text somebody wrote, with its place. Shown on several lines, the hint last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    name: String,
    line: usize,
    column: usize,
    message: String,
    excerpt: Option<Excerpt>,
    hint: Option<String>,
}

/// The line at fault, made safe to show, and how many characters stand before the place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    shown: String,
    before: usize,
}

impl YamlError {
    /// A fault at a line and column, both counted from 1; line 0 means the text as a whole.
    #[must_use]
    pub fn at(name: &str, text: &str, line: usize, column: usize, message: &str, hint: Option<&str>) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let whole = line.checked_sub(1).and_then(|line| text.lines().nth(line));
        Self {
            name: visible(name),
            line,
            column,
            message: visible(message),
            excerpt: whole.map(|whole| Excerpt::around(whole, column.saturating_sub(1))),
            hint: hint.map(visible),
        }
    }

    /// What the text is called, mostly a path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line, from 1; 0 means the text as a whole.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, on one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, on one line.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl Excerpt {
    fn around(line: &str, place: usize) -> Self {
        let from = place.saturating_sub(AROUND);
        let part = |from: usize, length: usize| -> String { line.chars().skip(from).take(length).collect() };
        let (before, after) = (part(from, place - from), part(place, AROUND));
        let mut shown = if from > 0 { "…".to_owned() } else { String::new() };
        shown += &visible(&before);
        let before = shown.chars().count();
        shown += &visible(&after);
        if line.chars().nth(place + AROUND).is_some() {
            shown.push('…');
        }
        Self { shown, before }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.name, self.message)?,
            line => write!(f, "{}:{line}:{}: {}", self.name, self.column, self.message)?,
        }
        if let Some(Excerpt { shown, before }) = &self.excerpt {
            let number = self.line.to_string();
            let margin = " ".repeat(number.len());
            write!(f, "\n  {number} | {shown}\n  {margin} | {}^", " ".repeat(*before))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for YamlError {}

/// Foreign text with nothing in it that acts on a terminal. Backslashes stay single, since patterns are full of them and
/// nothing is decided by what is read here.
fn visible(text: &str) -> String {
    Shown::text(text).to_string().replace(r"\\", r"\")
}
