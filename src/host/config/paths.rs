//! Where the files of this user lie: in `$GATE_HOME`, else in the XDG directories. Refuses to guess where the environment
//! says something that cannot be meant.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::accounts;
use crate::model::Shown;

/// The directory of the system's own configuration; always read.
pub const SYSTEM: &str = "/etc/gate";

/// Where things lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// `/etc/gate`.
    pub system: PathBuf,
    /// Holds `config.yaml`, `policies/` and the pin `log`.
    pub config: PathBuf,
    /// Holds `keys/`.
    pub data: PathBuf,
    /// Holds `audit/`, `requests/` and `disclosures/`.
    pub state: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
}

/// Why it is not known where things lie (78).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// A relative path would mean another place in every directory.
    #[error("GATE_HOME is `{}`, which is not an absolute path", Shown::os(.0.as_os_str()))]
    Relative(PathBuf),
    /// It names nothing.
    #[error("GATE_HOME is `{}`, which does not exist (hint: mkdir -m 700 it, or run gate init)", Shown::os(.0.as_os_str()))]
    Missing(PathBuf),
    /// It names something else.
    #[error("GATE_HOME is `{}`, which is not a directory", Shown::os(.0.as_os_str()))]
    NotADirectory(PathBuf),
    /// Neither HOME nor the password database names one.
    #[error("neither HOME nor the password database names a home for uid {0} (hint: set GATE_HOME)")]
    NoHome(u32),
}

/// Whether the environment has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusting {
    /// GATE_HOME, HOME and XDG_* are looked at.
    Environment,
    /// Only the password database is (`account` mode: the requester may not choose).
    PasswordDatabase,
}

/// The home of this uid: what HOME says, else what the password database does.
#[must_use]
pub fn home(variable: &dyn Fn(&str) -> Option<OsString>, uid: u32) -> Option<PathBuf> {
    let said = variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    said.or_else(|| accounts::account(uid).map(|account| account.home).filter(|home| home.is_absolute()))
}

impl Paths {
    /// Where things lie for this uid. `GATE_HOME` must exist.
    ///
    /// # Errors
    /// Each fault of [`PathError`].
    pub fn find(variable: &dyn Fn(&str) -> Option<OsString>, uid: u32, trusting: Trusting) -> Result<Self, PathError> {
        let paths = Self::meant(variable, uid, trusting)?;
        match variable("GATE_HOME") {
            Some(home) if trusting == Trusting::Environment && !home.is_empty() => {
                let home = PathBuf::from(home);
                match std::fs::metadata(&home) {
                    Ok(found) if found.is_dir() => Ok(paths),
                    Ok(_) => Err(PathError::NotADirectory(home)),
                    Err(_) => Err(PathError::Missing(home)),
                }
            }
            Some(_) | None => Ok(paths),
        }
    }

    /// Where things will lie, for whoever makes them.
    ///
    /// # Errors
    /// `Relative`, `NoHome`.
    pub fn meant(variable: &dyn Fn(&str) -> Option<OsString>, uid: u32, trusting: Trusting) -> Result<Self, PathError> {
        let trusted: &dyn Fn(&str) -> Option<OsString> = match trusting {
            Trusting::Environment => variable,
            Trusting::PasswordDatabase => &|_| None,
        };
        let asked = |name: &str| trusted(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(home) = asked("GATE_HOME") {
            return if home.is_absolute() { Ok(Self::within(&home)) } else { Err(PathError::Relative(home)) };
        }
        let home = || home(trusted, uid).ok_or(PathError::NoHome(uid));
        // The XDG base directory specification: relative paths are ignored.
        let place = |name: &str, fallback: &str| match asked(name).filter(|path| path.is_absolute()) {
            Some(path) => Ok(path.join("gate")),
            None => home().map(|home| home.join(fallback).join("gate")),
        };
        Ok(Self {
            system: PathBuf::from(SYSTEM),
            config: place("XDG_CONFIG_HOME", ".config")?,
            data: place("XDG_DATA_HOME", ".local/share")?,
            state: place("XDG_STATE_HOME", ".local/state")?,
            cache: place("XDG_CACHE_HOME", ".cache")?,
        })
    }

    /// All of it in one directory.
    #[must_use]
    pub fn within(home: &Path) -> Self {
        Self {
            system: PathBuf::from(SYSTEM),
            config: home.to_owned(),
            data: home.to_owned(),
            state: home.to_owned(),
            cache: home.join("cache"),
        }
    }

    /// The user's `config.yaml`.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.yaml")
    }

