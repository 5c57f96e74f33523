//! What arrived, put where it belongs: behind exactly the records that it was verified with. Refuses a log that is another
//! than the host's, and a head that contradicts one that the host has shown.

use crate::encoding::json::{self, json};
use crate::model::{Digest, Fingerprint, LogHead, LogId, Timestamp};
use crate::server::change::{Outcome, Refused, known, seen};
use crate::server::database::{Transaction, Value};

/// How many records are inserted by one statement.
const TOGETHER: usize = 40;
/// How many contradictions of one log are kept.
const MOST_CONFLICTS: i64 = 100;

/// One change of what is kept of a log.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Records arrived.
    Shipped(Shipped),
    /// A line that its host signed contradicts what it signed before.
    Conflict {
        /// The host.
        host: String,
        /// Its log.
        log: LogId,
        /// The number of the record.
        number: u64,
        /// The leaf hash of the record that is there.
        had: Option<Digest>,
        /// The leaf hash of the line.
        digest: Digest,
        /// What is wrong with it.
        why: String,
        /// The line, encrypted.
        sealed: Vec<u8>,
    },
}

/// Records that were verified behind those that are there.
#[derive(Debug, Clone)]
pub struct Shipped {
    /// The host.
    pub host: String,
    /// The key of its records.
    pub key: Fingerprint,
    /// How many records there were when these were verified.
    pub before: u64,
    /// The head with them.
    pub head: LogHead,
    /// The leaf hash of the last of them.
    pub last: Digest,
    /// The records, in order.
    pub records: Vec<Arrived>,
    /// What they name, encrypted.
    pub blobs: Vec<(Digest, Vec<u8>)>,
    /// What the verifier knows then, encrypted.
    pub sealed: Vec<u8>,
}

/// One record that arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its number.
    pub number: u64,
    /// The segment it stands in.
    pub segment: u64,
    /// When it was written, by the host's clock.
    pub time: Timestamp,
    /// Its type, or `damaged` where a person gave up on the line.
    pub kind: &'static str,
    /// The rules that fired, each with a space before and behind it.
    pub rules: String,
    /// What was decided, or how it ended.
    pub outcome: Option<String>,
    /// The request it is about.
    pub request: Option<String>,
    /// The leaf hash of its line.
    pub digest: Digest,
    /// The root of the tree that ends with it.
    pub root: Digest,
    /// The line, encrypted.
    pub sealed: Vec<u8>,
}

impl Kept {
    /// Applies it.
    ///
    /// # Errors
    /// Each reason of [`Refused`]; all but `Database` are found before anything is written.
    pub async fn apply(&self, on: &mut Transaction<'_>, now: Timestamp) -> Result<Outcome, Refused> {
        match self {
            Self::Shipped(shipped) => shipped.apply(on, now).await,
            Self::Conflict { host, log, number, digest, why, sealed, .. } => {
                let (log, digest, number) = (log.to_string(), digest.to_string(), column(*number));
                let statement =
                    "SELECT COUNT(*), COALESCE(SUM(CASE WHEN number = $2 AND digest = $3 THEN 1 ELSE 0 END), 0)
                    FROM conflicts WHERE log = $1";
                let values: [Value; 3] = [log.as_str().into(), number.into(), digest.as_str().into()];
                let found = on.rows(statement, &values).await?;
                let row = found.first().ok_or(Refused::Missing("log"))?;
                // Whoever holds the record key could send them without end; a hundred prove as much.
                if row.int(1)? > 0 || row.int(0)? >= MOST_CONFLICTS {
                    return Ok(Outcome::Same);
                }
                let values: [Value; 7] = [
                    log.into(),
                    number.into(),
                    digest.into(),
                    host.as_str().into(),
                    why.as_str().into(),
                    now.micros().into(),
                    sealed.clone().into(),
                ];
                let statement = "INSERT INTO conflicts (log, number, digest, host, why, seen, sealed)
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
                on.change(statement, &values).await?;
                Ok(Outcome::Done)
            }
        }
    }

