//! One simple command that would run, in canonical form, with the way that led to it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Role, Table, Word};

/// A simple command found inside an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The canonical name of the tool that reads it, or else the file name of the program, if known.
    pub name: Option<String>,
    /// Whether a tool grammar describes it.
    pub described: bool,
    /// All words, the program first; empty where only a redirection runs.
    pub words: Vec<Word>,
    /// The leading operands that may name a subcommand (indexes into `words`).
    pub path: Vec<usize>,
    /// Options by canonical name, in order.
    pub flags: Vec<Flag>,
    /// Operands (indexes into `words`), the subcommand's words not among them.
    pub operands: Vec<usize>,
    /// What it touches, by role, as far as its words say.
    pub touches: Vec<Touch>,
    /// What its SQL does: `read`, `write`, `ddl`, `drop`, `truncate`, `delete-all`, `update-all`, `grant`, `program`, `dump`.
    pub sql: Vec<&'static str>,
    /// The tables that it names, or any where its words do not tell.
    pub tables: Vec<Table>,
    /// Variables set for it alone.
    pub environment: Vec<(String, Word)>,
    /// How it is reached, outermost first.
    pub via: Vec<Via>,
    /// The commands next to it in a pipeline (indexes into the list of commands).
    pub pipe_from: Option<usize>,
    /// The command that reads its output.
    pub pipe_to: Option<usize>,
    /// What it reads as standard input.
    pub stdin: Stdin,
    /// The directory it runs in, as far as it is known.
    pub directory: Option<PathBuf>,
    /// Where it runs, if not on this host; the word that names the place, if one does.
    pub remote: Option<Word>,
    /// Whether it has more rights than the caller.
    pub privileged: bool,
    /// Whether an option makes it change nothing.
    pub dry_run: bool,
    /// Whether it only prints help or a version.
    pub help: bool,
    /// Where it lands: `kind:name` of each context its words name.
    pub contexts: Vec<ContextName>,
    /// The words that are secrets by their position (indexes into `words`).
    pub secrets: Vec<SecretWord>,
}

/// An option that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its canonical spelling, with dashes.
    pub name: String,
    /// Its value, if it has one.
    pub value: Option<Word>,
    /// The word it stands in (index into `words`).
    pub word: usize,
}

/// Something a command touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// What it is to the command.
    pub role: Role,
    /// What is touched: the word, less what the grammar says is not part of it.
    pub word: Word,
    /// The word it comes from (index into `words`), if it is one of them (a redirection's target is not).
    pub index: Option<usize>,
    /// Whether everything below it is touched too.
    pub recursive: bool,
}

/// One step of the way to a command, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Another program runs it: its name.
    Program(String),
    /// A shell construct runs it: `subshell`, `substitution`, `function NAME`, `trap`, `eval`, `loop`, `background`.
    Shell(String),
}

impl std::fmt::Display for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Program(name) | Self::Shell(name) => f.write_str(name),
        }
    }
}

/// What a command reads as standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdin {
    /// What gate itself was given.
    Inherited,
    /// Another command's output.
    Pipe,
    /// Text in the script; `None` where it is not constant.
    Text(Option<String>),
    /// A file.
    File(Word),
    /// Nothing.
    Closed,
}

/// The name of a place where a command lands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextName {
    /// `kube`, `aws`, `host`, `database`, `git`, …
    pub kind: String,
    /// The name; `None` where a word that cannot be known names it.
    pub name: Option<String>,
}

impl ContextName {
    /// The name of a place of some kind.
    #[must_use]
    pub fn of(kind: &str, name: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), name: Some(name.into()) }
    }
}

impl std::fmt::Display for ContextName {
    /// `kind:name` as a policy writes it; `kind:?` where the name is not known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.name.as_deref().unwrap_or("?"))
    }
}

/// A word, or the end of one, that is a secret by its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretWord {
    /// Index into `words`.
    pub word: usize,
    /// The first byte of the word that is secret.
    pub from: usize,
    /// What kind of secret: `flag`, `variable`, `url-password`.
    pub kind: &'static str,
}

/// Something about an invocation that gate could not find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unresolved {
    /// What is not known.
    pub kind: UnresolvedKind,
    /// The command it concerns (index), if one was found.
    pub command: Option<usize>,
    /// Why, in a few words.
    pub why: String,
}

/// What can be unresolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnresolvedKind {
    /// Which program runs.
    Program,
    /// With which arguments, where that decides what happens.
    Arguments,
    /// What code an interpreter is given.
    Code,
    /// What a script file holds.
    Script,
    /// What an option means.
    Option,
}

impl UnresolvedKind {
    /// The word used in policies and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Arguments => "arguments",
            Self::Code => "code",
            Self::Script => "script",
            Self::Option => "option",
        }
    }
}
