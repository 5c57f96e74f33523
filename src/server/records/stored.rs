//! What is kept of a log, opened again.

use std::collections::BTreeMap;

use super::{place_of, place_of_blob, place_of_standing};
use crate::audit::{Record, Standing};
use crate::encoding::json;
use crate::model::{Digest, LogHead, LogId};
use crate::remote::records::End;
use crate::server::database::{DatabaseError, Row};
use crate::server::http::App;
use crate::server::http::problem::Problem;

/// A host's log as far as it is here.
pub struct Log {
    /// How many records, and the root of their tree.
    pub head: LogHead,
    /// The leaf hash of the last.
    pub last: Digest,
    sealed: Vec<u8>,
}

impl Log {
    /// What the verifier knew after the last record.
    ///
    /// # Errors
    /// When it does not open, or is another than the columns say.
    pub fn standing(&self, app: &App) -> Result<Standing, Problem> {
        let text = app.sealing.opened(&place_of_standing(self.head.log, self.head.size), &self.sealed)?;
        let standing: Standing =
            json::strict(&text).map_err(|error| Problem::unavailable(format!("a log as it is stored: {error}")))?;
        if standing.head() == self.head && standing.last() == self.last {
            Ok(standing)
        } else {
            Err(Problem::unavailable("what is known of a log is not what its columns say"))
        }
    }

    /// As the host is told it.
    pub const fn end(&self) -> End {
        End { head: Some(self.head), last: Some(self.last) }
    }
}

/// The log of a host, if any of it is here.
///
/// # Errors
/// When the database does not answer.
pub async fn log_of(app: &App, host: &str) -> Result<Option<Log>, Problem> {
    let statement = "SELECT log, size, root, last, sealed FROM logs WHERE host = $1";
    let rows = app.database.rows(statement, &[host.into()]).await?;
    rows.first().map(log).transpose()
}

fn log(row: &Row) -> Result<Log, Problem> {
    let head = LogHead { log: row.parsed(0)?, size: size(row, 1)?, root: row.parsed(2)? };
    Ok(Log { head, last: row.parsed(3)?, sealed: row.blob(4)?.to_vec() })
}

/// A count or a number in a column.
///
/// # Errors
/// `Column` where it is none.
pub fn size(row: &Row, column: usize) -> Result<u64, DatabaseError> {
    u64::try_from(row.int(column)?).map_err(|_| DatabaseError::Column(column))
}

/// A line as it arrived.
///
/// # Errors
/// When it does not open.
pub fn line(app: &App, log: LogId, number: u64, sealed: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok(app.sealing.opened(&place_of(log, number), sealed)?)
}

/// What a line says, with blobs put back; none of a line that a person gave up on.
///
/// # Errors
/// When a blob does not open, or the database does not answer.
pub async fn record(app: &App, log: LogId, line: &[u8]) -> Result<Option<Record>, Problem> {
    let Ok((record, _)) = Record::read(line) else { return Ok(None) };
    let mut blobs: BTreeMap<Digest, Vec<u8>> = BTreeMap::new();
    loop {
        let mut whole = record.clone();
        let mut missing = None;
        let restored = whole.restore(&mut |digest| {
            let found = blobs.get(digest).cloned();
            if found.is_none() {
                missing = Some(*digest);
            }
            found
        });
        match (restored, missing) {
            (Ok(()), _) => return Ok(Some(whole)),
            (Err(_), Some(digest)) if !blobs.contains_key(&digest) => match blob(app, log, &digest).await? {
                Some(bytes) => {
                    blobs.insert(digest, bytes);
                }
                None => return Ok(None),
            },
            (Err(_), _) => return Ok(None),
        }
    }
}

async fn blob(app: &App, log: LogId, digest: &Digest) -> Result<Option<Vec<u8>>, Problem> {
    let statement = "SELECT sealed FROM blobs WHERE log = $1 AND digest = $2";
    let rows = app.database.rows(statement, &[log.to_string().into(), digest.to_string().into()]).await?;
    let opened = rows.first().map(|row| Ok(app.sealing.opened(&place_of_blob(log, digest), row.blob(0)?)?));
    opened.transpose()
}
