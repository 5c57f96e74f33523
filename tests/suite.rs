//! The one integration test binary: real processes, real files, real keys. Every folder under `tests/` is a module here;
//! `house/forgotten.rs` fails on one that is not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that fails by panicking says where"
)]

mod approval;
mod approval_cli;
mod audit;
mod command;
mod decisions;
mod encoding;
mod fuzz;
mod generated;
mod grammar;
mod hostile;
mod house;
mod launch;
mod people;
mod policy;
mod record;
mod remote;
mod support;
