//! `gate key`: the keys that answers are signed with. None is ever written over, and only public halves are printed.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::host::config::accounts;
use crate::host::keys::{KeyFile, Keys};
use crate::host::terminal::Terminal;
use crate::model::{Fingerprint, PublicKey, Shown};

use super::exit;
use super::failure::Complaint;
use super::output;
use super::place::Place;
use super::ring;

/// The file of the key that signs records.
const RECORD: &str = "record";
/// How often a new passphrase may be typed.
const MOST_TRIES: usize = 3;

/// Make, list and show the keys that answers are signed with
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new Ed25519 key, protected by a passphrase
    New(New),
    /// List the keys of this user
    List(List),
    /// Print the public half of a key, as `gate init --key` and authorized_keys take it
    Show(Show),
    /// Copy a key file of OpenSSH, and the .pub file beside it, to gate's keys
    Import(Import),
    /// Keep the token that lets this account in at the approval server, in place of the one before
    ///
    /// It is typed, or read from standard input, and goes into the keyring that `keys` in config.yaml names, else into a
    /// file of this account alone. In CI it is in the variable GATE_TOKEN instead.
    Token,
    /// Sign that the principals of the configuration may answer
    ///
    /// Who may answer is pinned in the log; what widens it counts once somebody who was enrolled before has signed it.
    Accept(super::enrolment::Accept),
    /// Take a key out of use for good; counts at once
    Revoke(super::enrolment::Revoke),
}

