//! All that decides besides the command itself, as it stands now.

use std::path::PathBuf;

use crate::approval::Roster;
use crate::encoding::json::{Value, canonical, json};
use crate::model::{Digest, Remote, Requester};
use crate::policy::Policy;

use super::Failure;

/// Reads the configuration anew each time it is asked.
pub trait Configuration {
    /// Everything that decides, checked.
    ///
    /// # Errors
    /// When any of it cannot be read or does not hold together.
    fn read(&self) -> Result<Configured, Failure>;
}

/// Everything that decides.
#[derive(Debug)]
pub struct Configured {
    /// The rules, all layers of them.
    pub policy: Policy,
    /// Who may answer.
    pub roster: Roster,
    /// This host's name in accounts and records.
    pub host: String,
    /// Who asks.
    pub requester: Requester,
    /// When an outcome is recorded.
    pub outcome: Outcome,
    /// How far apart from the requester answers can come from.
    pub reach: crate::model::Apart,
    /// The queue that other accounts share, if there is one.
    pub shared: Option<PathBuf>,
    /// The approval server, if there is one.
    pub remote: Option<Remote>,
    /// The text of the settings and principals, as it is recorded.
    pub settings: Value,
}

impl Configured {
    /// The digest over everything that decides: gate's version, the policy of all layers, the settings.
    ///
    /// # Errors
    /// When the settings cannot be written canonically.
    pub fn digest(&self) -> Result<Digest, Failure> {
        let settings = Digest::of(&canonical(&self.settings).map_err(|error| Failure::of(&error))?);
        let parts = (self.policy.digest(), settings, env!("CARGO_PKG_VERSION"));
        Ok(Digest::of(&canonical(&parts).map_err(|error| Failure::of(&error))?))
    }

    /// The full text of what the digest stands for.
    ///
    /// # Errors
    /// When the files of the policy are not what they were when it was compiled.
    pub fn text(&self) -> Result<Value, Failure> {
        let policy = self.policy.text().map_err(|error| Failure::of(&error))?;
        Ok(json!({"gate": env!("CARGO_PKG_VERSION"), "policy": policy, "settings": self.settings}))
    }
}

/// Which commands are supervised, so that their end is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// Those that were asked about.
    #[default]
    Asked,
    /// All.
    Always,
    /// None, beyond what a failure to start needs.
    Never,
}
