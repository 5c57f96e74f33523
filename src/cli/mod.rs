//! The command line: arguments, output, exit codes, and the composition of all parts.

pub mod exit;
mod split;

/// Runs the command line of this process.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
