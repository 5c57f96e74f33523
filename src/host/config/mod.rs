//! `config.yaml`: who is enrolled, and this host's settings. What `/etc/gate` says stands; a user's file that says it too
//! is refused rather than ignored, since somebody believes in it.

pub mod accounts;
pub mod file;
mod paths;
mod schema;
mod start;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use self::file::{FileError, FileRead};
use crate::approval::{Roster, RosterError};
use crate::encoding::yaml::{self, Placed, YamlError};
use crate::model::{Digest, Hardware, Principal, Remote, SelfApproval, Shown};

pub use paths::{PathError, Paths, SYSTEM, Trusting, home};
pub use schema::schema;
pub use start::{Begun, InitError, NewPrincipal, Whose, init};

/// What the host is set up to do, all layers taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// This host's name in accounts and records.
    pub host: String,
    /// Who may answer.
    pub roster: Roster,
    /// When an outcome is recorded.
    pub outcome: Outcome,
    /// Where approver and record keys are kept.
    pub keys: KeyStore,
    /// A queue that other accounts share, if `/etc/gate` names one.
    pub requests: Option<PathBuf>,
    /// The approval server, if there is one. Its key, where it has one, stands in the roster.
    pub remote: Option<Remote>,
    /// The files that were read, and the digests of their texts.
    pub sources: Vec<(PathBuf, Digest)>,
}

/// Which commands are followed to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Those that were asked about.
    #[default]
    Asked,
    /// All.
    Always,
    /// None.
    Never,
}

/// Where keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyStore {
    /// In files of the directory `keys`.
    #[default]
    File,
    /// In the keyring of the desktop (Secret Service).
    SecretService,
    /// In the kernel's keyring: in memory, until it is restarted.
    Kernel,
}

impl KeyStore {
    /// The word for it in `config.yaml` and in a record key's file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::SecretService => "secret-service",
            Self::Kernel => "kernel",
        }
    }

    /// The store with this word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::File, Self::SecretService, Self::Kernel].into_iter().find(|store| store.name() == name)
    }
}

/// Why the configuration cannot be used (78).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file's text has a fault; shown with its place.
    #[error("{0}")]
    Text(#[from] YamlError),
    /// A file of `/etc/gate` that others than root can change.
    #[error("`{}` must belong to root and be writable by root alone", Shown::os(.0.as_os_str()))]
    NotRoots(PathBuf),
    /// A user's file that anybody can change.
    #[error("`{}` is writable by everybody (hint: chmod o-w)", Shown::os(.0.as_os_str()))]
    Everybodys(PathBuf),
}

/// What people write.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// This host's name in accounts and records.
    #[schemars(with = "Option<String>", regex(pattern = "^[A-Za-z0-9._-]{1,253}$"))]
    host: Option<Placed<String>>,
    /// Who is enrolled, by name.
    #[schemars(with = "Option<BTreeMap<String, Principal>>")]
    principals: Option<Placed<BTreeMap<Placed<String>, Placed<Principal>>>>,
    /// Whether anybody may answer for themselves.
    self_approval: Option<Placed<SelfApproval>>,
    /// Which commands are followed to their end.
    outcome: Option<Placed<Outcome>>,
    /// Where keys are kept.
    keys: Option<Placed<KeyStore>>,
    /// A queue that other accounts share: an absolute path, in `/etc/gate/config.yaml` only.
    #[schemars(with = "Option<String>", regex(pattern = "^/"))]
    requests: Option<Placed<PathBuf>>,
    remote: Option<Placed<Remote>>,
}

/// A file of one layer, with its text for showing faults.
struct Layer {
    name: String,
    text: String,
    written: Written,
}

impl Layer {
    /// An empty file says nothing, as no file does.
    fn read(path: &Path, text: String) -> Result<Self, YamlError> {
        let name = Shown::os(path.as_os_str()).to_string();
        let says_nothing = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        let written = if says_nothing { Written::default() } else { yaml::read(&name, &text)? };
        Ok(Self { name, text, written })
    }

