//! Facts about the world that a classification asks for and is given; it never looks them up itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ContextName, DataFact, DataQuestion};

/// A question about this host that decides what a command does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// The text of a script file.
    Script(PathBuf),
    /// Where a command lands.
    Context(Landing),
    /// The data that it touches.
    Data(DataQuestion),
    /// What else a program's file is called: where links lead, and other names of the same file.
    Program(PathBuf),
}

/// All that a program would look at to find out where it lands: the answer depends on this and on files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Landing {
    /// What stands before the colon in a policy.
    pub kind: String,
    /// Whose files are read; the kind itself, where all its programs read the same.
    pub reader: String,
    /// What the command line says, by setting; `name` names the context itself, `operands` and `path` are its other words.
    pub told: BTreeMap<String, Vec<String>>,
    /// The variables that count, as far as they are set.
    pub variables: BTreeMap<String, String>,
    /// The directory, if it is known.
    pub directory: Option<PathBuf>,
}

impl Landing {
    /// The last value that the command line gives a setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.told.get(name).and_then(|values| values.last()).map(String::as_str)
    }

    /// All values that the command line gives a setting.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.told.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// A variable that is set, and not to nothing.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The text of a file.
    Text(String),
    /// The names of the places where a command lands; none where nothing names one.
    Contexts(Vec<ContextName>),
    /// What is known of data.
    Data(DataFact),
    /// File names of a program, the likeliest first.
    Names(Vec<String>),
    /// There is no such file.
    Absent,
    /// It cannot be known, and why.
    Unknown(String),
}

/// All answers so far.
pub type Answers = BTreeMap<Question, Fact>;
