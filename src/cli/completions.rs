//! `gate completions` and the man pages, both made from the definitions that read the command line.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::aot::{Shell, generate};

use super::arguments::Cli;
use super::failure::Complaint;

/// Write completions for a shell to standard output
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    pub shell: ShellName,
}

/// The shells that completions are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShellName {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

/// Write the man pages to a folder
#[derive(Debug, Args)]
pub struct Pages {
    /// The folder
    pub folder: PathBuf,
}

/// Writes the completions.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let mut text = Vec::new();
    let shell = match arguments.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
    };
    generate(shell, &mut Cli::command(), "gate", &mut text);
    std::io::stdout().write_all(&text).map_err(|error| Complaint::output(&error))
}

/// Writes one page for gate and one for each subcommand.
pub fn pages(arguments: &Pages) -> Result<(), Complaint> {
    clap_mangen::generate_to(Cli::command().disable_help_flag(true), &arguments.folder)
        .map_err(|error| Complaint::output(&error))
}
