//! Finds records across hosts. What is plain is looked for in the database; what is encrypted is opened row by row, so many
//! rows a call, and the place where it stopped is told.

use std::collections::HashMap;

use super::change::column;
use super::stored::{line, record, size};
use crate::audit::{Kind, Lines, Record, leaf};
use crate::encoding::json::Value as Json;
use crate::model::{Digest, LogId, Timestamp};
use crate::remote::records::Kept;
use crate::server::database::{Row, Value};
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::http::row::time;

/// The columns of a record that is opened.
const COLUMNS: &str = "host, log, number, time, kind, outcome, rules, digest, arrived, sealed, request";
/// How many rows are read at a time.
const SOME: i64 = 200;
/// How many rows are opened for one call.
const MOST_OPENED: usize = 2000;

/// From which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The oldest first.
    #[default]
    Oldest,
    /// The newest first.
    Newest,
}

/// What is looked for; all that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Of this host.
    pub host: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Of this type.
    pub kind: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// For which this rule fired.
    pub rule: Option<String>,
    /// Asked or answered by this principal.
    pub principal: Option<String>,
    /// With this in what it says, in letters of any case.
    pub text: Option<String>,
    /// From which end.
    pub order: Order,
}

/// Where a page ended: time, log and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(i64, String, i64);

impl Seen {
    /// As a page says it.
    pub fn text(&self) -> String {
        format!("{}.{}.{}", self.0, self.1, self.2)
    }

    /// What a page said.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let time = parts.next()?.parse().ok()?;
        let log = parts.next()?.parse::<LogId>().ok()?.to_string();
        Some(Self(time, log, parts.next()?.parse().ok()?))
    }
}

/// At most so many records behind a place, and the place where the next page begins.
///
/// # Errors
/// When the database does not answer, or what it holds does not open.
pub async fn search(
    app: &App,
    search: &Search,
    after: Option<Seen>,
    limit: usize,
) -> Result<(Vec<Kept>, Option<Seen>), Problem> {
    let (mut found, mut seen, mut opened) = (Vec::new(), after, 0);
    let mut asked = Asked::default();
    loop {
        let rows = search.rows(app, seen.as_ref()).await?;
        let full = i64::try_from(rows.len()).is_ok_and(|count| count == SOME);
        for row in &rows {
            if found.len() >= limit || opened >= MOST_OPENED {
                return Ok((found, seen));
            }
            opened += 1;
            seen = Some(Seen(row.int(3)?, row.text(1)?.to_owned(), row.int(2)?));
            found.extend(search.opened(app, row, &mut asked).await?);
        }
        if !full {
            return Ok((found, None));
        }
    }
}

