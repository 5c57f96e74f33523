//! Statements, for the client that the first byte chooses.

use std::ffi::OsString;

use gate::command::Asked;

use super::{chosen, reading};

/// The words before the statements.
const CLIENTS: [&[&str]; 8] = [
    &["psql", "-c"],
    &["mysql", "-e"],
    &["sqlite3", "a.db"],
    &["redis-cli"],
    &["clickhouse-client", "--query"],
    &["cqlsh", "-e"],
    &["sqlcmd", "-Q"],
    &["duckdb", "a.db", "-c"],
];

/// Reads the rest as statements.
pub fn read(bytes: &[u8]) {
    let (words, text) = chosen(bytes, CLIENTS);
    let words: Vec<OsString> = words.iter().copied().map(OsString::from).chain([OsString::from(text)]).collect();
    let _ = reading(Asked::Arguments(&words), bytes);
}
