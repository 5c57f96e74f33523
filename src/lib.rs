//! gate puts a checkpoint between intent and execution: it classifies a command, waits for a person's signature over
//! exactly what will run, writes the proof down, and runs that and nothing else.
//!
//! The modules are floors: each may name only modules on lower floors (see `tests/house/floors.rs`), and what
//! `.clippy.toml` lists is forbidden on those that take values and return values.

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("gate runs on Linux (x86-64 and arm64) only");

#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod actions;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod approval;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod audit;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod clearance;
pub mod cli;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod command;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod encoding;
pub mod host;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod model;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod policy;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod ports;
pub mod remote;
#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]
pub mod secrets;
#[cfg(feature = "server")]
pub mod server;
