//! One task makes all changes, as many as wait in one transaction, so that one flush of the disk serves them all. A change
//! is acknowledged once it is durable, and never before.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::change::{Change, Outcome, Refused};
use super::clock::now;
use super::database::{Database, DatabaseError};
use super::hub::Hub;
use super::metrics::Metrics;

/// How many changes share a transaction.
const MOST: usize = 256;
/// How many wait before more are refused.
const QUEUE: usize = 4096;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// It would not be right.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database fails, or too much waits for it.
    #[error("the server cannot write at the moment: {0}")]
    Unavailable(String),
}

type Reply = oneshot::Sender<Result<Outcome, WriteError>>;

/// Where changes are handed in.
#[derive(Debug, Clone)]
pub struct Writer {
    changes: mpsc::Sender<(Change, Reply)>,
}

impl Writer {
    /// Starts the task.
    #[must_use]
    pub fn start(database: Arc<Database>, hub: Hub, metrics: Arc<Metrics>) -> Self {
        let (changes, queue) = mpsc::channel(QUEUE);
        tokio::spawn(write(database, hub, metrics, queue));
        Self { changes }
    }

    /// Makes a change; it is durable when this returns.
    ///
    /// # Errors
    /// Each reason of [`WriteError`].
    pub async fn make(&self, change: Change) -> Result<Outcome, WriteError> {
        let (reply, outcome) = oneshot::channel();
        let full = |why: String| WriteError::Unavailable(why);
        self.changes.try_send((change, reply)).map_err(|error| full(error.to_string()))?;
        outcome.await.map_err(|_| full("it is stopping".to_owned()))?
    }
}

async fn write(database: Arc<Database>, hub: Hub, metrics: Arc<Metrics>, mut queue: mpsc::Receiver<(Change, Reply)>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, MOST).await > 0 {
        let (changes, replies): (Vec<Change>, Vec<Reply>) = batch.drain(..).unzip();
        let begun = Instant::now();
        match together(&database, &changes).await {
            Ok(outcomes) => {
                metrics.batch(changes.len(), begun.elapsed());
                for ((change, reply), outcome) in changes.iter().zip(replies).zip(outcomes) {
                    if let (Some(id), Ok(Outcome::Done)) = (change.about(), &outcome) {
                        hub.wake(id);
                    }
                    // Whoever asked may be gone.
                    let _ = reply.send(outcome.map_err(WriteError::Refused));
                }
            }
            Err(error) => {
                let why = error.to_string();
                for reply in replies {
                    let _ = reply.send(Err(WriteError::Unavailable(why.clone())));
                }
            }
        }
    }
}

/// Makes changes in one transaction; what one of them is refused does not touch the others.
async fn together(database: &Database, changes: &[Change]) -> Result<Vec<Result<Outcome, Refused>>, DatabaseError> {
    let mut writing = database.begin().await?;
    let (mut outcomes, mut last) = (Vec::with_capacity(changes.len()), None);
    for change in changes {
        match change.apply(&mut writing, &mut last, now()).await {
            Err(Refused::Database(error)) => return Err(error),
            outcome => outcomes.push(outcome),
        }
    }
    if matches!(database, Database::Postgres(_)) {
        let done = changes.iter().zip(&outcomes).filter(|(_, outcome)| matches!(outcome, Ok(Outcome::Done)));
        let about: Vec<String> = done.filter_map(|(change, _)| change.about()).map(|id| id.to_string()).collect();
        if !about.is_empty() {
            let statement = "SELECT pg_notify('gate', id) FROM unnest(string_to_array($1, ' ')) AS id";
            writing.rows(statement, &[about.join(" ").into()]).await?;
        }
    }
    writing.commit().await?;
    Ok(outcomes)
}
