//! `gate policy`: whether the rules hold together, which there are, what each says, and what they would have changed.

mod check;
mod import;
mod list;
mod log;
mod replay;
mod report;
mod show;
mod test;

use std::io::Write as _;

use clap::{Args, Subcommand};

use crate::host::{config, policies};
use crate::model::Shown;

use super::exit;
use super::failure::Complaint;
use super::surroundings::{directory, paths};

/// Check, test, list and show the rules
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Read all layers and run the examples of every rule; exits with 78 on the first fault
    Check(Format),
    /// Run the examples of every rule, and files of cases; exits with 65 if one does not hold
    Test(test::Arguments),
    /// List the rules that count, with class and least effect
    List(list::Arguments),
    /// Make the decisions in the audit log again with a changed policy, and list those that would be others
    Replay(replay::Arguments),
    /// Print the JSON Schema of policy files, for editors
    Schema(Described),
    /// Show one rule, with its examples
    Show(show::Arguments),
    /// Turn what a scanner found into a catalog of labels
    Import(import::Import),
}

/// How to print
#[derive(Debug, Args)]
pub struct Format {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Which files to describe
#[derive(Debug, Args)]
pub struct Described {
    /// Print that of config.yaml instead
    #[arg(long)]
    pub config: bool,
}

/// Runs a subcommand of `gate policy`.
pub fn run(policy: &Policy) -> Result<(), Complaint> {
    let rules = || {
        let failed = |failure| Complaint::failure(exit::CONFIGURATION, failure);
        policies::read(&paths()?, &directory()?).map_err(failed)
    };
    match policy {
        Policy::Check(format) => check::run(&rules()?, format),
        Policy::Test(arguments) => test::run(&rules()?, arguments),
        Policy::List(arguments) => list::run(&rules()?, arguments),
        Policy::Replay(arguments) => replay::run(arguments),
        Policy::Schema(Described { config: false }) => print(&super::output::json(&crate::policy::schema())?),
        Policy::Schema(Described { config: true }) => print(&super::output::json(&config::schema())?),
        Policy::Show(arguments) => show::run(&rules()?, arguments),
        Policy::Import(arguments) => import::run(arguments),
    }
}

fn no_rule(id: &str) -> Complaint {
    let message = format!("there is no rule `{}`", Shown::text(id));
    Complaint::new(exit::USAGE, message).hint("gate policy list shows all of them")
}

fn print(text: &str) -> Result<(), Complaint> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}
