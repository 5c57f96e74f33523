//! gate puts a checkpoint between intent and execution: it classifies a command, waits for a person's signature over
//! exactly what will run, writes the proof down, and runs that and nothing else.
//!
//! The modules are floors: each may name only modules on lower floors (see `tests/house/floors.rs`).

#![allow(dead_code, reason = "the floors are being built bottom up")]

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("gate runs on Linux (x86-64 and arm64) only");

pub mod actions;
pub mod approval;
pub mod audit;
pub mod clearance;
pub mod cli;
pub mod command;
pub mod encoding;
pub mod host;
pub mod model;
pub mod policy;
pub mod ports;
pub mod secrets;
