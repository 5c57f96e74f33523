//! What the server keeps for auditors: its journal, and the heads that hosts have shown. A host sees its own heads, so that
//! it can find out that its log was cut or exchanged.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::App;
use super::paging::{full, limit};
use super::problem::Problem;
use super::row::time;
use crate::model::{LogHead, LogId};
use crate::remote::wire::{Entries, Entry, Head, Heads};
use crate::server::database::{DatabaseError, Row, Value};
use crate::server::tokens::{Caller, Role};

/// How many entries or heads a page has, where the caller does not say.
const USUAL: i64 = 200;
/// How many it has at most.
const MOST: i64 = 1000;

/// Which part of the journal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Only entries behind this one.
    after: Option<i64>,
    /// How many at most.
    limit: Option<i64>,
}

/// Which heads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Only those of this host.
    host: Option<String>,
    /// Only those behind this place, as the last page said it.
    after: Option<String>,
    /// How many at most.
    limit: Option<i64>,
}

/// Tells the journal, the first entry first.
pub async fn log(caller: Caller, State(app): State<App>, Query(part): Query<Part>) -> Result<Json<Entries>, Problem> {
    caller.must_be(&[Role::Auditor])?;
    let limit = limit(part.limit, USUAL, MOST)?;
    let statement = "SELECT number, time, digest, entry FROM journal WHERE number > $1 ORDER BY number LIMIT $2";
    let rows = app.database.rows(statement, &[part.after.unwrap_or(-1).into(), limit.into()]).await?;
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>, Problem>>()?;
    let next = entries.last().filter(|_| full(entries.len(), limit)).map(|last| last.number);
    Ok(Json(Entries { entries, next }))
}

/// Tells the heads that hosts have shown.
pub async fn heads(caller: Caller, State(app): State<App>, Query(shown): Query<Shown>) -> Result<Json<Heads>, Problem> {
    caller.must_be(&[Role::Host, Role::Auditor])?;
    let host = match (caller.role, shown.host) {
        (Role::Host, Some(other)) if other != caller.name => {
            return Err(Problem::role("a host sees the heads of its own log"));
        }
        (Role::Host, _) => Some(caller.name),
        (_, host) => host,
    };
    // PostgreSQL keeps no such text, and would fail.
    if host.as_ref().is_some_and(|host| host.contains('\0')) {
        return Err(Problem::form("`host` holds a zero byte"));
    }
    let limit = limit(shown.limit, USUAL, MOST)?;
    let (log, size) = match shown.after.as_deref() {
        None => (String::new(), -1),
        Some(after) => place(after).ok_or_else(|| Problem::form("`after` is not what a page said"))?,
    };
    let statement = "SELECT heads.host, hosts.record_key, heads.log, heads.size, heads.root, heads.seen
        FROM heads JOIN hosts ON hosts.name = heads.host
        WHERE (heads.log > $1 OR (heads.log = $1 AND heads.size > $2))
          AND (CAST($3 AS TEXT) IS NULL OR heads.host = $3)
        ORDER BY heads.log, heads.size LIMIT $4";
    let values: [Value; 4] = [log.into(), size.into(), host.into(), limit.into()];
    let rows = app.database.rows(statement, &values).await?;
    let heads = rows.iter().map(head).collect::<Result<Vec<_>, Problem>>()?;
    let last = heads.last().filter(|_| full(heads.len(), limit));
    let next = last.map(|last| format!("{}.{}", last.head.log, last.head.size));
    Ok(Json(Heads { heads, next }))
}

fn entry(row: &Row) -> Result<Entry, Problem> {
    Ok(Entry { number: row.int(0)?, time: time(row.int(1)?), digest: row.parsed(2)?, entry: row.text(3)?.to_owned() })
}

fn head(row: &Row) -> Result<Head, Problem> {
    let size = u64::try_from(row.int(3)?).map_err(|_| DatabaseError::Column(3))?;
    Ok(Head {
        host: row.text(0)?.to_owned(),
        key: row.parsed(1)?,
        head: LogHead { log: row.parsed(2)?, size, root: row.parsed(4)? },
        seen: time(row.int(5)?),
    })
}

/// Where a page ended.
fn place(after: &str) -> Option<(String, i64)> {
    let (log, size) = after.split_once('.')?;
    Some((log.parse::<LogId>().ok()?.to_string(), size.parse().ok()?))
}
