//! What a script would run, as plain values: simple commands, their words and redirections, and what could not be told.
//! Nothing here opens, runs or looks up anything; a hole is a place whose text only a run would show.

use std::ops::Range;

/// Everything in a script that would run, in the order it is met, and what could not be seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// Every simple command; one whose words have a few constant values stands here once for each.
    pub commands: Vec<Simple>,
    /// What could not be resolved. A caller must not take a script with entries here as fully seen.
    pub unresolved: Vec<Unresolved>,
    /// Bytes of a function that starts itself over and over in the background or in a pipe.
    pub fork_bomb: Option<Range<usize>>,
}

/// One simple command: a name, its arguments and what surrounds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// The command name and its arguments; empty for bare assignments and bare redirections.
    pub words: Vec<Word>,
    /// `NAME=value` before the command, or alone; an array is written with blanks between its elements.
    pub assignments: Vec<(String, Word)>,
    /// Redirections in the order written.
    pub redirects: Vec<Redirect>,
    /// The command whose output is this one's input, when a pipe joins them.
    pub pipe_from: Option<usize>,
    /// The command that reads this one's output, when a pipe joins them.
    pub pipe_to: Option<usize>,
    /// Where file descriptor 0 comes from.
    pub stdin: Stdin,
    /// Started without waiting for it.
    pub background: bool,
    /// How it was reached within the script, outermost first.
    pub via: Vec<Via>,
    /// Bytes of the given text; for a command out of constant text (`eval`), the bytes of what ran that text.
    pub span: Range<usize>,
}

/// One word after expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What is known of its text.
    pub text: Known,
    /// It may become no word or several words: an unquoted hole, a glob, or `"$@"` unknown.
    pub many: bool,
    /// Bytes of the given text, if it stands there.
    pub span: Option<Range<usize>>,
}

/// The text of a word, as far as it is constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// All of it.
    Exact(String),
    /// Some of it, with holes in between.
    Pattern(Vec<Piece>),
}

/// A part of a partly known word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Constant text, quotes and escapes removed.
    Text(String),
    /// Text only a run would show.
    Hole(Hole),
}

/// Why a part of a word is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hole {
    /// A variable or positional parameter, by name: `HOME`, `1`, `@`.
    Variable(String),
    /// The output of a command.
    Substitution,
    /// A file name that stands for a process, `<(...)`.
    Process,
    /// The value of an arithmetic expression.
    Arithmetic,
    /// A file name pattern, as written.
    Glob(String),
    /// A home directory: the name after `~`, empty for one's own.
    Tilde(String),
    /// More alternatives than are followed.
    TooMany,
    /// Text whose shape is known, as a policy's pattern (`[0-9]*`).
    Fitting(String),
    /// The directory for temporary files.
    Temporary,
    /// The directory the script is started in.
    Start,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// What it does.
    pub kind: RedirectKind,
    /// The descriptor written before it, if one is.
    pub fd: Option<i32>,
    /// The file, the descriptor, or for here-documents and here-strings the text itself.
    pub target: Word,
    /// Expansions in a here-document's body are live; the commands in it are among the script's commands.
    pub live: bool,
}

/// What a redirection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectKind {
    /// `<`
    Read,
    /// `>`, `&>` and `>&FILE`
    Write,
    /// `>>` and `&>>`
    Append,
    /// `>|`
    Clobber,
    /// `<>`
    ReadWrite,
    /// `<&N`
    DuplicateInput,
    /// `>&N`
    DuplicateOutput,
    /// `<<` and `<<-`
    HereDocument,
    /// `<<<`
    HereString,
}

/// Where a command's standard input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdin {
    /// Whatever the script was given.
    Inherited,
    /// The output of other commands of the script.
    Pipe,
    /// Text written in the script.
    Here(Word),
    /// A file.
    File(Word),
    /// Another descriptor.
    Descriptor(Word),
    /// Nothing.
    Closed,
}

/// One step from the script to a command in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// `( ... )`
    Subshell,
    /// `$( ... )` or backticks.
    Substitution,
    /// `<( ... )` or `>( ... )`
    Process,
    /// The body of a function.
    Function(String),
    /// The text of an alias.
    Alias(String),
    /// The words of `eval`, or other constant text a builtin runs.
    Eval,
    /// The text of `trap`.
    Trap,
    /// The body or condition of a loop.
    Loop,
    /// A branch that may not be taken.
    Conditional,
    /// A list started with `&`.
    Background,
    /// `coproc`
    Coprocess,
}

/// Something that could not be told before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// What is not known.
    pub kind: UnresolvedKind,
    /// Bytes of the given text.
    pub span: Range<usize>,
    /// Why, in a few words.
    pub why: &'static str,
}

/// What is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnresolvedKind {
    /// Which program a command starts.
    Program,
    /// Code that runs, or how the shell reads a part of the text.
    Code,
    /// More would run than was followed.
    Cap,
}

impl Known {
    /// The text, when all of it is constant.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Pattern(_) => None,
        }
    }

    /// Joined pieces: one text when there is no hole among them.
    pub fn from_pieces(pieces: Vec<Piece>) -> Self {
        let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (_, Piece::Text(text)) if text.is_empty() => {}
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (_, piece) => joined.push(piece),
            }
        }
        match joined.as_mut_slice() {
            [] => Self::Exact(String::new()),
            [Piece::Text(text)] => Self::Exact(std::mem::take(text)),
            _ => Self::Pattern(joined),
        }
    }

    /// The pieces; an exact text is one piece.
    pub fn pieces(&self) -> Vec<Piece> {
        match self {
            Self::Exact(text) => vec![Piece::Text(text.clone())],
            Self::Pattern(pieces) => pieces.clone(),
        }
    }
}

impl Word {
    /// A word of constant text that stands nowhere in the script.
    pub fn constant(text: impl Into<String>) -> Self {
        Self { text: Known::Exact(text.into()), many: false, span: None }
    }

    /// The text, when all of it is constant and it is one word.
    pub fn exact(&self) -> Option<&str> {
        if self.many { None } else { self.text.exact() }
    }
}

impl std::fmt::Display for Word {
    /// The constant text, with `?` for each hole.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.text {
            Known::Exact(text) => f.write_str(text),
            Known::Pattern(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => f.write_str(text),
                Piece::Hole(Hole::Glob(glob)) => f.write_str(glob),
                Piece::Hole(_) => f.write_str("?"),
            }),
        }
    }
}
