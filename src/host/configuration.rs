//! All that decides, read anew from this host's files each time it is asked for.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::PathBuf;

use super::config::{Config, Outcome as Written, Paths};
use super::{policies, requester};
use crate::encoding::json::{Value, json, strict_value};
use crate::model::{Apart, Requester};
use crate::ports::{Configuration, Configured, Failure, Outcome};

/// The configuration of this host, for a caller in this directory.
pub struct HostConfiguration<'a> {
    /// gate's own files.
    pub paths: &'a Paths,
    /// Where the caller stands, for the project's layer.
    pub directory: PathBuf,
    /// A variable of the caller's environment.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Why the caller asks.
    pub reason: Option<String>,
    /// What was read already and is to be used first.
    pub first: RefCell<Option<Configured>>,
}

impl Configuration for HostConfiguration<'_> {
    fn read(&self) -> Result<Configured, Failure> {
        if let Some(first) = self.first.borrow_mut().take() {
            return Ok(first);
        }
        let config = Config::read(self.paths).map_err(|error| Failure::of(&error))?;
        let policy = policies::load(self.paths, &self.directory)?;
        let seen = requester::seen(self.variable);
        let principals = config.roster.claims(&seen.accounts, &config.host, seen.agent.as_deref());
        let outcome = match config.outcome {
            Written::Asked => Outcome::Asked,
            Written::Always => Outcome::Always,
            Written::Never => Outcome::Never,
        };
        Ok(Configured {
            settings: settings(&config)?,
            policy,
            host: config.host,
            requester: Requester { principals, uid: seen.uid, reason: self.reason.clone() },
            outcome,
            reach: if config.requests.is_some() { Apart::Account } else { Apart::Key },
            roster: config.roster,
            shared: config.requests,
            remote: config.remote,
        })
    }
}

/// What of the configuration decides, as it is recorded.
fn settings(config: &Config) -> Result<Value, Failure> {
    let roster = crate::encoding::json::canonical(&config.roster).map_err(|error| Failure::of(&error))?;
    let roster = strict_value(&roster).map_err(|error| Failure::of(&error))?;
    Ok(json!({"host": config.host, "roster": roster}))
}
