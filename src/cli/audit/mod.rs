//! `gate audit`: what the log says, whether it holds, and what to do when it does not.

mod elsewhere;
mod repair;
mod ship;
pub mod show;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::host::config::Paths;
use crate::host::log::LogError;
use crate::model::Shown;
use crate::ports::Failure;

use super::exit;
use super::failure::Complaint;

/// Read, check and repair the audit log
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do with it
    #[command(subcommand)]
    command: Command,
}

/// What can be done with an audit log.
#[derive(Debug, Subcommand)]
enum Command {
    /// Check that the log was not changed and that every run had the approvals it needed
    Verify(verify::Arguments),
    /// Show the records, one line each
    Show(show::Arguments),
    /// Send the records that the approval server does not have yet
    Ship(ship::Arguments),
    /// Go on behind damaged lines, which stay as they are; a person's decision
    Repair(repair::Arguments),
}

/// Does what the arguments say.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Complaint> {
    match &arguments.command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Ship(arguments) => ship::run(arguments),
        Command::Repair(arguments) => repair::run(arguments).map(|()| ExitCode::SUCCESS),
    }
}

/// How long a reader waits for writers to finish a line.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// A log that cannot be read; where there never was one, that is said plainly.
pub fn unreadable(fault: LogError, paths: Option<&Paths>) -> Complaint {
    match (&fault, paths) {
        (LogError::Missing(dir), Some(paths)) if !paths.pin().exists() => {
            Complaint::new(exit::LOG, format!("there is no audit log in `{}` yet", Shown::os(dir.as_os_str())))
                .hint("`gate -- COMMAND` begins one")
        }
        (LogError::Missing(dir), None) => {
            Complaint::new(exit::LOG, format!("there is no directory `{}`", Shown::os(dir.as_os_str())))
        }
        _ => Complaint::failure(exit::LOG, Failure::from(fault)),
    }
}

/// Where the log lies: the directory that is named, else this host's.
pub fn place(named: Option<&PathBuf>, paths: &Paths) -> PathBuf {
    named.cloned().unwrap_or_else(|| paths.audit())
}

/// `1 record`, `2 records`.
fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_times_read_as_people_say_them() {
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(0, "record"), "0 records");
        let time = "2026-11-22T02:26:59.000001Z".parse().unwrap();
        assert_eq!(crate::audit::seconds(time), "2026-11-22T02:26:59Z");
    }
}
