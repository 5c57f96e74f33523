//! What gate finds around it when it starts: who calls, from where, with what configuration and policy.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::host::config::{self, Config, Paths, Trusting};
use crate::host::{policies, requester};
use crate::policy::Policy;

use super::exit;
use super::failure::Complaint;

/// What gate finds around it.
pub struct Surroundings {
    /// The directory it was called in.
    pub directory: PathBuf,
    /// The caller's home directory.
    pub home: Option<PathBuf>,
    /// The rules.
    pub policy: Policy,
    /// Where what can be made again is kept.
    pub cache: PathBuf,
    /// This host's name.
    pub host: String,
    /// Everybody who may be the requester.
    pub requesters: Vec<String>,
}

impl Surroundings {
    /// For `explain`: it works without any configuration, and says what is wrong with one that is there.
    pub fn explained() -> Result<Self, Complaint> {
        let directory = directory()?;
        let paths = paths()?;
        let config = Config::read(&paths).map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))?;
        let policy =
            policies::load(&paths, &directory).map_err(|failure| Complaint::failure(exit::CONFIGURATION, failure))?;
        let seen = requester::seen(&variable);
        let claims = config.roster.claims(&seen.accounts, &config.host, seen.agent.as_deref());
        Ok(Self {
            home: home(),
            policy,
            host: config.host,
            requesters: claims.into_iter().map(|claim| claim.principal).collect(),
            cache: paths.cache,
            directory,
        })
    }
}

/// A variable of gate's own environment.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The caller's home directory.
pub fn home() -> Option<PathBuf> {
    config::home(&variable, crate::host::uid())
}

/// gate's own files.
pub fn paths() -> Result<Paths, Complaint> {
    Paths::find(&variable, crate::host::uid(), Trusting::Environment)
        .map_err(|error| Complaint::new(exit::CONFIGURATION, error.to_string()))
}

/// The directory gate was called in.
pub fn directory() -> Result<PathBuf, Complaint> {
    std::env::current_dir().map_err(|error| {
        Complaint::new(exit::CONFIGURATION, format!("the current directory cannot be used: {error}"))
            .hint("cd to one that exists")
    })
}
