//! `gate doctor`: whether this machine is set up to ask or to answer, one line for each thing that must hold, and the next
//! step where it does not. Changes nothing, and asks nobody for approval.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::encoding::json::{Value, json};
use crate::model::{Remote, Shown};
use crate::ports::Failure;
use crate::remote::{Access, RemoteDesk, RemoteError, wire};

use super::failure::Complaint;
use super::inbox::access;
use super::place::{Place, now};
use super::{exit, output};

/// How far the clocks of host and server may differ before people are misled.
const APART: Duration = Duration::from_secs(60);

/// Check that this machine can ask, or answer, and say what to mend
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Something that must hold.
struct Check {
    name: &'static str,
    found: Result<String, Failure>,
}

/// What was looked at, and the exit code.
#[derive(Default)]
struct Report {
    checks: Vec<Check>,
    code: u8,
}

impl Report {
    fn good(&mut self, name: &'static str, found: impl Into<String>) {
        self.checks.push(Check { name, found: Ok(found.into()) });
    }

    fn fault(&mut self, name: &'static str, failure: Failure, code: u8) {
        self.checks.push(Check { name, found: Err(failure) });
        // The first fault explains those behind it.
        if self.code == 0 {
            self.code = code;
        }
    }

    fn wrong(&mut self, name: &'static str, message: String, hint: &str) {
        self.fault(name, Failure { message, hint: Some(hint.to_owned()) }, exit::CONFIGURATION);
    }
}

/// Looks at everything in order, as far as it gets.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Complaint> {
    let mut report = Report::default();
    match Place::read() {
        Err(complaint) => {
            report.fault("configuration", failure(complaint, "mend the file, and look again"), exit::CONFIGURATION);
        }
        Ok(place) => place_checked(&place, &mut report),
    }
    let text = if arguments.json { output::json(&told(&report))? } else { lines(&report) };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))?;
    Ok(ExitCode::from(report.code))
}

fn place_checked(place: &Place, report: &mut Report) {
    report.good("configuration", "can be read");
    let key = match place.record_key() {
        Ok(key) => key,
        Err(complaint) => {
            let code = complaint.code;
            return report.fault("log", failure(complaint, "`gate audit verify` says more"), code);
        }
    };
    match &key {
        Some(key) => report.good("log", format!("signed by {key}")),
        None => report.good("log", "none yet; the first command begins one"),
    }
    let Some(remote) = &place.config.remote else {
        return report.good("server", "none is named; requests are answered on this machine");
    };
    match access(remote, &place.paths, place.config.keys) {
        Err(failure) => report.fault("token", failure, exit::CONFIGURATION),
        Ok(access) => {
            report.good("token", "is here");
            if let Some(me) = reached(access, remote, report) {
                server_checked(&me, key.map(|key| key.to_string()), report);
            }
        }
    }
}

fn failure(complaint: Complaint, hint: &str) -> Failure {
    Failure { message: complaint.message, hint: complaint.hint.or_else(|| Some(hint.to_owned())) }
}

/// Whether the server answers, and lets the owner of the token in.
fn reached(access: Access, remote: &Remote, report: &mut Report) -> Option<wire::Me> {
    let url = Shown::text(&remote.url.to_string()).to_string();
    let encrypted = if url.starts_with("https:") { "encrypted, with a certificate that holds" } else { "on this host" };
    match RemoteDesk::new(access).and_then(|desk| desk.me()) {
        Ok(me) => {
            report.good("server", format!("{url} answers, {encrypted}"));
            Some(me)
        }
        Err(error) => {
            let (name, code) = match &error {
                RemoteError::Unreachable(_) => ("server", exit::UNREACHABLE),
                RemoteError::Refused { status, .. } if *status >= 500 => ("server", exit::UNREACHABLE),
                RemoteError::Refused { .. } => ("caller", exit::CONFIGURATION),
                RemoteError::Address(_) | RemoteError::Foreign(_) => ("server", exit::CONFIGURATION),
            };
            let Failure { message, hint } = error.into();
            let hint = hint.or_else(|| Some("is `remote` in config.yaml the address of a gate server?".to_owned()));
            report.fault(name, Failure { message, hint }, code);
            None
        }
    }
}

fn server_checked(me: &wire::Me, key: Option<String>, report: &mut Report) {
    let here = now();
    let apart = here.since(me.time).max(me.time.since(here));
    if apart > APART {
        let message = format!("{} seconds from the server's", apart.as_secs());
        report.wrong("clock", message, "set the clock of this machine, or of the server");
    } else {
        report.good("clock", format!("{} seconds from the server's", apart.as_secs()));
    }
    let name = Shown::text(&me.name);
    match me.role.as_str() {
        "host" => report.good("caller", format!("the host `{name}`, which may ask")),
        "approver" => return report.good("caller", format!("`{name}`, who may answer")),
        role => {
            let message = format!("`{name}` of role {}, who may neither ask nor answer", Shown::text(role));
            let hint = "`gate serve token host NAME` or `approver NAME` makes a token for this machine";
            return report.wrong("caller", message, hint);
        }
    }
    match (&me.key, key) {
        (Some(known), Some(key)) if known.to_string() == key => report.good("record key", "the server knows it"),
        (None, _) => report.good("record key", "the server learns it with the first request"),
        (Some(known), _) => {
            let message = format!("the server knows this host by another key, {known}");
            let hint = "each host needs a token of its own; after a new log the server keeps the key from before";
            report.wrong("record key", message, hint);
        }
    }
}

fn told(report: &Report) -> Value {
    let one = |check: &Check| match &check.found {
        Ok(found) => json!({"check": check.name, "ok": true, "detail": found, "hint": null}),
        Err(failure) => {
            json!({"check": check.name, "ok": false, "detail": failure.message, "hint": failure.hint})
        }
    };
    json!({"ok": report.code == 0, "checks": report.checks.iter().map(one).collect::<Vec<_>>()})
}

fn lines(report: &Report) -> String {
    let mut text = String::new();
    for Check { name, found } in &report.checks {
        match found {
            Ok(found) => text.push_str(&format!("ok     {name}: {found}\n")),
            Err(failure) => {
                text.push_str(&format!("fault  {name}: {}\n", failure.message.trim_end()));
                if let Some(hint) = &failure.hint {
                    text.push_str(&format!("       hint: {hint}\n"));
                }
            }
        }
    }
    text
}
