//! Reads policies as people write them and checks them in full, here and in the build script; refuses what it does not
//! understand, with its place.

pub mod error;
pub mod grammar;
pub mod layer;
pub mod pattern;
pub mod reading;
pub mod rule;
pub mod rule_check;
#[cfg(schema)]
mod schema;
pub mod shard;
pub mod texts;
pub mod tool;
pub mod written;
