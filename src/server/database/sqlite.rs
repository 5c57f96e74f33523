//! One file of SQLite: a connection that writes, and some that read beside it (write-ahead logging). What was committed is
//! on the disk. Refuses to wait for another server: two servers want PostgreSQL.

use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};
use tokio::sync::MutexGuard;
use tokio::task::block_in_place;

use super::{DatabaseError, Row, Value, schema};

/// How many connections that read are kept.
const READERS: usize = 4;

/// The file.
pub struct Sqlite {
    path: PathBuf,
    writer: tokio::sync::Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Statements that happen together; without a commit they do not happen.
pub struct Writing<'a> {
    connection: MutexGuard<'a, Connection>,
    committed: bool,
}

/// A connection that sees what was there when it began.
pub struct Reading(Connection);

impl Sqlite {
    /// Opens a file, or makes it for this account alone, and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be opened, or a newer gate has changed it.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        // SQLite would make it for everybody to read.
        let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        made.map_err(|error| DatabaseError::Unconnected(format!("{}: {error}", path.display())))?;
        let writer = connection(path)?;
        writer.execute_batch("PRAGMA journal_mode = WAL")?;
        migrate(&writer)?;
        Ok(Self { path: path.to_owned(), writer: tokio::sync::Mutex::new(writer), readers: Mutex::default() })
    }

    /// As [`super::Database::rows`].
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn rows(&self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = idle.map_or_else(|| connection(&self.path), Ok)?;
        let rows = rows(&reader, statement, values)?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(reader);
        }
        Ok(rows)
    }

    /// As [`super::Database::snapshot`].
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn snapshot(&self) -> Result<Reading, DatabaseError> {
        let connection = connection(&self.path)?;
        // What it sees is settled by the first statement that reads.
        connection.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema")?;
        Ok(Reading(connection))
    }

    /// As [`super::Database::begin`].
    ///
    /// # Errors
    /// When SQLite fails.
    pub async fn begin(&self) -> Result<Writing<'_>, DatabaseError> {
        let connection = self.writer.lock().await;
        block_in_place(|| connection.execute_batch("BEGIN IMMEDIATE"))?;
        Ok(Writing { connection, committed: false })
    }
}

impl Reading {
    /// As [`super::Snapshot::rows`].
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn rows(&self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        rows(&self.0, statement, values)
    }
}

impl Writing<'_> {
    /// As [`super::Transaction::rows`].
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        rows(&self.connection, statement, values)
    }

    /// As [`super::Transaction::change`].
    ///
    /// # Errors
    /// `Exists`; when SQLite fails.
    pub fn change(&mut self, statement: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        let changed =
            block_in_place(|| self.connection.prepare_cached(&own(statement))?.execute(params_from_iter(values)));
        match changed {
            Ok(count) => Ok(count as u64),
            Err(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == ErrorCode::ConstraintViolation => {
                Err(DatabaseError::Exists)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// As [`super::Transaction::commit`].
    ///
    /// # Errors
    /// When it is not durable.
    pub fn commit(mut self) -> Result<(), DatabaseError> {
        block_in_place(|| self.connection.execute_batch("COMMIT"))?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // Where even this fails the next BEGIN does, and says so.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

fn connection(path: &Path) -> Result<Connection, DatabaseError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // FULL: what was acknowledged is on the disk.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF")?;
    Ok(connection)
}

/// PostgreSQL writes `$1` where SQLite writes `?1`.
fn own(statement: &str) -> String {
    statement.replace('$', "?")
}

fn rows(connection: &Connection, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
    block_in_place(|| {
        let mut statement = connection.prepare_cached(&own(statement))?;
        let columns = statement.column_count();
        let found = statement.query_map(params_from_iter(values), |row| {
            (0..columns).map(|column| row.get_ref(column).map(value)).collect::<Result<Vec<_>, _>>()
        })?;
        found.map(|row| row.map(Row).map_err(DatabaseError::from)).collect()
    })
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        // No column holds a fraction.
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Value::Blob(value.to_vec()),
    }
}

/// Nobody else looks in between: two gates may open a new file at once.
fn migrate(connection: &Connection) -> Result<(), DatabaseError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let migrated = steps(connection);
    connection.execute_batch(if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    migrated
}

fn steps(connection: &Connection) -> Result<(), DatabaseError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = schema::newest();
    if found > known {
        return Err(DatabaseError::Newer { found, known });
    }
    for (version, step) in (1..).zip(schema::STEPS).filter(|(version, _)| *version > found) {
        connection.execute_batch(&format!("{}; PRAGMA user_version = {version}", step.join(";")))?;
    }
    Ok(())
}
