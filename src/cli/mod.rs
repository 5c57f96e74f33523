//! The command line: arguments, output, exit codes, and the composition of all parts.

mod answer;
mod approve;
mod arguments;
mod audit;
mod completions;
mod console;
mod deny;
mod doctor;
mod enrolment;
pub mod exit;
mod explain;
mod failure;
mod inbox;
mod init;
mod key;
mod output;
mod place;
mod policy;
mod requests;
mod ring;
mod run;
mod screen;
#[cfg(feature = "server")]
mod serve;
mod show;
mod split;
mod surroundings;
mod tour;
mod withdraw;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use arguments::{Cli, Command, RunOptions};
use failure::Complaint;
use split::{Named, Split, split};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let Split { own, command } = split(std::env::args_os());
    match dispatch(own, command) {
        Ok(code) => code,
        Err(complaint) => {
            complain(&complaint);
            ExitCode::from(complaint.code)
        }
    }
}

fn complain(complaint: &Complaint) {
    // Where nothing can be said, the exit code still stands.
    let _ = std::io::stderr().write_all(complaint.text().as_bytes());
}

fn dispatch(own: Vec<OsString>, named: Option<Named>) -> Result<ExitCode, Complaint> {
    // `gate -- COMMAND` is in every line of every script: it needs nothing that clap could tell.
    if own.len() == 1 && named.is_some() {
        return run::run(&RunOptions::default(), named);
    }
    let cli = match Cli::try_parse_from(&own) {
        Ok(cli) => cli,
        Err(error) => return refused(&error, &own),
    };
    let done = |result: Result<(), Complaint>| result.map(|()| ExitCode::SUCCESS);
    match cli.command {
        None => run::run(&cli.run, named),
        Some(Command::Explain(arguments)) => done(explain::run(&arguments, named)),
        Some(Command::Policy(policy)) => done(policy::run(&policy)),
        Some(Command::Requests(arguments)) => done(requests::run(&arguments)),
        Some(Command::Show(arguments)) => done(show::run(&arguments)),
        Some(Command::Approve(arguments)) => done(approve::run(arguments)),
        Some(Command::Deny(arguments)) => done(deny::run(arguments)),
        Some(Command::Withdraw(arguments)) => done(withdraw::run(&arguments)),
        Some(Command::Key(arguments)) => done(key::run(&arguments)),
        Some(Command::Init(arguments)) => done(init::run(&arguments)),
        Some(Command::Audit(arguments)) => audit::run(&arguments),
        Some(Command::Doctor(arguments)) => doctor::run(&arguments),
        #[cfg(feature = "server")]
        Some(Command::Serve(arguments)) => done(serve::run(&arguments)),
        Some(Command::Tour(arguments)) => done(tour::run(&arguments)),
        Some(Command::Completions(arguments)) => done(completions::run(&arguments)),
        Some(Command::Pages(arguments)) => done(completions::pages(&arguments)),
    }
}

/// Help and version go to standard output; every other refusal is a wrong call.
fn refused(error: &clap::Error, own: &[OsString]) -> Result<ExitCode, Complaint> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            error.print().map_err(|error| Complaint::output(&error))?;
            Ok(ExitCode::SUCCESS)
        }
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument if is_word(own.get(1)) => {
            let words = crate::model::quoted(own.get(1..).unwrap_or_default());
            let word = own.get(1).map(|word| crate::model::Shown::os(word).to_string()).unwrap_or_default();
            Err(Complaint::new(exit::USAGE, format!("`{word}` is not a command of gate"))
                .hint(format!("gate -- {words}")))
        }
        _ => {
            let text = error.render().to_string();
            let text = text.trim_start_matches("error: ").trim_end();
            Err(Complaint::new(exit::USAGE, text))
        }
    }
}

fn is_word(word: Option<&OsString>) -> bool {
    let known = |word: &str| Cli::command().get_subcommands().any(|command| command.get_name() == word);
    word.and_then(|word| word.to_str()).is_some_and(|word| !word.starts_with('-') && !known(word))
}
