//! Starts the server, and ends it so that nobody who was told something was told wrong.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::backup::{self, BackupError, Copied};
use super::change::{Change, Refused};
use super::clock::now;
use super::database::{Database, DatabaseError, Place};
use super::door::{self, Door};
use super::http::{App, router};
use super::hub::Hub;
use super::journal::{self, JournalError};
use super::limits::Limits;
use super::listening::{listen, most};
use super::metrics::Metrics;
use super::oidc::{self, OidcError, Provider};
use super::renewal::{self, RenewalError};
use super::report::{Form, Lines, Report, Spans};
use super::sealing::{Sealing, SealingError};
use super::secret;
use super::tls::{Certificate, Files, TlsError};
use super::tokens::{Role, Token};
use super::upkeep;
use super::witness::{WitnessError, WitnessKey};
use super::writer::{WriteError, Writer};
use crate::host::launch::getent::SystemNames;
use crate::model::{Digest, Fingerprint, InvalidPage, Page, Timestamp};
use crate::ports::Names;
use crate::remote::{Collector, RemoteError};

/// How the server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its own folder.
    pub data: PathBuf,
    /// Its certificate, where it has one of its own.
    pub tls: Option<Files>,
    /// Whether a proxy stands before it, which encrypts and says whom it speaks for.
    pub behind_proxy: bool,
    /// How many calls a second a token has.
    pub rate: u32,
    /// How many waits at a time a token has.
    pub waits: u32,
    /// How many files it may open, a connection being one.
    pub files: u64,
    /// Its database; a file in its folder where none is named.
    pub database: Option<String>,
    /// Where browsers find it; this machine's own name where none is named.
    pub page: Option<Page>,
    /// For how long it keeps what is over; for ever where nothing is said.
    pub keep: Option<Duration>,
    /// What it says while it serves.
    pub log: Form,
    /// Says a line, with its end.
    pub say: fn(&str),
    /// Where it sends spans, and under the name of which service.
    pub traces: Option<Traces>,
    /// Where people are known as well.
    pub oidc: Option<oidc::Settings>,
}

/// Where spans go.
#[derive(Clone)]
pub struct Traces {
    /// The address that takes them.
    pub url: String,
    /// What the server is called there.
    pub service: String,
    /// How its name is looked up.
    pub names: Arc<dyn Names>,
}

