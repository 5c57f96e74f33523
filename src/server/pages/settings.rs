//! How the server is set up, to be read and not to be changed: whoever starts it decides. Shows no secret, and of a database
//! or a collector elsewhere not even the address, which may hold one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::view::{Frame, Refusal, length, rendered, shown};
use super::visitor::Visitor;
use crate::server::door::{INVITED, SESSION, SESSION_BY_PROVIDER};
use crate::server::http::{App, LARGEST_BODY};
use crate::server::oidc;
use crate::server::report::Form;
use crate::server::serve::Settings;
use crate::server::tokens::Role;

/// Where it is.
pub const PATH: &str = "/settings";

#[derive(Template)]
#[template(path = "settings.html", config = "src/server/pages/askama.toml")]
struct Set {
    frame: Frame,
    groups: Vec<Group>,
}

/// Settings that belong together, under a name.
type Group = (&'static str, Vec<Setting>);

struct Setting {
    name: &'static str,
    value: String,
    /// The option that sets it, where there is one.
    option: &'static str,
}

/// The page.
pub async fn show(visitor: Visitor, State(app): State<App>) -> Result<Response, Refusal> {
    visitor.must_be(&[Role::Auditor])?;
    let groups = vec![place(&app), kept(&app.settings), limits(&app.settings), doors(&app.settings), itself(&app)];
    Ok(rendered(StatusCode::OK, &Set { frame: Frame::at(PATH, Some(&visitor)), groups }))
}

fn set(name: &'static str, value: impl AsRef<str>, option: &'static str) -> Setting {
    Setting { name, value: shown(value.as_ref()), option }
}

fn place(app: &App) -> Group {
    let settings = &app.settings;
    let encrypted = match (&settings.tls, settings.behind_proxy) {
        (Some(files), _) => format!("by this server, with {}", files.certificate.display()),
        (None, true) => "by a proxy before it".to_owned(),
        (None, false) => "no: only this machine reaches it".to_owned(),
    };
    let lines = vec![
        set("Listens at", settings.listen.to_string(), "--listen"),
        set("Browsers find it at", app.page.text(), "--page"),
        set("Encrypted on the way", encrypted, "--tls-cert, --behind-proxy"),
    ];
    ("Where it is", lines)
}

fn kept(settings: &Settings) -> Group {
    let database = match settings.database {
        Some(_) => "PostgreSQL",
        None => "a file of SQLite in its folder",
    };
    let keep = settings
        .keep
        .map_or_else(|| "for ever".to_owned(), |keep| length(i64::try_from(keep.as_micros()).unwrap_or(i64::MAX)));
    let lines = vec![
        set("Folder", settings.data.display().to_string(), "--data"),
        set("Database", database, "--database, GATE_DATABASE"),
        set("Requests that are over", keep, "--keep"),
        set("Records and journal", "for ever", ""),
        set("Encrypted on the disk", "requests, answers, records (AES-256-GCM), with sealing.key", ""),
        set("Plain", "names, host, log, number, times, type, state, rules, outcome, digests", ""),
    ];
    ("What it keeps", lines)
}

fn limits(settings: &Settings) -> Group {
    let lines = vec![
        set("Calls a second, each token", settings.rate.to_string(), "--rate"),
        set("Waits at a time, each token", settings.waits.to_string(), "--waits"),
        set("Largest request or shipment", format!("{} MiB", LARGEST_BODY >> 20), ""),
    ];
    ("What it allows", lines)
}

fn doors(settings: &Settings) -> Group {
    let mut lines = vec![
        set("A session lasts", format!("{} hours", SESSION.as_secs() / 3600), ""),
        set("An invitation counts", format!("{} minutes", INVITED.as_secs() / 60), ""),
    ];
    match &settings.oidc {
        None => lines.push(set("OpenID provider", "none: people come in by passkey or token", "--oidc")),
        Some(provider) => lines.extend(at_provider(provider)),
    }
    ("Who comes in", lines)
}

fn at_provider(provider: &oidc::Settings) -> Vec<Setting> {
    let secret = if provider.secret.is_some() { "with a secret" } else { "without a secret" };
    let required = provider.require.iter().map(|(claim, value)| format!("{claim} is {value}"));
    let groups = provider.groups.as_ref().map_or_else(
        || "everybody it knows, and the hosts decide who may answer".to_owned(),
        |groups| {
            let approvers = groups.approvers.iter().map(|(there, here)| {
                let here: Vec<&str> = here.iter().map(String::as_str).collect();
                format!("{there} answers for {}", here.join(", "))
            });
            let auditors = groups.auditors.iter().map(|there| format!("{there} looks on"));
            approvers.chain(auditors).collect::<Vec<_>>().join("; ")
        },
    );
    let mut lines = vec![
        set("OpenID provider", &provider.issuer, "--oidc"),
        set("Known there as", format!("{}, {secret}", provider.client), ""),
        set("Asks for", &provider.scopes, ""),
        set("The principal is", &provider.principal, ""),
        set("Who may come in", groups, ""),
        set("Such a session lasts", format!("{} minutes", SESSION_BY_PROVIDER.as_secs() / 60), ""),
    ];
    lines.extend((!provider.require.is_empty()).then(|| set("Requires", required.collect::<Vec<_>>().join("; "), "")));
    lines
}

fn itself(app: &App) -> Group {
    let log = match app.settings.log {
        Form::Failures => "what fails",
        Form::Text => "every call, as text",
        Form::Json => "every call, as JSON",
    };
    let traces = match &app.settings.traces {
        Some(to) => format!("to a collector, as {}", to.service),
        None => "none".to_owned(),
    };
    let lines = vec![
        set("gate", env!("CARGO_PKG_VERSION"), ""),
        set("Signs its word with", app.witness.public().to_string(), "gate serve key"),
        set("Says on stderr", log, "--log"),
        set("Spans", traces, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ];
    ("What it is", lines)
}
