//! A policy file as people write it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::texts::{Maps, Text, Texts, WordOr};
use super::tool::WrittenTool;
use crate::encoding::yaml::Placed;
use crate::model::{ActionClass, Apart, DataLabel, Effect, Grade};

/// A whole file.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenFile {
    /// The version of the language.
    pub gate: Placed<u32>,
    /// What stands before the slash of its rules' ids.
    pub name: Placed<Text>,
    /// What data is where.
    #[serde(default)]
    pub data: Vec<Placed<WrittenData>>,
    /// Which contexts are which environment.
    #[serde(default)]
    pub environments: Vec<Placed<WrittenEnvironment>>,
    /// Named lists of patterns.
    #[serde(default)]
    pub sets: BTreeMap<String, Texts>,
    /// Grammars.
    #[serde(default)]
    pub tools: Vec<Placed<WrittenTool>>,
    /// Options as tools themselves list them: by program, then by subcommand.
    #[serde(default)]
    pub options: BTreeMap<String, BTreeMap<String, Placed<Text>>>,
    /// Rules.
    #[serde(default)]
    pub rules: Vec<Placed<WrittenRule>>,
    /// What is done about each class.
    #[serde(default)]
    #[cfg_attr(schema, schemars(extend("propertyNames" = {"$ref": "#/$defs/ActionClass"})))]
    pub matrix: BTreeMap<ActionClass, WrittenRow>,
    /// Who must answer.
    #[serde(default)]
    pub ask: WrittenAsk,
    /// What is not asked for a while.
    #[serde(default)]
    pub waivers: Vec<Placed<WrittenWaiver>>,
    /// Built-in packs that do not count.
    #[serde(default)]
    pub packs: BTreeMap<String, Switch>,
}

/// Whether a built-in pack counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It does.
    On,
    /// It does not.
    Off,
}

/// A label for resources, or a catalog of them.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenData {
    /// How sensitive they are.
    #[serde(default)]
    pub label: Option<DataLabel>,
    /// What they are.
    #[serde(default)]
    pub tags: Texts,
    /// Patterns of them.
    #[serde(default)]
    pub resources: Texts,
    /// What is found in the content of local files that are sent.
    #[serde(default)]
    pub detectors: Texts,
    /// How many different values one file must hold.
    #[serde(default)]
    pub at_least: Option<Placed<u32>>,
    /// A file of such lines.
    #[serde(default)]
    pub catalog: Option<Placed<Text>>,
}

/// The contexts that are one environment.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenEnvironment {
    /// Its name.
    pub name: Placed<Text>,
    /// Patterns of `kind:name`.
    pub contexts: Texts,
}

/// A rule.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenRule {
    /// Its name within the pack.
    pub id: Placed<Text>,
    /// Any of these must hold.
    pub when: Maps<WrittenFacts>,
    /// None of these may hold.
    #[serde(default)]
    pub unless: Maps<WrittenFacts>,
    /// What kind of act it is.
    pub class: ActionClass,
    /// The least that it leads to.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// Why it exists.
    pub why: Text,
    /// A safer form.
    #[serde(default)]
    pub instead: Option<Text>,
    /// The rule it stands for.
    #[serde(default)]
    pub replaces: Option<Placed<Text>>,
    /// Lines of sh.
    #[serde(default)]
    pub examples: WrittenExamples,
}

/// Lines of sh that a rule must and must not fire on.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WrittenExamples {
    /// It fires.
    #[serde(default, rename = "match")]
    pub matching: Texts,
    /// It does not.
    #[serde(default)]
    pub skip: Texts,
}

/// What must hold of a command.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WrittenFacts {
    /// Names of tools.
    pub tool: Texts,
    /// Patterns of the leading operands.
    pub command: Texts,
    /// Options.
    pub flags: Texts,
    /// Operands.
    pub operands: Texts,
    /// What data comes from.
    pub source: Texts,
    /// Where data goes.
    pub destination: Texts,
    /// What it acts on.
    pub target: Texts,
    /// Files that decide what happens.
    pub input: Texts,
    /// Local files that are written.
    pub writes: Texts,
    /// URLs.
    pub url: Texts,
    /// Local paths.
    pub path: Texts,
    /// What its SQL does.
    pub sql: Texts,
    /// Words of code in another language.
    pub code: Texts,
    /// Variables set for it.
    pub env: Texts,
    /// What standard input is.
    pub stdin: Texts,
    /// Tools upstream in the pipeline.
    pub pipe_from: Texts,
    /// Tools downstream in the pipeline.
    pub pipe_to: Texts,
    /// What it is reached through.
    pub via: Texts,
    /// Whether, or where, it runs elsewhere.
    pub remote: Texts,
    /// Whether it has more rights than the caller.
    pub privileged: Option<bool>,
    /// Whether it changes nothing.
    pub dry_run: Option<bool>,
    /// Whether it only prints help.
    pub help: Option<bool>,
    /// What gate could not find out.
    pub unresolved: Texts,
    /// Whether the other facts must certainly hold: for rules that deny.
    pub certain: bool,
    /// Whether a word counts only where it is known in part.
    pub known: bool,
}

/// A row of the matrix.
#[derive(Debug, Clone)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
pub struct WrittenRow(pub WordOr<WrittenAxes>);

impl<'de> Deserialize<'de> for WrittenRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WordOr::deserialize(deserializer).map(Self)
    }
}

/// A row of the matrix that looks at labels, tags or environments.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WrittenAxes {
    /// By label.
    pub labels: Option<BTreeMap<String, Effect>>,
    /// By tag.
    pub tags: Option<BTreeMap<String, Effect>>,
    /// By environment.
    pub environments: Option<BTreeMap<String, Effect>>,
}

/// Who must answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WrittenAsk {
    /// Where nothing else is named, and for what others leave out.
    pub default: Option<Placed<WrittenClause>>,
    /// By rule.
    pub rules: BTreeMap<String, Placed<WrittenClause>>,
    /// By class.
    #[cfg_attr(schema, schemars(extend("propertyNames" = {"$ref": "#/$defs/ActionClass"})))]
    pub classes: BTreeMap<ActionClass, Placed<WrittenClause>>,
    /// By tag.
    pub tags: BTreeMap<String, Placed<WrittenClause>>,
    /// By label.
    pub labels: BTreeMap<String, Placed<WrittenClause>>,
    /// By environment.
    pub environments: BTreeMap<String, Placed<WrittenClause>>,
}

/// Some people of whom some must answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WrittenClause {
    /// Any of these groups.
    pub from: Texts,
    /// How many.
    pub count: Option<u32>,
    /// Of each group.
    pub each: Option<bool>,
    /// How they are proven.
    pub grade: Option<Grade>,
    /// How far apart from the requester.
    pub apart: Option<Apart>,
    /// How long the request lives.
    pub within: Option<Placed<Text>>,
}

/// What is not asked for a while.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WrittenWaiver {
    /// The rule.
    pub rule: Placed<Text>,
    /// For whom and where.
    #[serde(rename = "where", default)]
    pub place: WrittenWhere,
    /// Why.
    #[serde(default)]
    pub reason: Option<Placed<Text>>,
    /// The last day it holds.
    #[serde(default)]
    pub until: Option<Placed<Text>>,
}

/// For whom and where a waiver holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WrittenWhere {
    /// Patterns of the requester.
    pub requester: Texts,
    /// Patterns of the directory.
    pub directory: Texts,
    /// Patterns of this host's name.
    pub host: Texts,
}
