//! `gate policy list`: the rules that count, and with the audit log those that never fire and those that cry wolf.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::actions::usage::{Counts, Usage};
use crate::model::{Effect, Shown};
use crate::policy::{Layer, Policy as Rules, Rule};

use super::super::audit::show::{Since, since};
use super::super::failure::Complaint;
use super::super::output;
use super::show::value;
use super::{log, print};

/// Fewer questions than this say nothing about a rule.
const ENOUGH: u64 = 3;

/// List the rules that count, with class and least effect
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only those that the audit log has never seen fire
    #[arg(long)]
    unused: bool,
    /// Only those that ask often and are nearly always approved (9 of 10, of at least 3), the most asking first
    #[arg(long, conflicts_with = "unused")]
    noisy: bool,
    /// Count records from this time on, such as 30d, 2026-11-22 or 2026-11-22T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// The log's directory, or a copy of one [default: this host's log]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists them.
pub fn run(rules: &Rules, arguments: &Arguments) -> Result<(), Complaint> {
    let counted = arguments.unused || arguments.noisy || arguments.since.is_some() || arguments.dir.is_some();
    let counts = if counted { Some(counts(arguments)?) } else { None };
    let of = |rule: &Rule| counts.as_ref().and_then(|counts| counts.get(&rule.id)).copied().unwrap_or_default();
    let mut all: Vec<(Layer, &Rule)> = rules.rules().collect();
    all.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    if arguments.unused {
        all.retain(|(_, rule)| of(rule).fired == 0);
    }
    if arguments.noisy {
        all.retain(|(_, rule)| is_noisy(&of(rule)));
        all.sort_by_key(|(_, rule)| std::cmp::Reverse(of(rule).asked));
    }
    if arguments.json {
        let value = |(layer, rule): &(Layer, &Rule)| {
            let mut value = value(*layer, rule);
            if let (Some(members), true) = (value.as_object_mut(), counted) {
                let counts = of(rule);
                members.insert("counts".to_owned(), crate::encoding::json::json!(counts));
            }
            value
        };
        return print(&output::json(&all.iter().map(value).collect::<Vec<_>>())?);
    }
    let width = all.iter().map(|(_, rule)| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (layer, rule) in all {
        let from = if layer == Layer::BuiltIn { String::new() } else { format!(" ({})", layer.name()) };
        let least = match rule.least {
            Effect::Allow => "matrix",
            effect => effect.name(),
        };
        let why = Shown::text(&rule.why);
        let tally = if counted && !arguments.unused { tally(&of(rule)) } else { String::new() };
        text.push_str(&format!("{:width$}  {:10} {least:6}  {tally}{why}{from}\n", rule.id, rule.class.name()));
    }
    print(&text)
}

fn counts(arguments: &Arguments) -> Result<BTreeMap<String, Counts>, Complaint> {
    let mut usage = Usage::new(log::moment(arguments.since));
    log::each(arguments.dir.as_ref(), &mut |record| usage.record(record))?;
    Ok(usage.finish())
}

/// Whether nine of ten that it stopped were let through by people.
const fn is_noisy(counts: &Counts) -> bool {
    counts.asked >= ENOUGH && counts.approved * 10 >= counts.asked * 9
}

fn tally(counts: &Counts) -> String {
    let Counts { fired, asked, approved, denied, waived, refused } = counts;
    format!("fired {fired}, asked {asked}, approved {approved}, denied {denied}, waived {waived}, refused {refused}  ")
}
