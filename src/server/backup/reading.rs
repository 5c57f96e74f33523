//! Fills an empty database from a copy: all of it in one transaction, or nothing.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::{BackupError, Copied, FORMAT, Foot, Head, RowLine, file, row};
use crate::encoding::json;
use crate::model::{Digesting, Timestamp};
use crate::server::change::Change;
use crate::server::database::tables::{TABLES, Table};
use crate::server::database::{Database, DatabaseError, Row, Transaction, schema};
use crate::server::journal::Chain;
use crate::server::sealing::Sealing;

/// How long a line may be: a request of 8 MiB is in base64 when it is encrypted, and again here.
const LONGEST: u64 = 24 << 20;

/// Fills a database; the journal goes on with an entry that says so.
///
/// # Errors
/// When the database has rows, the file is not whole, its journal does not hold, or its texts are under another key; nothing
/// is filled then.
pub async fn restore(
    database: &Database,
    sealing: &Sealing,
    path: &Path,
    now: Timestamp,
) -> Result<Copied, BackupError> {
    let mut writing = database.begin().await?;
    for table in TABLES {
        if !writing.rows(&format!("SELECT 1 FROM {} LIMIT 1", table.name), &[]).await?.is_empty() {
            return Err(BackupError::Filled(table.name));
        }
    }
    let opened = File::open(path).map_err(file(path))?;
    let mut lines = Lines { from: BufReader::new(opened), hash: Digesting::default(), number: 0, path };
    let copied = fill(&mut writing, sealing, &mut lines).await?;
    Change::Restored { digest: copied.digest, taken: copied.taken }.apply(&mut writing, &mut None, now).await?;
    writing.commit().await?;
    Ok(copied)
}

async fn fill(writing: &mut Transaction<'_>, sealing: &Sealing, lines: &mut Lines<'_>) -> Result<Copied, BackupError> {
    let first = lines.next()?;
    let head: Head = first.read(lines)?;
    lines.hash.add(&first.0);
    lines.hash.add(b"\n");
    if head.format != FORMAT || head.v != 1 {
        return Err(lines.wrong("this is no backup of a server, or of another version of gate"));
    }
    if head.tables > schema::newest() {
        return Err(DatabaseError::Newer { found: head.tables, known: schema::newest() }.into());
    }
    let (mut chain, mut rows) = (Chain::default(), 0);
    loop {
        let line = lines.next()?;
        let Ok(RowLine { table, row: values }) = line.read(lines) else {
            let foot: Foot = line.read(lines)?;
            let before = lines.hash.clone().digest();
            if foot.digest != before || foot.rows != rows {
                return Err(lines.wrong("what stands before it was changed"));
            }
            lines.ended()?;
            return Ok(Copied { taken: head.taken, rows, digest: before });
        };
        let table = Table::named(&table).ok_or_else(|| lines.wrong("there is no such table"))?;
        let row = row(&values).filter(|row| row.values().len() == table.columns.len());
        let row = row.ok_or_else(|| lines.wrong("these are not the columns of its table"))?;
        if table.name == "journal" {
            chain.add(&row)?;
        }
        opens(sealing, table, &row)?;
        writing.change(&table.insert(), row.values()).await.map_err(|error| match error {
            DatabaseError::Exists => lines.wrong("its key is there twice, or what it belongs to is not there"),
            error => error.into(),
        })?;
        lines.hash.add(&line.0);
        lines.hash.add(b"\n");
        rows += 1;
    }
}

/// Whether a text opens.
fn opens(sealing: &Sealing, table: &Table, row: &Row) -> Result<(), BackupError> {
    let Some((place, sealed)) = table.text(row)? else { return Ok(()) };
    sealing.opened(&place, sealed).map(drop).map_err(|_| BackupError::OtherKey)
}

struct Lines<'a> {
    from: BufReader<File>,
    hash: Digesting,
    number: u64,
    path: &'a Path,
}

struct Line(Vec<u8>);

impl Line {
    fn read<T: serde::de::DeserializeOwned>(&self, lines: &Lines<'_>) -> Result<T, BackupError> {
        json::strict(&self.0).map_err(|error| lines.wrong(&error.to_string()))
    }
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Line, BackupError> {
        let mut bytes = Vec::new();
        self.number += 1;
        (&mut self.from).take(LONGEST).read_until(b'\n', &mut bytes).map_err(file(self.path))?;
        if bytes.pop() != Some(b'\n') {
            return Err(self.wrong("it ends here: the copy is not whole"));
        }
        Ok(Line(bytes))
    }

    fn ended(&mut self) -> Result<(), BackupError> {
        match self.from.fill_buf().map_err(file(self.path))? {
            [] => Ok(()),
            _ => Err(self.wrong("something follows the end of the copy")),
        }
    }

    fn wrong(&self, why: &str) -> BackupError {
        BackupError::Line { path: self.path.to_owned(), line: self.number, why: why.to_owned() }
    }
}
