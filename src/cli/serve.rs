//! `gate serve`: the approval server, and who may call it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};

use crate::host::launch::getent::SystemNames;
use crate::model::{Page, Span};
use crate::server::journal::JournalError;
use crate::server::tls::Files;
use crate::server::tokens::Role;
use crate::server::{BackupError, Form, ServeError, Serving, Settings, Traces, oidc};

use super::exit;
use super::failure::Complaint;
use super::place::now;
use super::surroundings::{paths, variable};

/// How many calls a second the owner of a token may make, where nothing else is said.
const RATE: u32 = 100;
/// How many requests the owner of a token may wait for at a time, where nothing else is said.
const WAITS: u32 = 2000;
/// How many files every process may open (getrlimit(2)), where nobody asked for more.
const FILES: u64 = 1024;

/// Run the approval server, which carries requests to approvers and their answers back
///
/// It believes nobody and is believed by nobody: the host that runs a command checks every answer itself.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8440")]
    listen: SocketAddr,
    /// The certificate it shows, and those between it and a root that clients know (PEM); read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A proxy stands before it, encrypts, and names callers in `X-Forwarded-For`
    #[arg(long)]
    behind_proxy: bool,
    /// How many calls a second the owner of a token may make
    #[arg(long, value_name = "NUMBER", default_value_t = RATE)]
    rate: u32,
    /// How many requests the owner of a token may wait for at a time
    #[arg(long, value_name = "NUMBER", default_value_t = WAITS)]
    waits: u32,
    /// For how long requests that are over are kept, with their answers; the journal stays [default: for ever]
    #[arg(long, value_name = "TIME")]
    keep: Option<Span>,
    /// What it says on stderr while it serves
    #[arg(long, value_name = "FORM", default_value = "failures")]
    log: LogName,
    /// An OpenID provider where approvers and auditors sign in as well; gate-oidc(5) says what stands in the file
    #[arg(long, value_name = "FILE")]
    oidc: Option<PathBuf>,
    #[command(flatten)]
    kept: Kept,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where the server keeps what it knows.
#[derive(Debug, Args)]
struct Kept {
    /// The server's own folder [default: `server` below gate's state]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in
    /// GATE_DATABASE [default: a file in the server's folder]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default:
    /// localhost and the port it listens at]
    #[arg(long, value_name = "URL")]
    page: Option<Page>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Let a host, an approver, an auditor or an admin call; prints the token, this once
    Token(Token),
    /// Let an approver make a passkey at the server's page; prints the address, which works once and for 15 minutes
    Enrol(Enrol),
    /// Print the key that this server signs its word with, for `remote: {key: …}` in config.yaml on the hosts
    Key(Key),
    /// Let the owner of a token or a passkey call no more
    Revoke(Revoke),
    /// Change the key that what is stored is encrypted with, while it serves
    Rotate(Rotate),
    /// Print a hardened unit for systemd
    Unit,
    /// Print a Containerfile for an image of gate alone
    Container,
    /// Copy everything the server knows into a file, while it serves; `sealing.key` is not in it and is kept elsewhere
    Backup(Backup),
    /// Fill a new server's empty database from such a file; its `sealing.key` is put back into the server's folder before
    Restore(Backup),
}

#[derive(Debug, Args)]
struct Token {
    /// What its owner may do
    #[arg(value_name = "ROLE")]
    role: RoleName,
    /// The host, or the principal as the hosts enrolled it
    #[arg(value_name = "NAME")]
    name: String,
    /// For how long it counts [default: until it is revoked]
    #[arg(long, value_name = "TIME")]
    within: Option<Span>,
    #[command(flatten)]
    kept: Kept,
}

#[derive(Debug, Args)]
struct Enrol {
    /// The principal, as the hosts enrol it
    #[arg(value_name = "PRINCIPAL")]
    principal: String,
    #[command(flatten)]
    kept: Kept,
}

#[derive(Debug, Args)]
struct Key {
    #[command(flatten)]
    kept: Kept,
}

