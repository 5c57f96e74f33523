//! This machine: files, locks, clock, keys, facts, launching.

pub mod launch;
pub mod log;
mod raw;
pub mod signals;

pub use raw::undumpable;