/// One record, and what it says with blobs put back; the latter not of a line that a person gave up on.
///
/// # Errors
/// When the database does not answer, or what it holds does not open.
pub async fn one(app: &App, log: LogId, number: u64) -> Result<Option<(Kept, Option<Record>)>, Problem> {
    let statement = format!("SELECT {COLUMNS} FROM records WHERE log = $1 AND number = $2");
    let rows = app.database.rows(&statement, &[log.to_string().into(), column(number).into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let found = Search::default().opened(app, row, &mut Asked::default()).await?;
    let read = record(app, log, &line(app, log, number, row.blob(9)?)?).await?;
    Ok(found.map(|kept| (kept, read)))
}

impl Search {
    async fn rows(&self, app: &App, seen: Option<&Seen>) -> Result<Vec<Row>, Problem> {
        let (behind, order) = match self.order {
            Order::Oldest => (">", "time, log, number"),
            Order::Newest => ("<", "time DESC, log DESC, number DESC"),
        };
        // Only what is asked for, so that an index leads to it.
        let (mut values, mut wanted): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
        if let Some(Seen(time, log, number)) = seen {
            values.extend([(*time).into(), log.as_str().into(), (*number).into()]);
            wanted.push(format!("(time, log, number) {behind} ($1, $2, $3)"));
        }
        let escaped = |rule: &String| {
            let rule = rule.replace('!', "!!").replace('%', "!%").replace('_', "!_");
            Value::Text(format!("% {rule} %"))
        };
        let plain = |text: &String| Value::Text(text.clone());
        for (condition, value) in [
            ("host = $", self.host.as_ref().map(plain)),
            ("time >= $", self.since.map(|since| since.micros().into())),
            ("time < $", self.until.map(|until| until.micros().into())),
            ("kind = $", self.kind.as_ref().map(plain)),
            ("outcome = $", self.outcome.as_ref().map(plain)),
            ("rules LIKE $", self.rule.as_ref().map(escaped)),
        ] {
            let Some(value) = value else { continue };
            values.push(value);
            let escape = if condition.contains("LIKE") { " ESCAPE '!'" } else { "" };
            wanted.push(format!("{condition}{}{escape}", values.len()));
        }
        let wanted = if wanted.is_empty() { String::new() } else { format!("WHERE {}", wanted.join(" AND ")) };
        let statement = format!("SELECT {COLUMNS} FROM records {wanted} ORDER BY {order} LIMIT {SOME}");
        Ok(app.database.rows(&statement, &values).await?)
    }

    /// A record, if it is what is looked for.
    async fn opened(&self, app: &App, row: &Row, asked: &mut Asked) -> Result<Option<Kept>, Problem> {
        let (log, number): (LogId, u64) = (row.parsed(1)?, size(row, 2)?);
        let line = line(app, log, number, row.blob(9)?)?;
        // The columns are plain, and nothing binds them to the line but this.
        let digest: Digest = row.parsed(7)?;
        if leaf(&line) != digest {
            return Err(Problem::unavailable(format!("record {number} of {log} is not what its columns say")));
        }
        let whole = record(app, log, &line).await?;
        let request = asked.request(app, log, row.maybe_text(10)?, whole.as_ref()).await?;
        let said = whole.as_ref().map_or_else(String::new, |record| {
            let mut lines = Lines::default();
            // A run names its request, and the line says what that was.
            if let Some(request) = request.as_ref().filter(|request| request.seq != record.seq) {
                lines.said(request);
            }
            lines.said(record)
        });
        let text = String::from_utf8_lossy(&line).into_owned();
        if let Some(wanted) = &self.text {
            let wanted = wanted.to_lowercase();
            if !said.to_lowercase().contains(&wanted) && !text.to_lowercase().contains(&wanted) {
                return Ok(None);
            }
        }
        if let Some(principal) = &self.principal {
            let people = [whole.as_ref(), request.as_ref()].into_iter().flatten().flat_map(people);
            if !people.into_iter().any(|name| name == *principal) {
                return Ok(None);
            }
        }
        Ok(Some(Kept {
            host: row.text(0)?.to_owned(),
            log,
            number,
            time: time(row.int(3)?),
            kind: row.text(4)?.to_owned(),
            outcome: row.maybe_text(5)?.map(str::to_owned),
            rules: row.text(6)?.split_whitespace().map(str::to_owned).collect(),
            digest,
            arrived: time(row.int(8)?),
            said,
            line: text,
        }))
    }
}

/// Requests that were opened for this call.
#[derive(Default)]
struct Asked(HashMap<(LogId, String), Option<Record>>);

impl Asked {
    /// The request that a record is about.
    async fn request(
        &mut self,
        app: &App,
        log: LogId,
        id: Option<&str>,
        own: Option<&Record>,
    ) -> Result<Option<Record>, Problem> {
        let Some(id) = id else { return Ok(None) };
        if let Some(own) = own.filter(|own| own.kind == Kind::Request) {
            return Ok(Some(own.clone()));
        }
        let key = (log, id.to_owned());
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let statement =
            "SELECT number, sealed FROM records WHERE log = $1 AND request = $2 AND kind = 'request' LIMIT 1";
        let rows = app.database.rows(statement, &[log.to_string().into(), id.into()]).await?;
        let found = match rows.first() {
            Some(row) => record(app, log, &line(app, log, size(row, 0)?, row.blob(1)?)?).await?,
            None => None,
        };
        self.0.insert(key, found.clone());
        Ok(found)
    }
}

/// Who asked or answered, by a record's own words.
fn people(record: &Record) -> Vec<String> {
    let subject = record.members.get("subject").or_else(|| record.members.get("request")?.get("subject"));
    let claims = subject.and_then(|subject| subject.pointer("/requester/principals")).and_then(Json::as_array);
    let asked = claims.into_iter().flatten().filter_map(|claim| claim.get("principal"));
    let verdicts = record.members.get("verdicts").and_then(Json::as_array);
    let cleared = verdicts.into_iter().flatten().filter_map(|verdict| verdict.get("approver"));
    let verdict = record.members.get("verdict").and_then(|verdict| verdict.get("statement")?.get("approver"));
    asked.chain(cleared).chain(verdict).filter_map(Json::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_said_and_nothing_else_is() {
        let seen = Seen(-5, LogId::new([1; 16]).to_string(), 7);
        assert_eq!(Seen::read(&seen.text()), Some(seen));
        for bad in ["", "1", "1.2.3", "1.x.3", "x.01010101-0101-4101-8101-010101010101.3"] {
            assert_eq!(Seen::read(bad), None, "{bad}");
        }
    }
}
