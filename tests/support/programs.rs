//! The programs tests start. A missing one is a failure that names it, never a test that is skipped.

use std::path::PathBuf;

/// Where programs are looked for, and the whole PATH inside a sandbox.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Program and Debian package, a line each; `tests/run` reads the same list.
const LIST: &str = include_str!("programs");

/// Where a program of the list is.
pub fn program(name: &str) -> PathBuf {
    let Some((_, package)) = listed().find(|(program, _)| *program == name) else {
        panic!("`{name}` is not in tests/support/programs");
    };
    found(name).unwrap_or_else(|| panic!("`{name}` is missing: install the package `{package}`, or use tests/run"))
}

/// Programs of the list that are not on this machine, with their packages.
pub fn missing() -> Vec<(&'static str, &'static str)> {
    listed().filter(|(name, _)| found(name).is_none()).collect()
}

fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

fn found(name: &str) -> Option<PathBuf> {
    PATH.split(':').map(|folder| PathBuf::from(folder).join(name)).find(|path| path.is_file())
}
