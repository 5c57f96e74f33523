//! PostgreSQL, for several servers on one database. Everybody who writes takes one lock, so that the journal has one order.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{Object, Pool, PoolError};
use tokio::sync::mpsc::unbounded_channel;
use tokio_postgres::AsyncMessage;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type};

use super::reaching::Reaching;
use super::{DatabaseError, Row, Value, schema, told};
use crate::ports::Names;

/// The lock that everybody who writes takes: `gate` in bytes.
const LOCK: i64 = 0x6761_7465;
/// How many connections are kept.
const CONNECTIONS: usize = 16;
/// After how long a silent connection is asked whether it lives.
const KEPT_ALIVE: Duration = Duration::from_secs(15);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// A pool of connections.
pub struct Postgres {
    pool: Pool,
    reaching: Reaching,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

/// Statements that happen together; a connection that is let go before they are committed is closed, and they do not happen.
pub struct Writing {
    connection: Option<Object>,
}

impl Postgres {
    /// Connects, and brings the tables up to date.
    ///
    /// # Errors
    /// When nobody answers there, or a newer gate has changed it.
    pub async fn open(url: &str, names: Arc<dyn Names>) -> Result<Self, DatabaseError> {
        let reaching = Reaching::new(url, names)?.with(|config| {
            config.application_name("gate").keepalives_idle(KEPT_ALIVE).connect_timeout(CONNECT);
        });
        reaching.look().await?;
        let pool = Pool::builder(reaching.manager()).max_size(CONNECTIONS).build();
        let pool = pool.map_err(|error| DatabaseError::Unconnected(error.to_string()))?;
        let opened = Self { pool, reaching };
        opened.migrate().await?;
        Ok(opened)
    }

    /// As [`super::Database::hear`].
    ///
    /// # Errors
    /// When the connection cannot be had, or ends.
    pub async fn hear(&self, heard: &(dyn Fn(Option<&str>) + Sync)) -> Result<(), DatabaseError> {
        let (client, mut connection) = self.reaching.reach().await?;
        let (sender, mut told) = unbounded_channel();
        // It ends with the client, which this function holds.
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(news) = message {
                    // Nobody listens any more where the client is gone.
                    let _ = sender.send(news.payload().to_owned());
                }
            }
        });
        client.batch_execute("LISTEN gate").await?;
        heard(None);
        while let Some(news) = told.recv().await {
            heard(Some(&news));
        }
        Err(DatabaseError::Unconnected("it has ended".to_owned()))
    }

    async fn connection(&self) -> Result<Object, DatabaseError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => DatabaseError::Unconnected(told(&error)),
            other => DatabaseError::Unconnected(other.to_string()),
        })
    }

    async fn migrate(&self) -> Result<(), DatabaseError> {
        let mut writing = self.begin().await?;
        writing.change("CREATE TABLE IF NOT EXISTS versions (version BIGINT PRIMARY KEY)", &[]).await?;
        let rows = writing.rows("SELECT COALESCE(MAX(version), 0) FROM versions", &[]).await?;
        let (found, known) = (rows.first().map_or(Ok(0), |row| row.int(0))?, schema::newest());
        if found > known {
            return Err(DatabaseError::Newer { found, known });
        }
        for (version, step) in (1..).zip(schema::STEPS).filter(|(version, _)| *version > found) {
            for statement in *step {
                writing.change(statement, &[]).await?;
            }
            writing.change("INSERT INTO versions VALUES ($1)", &[Value::Int(version)]).await?;
        }
        writing.commit().await
    }

    /// As [`super::Database::rows`].
    ///
    /// # Errors
    /// When PostgreSQL does not answer.
    pub async fn rows(&self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        rows(&self.connection().await?, statement, values).await
    }

    /// As [`super::Database::snapshot`]; nothing is ever committed.
    ///
    /// # Errors
    /// When PostgreSQL does not answer.
    pub async fn snapshot(&self) -> Result<Writing, DatabaseError> {
        let writing = Writing { connection: Some(self.connection().await?) };
        writing.connection()?.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        Ok(writing)
    }

    /// As [`super::Database::begin`].
    ///
    /// # Errors
    /// When PostgreSQL does not answer.
    pub async fn begin(&self) -> Result<Writing, DatabaseError> {
        let connection = self.connection().await?;
        let mut writing = Writing { connection: Some(connection) };
        writing.connection()?.batch_execute("BEGIN").await?;
        writing.rows("SELECT pg_advisory_xact_lock($1)", &[Value::Int(LOCK)]).await?;
        Ok(writing)
    }
}

impl Writing {
    fn connection(&self) -> Result<&Object, DatabaseError> {
        self.connection.as_ref().ok_or_else(|| DatabaseError::Unconnected("it was let go".to_owned()))
    }

    /// As [`super::Transaction::rows`].
    ///
    /// # Errors
    /// When PostgreSQL does not answer.
    pub async fn rows(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        rows(self.connection()?, statement, values).await
    }

    /// As [`super::Transaction::change`].
    ///
    /// # Errors
    /// `Exists`; when PostgreSQL does not answer.
    pub async fn change(&mut self, statement: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        let connection = self.connection()?;
        let prepared = connection.prepare_cached(statement).await?;
        match connection.execute(&prepared, &references(values)).await {
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Err(DatabaseError::Exists),
            changed => Ok(changed?),
        }
    }

    /// As [`super::Transaction::commit`].
    ///
    /// # Errors
    /// When it is not known to be durable.
    pub async fn commit(mut self) -> Result<(), DatabaseError> {
        self.connection()?.batch_execute("COMMIT").await?;
        // It goes back to the others.
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
            Self::Blob(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    tokio_postgres::types::to_sql_checked!();
}

fn references(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

async fn rows(connection: &Object, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
    let prepared = connection.prepare_cached(statement).await?;
    let rows = connection.query(&prepared, &references(values)).await?;
    rows.iter().map(|row| (0..row.len()).map(|column| value(row, column)).collect::<Result<_, _>>().map(Row)).collect()
}

fn value(row: &tokio_postgres::Row, column: usize) -> Result<Value, DatabaseError> {
    let kind = row.columns().get(column).map(tokio_postgres::Column::type_);
    let value = match kind {
        Some(&Type::INT8) => row.try_get::<_, Option<i64>>(column)?.map(Value::Int),
        Some(&Type::TEXT) => row.try_get::<_, Option<String>>(column)?.map(Value::Text),
        Some(&Type::BYTEA) => row.try_get::<_, Option<Vec<u8>>>(column)?.map(Value::Blob),
        // What a function without a value gives.
        Some(&Type::VOID) => None,
        _ => return Err(DatabaseError::Column(column)),
    };
    Ok(value.unwrap_or(Value::Null))
}
