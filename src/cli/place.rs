//! What the commands for requests and keys find around them: the configuration, the queue, the keys.

use crate::actions::enrolment::{Revoked, revoked_of};
use crate::host::clock::HostClock;
use crate::host::config::{Config, Paths, Trusting};
use crate::host::keys::Keys;
use crate::host::log::read_pin;
use crate::host::queue::Queue;
use crate::model::{Fingerprint, Timestamp};
use crate::ports::{Clock as _, Log};

use super::exit;
use super::failure::Complaint;
use super::surroundings;

/// gate's own files, and what they say.
pub struct Place {
    /// Where they lie.
    pub paths: Paths,
    /// What they say.
    pub config: Config,
}

impl Place {
    /// Reads the configuration.
    pub fn read() -> Result<Self, Complaint> {
        let paths = surroundings::paths()?;
        let config = Config::read(&paths).map_err(|error| broken(&error))?;
        Ok(Self { paths, config })
    }

    /// The same, where the directory that `GATE_HOME` names may still have to be made.
    pub fn read_or_begin() -> Result<Self, Complaint> {
        let paths = Paths::meant(&surroundings::variable, crate::host::uid(), Trusting::Environment);
        let paths = paths.map_err(|error| broken(&error))?;
        let config = Config::read(&paths).map_err(|error| broken(&error))?;
        Ok(Self { paths, config })
    }

    /// The queue; none where nothing was ever asked.
    pub fn queue(&self) -> Result<Option<Queue>, Complaint> {
        let place = super::run::queue(&self.paths, self.config.requests.as_deref());
        Queue::existing(&place).map_err(Complaint::from)
    }

    /// The keys of this user.
    pub fn keys(&self) -> Keys {
        Keys::within(&self.paths.keys())
    }

    /// The key that signs this machine's records, where it has one.
    pub fn record_key(&self) -> Result<Option<Fingerprint>, Complaint> {
        let pin = read_pin(&self.paths.pin()).map_err(|error| Complaint::new(exit::LOG, error.to_string()))?;
        Ok(pin.map(|pin| pin.key.fingerprint()))
    }

    /// The keys that this host's log says are revoked.
    pub fn revoked(&self) -> Result<Revoked, Complaint> {
        let Some(mut log) = super::enrolment::log(self)? else { return Ok(Revoked::new()) };
        let members = Log::enrolment(&mut log).map_err(|failure| Complaint::failure(exit::LOG, failure))?;
        let revoked = members.map_or_else(|| Ok(Revoked::new()), |members| revoked_of(&members));
        revoked.map_err(|failure| Complaint::failure(exit::LOG, failure))
    }
}

/// The time.
pub fn now() -> Timestamp {
    HostClock.now().wall
}

/// The configuration, or a file of ours, cannot be used.
pub fn broken(error: &dyn std::error::Error) -> Complaint {
    Complaint::new(exit::CONFIGURATION, error.to_string())
}
