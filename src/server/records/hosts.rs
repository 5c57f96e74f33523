//! What can be said of each host's log: how far it arrived and was verified, which heads the host has shown, and what
//! contradicts. Refuses to call a log whole because nothing contradicts it: how far it goes is said apart.

use super::change::column;
use super::stored::{log_of, size};
use crate::model::{LogId, Timestamp};
use crate::remote::records::{Anchored, Conflict, End, HostLog};
use crate::server::database::{DatabaseError, Row};
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::http::row::time;

/// How far a host's log is here.
///
/// # Errors
/// When the database does not answer.
pub async fn end(app: &App, host: &str) -> Result<End, Problem> {
    Ok(log_of(app, host).await?.map_or(End { head: None, last: None }, |log| log.end()))
}

/// So many hosts behind a name.
///
/// # Errors
/// When the database does not answer.
pub async fn hosts(app: &App, after: &str, limit: i64) -> Result<Vec<HostLog>, Problem> {
    let statement = "SELECT hosts.name, hosts.record_key, hosts.log, hosts.first, COALESCE(logs.size, 0), logs.root,
            COALESCE(logs.arrived, -1)
        FROM hosts LEFT JOIN logs ON logs.log = hosts.log
        WHERE hosts.name > $1 ORDER BY hosts.name LIMIT $2";
    let rows = app.database.rows(statement, &[after.into(), limit.into()]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(host(app, row).await?);
    }
    Ok(found)
}

async fn host(app: &App, row: &Row) -> Result<HostLog, Problem> {
    let log: LogId = row.parsed(2)?;
    let verified = row.int(4)?;
    let conflicts = conflicts(app, log).await?;
    // A request's head is held against the records when either arrives; this looks again at what is stored.
    let statement =
        "SELECT COUNT(*) FROM heads JOIN records ON records.log = heads.log AND records.number = heads.size - 1
        WHERE heads.log = $1 AND heads.root <> records.root";
    let rows = app.database.rows(statement, &[log.to_string().into()]).await?;
    let contradicted = rows.first().map_or(Ok(0), |row| row.int(0))? > 0;
    let arrived = Some(row.int(6)?).filter(|micros| *micros >= 0).map(time);
    Ok(HostLog {
        host: row.text(0)?.to_owned(),
        key: row.parsed(1)?,
        log,
        first: time(row.int(3)?),
        verified: size(row, 4)?,
        root: row.maybe_text(5)?.map(|root| root.parse().map_err(|_| DatabaseError::Column(5))).transpose()?,
        arrived,
        anchored: largest(app, log, "<=", verified).await?,
        ahead: largest(app, log, ">", verified).await?,
        consistent: conflicts.is_empty() && !contradicted,
        conflicts,
    })
}

/// The smallest head that a record stands under, as the host showed it.
///
/// # Errors
/// When the database does not answer.
pub async fn anchor(app: &App, log: LogId, number: u64) -> Result<Option<Anchored>, Problem> {
    let statement = "SELECT size, seen FROM heads WHERE log = $1 AND size > $2 AND EXISTS (
            SELECT 1 FROM records WHERE records.log = heads.log
            AND records.number = heads.size - 1 AND records.root = heads.root)
        ORDER BY size LIMIT 1";
    let rows = app.database.rows(statement, &[log.to_string().into(), column(number).into()]).await?;
    rows.first().map(head).transpose()
}

/// What was shown that contradicts a record.
///
/// # Errors
/// When the database does not answer.
pub async fn against(app: &App, log: LogId, number: u64) -> Result<Vec<Conflict>, Problem> {
    Ok(conflicts(app, log).await?.into_iter().filter(|conflict| conflict.number == number).collect())
}

fn head(row: &Row) -> Result<Anchored, Problem> {
    Ok(Anchored { size: size(row, 0)?, seen: time(row.int(1)?) })
}

/// The largest head on one side of the end of what arrived.
async fn largest(app: &App, log: LogId, side: &str, end: i64) -> Result<Option<Anchored>, Problem> {
    let equal = if side == ">" {
        ""
    } else {
        "AND EXISTS (SELECT 1 FROM records WHERE records.log = heads.log
        AND records.number = heads.size - 1 AND records.root = heads.root)"
    };
    let statement =
        format!("SELECT size, seen FROM heads WHERE log = $1 AND size {side} $2 {equal} ORDER BY size DESC LIMIT 1");
    let rows = app.database.rows(&statement, &[log.to_string().into(), end.into()]).await?;
    rows.first().map(head).transpose()
}

async fn conflicts(app: &App, log: LogId) -> Result<Vec<Conflict>, Problem> {
    let statement = "SELECT number, digest, why, seen FROM conflicts WHERE log = $1 ORDER BY seen, number, digest";
    let rows = app.database.rows(statement, &[log.to_string().into()]).await?;
    let read = |row: &Row| {
        let seen: Timestamp = time(row.int(3)?);
        Ok(Conflict { number: size(row, 0)?, digest: row.parsed(1)?, why: row.text(2)?.to_owned(), seen })
    };
    rows.iter().map(read).collect()
}
