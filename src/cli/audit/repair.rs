//! `gate audit repair`: a person decides to go on behind damaged lines. Refuses to do it unasked: a script needs `--yes`,
//! and no byte of the log changes.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};

use clap::Args;

use crate::host::config::Config;
use crate::host::log::{self, Repaired};
use crate::model::Shown;
use crate::ports::Failure;

use super::super::exit;
use super::super::failure::Complaint;
use super::super::run::open_log;
use super::super::surroundings::paths;
use super::{PATIENCE, unreadable};

/// Go on behind damaged lines, which stay as they are; a person's decision
#[derive(Debug, Args)]
pub struct Arguments {
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// Repairs this host's log.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let paths = paths()?;
    let audit = paths.audit();
    let pin = log::read_pin(&paths.pin()).map_err(|fault| unreadable(fault, None))?;
    let report =
        log::verify(&audit, pin, Vec::new(), PATIENCE, &mut |_| ()).map_err(|fault| unreadable(fault, Some(&paths)))?;
    let broken = audit.join("broken").exists();
    let wrong = match report.first() {
        Some(fault) => Shown::text(&fault.to_string()).to_string(),
        None if broken => "a sync failed, so nobody knows what of the last records is on the disk".to_owned(),
        None => {
            say("nothing is damaged; nothing was done\n")?;
            return Ok(());
        }
    };
    if !arguments.yes && !confirmed(&wrong)? {
        return Err(Complaint::new(exit::USAGE, "nothing was done"));
    }
    let config = Config::read(&paths).map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))?;
    let failed = |failure| Complaint::failure(exit::LOG, failure);
    let mut log = open_log(&paths, &config.host).map_err(failed)?;
    match log.repair().map_err(|fault| failed(Failure::from(fault)))? {
        Some(repaired) => say(&done(&repaired, broken)),
        None => say("nothing is damaged any more; nothing was done\n"),
    }
}

fn done(repaired: &Repaired, broken: bool) -> String {
    let Repaired { seq, bad: (segment, offset), what, last_good } = repaired;
    let mut text = format!(
        "record {seq} opens a new segment and says what was given up:\n  \
         first bad line: segment {segment:012}, offset {offset}: {}\n  last good hash: {last_good}\n",
        Shown::text(what)
    );
    if broken {
        text.push_str("  `broken` was taken away\n");
    }
    text.push_str("no byte of the log was changed; `gate audit verify` shows the place for ever\n");
    text
}

/// Asks at the terminal itself: standard input may be anybody's.
fn confirmed(wrong: &str) -> Result<bool, Complaint> {
    let nobody = |error: std::io::Error| {
        Complaint::new(exit::USAGE, format!("nobody can be asked: no terminal ({error})"))
            .hint("look at `gate audit verify` first; `gate audit repair --yes` does not ask")
    };
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(nobody)?;
    let question = format!(
        "{wrong}\nEverything from there on is given up: it stays, and nothing in it counts as proof.\n\
         Keep a copy of the directory first. Type `yes` to go on: "
    );
    terminal.write_all(question.as_bytes()).map_err(nobody)?;
    let mut answer = String::new();
    BufReader::new(terminal).read_line(&mut answer).map_err(nobody)?;
    Ok(answer.trim_end() == "yes")
}

fn say(text: &str) -> Result<(), Complaint> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}
