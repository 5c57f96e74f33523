//! Shell code, in the dialect that the first byte chooses.

use std::ffi::OsString;

use gate::command::{Asked, Reading};

use super::{chosen, reading};

/// Reads the rest as a script.
pub fn read(bytes: &[u8]) {
    let _ = seen(bytes);
}

/// The shell, the script, and what gate sees in it.
pub fn seen(bytes: &[u8]) -> (&'static str, String, Reading) {
    let (shell, text) = chosen(bytes, ["sh", "bash", "zsh", "mksh"]);
    let positional = ["zero", "one"].map(OsString::from);
    let reading = reading(Asked::Script { text: &text, index: 0, shell, positional: &positional }, bytes);
    (shell, text, reading)
}