#[derive(Debug, Args)]
struct Revoke {
    /// The part of the token between its role and its secret, or the fingerprint of the passkey
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    kept: Kept,
}

#[derive(Debug, Args)]
struct Backup {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    kept: Kept,
}

#[derive(Debug, Args)]
struct Rotate {
    /// Only make the next key, `sealing.key.next`: where several servers share a database, each gets it first
    #[arg(long)]
    prepare: bool,
    /// Forget the key before, a minute after every server has changed
    #[arg(long, conflicts_with = "prepare")]
    finish: bool,
    #[command(flatten)]
    kept: Kept,
}

/// What the owner of a token may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// Publish requests and wait for answers
    Host,
    /// See requests and answer them
    Approver,
    /// See everything
    Auditor,
    /// Let others in; sees no request
    Admin,
}

/// What the server says while it serves.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogName {
    /// What it could not do, for people
    Failures,
    /// Every call, for people
    Text,
    /// Every call, one JSON object a line
    Json,
}

impl From<LogName> for Form {
    fn from(name: LogName) -> Self {
        match name {
            LogName::Failures => Self::Failures,
            LogName::Text => Self::Text,
            LogName::Json => Self::Json,
        }
    }
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Host => Self::Host,
            RoleName::Approver => Self::Approver,
            RoleName::Auditor => Self::Auditor,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Serves, or says who may call.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    // A core file would hold the key of what is stored.
    crate::host::undumpable().map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))?;
    match &arguments.command {
        None => {
            let mut settings = settings(&arguments.kept)?;
            settings.listen = arguments.listen;
            let files = arguments.tls_cert.clone().zip(arguments.tls_key.clone());
            settings.tls = files.map(|(certificate, key)| Files { certificate, key });
            settings.behind_proxy = arguments.behind_proxy;
            (settings.rate, settings.waits) = (arguments.rate, arguments.waits);
            settings.oidc = arguments.oidc.as_deref().map(|file| oidc::Settings::read(file, &variable)).transpose()?;
            let files = crate::host::all_files();
            settings.files = files.map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))?;
            let scheme = if settings.tls.is_some() { "https" } else { "http" };
            settings.keep = arguments.keep.map(Span::duration);
            (settings.log, settings.traces) = (arguments.log.into(), traces());
            let listening = |address| format!("gate serves at {scheme}://{address}");
            Ok(Serving::open(settings)?.serve(listening)?)
        }
        Some(Command::Token(token)) => {
            let expires = token.within.map(|within| now().plus(within.duration()));
            let made = Serving::open(settings(&token.kept)?)?.token(token.role.into(), &token.name, expires)?;
            print(&format!("{}\n", made.text))
        }
        Some(Command::Enrol(enrol)) => print(&format!(
            "{}\n",
            Serving::open(Settings { listen: arguments.listen, ..settings(&enrol.kept)? })?.invite(&enrol.principal)?
        )),
        Some(Command::Key(key)) => print(&format!("{}\n", Serving::open(settings(&key.kept)?)?.key())),
        Some(Command::Revoke(revoke)) => {
            Serving::open(settings(&revoke.kept)?)?.revoke(&revoke.id)?;
            print(&format!("revoked {}\n", revoke.id))
        }
        Some(Command::Unit) => print(include_str!("../server/deployment/gate-serve.service")),
        Some(Command::Container) => print(include_str!("../server/deployment/Containerfile")),
        Some(Command::Rotate(rotate)) => print(&rotated(rotate)?),
        Some(Command::Backup(backup)) => {
            let copied = Serving::open(settings(&backup.kept)?)?.back_up(&backup.file)?;
            print(&format!("copied {} rows, {}\n", copied.rows, copied.digest))
        }
        Some(Command::Restore(backup)) => {
            let copied = Serving::open(settings(&backup.kept)?)?.restore(&backup.file)?;
            print(&format!("restored {} rows as of {}, {}\n", copied.rows, copied.taken, copied.digest))
        }
    }
}

