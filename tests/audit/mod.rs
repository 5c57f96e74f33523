//! The audit log as somebody sees it who does not have gate: files, hashes and signatures.

mod format;
mod verify;
