//! gate's command line as clap sees it: the options of a run, and one variant for each subcommand, whose arguments stand
//! beside its function.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

use crate::model::{RequestId, Span};

const AFTER: &str = "\
Exit status: the command's own, or 64 wrong call, 65 evidence or examples do not hold, 74 the audit log cannot be \
written, 75 not (yet) approved, 77 denied, 78 policy or configuration is broken, 126 not executable, 127 not found. \
Nothing ran with 64 to 78; --status tells them apart from the command's own. See gate(1).";

/// Run a command once its rules, and where they ask for it other people, allow it
#[derive(Debug, Parser)]
#[command(
    name = "gate",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_required = false,
    disable_help_subcommand = true,
    max_term_width = 100,
    override_usage = "gate [OPTIONS] -- COMMAND [ARG]...\n       gate [OPTIONS] -c SCRIPT [NAME [ARG]...]\n       gate <SUBCOMMAND>",
    after_help = AFTER
)]
pub struct Cli {
    /// Options of a run
    #[command(flatten)]
    pub run: RunOptions,
    /// What else gate does
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of a run
#[derive(Debug, Clone, Default, Args)]
pub struct RunOptions {
    /// Say why, to the people who are asked and in the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Let the request live for this long at most [default: what the policy says]
    #[arg(long, value_name = "TIME")]
    pub within: Option<Span>,
    /// Leave the request waiting and exit with 75
    #[arg(long)]
    pub no_wait: bool,
    /// Use the answers to this request, if it is about exactly this command
    #[arg(long, value_name = "ID")]
    pub resume: Option<RequestId>,
    /// Write how it went to this file as JSON (`fd:N` for an open descriptor)
    #[arg(long, value_name = "FILE")]
    pub status: Option<OsString>,
    /// The shell that reads SCRIPT [default: sh]
    #[arg(long, value_name = "SHELL")]
    pub shell: Option<OsString>,
    /// Run this text in a shell, with pipes and redirections inside what is judged
    #[arg(short = 'c', value_name = "SCRIPT", num_args = 1..)]
    script: Option<Vec<OsString>>,
    /// The command and its arguments, after `--`
    #[arg(last = true, value_name = "COMMAND")]
    words: Vec<OsString>,
}

/// What gate does besides running commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what gate sees in a command and would decide; runs and writes nothing
    Explain(super::explain::Arguments),
    /// Check, test, list and show the rules
    #[command(subcommand)]
    Policy(super::policy::Policy),
    /// List the requests that wait for an answer, oldest first
    Requests(super::requests::Arguments),
    /// Show one request and its answers
    Show(super::show::Arguments),
    /// Show a request and sign that it may run
    Approve(super::approve::Arguments),
    /// Show a request and sign that it must not run
    Deny(super::deny::Arguments),
    /// Take back a request of your own
    Withdraw(super::withdraw::Arguments),
    /// Make, list and show the keys that answers are signed with
    Key(super::key::Arguments),
    /// Write a first configuration, or add somebody to it
    Init(super::init::Arguments),
    /// Read, check and repair the audit log
    Audit(super::audit::Arguments),
    /// Check that this machine can ask, or answer, and say what to mend
    Doctor(super::doctor::Arguments),
    /// Run the approval server, and say who may call it
    #[cfg(feature = "server")]
    Serve(Box<super::serve::Arguments>),
    /// See gate at work, in a home of its own that is removed again
    Tour(super::tour::Arguments),
    /// Write completions for a shell to standard output
    Completions(super::completions::Arguments),
    /// Write the man pages to a folder
    #[command(hide = true)]
    Pages(super::completions::Pages),
}
