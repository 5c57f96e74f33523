//! Where the server keeps what it knows: one file of SQLite, or PostgreSQL for several servers together. Every statement is
//! written once for both; refuses a database that a newer gate has changed.

mod postgres;
mod reaching;
pub mod schema;
mod sqlite;
pub mod tables;

use std::path::PathBuf;
use std::sync::Arc;

pub use postgres::Postgres;
pub use sqlite::Sqlite;

use crate::ports::Names;

/// Where to find a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of SQLite's.
    File(PathBuf),
    /// A connection string of PostgreSQL's (libpq, section 34.1.1).
    Url(String),
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// SQLite says so.
    #[error("the database file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL says so.
    #[error("the database: {}", told(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection could be had.
    #[error("no connection to the database: {0}")]
    Unconnected(String),
    /// A newer gate has been here.
    #[error("the database has version {found}, and this gate knows {known}")]
    Newer {
        /// Its version.
        found: i64,
        /// The newest this gate knows.
        known: i64,
    },
    /// A column does not hold what the statement says.
    #[error("column {0} of a row is of another kind")]
    Column(usize),
    /// Another row has the key.
    #[error("it is there already")]
    Exists,
}

/// PostgreSQL's own words, which its error type keeps apart.
fn told(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| innermost(error), |told| told.message().to_owned())
}

/// The innermost cause says most.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// A number, or a time in microseconds.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<Value>);

impl Row {
    /// A row of these values.
    #[must_use]
    pub const fn of(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// Its values.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// The number in a column.
    ///
    /// # Errors
    /// `Column` where it is none.
    pub fn int(&self, column: usize) -> Result<i64, DatabaseError> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(*value),
            _ => Err(DatabaseError::Column(column)),
        }
    }

    /// The text in a column.
    ///
    /// # Errors
    /// `Column` where it is none.
    pub fn text(&self, column: usize) -> Result<&str, DatabaseError> {
        self.maybe_text(column)?.ok_or(DatabaseError::Column(column))
    }

    /// What the text in a column stands for.
    ///
    /// # Errors
    /// `Column` where it stands for no such thing.
    pub fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T, DatabaseError> {
        self.text(column)?.parse().map_err(|_| DatabaseError::Column(column))
    }

    /// The text in a column, if there is any.
    ///
    /// # Errors
    /// `Column` where something else is there.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, DatabaseError> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(DatabaseError::Column(column)),
        }
    }

    /// The bytes in a column.
    ///
    /// # Errors
    /// `Column` where there are none.
    pub fn blob(&self, column: usize) -> Result<&[u8], DatabaseError> {
        match self.0.get(column) {
            Some(Value::Blob(value)) => Ok(value),
            _ => Err(DatabaseError::Column(column)),
        }
    }
}

/// Either database.
#[derive(Debug)]
pub enum Database {
    /// One file.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Postgres),
}

/// The database as it is at one moment, whatever is written meanwhile.
pub enum Snapshot {
    /// Of the file.
    Sqlite(sqlite::Reading),
    /// Of the server.
    Postgres(Box<postgres::Writing>),
}

/// Statements that happen together or not at all.
pub enum Transaction<'a> {
    /// On the file.
    Sqlite(sqlite::Writing<'a>),
    /// On the server.
    Postgres(Box<postgres::Writing>),
}

impl Database {
    /// Opens it and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be opened, or a newer gate has changed it.
    pub async fn open(place: &Place, names: Arc<dyn Names>) -> Result<Self, DatabaseError> {
        match place {
            Place::File(path) => Sqlite::open(path).map(Self::Sqlite),
            Place::Url(url) => Postgres::open(url, names).await.map(Self::Postgres),
        }
    }

    /// The rows that a statement finds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rows(&self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.rows(statement, values),
            Self::Postgres(postgres) => postgres.rows(statement, values).await,
        }
    }

    /// Hears what the other servers on it write: the request that has changed, or none where that is not known, as after
    /// the connection is made. Does not return before the connection ends; a file has no other servers, and never ends.
    ///
    /// # Errors
    /// Always: when the connection cannot be had, or ends.
    pub async fn hear(&self, heard: &(dyn Fn(Option<&str>) + Sync)) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => std::future::pending().await,
            Self::Postgres(postgres) => postgres.hear(heard).await,
        }
    }

    /// Begins to read what is there now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn snapshot(&self) -> Result<Snapshot, DatabaseError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.snapshot().map(Snapshot::Sqlite),
            Self::Postgres(postgres) => postgres.snapshot().await.map(|reading| Snapshot::Postgres(Box::new(reading))),
        }
    }

    /// Begins to write; nobody else writes until it is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(&self) -> Result<Transaction<'_>, DatabaseError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.begin().await.map(Transaction::Sqlite),
            Self::Postgres(postgres) => postgres.begin().await.map(|writing| Transaction::Postgres(Box::new(writing))),
        }
    }
}

impl Snapshot {
    /// The rows that a statement finds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        match self {
            Self::Sqlite(reading) => reading.rows(statement, values),
            Self::Postgres(reading) => reading.rows(statement, values).await,
        }
    }
}

impl Transaction<'_> {
    /// The rows that a statement finds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        match self {
            Self::Sqlite(writing) => writing.rows(statement, values),
            Self::Postgres(writing) => writing.rows(statement, values).await,
        }
    }

    /// Changes rows; says how many.
    ///
    /// # Errors
    /// `Exists` where a key is taken; when the database does not answer.
    pub async fn change(&mut self, statement: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(writing) => writing.change(statement, values),
            Self::Postgres(writing) => writing.change(statement, values).await,
        }
    }

    /// Makes it last.
    ///
    /// # Errors
    /// When it is not durable; nothing happened then, or nobody knows.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(writing) => writing.commit(),
            Self::Postgres(writing) => writing.commit().await,
        }
    }
}
