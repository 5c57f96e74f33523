//! Rules as they are judged; decides nothing.

use serde::{Deserialize, Serialize};

use crate::model::{ActionClass, Body, Effect, Form, Role, Slot, Tool, UnresolvedKind};

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `pack/id`.
    pub id: String,
    /// The file it stands in.
    pub file: String,
    /// What kind of act it is.
    pub class: ActionClass,
    /// The least that it leads to.
    pub least: Effect,
    /// Why it exists.
    pub why: String,
    /// A safer form.
    pub instead: Option<String>,
    /// The rule it stands for.
    pub replaces: Option<String>,
    /// Any of these must hold.
    pub when: Vec<Facts>,
    /// None of these may hold.
    pub unless: Vec<Facts>,
}

/// Lines of sh that a rule must and must not fire on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examples {
    /// It fires.
    pub matching: Vec<String>,
    /// It does not.
    pub skip: Vec<String>,
}

/// What must hold of a command; an empty list says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Canonical names of tools.
    pub tools: Vec<String>,
    /// Patterns of the leading operands, word by word.
    pub commands: Vec<Vec<CommandPart>>,
    /// Any of these, each of which is all of its options.
    pub flags: Vec<Vec<FlagPattern>>,
    /// Patterns of what it touches; `@name` stands for a built-in set.
    pub values: Vec<(Values, Vec<String>)>,
    /// What its SQL does.
    pub sql: Vec<String>,
    /// Words of code in another language.
    pub code: Vec<String>,
    /// Variables set for it, with a pattern of the value.
    pub env: Vec<(String, Option<String>)>,
    /// What standard input is.
    pub stdin: Vec<String>,
    /// Tools upstream.
    pub pipe_from: Vec<String>,
    /// Tools downstream.
    pub pipe_to: Vec<String>,
    /// Patterns of what it is reached through.
    pub via: Vec<String>,
    /// Whether, or where, it runs elsewhere: `true`, `false` or patterns of the place.
    pub remote: Vec<String>,
    /// Whether it has more rights than the caller.
    pub privileged: Option<bool>,
    /// Whether it changes nothing.
    pub dry_run: Option<bool>,
    /// Whether it only prints help.
    pub help: Option<bool>,
    /// What gate could not find out.
    pub unresolved: Vec<UnresolvedKind>,
    /// Whether the other facts must certainly hold.
    pub certain: bool,
    /// Whether a word counts only where half of what a pattern spells out stands in it.
    pub known: bool,
}

/// One word of a command pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandPart {
    /// Any number of words.
    Any,
    /// One word that is an instance of one of these patterns.
    OneOf(Vec<String>),
}

/// An option, and a pattern of its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagPattern {
    /// Its canonical spelling.
    pub name: String,
    /// What its value must be.
    pub value: Option<String>,
}

/// Which words of a command a pattern is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Values {
    /// All operands.
    Operands,
    /// What has this role.
    Role(Role),
    /// Local files that are written.
    Writes,
    /// Local paths, whatever the role.
    Path,
}

/// Finds a tool by any of its names.
pub type Find<'a> = &'a dyn Fn(&str) -> Option<&'a Tool>;

/// What a tool says in general and under each subcommand.
pub fn bodies(tool: &Tool) -> impl Iterator<Item = &Body> {
    std::iter::once(&tool.body).chain(tool.commands.iter().map(|(_, body)| body))
}

/// The options at which inner code in another language stands, and the operands, for the fact `code`.
pub fn code_slots(tool: &Tool) -> impl Iterator<Item = &Slot> {
    bodies(tool).flat_map(|body| &body.runs).filter(|runs| runs.form == Form::Code).map(|runs| &runs.at)
}