impl std::fmt::Debug for Traces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traces").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Tokens would travel in the clear.
    #[error("{0} can be reached from elsewhere, and nothing encrypts what is said")]
    Clear(SocketAddr),
    /// Its certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Its folder cannot be used.
    #[error("the folder `{}`: {source}", .path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody can be listened to.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system refuses something else.
    #[error("cannot serve: {0}")]
    System(#[from] std::io::Error),
    /// The database does not work.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key for what is stored does not work.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The key of its word does not work.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The provider cannot be asked.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// What it wrote before does not hold.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A change was not made.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// There is no copy, or nothing came of it.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Something is still under another key.
    #[error(transparent)]
    Renewal(#[from] RenewalError),
    /// Spans cannot be sent there.
    #[error("the collector of traces: {0}")]
    Traces(#[from] RemoteError),
    /// Its page has no usable address.
    #[error(transparent)]
    Page(#[from] InvalidPage),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoEntropy,
}

impl From<Refused> for ServeError {
    fn from(error: Refused) -> Self {
        Self::Write(error.into())
    }
}

/// A server that is set up.
pub struct Serving {
    runtime: Runtime,
    settings: Settings,
    app: App,
}

impl Serving {
    /// Opens everything that the server keeps.
    ///
    /// # Errors
    /// Each reason of [`ServeError`].
    pub fn open(settings: Settings) -> Result<Self, ServeError> {
        let folder = |source| ServeError::Folder { path: settings.data.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&settings.data).map_err(folder)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let sealing = Arc::new(Sealing::open(&settings.data.join("sealing.key"))?);
        let witness = Arc::new(WitnessKey::open(&settings.data.join("witness.key"))?);
        let names = Arc::new(SystemNames);
        let oidc = settings.oidc.clone().map(|settings| Provider::new(settings, names)).transpose()?.map(Arc::new);
        let page = Arc::new(page(&settings, settings.listen)?);
        let place = settings.database.clone().map_or_else(|| Place::File(settings.data.join("gate.db")), Place::Url);
        let app = runtime.block_on(async {
            let database = Arc::new(Database::open(&place, Arc::new(SystemNames)).await?);
            let hub = Hub::default();
            let metrics = Arc::new(Metrics::default());
            let writer = Writer::start(Arc::clone(&database), hub.clone(), Arc::clone(&metrics));
            let limits = Arc::new(Limits::new(settings.rate, settings.waits));
            let behind_proxy = settings.behind_proxy;
            let shown = Arc::new(settings.clone());
            let traces = settings.traces.clone();
            let spans = traces
                .map(|to| Ok::<_, RemoteError>(Spans::start(Collector::new(&to.url, to.names)?, to.service)))
                .transpose()?;
            let report = Report::new(Lines::start(settings.log, settings.say)?, spans);
            Ok::<_, ServeError>(App {
                database,
                writer,
                hub,
                sealing,
                limits,
                report,
                metrics,
                behind_proxy,
                page,
                oidc,
                witness,
                settings: shown,
            })
        })?;
        Ok(Self { runtime, settings, app })
    }

    /// Lets somebody call; gives their token, which is shown once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn token(&self, role: Role, name: &str, expires: Option<Timestamp>) -> Result<Token, ServeError> {
        let token = Token::new(role).ok_or(ServeError::NoEntropy)?;
        let change =
            Change::Token { id: token.id.clone(), role, name: name.to_owned(), digest: token.digest(), expires };
        self.runtime.block_on(self.app.writer.make(change))?;
        Ok(token)
    }

    /// Lets somebody make a passkey; gives the address where they do, which is shown once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn invite(&self, principal: &str) -> Result<String, ServeError> {
        let code = secret::word().ok_or(ServeError::NoEntropy)?;
        let (digest, expires) = (Digest::of(code.as_bytes()), now().plus(door::INVITED));
        let door = Door::Invited { digest, principal: principal.to_owned(), expires };
        self.runtime.block_on(self.app.writer.make(Change::Door(door)))?;
        // What follows the mark stays in the browser: no log on the way sees it.
        Ok(format!("{}/enrol#{code}", self.app.page))
    }

    /// The key that this server's word is signed with, as hosts pin it.
    #[must_use]
    pub fn key(&self) -> String {
        self.app.witness.public().to_string()
    }

    /// Lets somebody call no more.
    ///
    /// # Errors
    /// When there is no such token or passkey, or it cannot be written.
    pub fn revoke(&self, id: &str) -> Result<(), ServeError> {
        let change = match id.parse::<Fingerprint>() {
            Ok(passkey) => Change::Door(Door::Dropped { passkey }),
            Err(_) => Change::Revoked { id: id.to_owned() },
        };
        self.runtime.block_on(self.app.writer.make(change))?;
        Ok(())
    }

    /// Writes everything into a new file.
    ///
    /// # Errors
    /// When the journal does not hold, or the file cannot be written.
    pub fn back_up(&self, to: &Path) -> Result<Copied, ServeError> {
        Ok(self.runtime.block_on(backup::write(&self.app.database, to, now()))?)
    }

    /// Fills the database from such a file.
    ///
    /// # Errors
    /// When the database is not empty, or the file is not whole.
    pub fn restore(&self, from: &Path) -> Result<Copied, ServeError> {
        Ok(self.runtime.block_on(backup::restore(&self.app.database, &self.app.sealing, from, now()))?)
    }

    /// Makes the next key for what is stored, for all servers to be given before one of them uses it; says where it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn prepare_key(&self) -> Result<PathBuf, ServeError> {
        Ok(self.app.sealing.prepare()?)
    }

    /// Changes the key for what is stored, and encrypts everything anew; says how many texts. The key before stays, for
    /// what a server is just writing.
    ///
    /// # Errors
    /// When the key cannot be changed, or the database does not answer.
    pub fn turn_key(&self) -> Result<u64, ServeError> {
        let key = self.app.sealing.turn()?;
        self.runtime.block_on(async {
            self.app.writer.make(Change::Rekeyed { key }).await?;
            Ok(renewal::renew(&self.app.database, &self.app.sealing).await?)
        })
    }

    /// Encrypts anew what was written under the key before, and forgets that key; says how many texts and keys.
    ///
    /// # Errors
    /// As [`Self::turn_key`].
    pub fn forget_keys(&self) -> Result<(u64, usize), ServeError> {
        let renewed = self.runtime.block_on(renewal::renew(&self.app.database, &self.app.sealing))?;
        Ok((renewed, self.app.sealing.forget()?))
    }

    /// Serves until a signal ends it; says where, once it listens, and what happens to its certificate. What was begun is
    /// finished.
    ///
    /// # Errors
    /// When tokens would travel in the clear, its certificate or journal does not hold, or it cannot listen.
    pub fn serve(self, listening: impl FnOnce(SocketAddr) -> String) -> Result<(), ServeError> {
        let Self { runtime, settings, mut app } = self;
        if settings.tls.is_none() && !settings.behind_proxy && !settings.listen.ip().is_loopback() {
            return Err(ServeError::Clear(settings.listen));
        }
        let certificate = settings.tls.clone().map(Certificate::read).transpose()?.map(Arc::new);
        runtime.block_on(async move {
            let entries = journal::check(&app.database).await?;
            let fault = |source| ServeError::Listen { address: settings.listen, source };
            let listener = TcpListener::bind(settings.listen).await.map_err(fault)?;
            let address = listener.local_addr().map_err(fault)?;
            app.page = Arc::new(page(&settings, address)?);
            app.settings = Arc::new(Settings { listen: address, ..settings.clone() });
            app.report.news(&listening(address));
            let report = app.report.clone();
            let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let hub = app.hub.clone();
            tokio::spawn(upkeep::expire(app.clone()));
            if let Some(keep) = settings.keep {
                tokio::spawn(upkeep::forget(app.clone(), keep));
            }
            tokio::spawn(upkeep::hear(app.clone()));
            tokio::spawn(upkeep::look(app.clone(), entries - 1));
            if let Some(certificate) = certificate.clone() {
                let report = app.report.clone();
                tokio::spawn(async move { certificate.watch(move |news| report.news(&format!("gate: {news}"))).await });
            }
            let ended = async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                hub.end();
            };
            listen(listener, router(app), certificate, most(settings.files), ended).await;
            report.end().await;
            Ok(())
        })
    }
}

/// Where browsers find it.
fn page(settings: &Settings, listen: SocketAddr) -> Result<Page, InvalidPage> {
    // A passkey is made for a name and never for an address; 0 is a port that is not known yet.
    settings.page.clone().map_or_else(
        || match listen.port() {
            0 | 80 => "http://localhost".parse(),
            port => format!("http://localhost:{port}").parse(),
        },
        Ok,
    )
}
