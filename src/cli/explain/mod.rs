//! `gate explain`: what gate sees in a command and would decide.

mod paper;
mod shown;
mod typed;

use std::io::Write as _;

use clap::Args;

use crate::actions::classify::{Contexts, Wanted, classified_with};
use crate::actions::explain::{Explanation, explained};
use crate::host::data::DataFacts;
use crate::host::facts::LocalFacts;
use crate::model::{Apart, Grade, Shown};
use crate::policy::Circumstances;
use crate::ports::Clock as _;

use super::failure::Complaint;
use super::output;
use super::split::Named;
use super::surroundings::Surroundings;
use paper::Paper;

/// Show what gate sees in a command and would decide; runs and writes nothing
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The command and its arguments, after `--`, or `-c SCRIPT`
    #[arg(last = true, value_name = "COMMAND")]
    words: Vec<std::ffi::OsString>,
}

/// Explains a command.
pub fn run(arguments: &Arguments, named: Option<Named>) -> Result<(), Complaint> {
    let surroundings = Surroundings::explained()?;
    let wanted = super::run::wanted(named, None, surroundings.directory.clone())?;
    let explanation = explanation(&wanted, &surroundings);
    let text = if arguments.json { output::json(&explanation)? } else { shown::text(&explanation, &Paper::stdout()) };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}

fn explanation(wanted: &Wanted, surroundings: &Surroundings) -> Explanation {
    let circumstances = Circumstances {
        requester: &surroundings.requesters,
        directory: &wanted.directory,
        home: surroundings.home.as_deref(),
        today: crate::host::clock::HostClock.now().wall,
        host: &surroundings.host,
    };
    let facts = DataFacts::new(surroundings.cache.clone(), &LocalFacts);
    let classified = classified_with(wanted, &surroundings.policy, &facts, &circumstances, Contexts::All);
    explained(wanted, &classified, surroundings.policy.digest())
}

/// A clause in words: `2 of data-owners, graded touched`.
pub fn clause_line(clause: &crate::model::Clause) -> String {
    let groups: Vec<String> = clause.from.iter().map(|group| Shown::text(group).to_string()).collect();
    let mut line = match (clause.each, groups.len()) {
        (true, 2..) => format!("{} of each of {}", clause.count, groups.join(", ")),
        _ => format!("{} of {}", clause.count, groups.join(" or ")),
    };
    match clause.grade {
        Grade::Asserted => line.push_str(", asserted by a server at least"),
        Grade::Signed => {}
        Grade::Touched => line.push_str(", with a hardware key that was touched"),
        Grade::Verified => line.push_str(", with a hardware key, touched and unlocked"),
    }
    match clause.apart {
        Apart::Key => {}
        Apart::Account => line.push_str(", from another account"),
        Apart::Host => line.push_str(", from another host"),
    }
    line
}