    /// What the journal says of it.
    pub fn told(&self) -> json::Value {
        match self {
            Self::Shipped(Shipped { host, key, before, head, last, .. }) => {
                json!({"kind": "shipped", "host": host, "key": key, "before": before, "head": head, "last": last})
            }
            Self::Conflict { host, log, number, had, digest, why, .. } => {
                json!({"kind": "conflict", "host": host, "log": log, "number": number, "had": had, "line": digest,
                    "why": why})
            }
        }
    }
}

impl Shipped {
    async fn apply(&self, on: &mut Transaction<'_>, now: Timestamp) -> Result<Outcome, Refused> {
        let Self { host, key, before, head, last, records, blobs, sealed } = self;
        let log = head.log.to_string();
        let statement = "SELECT name FROM hosts WHERE (log = $1 OR record_key = $2) AND name <> $3";
        let values: [Value; 3] = [log.as_str().into(), key.to_string().into(), host.as_str().into()];
        if let Some(other) = on.rows(statement, &values).await?.first() {
            let why = format!("`{}` showed it before", other.text(0)?);
            return Err(Refused::OtherLog { host: host.clone(), why });
        }
        let found = on.rows("SELECT size FROM logs WHERE log = $1", &[log.as_str().into()]).await?;
        let size = found.first().map_or(Ok(0), |row| row.int(0))?;
        if size != column(*before) {
            return Err(Refused::Moved);
        }
        known(on, host, *key, head.log, now).await?;
        seen(on, host, head, now).await?;
        for some in records.chunks(TOGETHER) {
            insert(on, &log, host, now, some).await?;
        }
        for (digest, sealed) in blobs {
            let (digest, place) = (digest.to_string(), log.as_str());
            let statement = "SELECT digest FROM blobs WHERE log = $1 AND digest = $2";
            if on.rows(statement, &[place.into(), digest.as_str().into()]).await?.is_empty() {
                let statement = "INSERT INTO blobs (log, digest, sealed) VALUES ($1, $2, $3)";
                on.change(statement, &[place.into(), digest.into(), sealed.clone().into()]).await?;
            }
        }
        let values: [Value; 7] = [
            log.into(),
            host.as_str().into(),
            column(head.size).into(),
            last.to_string().into(),
            head.root.to_string().into(),
            now.micros().into(),
            sealed.clone().into(),
        ];
        let statement = if found.is_empty() {
            "INSERT INTO logs (log, host, size, last, root, arrived, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        } else {
            "UPDATE logs SET host = $2, size = $3, last = $4, root = $5, arrived = $6, sealed = $7 WHERE log = $1"
        };
        on.change(statement, &values).await?;
        Ok(Outcome::Done)
    }
}

/// Inserts some records by one statement: each has a way to the database and back.
async fn insert(
    on: &mut Transaction<'_>,
    log: &str,
    host: &str,
    now: Timestamp,
    records: &[Arrived],
) -> Result<(), Refused> {
    let mut values: Vec<Value> = vec![log.into(), host.into(), now.micros().into()];
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let at = values.len();
        let own: Vec<String> = (at + 1..=at + 10).map(|number| format!("${number}")).collect();
        rows.push(format!("($1, $2, $3, {})", own.join(", ")));
        values.extend([
            column(record.number).into(),
            column(record.segment).into(),
            record.time.micros().into(),
            record.kind.into(),
            record.rules.as_str().into(),
            record.outcome.clone().into(),
            record.request.clone().into(),
            record.digest.to_string().into(),
            record.root.to_string().into(),
            record.sealed.clone().into(),
        ]);
    }
    let statement = format!(
        "INSERT INTO records (log, host, arrived, number, segment, time, kind, rules, outcome, request, digest, root, sealed)
         VALUES {}",
        rows.join(", ")
    );
    on.change(&statement, &values).await?;
    Ok(())
}

/// A number as a column holds it.
pub fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
