//! The floors of gate that read what a stranger wrote, under the names they have there, for the fuzz targets.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "of some floors only a part is here")]

extern crate self as gate;

#[path = "../../../src/command/mod.rs"]
pub mod command;
pub mod encoding;
pub mod host;
#[path = "../../../src/model/mod.rs"]
pub mod model;
#[path = "../../../src/policy/mod.rs"]
pub mod policy;
#[path = "../targets/mod.rs"]
pub mod targets;
