//! A copy of everything that the server knows, in one file that either database can be filled from. What was encrypted
//! stays so, and the key for it is not in the file: both are needed to read it. Refuses to copy a journal that does not
//! hold, and to fill a database from a file that is not whole.
//!
//! Lines of canonical JSON: a head with the version of the tables, one line for each row, and a foot with the number of rows
//! and the digest of all lines before it.

mod reading;
mod writing;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use reading::restore;
pub use writing::write;

use super::change::Refused;
use super::database::{DatabaseError, Row, Value};
use super::journal::JournalError;
use crate::encoding::json::{self, json};
use crate::encoding::unpadded;
use crate::model::{Digest, Timestamp};

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// When it was made.
    pub taken: Timestamp,
    /// How many rows.
    pub rows: u64,
    /// The digest of its lines.
    pub digest: Digest,
}

/// Why there is no copy, or nothing was filled from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file cannot be written or read.
    #[error("`{}`: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no whole copy.
    #[error("`{}`, line {line}: {why}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1 on.
        line: u64,
        /// What is wrong there.
        why: String,
    },
    /// There is something in the database.
    #[error("the database is not empty: its table `{0}` has rows")]
    Filled(&'static str),
    /// What is encrypted was encrypted with another key.
    #[error("what was copied does not open with this server's `sealing.key`")]
    OtherKey,
    /// The journal that was copied does not hold.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database fails.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Nothing can be added to the journal.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    v: u64,
    /// The version of the tables.
    tables: i64,
    taken: Timestamp,
}

/// What [`Head::format`] says.
const FORMAT: &str = "gate server backup";

/// A line with a row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowLine {
    table: String,
    row: Vec<json::Value>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Foot {
    rows: u64,
    digest: Digest,
}

fn told(value: &Value) -> json::Value {
    match value {
        Value::Null => json::Value::Null,
        Value::Int(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Blob(bytes) => json!({"base64": unpadded::encoded(bytes)}),
    }
}

fn read(value: &json::Value) -> Option<Value> {
    Some(match value {
        json::Value::Null => Value::Null,
        json::Value::Number(number) => Value::Int(number.as_i64()?),
        json::Value::String(text) => Value::Text(text.clone()),
        json::Value::Object(members) if members.len() == 1 => {
            Value::Blob(unpadded::decoded(members.get("base64")?.as_str()?.as_bytes())?)
        }
        _ => return None,
    })
}

fn file(path: &Path) -> impl Fn(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path: path.clone(), source }
}

fn row(values: &[json::Value]) -> Option<Row> {
    values.iter().map(read).collect::<Option<Vec<_>>>().map(Row::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_were() {
        for value in [Value::Null, Value::Int(-7), Value::Text("\u{202e}\"".to_owned()), Value::Blob(vec![0, 255])] {
            assert_eq!(read(&told(&value)), Some(value));
        }
        for wrong in [json!(true), json!(1.5), json!({"base64": "!"}), json!({"base64": "AA", "more": 1}), json!([])] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
