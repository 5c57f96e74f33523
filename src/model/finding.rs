//! What the rules said about the commands, and what follows from it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ActionClass, Apart, DataLabel, Effect, Grade, Span};

/// One rule that fired on one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The rule, `pack/id`.
    pub rule: String,
    /// The kind of act.
    pub class: ActionClass,
    /// What the matrix and the rule together make of it.
    pub effect: Effect,
    /// Why the rule exists, in one sentence.
    pub why: String,
    /// A safer form, if the rule knows one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instead: Option<String>,
    /// The command it fired on (index into the commands), if it concerns one.
    pub command: Option<usize>,
    /// The words that made it fire (indexes into the command's words).
    pub words: Vec<usize>,
    /// The labels of the data its command touches.
    pub labels: BTreeSet<DataLabel>,
    /// The tags of the data its command touches.
    pub tags: BTreeSet<String>,
    /// The environments its command lands in.
    pub environments: BTreeSet<String>,
    /// Why it does not count, if a waiver covers it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waived: Option<String>,
}

/// One group of people of whom some must answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Any of these groups.
    pub from: Vec<String>,
    /// How many distinct people.
    pub count: u32,
    /// Whether `count` people of each group are needed, not of all together.
    pub each: bool,
    /// How each must be proven, at least.
    pub grade: Grade,
    /// How far apart from the requester each answer must come from, at least.
    pub apart: Apart,
}

/// Everything that must be met before a command may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// All of these; distinct, in order.
    pub clauses: Vec<Clause>,
    /// How long the request lives.
    pub within: Span,
}

/// What is to be done about an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It runs.
    Allow,
    /// People must answer first.
    Ask(Requirement),
    /// It does not run; the reasons, one line each.
    Deny(Vec<String>),
}

impl Decision {
    /// The effect without its particulars.
    pub const fn effect(&self) -> Effect {
        match self {
            Self::Allow => Effect::Allow,
            Self::Ask(_) => Effect::Ask,
            Self::Deny(_) => Effect::Deny,
        }
    }
}
