//! `gate policy show`: one rule, with its examples.

use clap::Args;

use crate::model::Shown;
use crate::policy::{Layer, Policy as Rules, Rule};

use super::super::failure::Complaint;
use super::super::output;
use super::{no_rule, print};

/// Show one rule
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rule's id, as `gate policy list` and `gate explain` print it
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Shows it.
pub fn run(rules: &Rules, show: &Arguments) -> Result<(), Complaint> {
    let (layer, rule) = rules.rules().find(|(_, rule)| rule.id == show.rule).ok_or_else(|| no_rule(&show.rule))?;
    let examples = rules.examples().remove(&rule.id).unwrap_or_default();
    if show.json {
        let mut value = value(layer, rule);
        if let Some(members) = value.as_object_mut() {
            let lines = crate::encoding::json::json!({"match": examples.matching, "skip": examples.skip});
            members.insert("examples".to_owned(), lines);
        }
        return print(&output::json(&value)?);
    }
    let mut text = format!("{}\n  {}\n", rule.id, Shown::text(&rule.why));
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:9} {value}\n"));
    line("class", rule.class.name());
    match rule.least {
        crate::model::Effect::Allow => line("effect", "what the matrix says of its class"),
        effect => line("effect", &format!("{} at least", effect.name())),
    }
    line("from", &format!("{} ({})", Shown::text(&rule.file), layer.name()));
    if let Some(replaces) = &rule.replaces {
        line("replaces", replaces);
    }
    if let Some(instead) = &rule.instead {
        line("instead", &Shown::text(instead).to_string());
    }
    for example in &examples.matching {
        line("fires on", &Shown::text(example).to_string());
    }
    for example in &examples.skip {
        line("not on", &Shown::text(example).to_string());
    }
    print(&text)
}

/// A rule as programs read it.
pub fn value(layer: Layer, rule: &Rule) -> crate::encoding::json::Value {
    crate::encoding::json::json!({
        "class": rule.class,
        "file": rule.file,
        "id": rule.id,
        "instead": rule.instead,
        "layer": layer.name(),
        "least": rule.least,
        "replaces": rule.replaces,
        "why": rule.why,
    })
}