    fn fault<T>(&self, at: &Placed<T>, message: &str, hint: Option<&str>) -> ConfigError {
        at.error(&self.name, &self.text, message, hint).into()
    }
}

impl Config {
    /// Reads all layers. Without any file nobody is enrolled and everything has its default.
    ///
    /// # Errors
    /// Each fault of [`ConfigError`]; nothing is skipped.
    pub fn read(paths: &Paths) -> Result<Self, ConfigError> {
        let mut sources = Vec::new();
        let mut layer = |path: PathBuf, check: fn(&FileRead) -> bool, fault: fn(PathBuf) -> ConfigError| {
            let Some((text, read)) = file::text(&path, yaml::LARGEST as u64)? else {
                return Ok(None);
            };
            if !check(&read) {
                return Err(fault(path));
            }
            let layer = Layer::read(&path, text)?;
            sources.push((path, Digest::of(layer.text.as_bytes())));
            Ok::<_, ConfigError>(Some(layer))
        };
        let system = layer(paths.system_config_file(), roots_alone, ConfigError::NotRoots)?;
        let user = layer(paths.config_file(), |read| read.mode & 0o002 == 0, ConfigError::Everybodys)?;
        Self::merged(system, user, sources)
    }

    fn merged(
        system: Option<Layer>,
        user: Option<Layer>,
        sources: Vec<(PathBuf, Digest)>,
    ) -> Result<Self, ConfigError> {
        if let (Some(system), Some(user)) = (&system, &user) {
            check_replaced(system, user)?;
        }
        if let Some(user) = &user
            && let Some(requests) = &user.written.requests
        {
            let message = "only /etc/gate/config.yaml names a queue that other accounts share";
            return Err(user.fault(requests, message, None));
        }
        let layers: Vec<&Layer> = system.iter().chain(user.iter()).collect();
        let host = match layers.iter().find_map(|layer| layer.written.host.as_ref().map(|host| (layer, host))) {
            Some((_, host)) if is_host(&host.value) => Ok(host.value.clone()),
            Some((layer, host)) => {
                Err(layer.fault(host, "a host's name is 1 to 253 letters, digits, `.`, `-` and `_`", None))
            }
            None => Ok(host_name()),
        }?;
        let requests = match system.as_ref().and_then(|layer| Some((layer, layer.written.requests.as_ref()?))) {
            Some((_, requests)) if requests.value.is_absolute() => Some(requests.value.clone()),
            Some((layer, requests)) => return Err(layer.fault(requests, "not an absolute path", None)),
            None => None,
        };
        if let Some(user) = &user {
            check_attested(user)?;
        }
        let says = layers.iter().find(|layer| layer.written.principals.is_some());
        let roster = says.map_or_else(|| Ok(Roster::default()), |layer| roster(layer, &layers))?;
        let remote = layers.iter().find_map(|layer| Some((layer, layer.written.remote.as_ref()?)));
        let roster = match remote.and_then(|(layer, remote)| Some((layer, remote, remote.value.key.clone()?))) {
            None => roster,
            Some((layer, remote, key)) => {
                roster.with_witness(key).map_err(|fault| layer.fault(remote, &fault.to_string(), None))?
            }
        };
        Ok(Self {
            host,
            roster,
            outcome: first(&layers, |written| written.outcome.as_ref()).unwrap_or_default(),
            keys: first(&layers, |written| written.keys.as_ref()).unwrap_or_default(),
            requests,
            remote: remote.map(|(_, remote)| remote.value.clone()),
            sources,
        })
    }
}

fn first<T: Copy>(layers: &[&Layer], said: fn(&Written) -> Option<&Placed<T>>) -> Option<T> {
    layers.iter().find_map(|layer| said(&layer.written)).map(|placed| placed.value)
}

fn roots_alone(read: &FileRead) -> bool {
    let groups = read.mode & 0o020 == 0 || read.gid == 0;
    read.uid == 0 && read.mode & 0o002 == 0 && groups
}

