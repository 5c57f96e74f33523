//! Code of other languages than the shell, for the interpreter that the first byte chooses.

use std::ffi::OsString;

use gate::command::Asked;

use super::{chosen, reading};

/// The words before the code.
const INTERPRETERS: [&[&str]; 19] = [
    &["python3", "-c"],
    &["node", "-e"],
    &["perl", "-e"],
    &["ruby", "-e"],
    &["php", "-r"],
    &["awk"],
    &["sed", "-e"],
    &["jq"],
    &["lua", "-e"],
    &["Rscript", "-e"],
    &["expect", "-c"],
    &["osascript", "-e"],
    &["julia", "-e"],
    &["groovy", "-e"],
    &["pwsh", "-c"],
    &["emacs", "--batch", "--eval"],
    &["vim", "-c"],
    &["gdb", "-ex"],
    &["mongosh", "--eval"],
];

/// Reads the rest as code.
pub fn read(bytes: &[u8]) {
    let (words, code) = chosen(bytes, INTERPRETERS);
    let words: Vec<OsString> = words.iter().copied().map(OsString::from).chain([OsString::from(code)]).collect();
    let _ = reading(Asked::Arguments(&words), bytes);
}
