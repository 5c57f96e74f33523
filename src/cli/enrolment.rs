//! `gate key accept` and `gate key revoke`: who may answer is pinned in the log; somebody enrolled signs what widens it, and
//! taking a key out of use counts at once. Both are a person's acts, asked for at the terminal unless all of it is said.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::actions::enrolment::{Unenrolled, accept, pending, revoke};
use crate::host::configuration::HostConfiguration;
use crate::host::keys::Keys;
use crate::host::log::AuditLog;
use crate::host::terminal::Terminal;
use crate::model::{Fingerprint, Shown};
use crate::ports::{Configuration as _, Configured};

use super::answer::{self, passphrase};
use super::exit;
use super::failure::Complaint;
use super::place::{Place, broken, now};
use super::run::open_log;
use super::surroundings::{directory, variable};

/// Sign that the principals of the configuration may answer
#[derive(Debug, Args)]
pub struct Accept {
    /// Sign with this key, which must be enrolled already [default: the one that is]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Say why, in the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do not ask; without a terminal --key and --reason are needed as well
    #[arg(long)]
    yes: bool,
}

/// Take a key out of use for good
#[derive(Debug, Args)]
pub struct Revoke {
    /// Its fingerprint (SHA256:…)
    #[arg(value_name = "FINGERPRINT")]
    key: Fingerprint,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Accepts what the configuration has more than the log; gives what there is to say about it.
pub fn accepted(place: &Place, said: &Accept) -> Result<String, Complaint> {
    crate::host::undumpable().map_err(|error| broken(&error))?;
    let terminal = Terminal::open();
    if terminal.is_none() && (said.key.is_none() || said.reason.is_none() || !said.yes) {
        let message = "there is no terminal to ask at";
        return Err(Complaint::new(exit::USAGE, message).hint("gate key accept --key FILE --reason TEXT --yes"));
    }
    let configured = configured(place)?;
    let mut log = log(place)?.ok_or(Unenrolled::Nothing)?;
    let changes: Vec<String> = pending(&mut log, &configured)?.iter().map(ToString::to_string).collect();
    let mut reason = said.reason.clone();
    if let (Some(terminal), false) = (&terminal, said.yes) {
        let shown = format!("This would count from now on:\n{}\n", lines(&changes));
        terminal.show(&shown).map_err(|error| Complaint::terminal(&error))?;
        confirmed(terminal, "Accept it? [y/N] ")?;
        if reason.is_none() {
            reason = terminal.line("Reason (may be empty): ").map_err(|error| Complaint::terminal(&error))?;
        }
    }
    let file = match &said.key {
        Some(path) => Keys::at(path).map_err(|error| Complaint::new(exit::USAGE, error.to_string()))?,
        None => answer::key(place, terminal.as_ref())?,
    };
    let mut ask = |path: &Path, tries: usize| passphrase(terminal.as_ref(), path, tries);
    let key = file.open(&mut ask)?;
    let (name, _) = accept(&mut log, &configured, &key, &reason.unwrap_or_default(), now())?;
    Ok(format!("accepted by {}:\n{}", Shown::text(&name), lines(&changes)))
}

/// Revokes a key; gives what there is to say about it.
pub fn revoked(place: &Place, said: &Revoke) -> Result<String, Complaint> {
    let owner = place.config.roster.owner_of(&said.key).map(|(owner, _)| Shown::text(owner).to_string());
    let whose = owner.map_or_else(|| "which nobody is enrolled with".to_owned(), |owner| format!("of {owner}"));
    if !said.yes {
        let missing = || Complaint::new(exit::USAGE, "there is no terminal to ask at").hint("--yes does not ask");
        let terminal = Terminal::open().ok_or_else(missing)?;
        let shown = format!("No answer signed with {}, {whose}, would ever count again.\n", said.key);
        terminal.show(&shown).map_err(|error| Complaint::terminal(&error))?;
        confirmed(&terminal, "Revoke it? [y/N] ")?;
    }
    let nothing =
        || Complaint::new(exit::USAGE, format!("the key {} is revoked already, or nobody was enrolled yet", said.key));
    let mut log = log(place)?.ok_or_else(nothing)?;
    match revoke(&mut log, said.key) {
        Ok(()) => Ok(format!("revoked {}, {whose}\n", said.key)),
        Err(Unenrolled::Nothing) => Err(nothing()),
        Err(other) => Err(other.into()),
    }
}

fn confirmed(terminal: &Terminal, question: &str) -> Result<(), Complaint> {
    terminal.forget_typed();
    let said = terminal.line(question).map_err(|error| Complaint::terminal(&error))?.unwrap_or_default();
    if ["y", "yes"].contains(&said.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(Complaint::new(exit::AGAIN, "nothing was changed"))
}

fn lines(changes: &[String]) -> String {
    changes.iter().map(|change| format!("  {}\n", Shown::text(change))).collect()
}

fn configured(place: &Place) -> Result<Configured, Complaint> {
    let configuration = HostConfiguration {
        paths: &place.paths,
        directory: directory()?,
        variable: &variable,
        reason: None,
        first: RefCell::new(None),
    };
    configuration.read().map_err(|failure| Complaint::failure(exit::CONFIGURATION, failure))
}

/// This host's log, if it was begun.
pub fn log(place: &Place) -> Result<Option<AuditLog>, Complaint> {
    if place.record_key()?.is_none() {
        return Ok(None);
    }
    let opened = open_log(&place.paths, &place.config.host);
    opened.map(Some).map_err(|failure| Complaint::failure(exit::LOG, failure))
}
