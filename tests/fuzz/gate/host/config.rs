//! Files that people wrote.

#[path = "../../../../src/host/config/file.rs"]
pub mod file;