/// Refuses a user's file that says that attestation was checked: whoever may write it, an agent under the same account
/// included, could say it of a key made in software.
fn check_attested(user: &Layer) -> Result<(), ConfigError> {
    let principals = user.written.principals.iter().flat_map(|principals| &principals.value);
    let attested =
        |principal: &Principal| principal.keys.iter().any(|enrolled| enrolled.hardware == Some(Hardware::Attested));
    match principals.into_iter().find(|(_, principal)| attested(&principal.value)) {
        None => Ok(()),
        Some((name, _)) => Err(user.fault(
            name,
            "`hardware: attested` is believed of /etc/gate/config.yaml alone",
            Some("`hardware: vouched`, and somebody else signs it: gate key accept"),
        )),
    }
}

/// Refuses a user's file that says what the system's file says. Once that one names principals, who may answer for
/// themselves belongs to it as well.
fn check_replaced(system: &Layer, user: &Layer) -> Result<(), ConfigError> {
    let (above, below) = (&system.written, &user.written);
    let message = |key: &str| format!("`{key}` is said by {}, which this file cannot replace", system.name);
    let hint = Some("take it out here");
    if let (Some(_), Some(at)) = (&above.principals, &below.principals) {
        return Err(user.fault(at, &message("principals"), hint));
    }
    if let (true, Some(at)) = (above.principals.is_some() || above.self_approval.is_some(), &below.self_approval) {
        return Err(user.fault(at, &message("self_approval"), hint));
    }
    if let (true, Some(at)) = (above.principals.is_some() || above.remote.is_some(), &below.remote) {
        return Err(user.fault(at, &message("remote"), hint));
    }
    if let (Some(_), Some(at)) = (&above.host, &below.host) {
        return Err(user.fault(at, &message("host"), hint));
    }
    if let (Some(_), Some(at)) = (&above.outcome, &below.outcome) {
        return Err(user.fault(at, &message("outcome"), hint));
    }
    match (&above.keys, &below.keys) {
        (Some(_), Some(at)) => Err(user.fault(at, &message("keys"), hint)),
        (Some(_) | None, None) | (None, Some(_)) => Ok(()),
    }
}

/// The roster, its faults shown at the principal they concern.
fn roster(layer: &Layer, layers: &[&Layer]) -> Result<Roster, ConfigError> {
    let self_approval = first(layers, |written| written.self_approval.as_ref()).unwrap_or_default();
    let Some(principals) = &layer.written.principals else {
        return Ok(Roster::default());
    };
    let named = principals.value.iter().map(|(name, principal)| (name.value.clone(), principal.value.clone()));
    Roster::new(named.collect(), self_approval).map_err(|fault| {
        let at = principals.value.keys().find(|name| name.value == concerned(&fault));
        let message = fault.to_string();
        at.map_or_else(|| layer.fault(principals, &message, None), |at| layer.fault(at, &message, None))
    })
}

fn concerned(fault: &RosterError) -> &str {
    match fault {
        RosterError::Name(name)
        | RosterError::Reserved(name)
        | RosterError::NoOwner(name)
        | RosterError::OwnedPerson(name) => name,
        RosterError::Group { principal, .. }
        | RosterError::RepeatedKey { principal, .. }
        | RosterError::NoToken { principal, .. }
        | RosterError::NoPasskey { principal, .. }
        | RosterError::Page { principal, .. }
        | RosterError::WitnessKey { principal, .. }
        | RosterError::Owner { principal, .. } => principal,
        RosterError::SharedKey { second, .. } | RosterError::SharedAccount { second, .. } => second,
        RosterError::WitnessToken(_) => "",
    }
}

fn is_host(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !name.is_empty() && name.len() <= 253 && name.bytes().all(plain)
}

/// The kernel's name for this host; `localhost` where it has none that can be written.
fn host_name() -> String {
    let named = rustix::system::uname();
    named.nodename().to_str().ok().filter(|name| is_host(name)).unwrap_or("localhost").to_owned()
}

#[cfg(test)]
mod tests;
