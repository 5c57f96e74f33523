//! Shell text in, every simple command in it out. The grammar is the parser's; what the commands mean is not decided
//! here. What this cannot follow it says; it never leaves a command out and calls the script seen.

mod brace;
mod builtin;
mod compound;
mod expand;
#[cfg(test)]
mod kept;
mod names;
mod output;
mod parameter;
mod quote;
mod redirect;
mod reread;
mod residual;
mod scope;
mod simple;
#[cfg(test)]
mod table;
mod tree;
mod trim;
mod unit;
mod visit;
mod walk;
mod zsh;

pub use tree::{
    Hole, Known, Piece, Redirect, RedirectKind, Script, Simple, Stdin, Unresolved, UnresolvedKind, Via, Word,
};

/// Longest script that is read, in bytes.
pub const MAX_TEXT: usize = 64 * 1024;
/// Deepest nesting of code in constant text (`eval` in `eval`) and of function calls.
pub const MAX_DEPTH: usize = 16;
/// Most simple commands taken from one script.
pub const MAX_COMMANDS: usize = 1000;
/// Most alternatives followed for one command.
pub const MAX_ALTERNATIVES: usize = 64;

/// The shell a text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `sh`, `dash`, `ash`.
    Posix,
    /// `bash`.
    Bash,
    /// `zsh`.
    Zsh,
    /// `ksh`, `mksh`.
    Korn,
}

impl Dialect {
    /// The dialect a shell program of this name reads, if it is a shell we know.
    pub fn of_program(name: &str) -> Option<Self> {
        Some(match name {
            "sh" | "dash" | "ash" => Self::Posix,
            "bash" | "rbash" => Self::Bash,
            "zsh" => Self::Zsh,
            "ksh" | "mksh" | "ksh93" | "lksh" | "pdksh" | "oksh" => Self::Korn,
            _ => return None,
        })
    }
}

/// A text no shell command can be taken from; the caller takes all of it as unknown code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The grammar refuses it.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1; 0 when the parser names none.
        line: usize,
        /// Column in bytes, from 1; 0 when the parser names none.
        column: usize,
        /// The parser's words.
        message: String,
    },
    /// Over [`MAX_TEXT`].
    #[error("{length} bytes of shell text, more than {MAX_TEXT}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

/// Reads shell text.
pub trait Parser {
    /// Everything in `text` that would run. `positional` is `$0`, `$1` and so on; `None` when they are not known.
    fn parse(&self, text: &str, dialect: Dialect, positional: Option<&[Word]>) -> Result<Script, Unreadable> {
        self.parse_within(text, dialect, positional, None)
    }

    /// The same, where the environment it is started in is known.
    fn parse_within(
        &self,
        text: &str,
        dialect: Dialect,
        positional: Option<&[Word]>,
        inherited: Option<&Inherited>,
    ) -> Result<Script, Unreadable>;
}

/// The variables a script inherits, each with its value where that is known.
pub type Inherited = Vec<(String, Option<String>)>;

/// The parser built on `shuck-parser`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shuck;

impl Parser for Shuck {
    fn parse_within(
        &self,
        text: &str,
        dialect: Dialect,
        positional: Option<&[Word]>,
        inherited: Option<&Inherited>,
    ) -> Result<Script, Unreadable> {
        walk::script(text, dialect, positional, inherited)
    }
}
