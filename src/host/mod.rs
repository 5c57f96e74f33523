//! This machine: files, locks, clock, keys, facts, launching.

pub mod clock;
pub mod config;
pub mod configuration;
pub mod data;
pub mod disclosures;
pub mod entropy;
pub mod facts;
mod kept;
#[cfg(feature = "keyring")]
pub mod keyring;
pub mod keys;
pub mod launch;
pub mod log;
pub mod policies;
pub mod queue;
mod raw;
pub mod requester;
pub mod signals;
pub mod status;
pub mod terminal;
pub mod token;
mod unchanged;

pub use raw::undumpable;

/// The real uid of this process.
#[must_use]
pub fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// As many open files as the system lets this process have from now on; says how many that is. What keeps a connection open
/// for each of many hosts needs more than a shell starts with.
///
/// # Errors
/// When the system refuses.
pub fn all_files() -> std::io::Result<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(maximum.unwrap_or(u64::MAX))
}

/// Hash of this machine's id (machine-id(5)), where it has one.
#[must_use]
pub fn machine() -> Option<crate::model::Digest> {
    std::fs::read("/etc/machine-id").ok().map(|id| crate::model::Digest::of(id.trim_ascii()))
}

/// The system's words for an error, in lower case and without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
