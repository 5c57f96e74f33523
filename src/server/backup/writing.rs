//! Writes a copy, of one moment, while the server goes on; leaves no file behind where that fails.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{BackupError, Copied, FORMAT, Foot, Head, RowLine, file, told};
use crate::encoding::json;
use crate::model::{Digesting, Timestamp};
use crate::server::change::Refused;
use crate::server::database::tables::TABLES;
use crate::server::database::{Database, Row, schema};
use crate::server::journal::Chain;

/// How many rows are read at a time: a request may have 8 MiB.
const SOME: i64 = 32;

/// Writes everything into a new file, which this account alone can read.
///
/// # Errors
/// When the file is there already or cannot be written, the journal does not hold, or the database does not answer.
pub async fn write(database: &Database, path: &Path, taken: Timestamp) -> Result<Copied, BackupError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(file(path))?;
    let copied = copy(database, made, path, taken).await;
    if copied.is_err() {
        // What was written is no copy; the error says why there is none.
        let _ = fs::remove_file(path);
    }
    copied
}

async fn copy(database: &Database, made: File, path: &Path, taken: Timestamp) -> Result<Copied, BackupError> {
    let mut lines = Lines { out: BufWriter::new(made), hash: Digesting::default(), path };
    lines.add(&Head { format: FORMAT.to_owned(), v: 1, tables: schema::newest(), taken })?;
    let (mut snapshot, mut chain, mut rows) = (database.snapshot().await?, Chain::default(), 0);
    for table in TABLES {
        let mut last: Option<Row> = None;
        loop {
            let (statement, values) = table.rows(last.as_ref(), SOME);
            let mut found = snapshot.rows(&statement, &values).await?;
            for row in &found {
                if table.name == "journal" {
                    chain.add(row)?;
                }
                lines.add(&RowLine { table: table.name.to_owned(), row: row.values().iter().map(told).collect() })?;
                rows += 1;
            }
            match found.pop() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
    }
    let digest = lines.hash.clone().digest();
    lines.add(&Foot { rows, digest })?;
    let written = lines.out.into_inner().map_err(|error| file(path)(error.into_error()))?;
    written.sync_all().map_err(file(path))?;
    Ok(Copied { taken, rows, digest })
}

struct Lines<'a> {
    out: BufWriter<File>,
    hash: Digesting,
    path: &'a Path,
}

impl Lines<'_> {
    fn add(&mut self, line: &impl serde::Serialize) -> Result<(), BackupError> {
        let mut bytes = json::value(line).and_then(|value| json::canonical(&value)).map_err(Refused::Unwritten)?;
        bytes.push(b'\n');
        self.hash.add(&bytes);
        self.out.write_all(&bytes).map_err(file(self.path))
    }
}
