//! `gate init`: enrols the first person who can answer, or one more; and, as a person's act, begins a new log. What stands
//! there is never written over.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::host::clock::HostClock;
use crate::host::config::{Begun, Config, NewPrincipal, Paths, Whose, accounts, init};
use crate::host::keys::{self, KeyFile};
use crate::host::log::AuditLog;
use crate::host::terminal::Terminal;
use crate::model::{Account, Shown};
use crate::ports::Clock as _;

use super::exit;
use super::failure::Complaint;
use super::key::new_passphrase;
use super::place::{Place, broken};
use super::run::log_parts;

/// The group that the built-in policy asks.
const GROUP: &str = "approvers";

/// Write a first configuration, or add somebody to it
///
/// On a terminal and without options it asks for what it needs. It may be repeated, and never overwrites.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Enrol somebody under this name, such as an address
    #[arg(long, value_name = "NAME", requires = "key")]
    principal: Option<String>,
    /// Their public key (a .pub file)
    #[arg(long, value_name = "FILE", requires = "principal")]
    key: Option<PathBuf>,
    /// A group they are a member of, repeatable [default: approvers]
    #[arg(long = "group", value_name = "GROUP", requires = "principal")]
    groups: Vec<String>,
    /// An account that is theirs (NAME, or NAME@HOST), so that they never answer what it asks; repeatable
    #[arg(long = "account", value_name = "ACCOUNT", requires = "principal")]
    accounts: Vec<Account>,
    /// Write /etc/gate/config.yaml, for everybody on this host
    #[arg(long)]
    system: bool,
    /// Begin a new audit log although there is one; its first record names the head of the old
    #[arg(long, conflicts_with_all = ["principal", "system"])]
    new_log: bool,
}

/// Enrols somebody, or begins a new log.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let place = Place::read_or_begin()?;
    let text = if arguments.new_log {
        new_log(&place)?
    } else if let (Some(name), Some(key)) = (&arguments.principal, &arguments.key) {
        let (key, _) = keys::public(key)?;
        let groups = if arguments.groups.is_empty() { vec![GROUP.to_owned()] } else { arguments.groups.clone() };
        let new = NewPrincipal { name: name.clone(), key, groups, accounts: arguments.accounts.clone() };
        let (begun, path) = written(&place, arguments.system, &new)?;
        format!("{}\n", done(begun, &new, &path))
    } else {
        asked(&place, arguments.system)?
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}

fn written(place: &Place, system: bool, new: &NewPrincipal) -> Result<(Begun, PathBuf), Complaint> {
    let (path, whose) = if system {
        (place.paths.system_config_file(), Whose::Systems)
    } else {
        named_by_system(&place.paths)?;
        (place.paths.config_file(), Whose::Users)
    };
    let begun = init(&path, whose, &place.config.host, Some(new))?;
    // Both files together must still hold.
    Config::read(&place.paths).map_err(|error| broken(&error))?;
    Ok((begun, path))
}

/// Where the system's file names principals, a user's file that does too would break everything.
fn named_by_system(paths: &Paths) -> Result<(), Complaint> {
    let alone = Paths { config: paths.system.join("no-user"), ..paths.clone() };
    let system = Config::read(&alone).map_err(|error| broken(&error))?;
    if system.roster.principals().is_empty() {
        return Ok(());
    }
    let file = paths.system_config_file();
    let message = format!("`{}` says who may answer on this host, and a user cannot add to it", file.display());
    Err(Complaint::new(exit::CONFIGURATION, message).hint("as root: gate init --system"))
}

fn done(begun: Begun, new: &NewPrincipal, path: &Path) -> String {
    let name = Shown::text(&new.name);
    let groups = new.groups.iter().map(|group| Shown::text(group).to_string()).collect::<Vec<_>>().join(", ");
    let path = Shown::os(path.as_os_str()).to_string();
    match begun {
        Begun::Created => format!("wrote {path}: {name} may answer for {groups}"),
        Begun::Added => format!("added to {path}: {name} may answer for {groups}"),
        Begun::Unchanged => format!("nothing to do: {path} has {name} already"),
    }
}

