//! `gate policy`: whether the rules hold together, which there are, and what each says.

use std::io::Write as _;

use clap::{Args, Subcommand};

use crate::actions::examples::{Examined, examined};
use crate::host::policies;
use crate::model::Shown;
use crate::policy::{Layer, Policy as Rules, Rule};

use super::exit;
use super::failure::Complaint;
use super::output;
use super::surroundings::{directory, paths};

/// Check, test, list and show the rules
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Read all layers and run the examples of every rule; exits with 78 on the first fault
    Check(Format),
    /// Run the examples of every rule through the whole pipeline; exits with 65 if one does not hold
    Test(Test),
    /// List the rules that count, with class and least effect
    List(Format),
    /// Show one rule, with its examples
    Show(Show),
}

/// How to print
#[derive(Debug, Args)]
pub struct Format {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Run the examples of every rule
#[derive(Debug, Args)]
pub struct Test {
    /// Only the rules whose id begins with this
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Show one rule
#[derive(Debug, Args)]
pub struct Show {
    /// The rule's id, as `gate policy list` and `gate explain` print it
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs a subcommand of `gate policy`.
pub fn run(policy: &Policy) -> Result<(), Complaint> {
    let rules =
        policies::read(&paths()?, &directory()?).map_err(|failure| Complaint::failure(exit::CONFIGURATION, failure))?;
    match policy {
        Policy::Check(format) => check(&rules, format.json),
        Policy::Test(test) => tested(&rules, test),
        Policy::List(format) => list(&rules, format.json),
        Policy::Show(show) => shown(&rules, show),
    }
}

fn check(rules: &Rules, json: bool) -> Result<(), Complaint> {
    let result = examined(rules, &|_| true);
    report(&result, json)?;
    failed(&result, exit::CONFIGURATION)
}

fn tested(rules: &Rules, test: &Test) -> Result<(), Complaint> {
    let chosen = |id: &str| test.rule.as_deref().is_none_or(|wanted| id.starts_with(wanted));
    let result = examined(rules, &chosen);
    if let (0, Some(wanted)) = (result.rules, &test.rule) {
        return Err(no_rule(wanted));
    }
    report(&result, test.json)?;
    failed(&result, exit::EVIDENCE)
}

fn report(result: &Examined, json: bool) -> Result<(), Complaint> {
    if json {
        return print(&output::json(result)?);
    }
    let mut text = String::new();
    for broken in &result.broken {
        let wanted = if broken.fires { "does not fire on" } else { "fires on" };
        text.push_str(&format!("{} {wanted}: {}\n", broken.rule, Shown::text(&broken.line)));
    }
    let held = result.lines - result.broken.len();
    text.push_str(&format!("{} rules, {held} of {} examples hold\n", result.rules, result.lines));
    print(&text)
}

fn failed(result: &Examined, code: u8) -> Result<(), Complaint> {
    match result.broken.len() {
        0 => Ok(()),
        1 => Err(Complaint::new(code, "1 example does not hold")),
        count => Err(Complaint::new(code, format!("{count} examples do not hold"))),
    }
}

fn list(rules: &Rules, json: bool) -> Result<(), Complaint> {
    let mut all: Vec<(Layer, &Rule)> = rules.rules().collect();
    all.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    if json {
        let values: Vec<_> = all.iter().map(|(layer, rule)| value(*layer, rule)).collect();
        return print(&output::json(&values)?);
    }
    let width = all.iter().map(|(_, rule)| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (layer, rule) in all {
        let from = if layer == Layer::BuiltIn { String::new() } else { format!(" ({})", layer.name()) };
        let least = match rule.least {
            crate::model::Effect::Allow => "matrix",
            effect => effect.name(),
        };
        let why = Shown::text(&rule.why);
        text.push_str(&format!("{:width$}  {:10} {least:6}  {why}{from}\n", rule.id, rule.class.name()));
    }
    print(&text)
}

fn shown(rules: &Rules, show: &Show) -> Result<(), Complaint> {
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

fn value(layer: Layer, rule: &Rule) -> crate::encoding::json::Value {
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

fn no_rule(id: &str) -> Complaint {
    let message = format!("there is no rule `{}`", Shown::text(id));
    Complaint::new(exit::USAGE, message).hint("gate policy list shows all of them")
}

fn print(text: &str) -> Result<(), Complaint> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}