#[derive(Debug, Args)]
struct New {
    /// The name of its file [default: the name of this account]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Leave the key unprotected: whatever runs under this account can use it
    #[arg(long)]
    no_passphrase: bool,
    /// Keep it in the keyring that `keys` in config.yaml names; its public half lies in a .pub file
    #[arg(long)]
    keyring: bool,
    /// What stands beside the public half [default: NAME@HOST]
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct List {
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Show {
    /// Its fingerprint (SHA256:…) or the name of its file [default: the only key]
    #[arg(value_name = "FINGERPRINT|NAME")]
    key: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Import {
    /// The file with the private half
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A key as `--json` tells it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    path: String,
    fingerprint: Fingerprint,
    public: PublicKey,
    comment: String,
    encrypted: bool,
    /// Who is enrolled with it.
    principal: Option<String>,
    groups: Vec<String>,
}

/// Makes, lists, shows or imports keys.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let place = Place::read_or_begin()?;
    let text = match &arguments.command {
        Command::New(new) if new.keyring => in_ring(&place, new)?,
        Command::New(new) => {
            let key = made(&place.keys(), new, &place.config.host)?;
            told(&place, &key, new.json, "made")?
        }
        Command::Token => token(&place)?,
        Command::Accept(said) => super::enrolment::accepted(&place, said)?,
        Command::Revoke(said) => super::enrolment::revoked(&place, said)?,
        Command::Import(import) => {
            let key = place.keys().import(&import.file)?;
            told(&place, &key, import.json, "imported")?
        }
        Command::List(list) => {
            let (keys, skipped) = place.keys().list()?;
            for fault in skipped {
                super::complain(&Complaint::from(fault));
            }
            let rows: Vec<Row> = keys.iter().map(|key| row(&place, key)).collect();
            if list.json { output::json(&rows)? } else { listed(&rows, &place) }
        }
        Command::Show(show) => {
            let key = named(&place, show.key.as_deref())?;
            if show.json { output::json(&row(&place, &key))? } else { public_line(&key) }
        }
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}

/// How much of standard input is looked at.
const LONGEST_TOKEN: u64 = 4096;

fn token(place: &Place) -> Result<String, Complaint> {
    let unread = |error: std::io::Error| Complaint::new(exit::USAGE, format!("the token cannot be read: {error}"));
    crate::host::undumpable().map_err(unread)?;
    let mut text = Zeroizing::new(String::new());
    if std::io::stdin().is_terminal() {
        let terminal =
            Terminal::open().ok_or_else(|| Complaint::new(exit::USAGE, "there is no terminal to type at"))?;
        if let Some(typed) = terminal.secret("Token: ").map_err(unread)? {
            text = typed;
        }
    } else {
        std::io::stdin().take(LONGEST_TOKEN).read_to_string(&mut text).map_err(unread)?;
    }
    let kept = crate::host::token::keep(&place.paths, place.config.keys, &text);
    let kept = kept.map_err(|failure| match (Complaint::new(exit::USAGE, failure.message), failure.hint) {
        (complaint, Some(hint)) => complaint.hint(hint),
        (complaint, None) => complaint,
    })?;
    Ok(format!("kept the token in {kept}\n"))
}

/// Name and comment of a new key.
fn called(new: &New, host: &str) -> Result<(String, String), Complaint> {
    let name = new.name.clone().unwrap_or_else(|| accounts::name(crate::host::uid()));
    if name == RECORD {
        return Err(Complaint::new(exit::USAGE, format!("`{RECORD}` is the key that signs this machine's records")));
    }
    let comment = new.comment.clone().unwrap_or_else(|| format!("{name}@{host}"));
    Ok((name, comment))
}

fn in_ring(place: &Place, new: &New) -> Result<String, Complaint> {
    let (name, comment) = called(new, &place.config.host)?;
    let (public, path) = ring::made(place, &name, &comment)?;
    let path = Shown::os(path.as_os_str()).to_string();
    if new.json {
        return output::json(&crate::encoding::json::json!({"keyring": name, "path": path, "public": public}));
    }
    let line = format!("{public} {}", Shown::text(&comment));
    Ok(format!("made `{name}` in the keyring, its public half in {path}\n{line}\nuse it: --key keyring:{name}\n"))
}

fn made(keys: &Keys, new: &New, host: &str) -> Result<KeyFile, Complaint> {
    let (name, comment) = called(new, host)?;
    if new.no_passphrase {
        return Ok(keys.create(&name, &comment, None)?);
    }
    let no_terminal = || {
        Complaint::new(exit::USAGE, "there is no terminal to type a passphrase at")
            .hint("gate key new --no-passphrase makes a key that anything under this account can use")
    };
    let passphrase = new_passphrase(&Terminal::open().ok_or_else(no_terminal)?)?;
    Ok(keys.create(&name, &comment, Some(&passphrase))?)
}

/// A passphrase that was typed twice.
pub fn new_passphrase(terminal: &Terminal) -> Result<Zeroizing<String>, Complaint> {
    let gone = |error: std::io::Error| Complaint::terminal(&error);
    // A core file would hold it.
    crate::host::undumpable().map_err(gone)?;
    for _ in 0..MOST_TRIES {
        let Some(first) = terminal.secret("New passphrase: ").map_err(gone)? else {
            terminal.show("An empty passphrase protects nothing.\n").map_err(gone)?;
            continue;
        };
        let second = terminal.secret("Once more: ").map_err(gone)?;
        if second.is_some_and(|second| *second == *first) {
            return Ok(first);
        }
        terminal.show("They differ.\n").map_err(gone)?;
    }
    Err(Complaint::new(exit::USAGE, "no passphrase was given, and no key was made"))
}

fn told(place: &Place, key: &KeyFile, json: bool, verb: &str) -> Result<String, Complaint> {
    let row = row(place, key);
    if json {
        return output::json(&row);
    }
    let protected = if row.encrypted { "protected by its passphrase" } else { "not protected by a passphrase" };
    Ok(format!("{verb} {}, {protected}\n{}\n{}", row.path, row.fingerprint, public_line(key)))
}

fn public_line(key: &KeyFile) -> String {
    let comment = Shown::text(&key.comment).to_string();
    format!("{} {comment}", key.public).trim_end().to_owned() + "\n"
}

fn listed(rows: &[Row], place: &Place) -> String {
    if rows.is_empty() {
        return format!("there is no key in {}\n", place.paths.keys().display());
    }
    let wide = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    let line = |row: &Row| {
        let who = row.principal.as_ref().map_or_else(
            || "not enrolled".to_owned(),
            |name| format!("enrolled as {} ({})", Shown::text(name), row.groups.join(", ")),
        );
        let bare = if row.encrypted { "" } else { "   no passphrase" };
        format!("{:wide$}  {}{bare}\n    {who}\n", row.name, row.fingerprint)
    };
    rows.iter().map(line).collect()
}

fn row(place: &Place, key: &KeyFile) -> Row {
    let fingerprint = key.public.fingerprint();
    let roster = &place.config.roster;
    let principal = roster.owner_of(&fingerprint).map(|(owner, _)| owner.to_owned());
    let groups = principal.as_deref().and_then(|name| roster.principal(name)).map(|found| &found.groups);
    Row {
        name: key.path.file_name().map(|name| Shown::os(name).to_string()).unwrap_or_default(),
        path: Shown::os(key.path.as_os_str()).to_string(),
        fingerprint,
        public: key.public.clone(),
        comment: Shown::text(&key.comment).to_string(),
        encrypted: key.encrypted,
        groups: groups.into_iter().flatten().cloned().collect(),
        principal,
    }
}

fn named(place: &Place, wanted: Option<&str>) -> Result<KeyFile, Complaint> {
    let (keys, _) = place.keys().list()?;
    let is = |key: &&KeyFile| match wanted {
        None => true,
        Some(wanted) => {
            let name = key.path.file_name().is_some_and(|name| name == wanted);
            name || key.public.fingerprint().to_string() == wanted
        }
    };
    let found: Vec<&KeyFile> = keys.iter().filter(is).collect();
    match (found.as_slice(), wanted) {
        ([only], _) => Ok((*only).clone()),
        ([], Some(wanted)) => {
            let message = format!("there is no key `{}` in `{}`", Shown::text(wanted), place.paths.keys().display());
            Err(Complaint::new(exit::USAGE, message).hint("gate key list"))
        }
        ([], None) => {
            let message = format!("there is no key in `{}`", place.paths.keys().display());
            Err(Complaint::new(exit::USAGE, message).hint("gate key new"))
        }
        (_, _) => Err(Complaint::new(exit::USAGE, "there are several keys, and none is named").hint("gate key list")),
    }
}