fn asked(place: &Place, system: bool) -> Result<String, Complaint> {
    let no_terminal = || {
        Complaint::new(exit::USAGE, "there is no terminal to ask at")
            .hint("gate init --principal NAME --key FILE.pub [--group GROUP] [--account ACCOUNT] [--system]")
    };
    let terminal = Terminal::open().ok_or_else(no_terminal)?;
    let gone = |error: std::io::Error| Complaint::terminal(&error);
    let left = || Complaint::new(exit::USAGE, "nothing was written");
    if !place.config.roster.principals().is_empty() {
        let names: Vec<String> =
            place.config.roster.principals().keys().map(|name| Shown::text(name).to_string()).collect();
        terminal.show(&format!("Enrolled already: {}.\n", names.join(", "))).map_err(gone)?;
    }
    let account = accounts::name(crate::host::uid());
    terminal.show("Who answers requests? A name or an address, as it will stand in every record.\n").map_err(gone)?;
    let name = terminal.line(&format!("Name [{account}]: ")).map_err(gone)?.ok_or_else(left)?;
    let name = if name.is_empty() { account } else { name };
    let (key, is_new) = own_key(place, &terminal, &name)?;
    let new = NewPrincipal { name, key: key.public.clone(), groups: vec![GROUP.to_owned()], accounts: Vec::new() };
    let (begun, path) = written(place, system, &new).inspect_err(|_| {
        // What was made for nothing would be in the way of the next try; it holds nothing yet.
        if is_new {
            for file in [key.path.clone(), key.path.with_extension("pub")] {
                let _ = std::fs::remove_file(file);
            }
        }
    })?;
    Ok(format!(
        "\n{}\nkey {}\n    {}\n\nTry it, in two terminals:\n  gate -- rm -rf ~/gate-try\n  gate approve\n",
        done(begun, &new, &path),
        Shown::os(key.path.as_os_str()),
        key.public.fingerprint()
    ))
}

/// A key that lies there already and belongs to nobody, or a new one.
fn own_key(place: &Place, terminal: &Terminal, name: &str) -> Result<(KeyFile, bool), Complaint> {
    let gone = |error: std::io::Error| Complaint::terminal(&error);
    let (found, _) = place.keys().list()?;
    let free = |key: &&KeyFile| {
        let owner = place.config.roster.owner_of(&key.public.fingerprint());
        owner.is_none_or(|(owner, _)| owner == name)
    };
    for key in found.iter().filter(free) {
        let bare = if key.encrypted { "" } else { ", which no passphrase protects" };
        let question =
            format!("Use the key {} ({}){bare}? [Y/n] ", Shown::os(key.path.as_os_str()), key.public.fingerprint());
        let said = terminal.line(&question).map_err(gone)?.unwrap_or_else(|| "n".to_owned());
        if ["", "y", "yes"].contains(&said.to_ascii_lowercase().as_str()) {
            return Ok((key.clone(), false));
        }
    }
    terminal
        .show("A new key. Its passphrase keeps from answering whatever else runs under this\naccount.\n")
        .map_err(gone)?;
    let passphrase = new_passphrase(terminal)?;
    let comment = if name.contains('@') { name.to_owned() } else { format!("{name}@{}", place.config.host) };
    Ok((place.keys().create(&file_name(name), &comment, Some(&passphrase))?, true))
}

/// A principal's name as the name of a file.
fn file_name(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "._@-".contains(letter) { letter } else { '-' };
    let text: String = name.chars().map(plain).collect();
    text.trim_start_matches(['.', '-']).to_owned()
}

fn new_log(place: &Place) -> Result<String, Complaint> {
    let terminal = Terminal::open().ok_or_else(|| {
        Complaint::new(exit::USAGE, "a new log is a person's act, and there is no terminal to ask at")
    })?;
    let gone = |error: std::io::Error| Complaint::terminal(&error);
    let audit = place.paths.audit();
    terminal
        .show(&format!(
            "The log in {} is put aside, with the key that signed it, and a new one is begun.\n\
             Nothing that waits can be approved any more, and whoever keeps heads of the old log will ask why.\n",
            Shown::os(audit.as_os_str())
        ))
        .map_err(gone)?;
    terminal.forget_typed();
    let said = terminal.line("Begin a new log? [y/N] ").map_err(gone)?.unwrap_or_default();
    if !["y", "yes"].contains(&said.to_ascii_lowercase().as_str()) {
        return Err(Complaint::new(exit::USAGE, "nothing was changed"));
    }
    let (places, mut origin) = log_parts(&place.paths, &place.config.host);
    origin.machine = crate::host::machine();
    let log = AuditLog::anew(places, origin, Box::new(|| HostClock.now().wall))
        .map_err(|error| Complaint::new(exit::LOG, error.to_string()))?;
    Ok(format!("the log is now {} with the key {}\n", log.id(), log.pin().key.fingerprint()))
}