fn rotated(rotate: &Rotate) -> Result<String, Complaint> {
    let serving = Serving::open(settings(&rotate.kept)?)?;
    if rotate.prepare {
        return Ok(format!("the next key is `{}`\n", serving.prepare_key()?.display()));
    }
    if rotate.finish {
        let (renewed, keys) = serving.forget_keys()?;
        return Ok(format!("encrypted {renewed} texts anew, and forgot {keys} keys\n"));
    }
    let renewed = serving.turn_key()?;
    Ok(format!("encrypted {renewed} texts anew; in a minute `gate serve rotate --finish` forgets the key before\n"))
}

fn settings(kept: &Kept) -> Result<Settings, Complaint> {
    let data = match &kept.data {
        Some(data) => data.clone(),
        None => paths()?.state.join("server"),
    };
    let named = variable("GATE_DATABASE").and_then(|url| url.into_string().ok());
    let database = kept.database.clone().or(named);
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let page = kept.page.clone();
    let log = Form::Failures;
    Ok(Settings {
        listen,
        data,
        database,
        tls: None,
        behind_proxy: false,
        rate: RATE,
        waits: WAITS,
        files: FILES,
        page,
        keep: None,
        log,
        say,
        traces: None,
        oidc: None,
    })
}

/// Where OpenTelemetry's own variables say that spans go (its specification of the OTLP exporter and of the SDK).
fn traces() -> Option<Traces> {
    let text = |name| variable(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty());
    let whole = text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let base = || text("OTEL_EXPORTER_OTLP_ENDPOINT").map(|base| format!("{}/v1/traces", base.trim_end_matches('/')));
    let off = text("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let url = whole.or_else(base).filter(|_| !off)?;
    let service = text("OTEL_SERVICE_NAME").unwrap_or_else(|| "gate".to_owned());
    Some(Traces { url, service, names: Arc::new(SystemNames) })
}

/// People read it; scripts wait for it.
fn say(text: &str) {
    // Nobody is there to be told that standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn print(text: &str) -> Result<(), Complaint> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}

impl From<oidc::SettingsError> for Complaint {
    fn from(error: oidc::SettingsError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
    }
}

impl From<ServeError> for Complaint {
    fn from(error: ServeError) -> Self {
        let message = error.to_string();
        match error {
            ServeError::Listen { .. } => {
                Self::new(exit::CONFIGURATION, message).hint("--listen 127.0.0.1:PORT names another place")
            }
            ServeError::Journal(JournalError::Broken { .. }) => Self::new(exit::EVIDENCE, message)
                .hint("somebody changed the database; compare with a backup, and keep a copy before anything else"),
            ServeError::Backup(BackupError::Journal(JournalError::Broken { .. })) => {
                Self::new(exit::EVIDENCE, message).hint("somebody changed it; keep a copy of it before anything else")
            }
            ServeError::Backup(BackupError::Line { .. }) => Self::new(exit::EVIDENCE, message),
            ServeError::Backup(BackupError::OtherKey) => Self::new(exit::CONFIGURATION, message)
                .hint("put back the key of the server that was copied, with mode 600"),
            ServeError::Backup(BackupError::Filled(_)) => {
                Self::new(exit::USAGE, message).hint("--data DIR or --database URL names one that nothing is in")
            }
            ServeError::Backup(BackupError::File { .. }) => Self::new(exit::USAGE, message),
            ServeError::Clear(_) => Self::new(exit::USAGE, message)
                .hint("--tls-cert and --tls-key name a certificate; --behind-proxy says that something else encrypts"),
            ServeError::Write(_) => Self::new(exit::USAGE, message),
            ServeError::Folder { .. }
            | ServeError::System(_)
            | ServeError::Database(_)
            | ServeError::Journal(_)
            | ServeError::Sealing(_)
            | ServeError::Tls(_)
            | ServeError::Page(_)
            | ServeError::Backup(_)
            | ServeError::Renewal(_)
            | ServeError::Traces(_)
            | ServeError::Witness(_)
            | ServeError::Oidc(_)
            | ServeError::NoEntropy => Self::new(exit::CONFIGURATION, message),
        }
    }
}
