//! The journal: each entry names the digest of the one before it, and is read again from the first one. Refuses to serve on one
//! that does not hold, since nobody would know what else was changed.

use serde::Deserialize;

use super::change::Refused;
use super::database::{Database, DatabaseError, Row, Transaction};
use crate::encoding::json::{self, json};
use crate::model::{Digest, RequestId, Timestamp};

/// How many entries are read at a time.
const SOME: i64 = 1000;

/// Why the journal does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// An entry is not what was written, or one before it is gone.
    #[error("the journal does not hold at entry {number}: {why}")]
    Broken {
        /// Which.
        number: i64,
        /// What is wrong there.
        why: &'static str,
    },
    /// It cannot be read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// An entry as it was written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    number: i64,
    prev: Digest,
    time: Timestamp,
    v: u64,
    what: json::Value,
}

/// What happened behind an entry of the journal.
#[derive(Debug)]
pub struct Happened {
    /// The last entry that was looked at.
    pub last: i64,
    /// The requests that were published, answered or closed.
    pub requests: Vec<RequestId>,
    /// Whether there is more.
    pub more: bool,
}

/// The requests that something happened to behind an entry; at most so many entries are read at a time.
///
/// # Errors
/// When it cannot be read.
pub async fn since(database: &Database, after: i64) -> Result<Happened, DatabaseError> {
    let statement = "SELECT number, entry FROM journal WHERE number > $1 ORDER BY number LIMIT $2";
    let rows = database.rows(statement, &[after.into(), SOME.into()]).await?;
    let mut happened = Happened { last: after, requests: Vec::new(), more: i64::try_from(rows.len()) == Ok(SOME) };
    for row in &rows {
        happened.last = row.int(0)?;
        // What is no entry is found when the server starts.
        let Ok(Entry { what, .. }) = json::strict(row.text(1)?.as_bytes()) else { continue };
        let request = what.get("request").and_then(json::Value::as_str);
        happened.requests.extend(request.and_then(|id| id.parse::<RequestId>().ok()));
    }
    Ok(happened)
}

/// Checks the whole journal; says how many entries it has.
///
/// # Errors
/// `Broken` at the first entry that does not hold; when it cannot be read.
pub async fn check(database: &Database) -> Result<i64, JournalError> {
    let mut chain = Chain::default();
    loop {
        let statement = "SELECT number, time, entry, digest FROM journal WHERE number >= $1 ORDER BY number LIMIT $2";
        let rows = database.rows(statement, &[chain.next.into(), SOME.into()]).await?;
        if rows.is_empty() {
            return Ok(chain.next);
        }
        for row in &rows {
            chain.add(row)?;
        }
    }
}

/// The entries that were looked at so far.
#[derive(Debug)]
pub struct Chain {
    next: i64,
    before: Digest,
}

impl Default for Chain {
    fn default() -> Self {
        Self { next: 0, before: Digest::ZERO }
    }
}

impl Chain {
    /// Looks at the next entry: its number, time, text and digest.
    ///
    /// # Errors
    /// `Broken` where it does not hold or is another one.
    pub fn add(&mut self, row: &Row) -> Result<(), JournalError> {
        self.before = checked(row, self.next, self.before)?;
        self.next += 1;
        Ok(())
    }
}

/// The last entry that a transaction wrote: its number and digest.
pub struct Last(i64, String);

/// Writes the next entry: each names the digest of the one before it. `last` is what this transaction wrote last, if it did.
///
/// # Errors
/// When it has no canonical form, or the database does not answer.
pub async fn add(
    on: &mut Transaction<'_>,
    last: &mut Option<Last>,
    now: Timestamp,
    what: json::Value,
) -> Result<(), Refused> {
    let (number, before) = match last.take() {
        // Nobody else writes in between.
        Some(Last(number, digest)) => (number + 1, digest),
        None => {
            let rows = on.rows("SELECT number, digest FROM journal ORDER BY number DESC LIMIT 1", &[]).await?;
            match rows.first() {
                Some(row) => (row.int(0)? + 1, row.text(1)?.to_owned()),
                None => (0, Digest::ZERO.to_string()),
            }
        }
    };
    let entry = json!({"number": number, "prev": before, "time": now, "v": 1, "what": what});
    let bytes = json::canonical(&entry)?;
    let digest = Digest::of(&bytes).to_string();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let values = [number.into(), now.micros().into(), text.into(), digest.as_str().into()];
    on.change("INSERT INTO journal (number, time, entry, digest) VALUES ($1, $2, $3, $4)", &values).await?;
    *last = Some(Last(number, digest));
    Ok(())
}

/// The digest of an entry that stands where it should.
fn checked(row: &Row, number: i64, before: Digest) -> Result<Digest, JournalError> {
    let broken = |why| JournalError::Broken { number, why };
    if row.int(0)? != number {
        return Err(broken("it is missing"));
    }
    let text = row.text(2)?;
    let digest = Digest::of(text.as_bytes());
    if row.text(3)? != digest.to_string() {
        return Err(broken("its text was changed"));
    }
    let entry: Entry = json::strict(text.as_bytes()).map_err(|_| broken("it is no entry of a journal"))?;
    if entry.v != 1 {
        return Err(broken("it has a version that this gate does not know"));
    }
    if entry.number != number || entry.time.micros() != row.int(1)? {
        return Err(broken("it was written as another entry"));
    }
    if entry.prev != before {
        return Err(broken("it names another entry before it"));
    }
    Ok(digest)
}
