//! Facts about the world that a classification asks for and is given; it never looks them up itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A question about this host that decides what a command does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// The text of a script file.
    Script(PathBuf),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The text of a file.
    Text(String),
    /// It cannot be known, and why.
    Unknown(String),
}

/// All answers so far.
pub type Answers = BTreeMap<Question, Fact>;
