//! `gate policy replay`: which decisions of the past a changed policy would have made otherwise.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::actions::replay::{Replay, Replayed};
use crate::audit::seconds;
use crate::host::policies;
use crate::policy::Policy as Rules;

use super::super::audit::show::{Since, since};
use super::super::exit;
use super::super::failure::Complaint;
use super::super::output;
use super::super::surroundings::{home, paths};
use super::{log, print};

/// Make the decisions in the audit log again with a changed policy, and list those that would be others
#[derive(Debug, Args)]
pub struct Arguments {
    /// A file or a folder of the changed policy, in place of the user's own [default: the policy as it is]
    #[arg(long, value_name = "PATH")]
    policy: Vec<PathBuf>,
    /// Put it on top of the user's own
    #[arg(long, requires = "policy")]
    on_top: bool,
    /// Replay records from this time on, such as 30d, 2026-11-22 or 2026-11-22T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// Exit with 65 if a decision would be another one
    #[arg(long)]
    fail_on_change: bool,
    /// The log's directory, or a copy of one [default: this host's log]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Replays them.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let broken = |failure| Complaint::failure(exit::CONFIGURATION, failure);
    let sources = policies::changed(&paths()?, &arguments.policy, arguments.on_top).map_err(broken)?;
    // A fault is shown at its place, before the log is read.
    Rules::load(sources.clone()).map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))?;
    let mut replay = Replay::new(sources, home(), log::moment(arguments.since));
    log::each(arguments.dir.as_ref(), &mut |record| replay.record(record))?;
    let replayed = replay.finish();
    print(&if arguments.json { output::json(&replayed)? } else { text(&replayed) })?;
    match replayed.flips.len() {
        count if arguments.fail_on_change && count > 0 => {
            Err(Complaint::new(exit::EVIDENCE, format!("{} would change", decisions(count))))
        }
        _ => Ok(()),
    }
}

fn text(replayed: &Replayed) -> String {
    let mut lines = Vec::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for flip in &replayed.flips {
        let change = format!("{} → {}", flip.before.name(), flip.after.name());
        let time = seconds(flip.time);
        lines.push(format!("{:>6}  {time}  {:<7}  {change:<13}  {}", flip.seq, flip.kind.word(), flip.command));
        let changes = [("gained", &flip.gained), ("lost", &flip.lost)];
        let changes: Vec<String> = changes
            .iter()
            .filter(|(_, rules)| !rules.is_empty())
            .map(|(word, rules)| format!("{word} {}", rules.join(", ")))
            .collect();
        let changes =
            if changes.is_empty() { "the same rules, and another matrix".to_owned() } else { changes.join("; ") };
        lines.push(format!("        {changes}"));
        *kinds.entry(change).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(change, count)| format!("{count} {change}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let replayed_count = usize::try_from(replayed.replayed).unwrap_or(usize::MAX);
    lines.push(format!("{} replayed, {} would change{kinds}", decisions(replayed_count), replayed.flips.len()));
    let mut whys: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &replayed.unreplayed {
        whys.entry(&one.why).or_default().push(one.seq.to_string());
    }
    for (why, seqs) in whys {
        let records = if seqs.len() == 1 { "record" } else { "records" };
        lines.push(format!("not replayed: {records} {}: {}", seqs.join(", "), crate::model::Shown::text(why)));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn decisions(count: usize) -> String {
    format!("{count} decision{}", if count == 1 { "" } else { "s" })
}
