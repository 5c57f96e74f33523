//! This machine: files, locks, clock, keys, facts, launching.

pub mod launch;
mod raw;
pub mod signals;

pub use raw::undumpable;