    /// The system's `config.yaml`.
    #[must_use]
    pub fn system_config_file(&self) -> PathBuf {
        self.system.join("config.yaml")
    }

    /// The user's policies.
    #[must_use]
    pub fn policies(&self) -> PathBuf {
        self.config.join("policies")
    }

    /// The system's policies.
    #[must_use]
    pub fn system_policies(&self) -> PathBuf {
        self.system.join("policies")
    }

    /// The file that names log and record key.
    #[must_use]
    pub fn pin(&self) -> PathBuf {
        self.config.join("log")
    }

    /// The directory of keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// The directory of the log.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.state.join("audit")
    }

    /// This user's own queue.
    #[must_use]
    pub fn requests(&self) -> PathBuf {
        self.state.join("requests")
    }

    /// The directory of salts and masked values.
    #[must_use]
    pub fn disclosures(&self) -> PathBuf {
        self.state.join("disclosures")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(variables: &[(&str, &str)], uid: u32, trusting: Trusting) -> Result<Paths, PathError> {
        Paths::find(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, it)| it.into()), uid, trusting)
    }

    #[test]
    fn gate_home_holds_everything() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let paths = meant(&[("GATE_HOME", home), ("HOME", "/x"), ("XDG_STATE_HOME", "/y")], 0, Trusting::Environment);
        let paths = paths.unwrap();
        assert_eq!(paths, Paths::within(folder.path()));
        assert_eq!(paths.requests(), folder.path().join("requests"));
    }

    #[test]
    fn else_the_xdg_directories_do_and_relative_ones_are_ignored() {
        let variables = [("HOME", "/home/a"), ("XDG_STATE_HOME", "/state"), ("XDG_CONFIG_HOME", "config")];
        let paths = meant(&variables, 0, Trusting::Environment).unwrap();
        assert_eq!(paths.config_file(), PathBuf::from("/home/a/.config/gate/config.yaml"));
        assert_eq!(paths.audit(), PathBuf::from("/state/gate/audit"));
        assert_eq!(paths.keys(), PathBuf::from("/home/a/.local/share/gate/keys"));
    }

    #[test]
    fn a_missing_home_is_taken_from_the_password_database() {
        for home in [None, Some(("HOME", "")), Some(("HOME", "relative"))] {
            let paths = meant(home.as_slice(), 0, Trusting::Environment).unwrap();
            assert_eq!(paths.config, PathBuf::from("/root/.config/gate"), "{home:?}");
        }
        let nobody = 4_000_000_000;
        assert_eq!(meant(&[], nobody, Trusting::Environment), Err(PathError::NoHome(nobody)));
    }

    #[test]
    fn in_account_mode_the_environment_has_no_say() {
        let variables = [("GATE_HOME", "relative"), ("HOME", "/home/mallory"), ("XDG_CONFIG_HOME", "/tmp/mallory")];
        let paths = meant(&variables, 0, Trusting::PasswordDatabase).unwrap();
        assert_eq!(paths.config, PathBuf::from("/root/.config/gate"));
    }

    #[test]
    fn a_gate_home_that_cannot_be_meant_is_refused_with_what_to_do() {
        for (home, words) in [
            ("gate", "GATE_HOME is `gate`, which is not an absolute path"),
            ("/no/such", "GATE_HOME is `/no/such`, which does not exist (hint: mkdir -m 700 it, or run gate init)"),
            ("/etc/passwd", "GATE_HOME is `/etc/passwd`, which is not a directory"),
        ] {
            let fault = meant(&[("GATE_HOME", home)], 0, Trusting::Environment).unwrap_err();
            assert_eq!(fault.to_string(), words);
        }
    }
}
