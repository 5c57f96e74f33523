//! One layer above the built-in one, tool by tool; holds what was read from its files, or what was compiled from them
//! before, of which only the tools in question are parsed.

use std::collections::BTreeMap;

use super::compiled::Shards;
use super::load::layer::{Checked, Layer};
use super::load::rule::{Examples, Rule};
use super::load::shard::Shard;
use crate::model::Tool;

/// One layer above the built-in one.
#[derive(Debug)]
pub(super) struct Above {
    pub(super) layer: Layer,
    /// Whether it may replace what is below.
    pub(super) replaces: bool,
    /// What it says apart from tools and rules.
    pub(super) checked: Checked,
    /// The rules that others of its rules stand for.
    pub(super) replaced: Vec<String>,
    /// The examples of its rules, by id.
    pub(super) examples: Vec<(String, Examples)>,
    tools: ByTool,
    /// The rules that look at any tool.
    anywhere: Vec<Rule>,
}

/// Tools and the rules that look at them.
#[derive(Debug)]
enum ByTool {
    /// By canonical name, and the canonical name of each name.
    Read { names: BTreeMap<String, String>, shards: BTreeMap<String, Shard> },
    /// Parsed where they are asked for.
    Compiled(Shards),
}

impl Above {
    pub(super) fn new(layer: Layer, replaces: bool, mut checked: Checked) -> Self {
        let mut shards: BTreeMap<String, Shard> = BTreeMap::new();
        let mut names = BTreeMap::new();
        for tool in std::mem::take(&mut checked.tools) {
            names.extend(tool.names.iter().map(|name| (name.clone(), tool.name.clone())));
            let canonical = tool.name.clone();
            shards.entry(canonical).or_default().tool = Some(tool);
        }
        let (mut anywhere, mut examples, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
        for (rule, lines) in std::mem::take(&mut checked.rules) {
            examples.push((rule.id.clone(), lines));
            replaced.extend(rule.replaces.clone());
            match rule.tools() {
                None => anywhere.push(rule),
                Some(tools) => {
                    for tool in tools {
                        shards.entry(tool.to_owned()).or_default().rules.push(rule.clone());
                    }
                }
            }
        }
        Self { layer, replaces, checked, replaced, examples, tools: ByTool::Read { names, shards }, anywhere }
    }

    /// The same layer, as it was compiled.
    pub(super) const fn compiled(
        (layer, replaces): (Layer, bool),
        checked: Checked,
        replaced: Vec<String>,
        anywhere: Vec<Rule>,
        shards: Shards,
    ) -> Self {
        Self { layer, replaces, checked, replaced, examples: Vec::new(), tools: ByTool::Compiled(shards), anywhere }
    }

    /// The rules that look at a tool, by its canonical name.
    pub(super) fn rules_of(&self, tool: &str) -> &[Rule] {
        let shard = match &self.tools {
            ByTool::Read { shards, .. } => shards.get(tool),
            ByTool::Compiled(shards) => shards.shard(tool),
        };
        // Under its other names a tool is found, and no rule.
        let own = shard.filter(|shard| shard.tool.as_ref().is_none_or(|own| own.name == tool));
        own.map_or(&[], |shard| &shard.rules)
    }

    /// The rules that look at any tool.
    pub(super) fn anywhere(&self) -> &[Rule] {
        &self.anywhere
    }

    /// All rules, each once, by id.
    pub(super) fn rules(&self) -> Vec<&Rule> {
        let shards: Vec<&Shard> = match &self.tools {
            ByTool::Read { shards, .. } => shards.values().collect(),
            ByTool::Compiled(shards) => shards.all(),
        };
        let mut rules: Vec<&Rule> = shards.iter().flat_map(|shard| &shard.rules).chain(&self.anywhere).collect();
        rules.sort_by(|one, other| one.id.cmp(&other.id));
        rules.dedup_by(|one, other| one.id == other.id);
        rules
    }

    /// A tool that this layer describes, by any of its names.
    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        match &self.tools {
            ByTool::Read { names, shards } => shards.get(names.get(name)?)?.tool.as_ref(),
            // What has rules only is a tool of another layer.
            ByTool::Compiled(shards) => shards.shard(name)?.tool.as_ref(),
        }
    }

    /// What was read, tool by tool, for compiling; nothing of what was compiled already.
    pub(super) fn shards(&self) -> impl Iterator<Item = (&str, &Shard)> {
        let read = match &self.tools {
            ByTool::Read { shards, .. } => Some(shards),
            ByTool::Compiled(_) => None,
        };
        read.into_iter().flatten().map(|(name, shard)| (name.as_str(), shard))
    }

    /// Whether rules were missing, since a part of what was compiled was not what was written.
    pub(super) fn is_damaged(&self) -> bool {
        match &self.tools {
            ByTool::Read { .. } => false,
            ByTool::Compiled(shards) => shards.is_damaged(),
        }
    }

    pub(super) fn is_project(&self) -> bool {
        self.layer == Layer::Project
    }
}
