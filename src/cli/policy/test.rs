//! `gate policy test`: the examples inside the rules, and files of cases.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::actions::{cases, examples};
use crate::encoding::json::json;
use crate::host::policies::text;
use crate::model::Shown;
use crate::policy::Policy as Rules;

use super::super::exit;
use super::super::failure::Complaint;
use super::super::output;
use super::{no_rule, print, report};

/// Run the examples of every rule, and files of cases
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct Arguments {
    /// Files of cases: YAML lists (`.yaml`), or JSON with one case a line
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Run the examples of the rules only whose id begins with this
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// How to print
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

const AFTER: &str = "\
A case is {id, argv or line, cwd, env, expect, rules, why}: `expect` is allow, ask (or approve), deny, or \
deny-or-approve; `rules` are those that must fire. Exits with 65 if one does not hold.";

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Those that fail, and how many hold
    Human,
    /// JUnit XML
    Junit,
    /// Test Anything Protocol, version 13
    Tap,
    /// One JSON object
    Json,
}

/// Runs them.
pub fn run(rules: &Rules, arguments: &Arguments) -> Result<(), Complaint> {
    let chosen = |id: &str| arguments.rule.as_deref().is_none_or(|wanted| id.starts_with(wanted));
    let mut all = examples::checked(rules, &chosen);
    if let (true, Some(wanted)) = (all.is_empty(), &arguments.rule) {
        return Err(no_rule(wanted));
    }
    for file in &arguments.files {
        let text = text(file).map_err(|failure| Complaint::failure(exit::USAGE, failure))?;
        let name = Shown::os(file.as_os_str()).to_string();
        let cases = cases::checked(rules, &name, &text);
        all.extend(cases.map_err(|error| Complaint::new(exit::EVIDENCE, error.to_string()))?);
    }
    let failed = all.iter().filter(|one| !one.holds).count();
    let format = if arguments.json { Format::Json } else { arguments.format };
    print(&match format {
        Format::Human => report::human(&all),
        Format::Junit => report::junit(&all),
        Format::Tap => report::tap(&all),
        Format::Json => output::json(&json!({"failed": failed, "held": all.len() - failed, "results": all}))?,
    })?;
    match failed {
        0 => Ok(()),
        1 => Err(Complaint::new(exit::EVIDENCE, "1 of them does not hold")),
        count => Err(Complaint::new(exit::EVIDENCE, format!("{count} of them do not hold"))),
    }
}
