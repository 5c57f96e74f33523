//! An argument list, a word a line: normalising, wrappers, options and what runs inside.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use gate::command::Asked;

use super::{cut, reading};

/// Reads the words as a command.
pub fn read(bytes: &[u8]) {
    let words: Vec<OsString> =
        cut(bytes).split(|byte| *byte == b'\n').map(|word| OsStr::from_bytes(word).into()).collect();
    let _ = reading(Asked::Arguments(&words), bytes);
}
