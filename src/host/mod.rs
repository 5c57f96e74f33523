//! This machine: files, locks, clock, keys, facts, launching.

pub mod clock;
pub mod config;
pub mod keys;
pub mod launch;
pub mod log;
pub mod queue;
mod raw;
pub mod requester;
pub mod signals;
pub mod status;

pub use raw::undumpable;
