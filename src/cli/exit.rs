//! The exit codes of gate itself, fixed; see `gate(1)`, EXIT STATUS. A command's own code passes through.

/// gate was called wrongly.
pub const USAGE: u8 = 64;
/// Evidence does not verify, or examples fail.
pub const EVIDENCE: u8 = 65;
/// The approval server cannot be reached.
pub const UNREACHABLE: u8 = 69;
/// The audit log cannot be written or trusted; nothing ran.
pub const LOG: u8 = 74;
/// No verdict yet, expired, or something changed while waiting; nothing ran.
pub const AGAIN: u8 = 75;
/// Denied or withdrawn; final; nothing ran.
pub const DENIED: u8 = 77;
/// Policy, configuration or enrolment is broken, or nobody can meet the requirement; nothing ran.
pub const CONFIGURATION: u8 = 78;
/// The command cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;
/// There is no such command.
pub const NOT_FOUND: u8 = 127;
