//! What the files of one layer say once they are checked; holds no opinion of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rule::{Examples, Rule};
use crate::model::{ActionClass, Apart, DataLabel, Detector, Effect, Grade, Tool};

/// Whose policy it is, from most to least trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// gate's own packs.
    BuiltIn,
    /// `/etc/gate`.
    System,
    /// The user's own.
    User,
    /// The repository's.
    Project,
}

impl Layer {
    /// The word used in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::System => "system",
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

/// One file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Whose it is.
    pub layer: Layer,
    /// Its name, mostly a path.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// What the files of one layer say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Grammars, with the pack that describes them.
    pub tools: Vec<Tool>,
    /// Rules, with their examples.
    pub rules: Vec<(Rule, Examples)>,
    /// Named lists of patterns.
    pub sets: BTreeMap<String, Vec<String>>,
    /// All the rest.
    pub base: Base,
    /// Built-in packs that do not count.
    pub packs_off: Vec<String>,
    /// Catalogs of labels.
    pub catalogs: Vec<Catalog>,
    /// What is not asked for a while.
    pub waivers: Vec<Waiver>,
}

/// A catalog of labels that a policy names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Its name as written: absolute, from the home directory, or from the folder of the policy.
    pub name: String,
    /// The file that names it.
    pub file: String,
}

/// What is neither grammar nor rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// What data is where.
    pub data: Vec<Data>,
    /// Which contexts are which environment.
    pub environments: Vec<Environment>,
    /// What is done about each class.
    pub matrix: BTreeMap<ActionClass, Row>,
    /// Who must answer.
    pub asks: Vec<(Named, PartClause)>,
}

/// Resources of one label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// How sensitive they are.
    pub label: Option<DataLabel>,
    /// What they are.
    pub tags: Vec<String>,
    /// Patterns of them.
    pub resources: Vec<String>,
    /// Detectors of their content.
    pub detectors: Vec<Detector>,
    /// How many different values of one of these a file holds.
    pub at_least: u32,
}

/// Contexts of one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Patterns of `kind:name`.
    pub contexts: Vec<String>,
}

/// A row of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    /// One effect, whatever the data and the place.
    Whole(Effect),
    /// By what is touched and where it lands; an axis that is missing says nothing.
    Axes {
        /// By label.
        labels: Option<BTreeMap<String, Effect>>,
        /// By tag.
        tags: Option<BTreeMap<String, Effect>>,
        /// By environment.
        environments: Option<BTreeMap<String, Effect>>,
    },
}

/// What an entry of `ask` names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Named {
    /// Nothing: it stands where no other entry does.
    Default,
    /// A rule.
    Rule(String),
    /// A class.
    Class(ActionClass),
    /// A tag.
    Tag(String),
    /// A label.
    Label(String),
    /// An environment.
    Environment(String),
}

/// A clause of which some fields may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartClause {
    /// Any of these groups.
    pub from: Option<Vec<String>>,
    /// How many.
    pub count: Option<u32>,
    /// Of each group.
    pub each: Option<bool>,
    /// How they are proven.
    pub grade: Option<Grade>,
    /// How far apart from the requester.
    pub apart: Option<Apart>,
    /// How long the request lives.
    pub within: Option<String>,
}

/// What is not asked for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Whose it is.
    pub layer: Layer,
    /// The rule.
    pub rule: String,
    /// Patterns of the requester; none means everybody.
    pub requester: Vec<String>,
    /// Patterns of the directory; none means everywhere.
    pub directory: Vec<String>,
    /// Patterns of this host's name; none means every host.
    pub host: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day it holds, `YYYY-MM-DD`.
    pub until: String,
}
