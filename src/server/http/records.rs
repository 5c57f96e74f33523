//! Records: hosts ship them, auditors find them. A host ships its own log and reads none; refuses everybody else.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::App;
use super::paging::{full, limit};
use super::problem::Problem;
use crate::audit::Kind;
use crate::encoding::json;
use crate::model::Timestamp;
use crate::remote::records::{End, Found, HostLogs, Shipment};
use crate::server::change::Outcome;
use crate::server::records::{self, Order, Search, Seen};
use crate::server::tokens::{Caller, Role};

/// How many records or hosts a page has, where the caller does not say.
const USUAL: i64 = 50;
/// How many it has at most.
const MOST: i64 = 200;

/// Which records.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Of this host.
    pub host: Option<String>,
    /// From this time on.
    pub since: Option<String>,
    /// Before this time.
    pub until: Option<String>,
    /// Of this type.
    pub kind: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// For which this rule fired.
    pub rule: Option<String>,
    /// Asked or answered by this principal.
    pub principal: Option<String>,
    /// With this in what it says.
    pub text: Option<String>,
    /// From which end.
    pub order: Option<Order>,
    /// Only those behind this place, as the last page said it.
    pub after: Option<String>,
    /// How many at most.
    pub limit: Option<i64>,
}

/// Which hosts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    after: Option<String>,
    limit: Option<i64>,
}

/// Takes records from a host.
pub async fn ship(caller: Caller, State(app): State<App>, body: Bytes) -> Result<(StatusCode, Json<End>), Problem> {
    caller.must_be(&[Role::Host])?;
    let shipment: Shipment = json::strict(&body).map_err(|error| Problem::form(error.to_string()))?;
    let (end, outcome) = records::arrive(&app, &caller.name, &shipment).await?;
    let status = match outcome {
        Outcome::Done => StatusCode::CREATED,
        Outcome::Same => StatusCode::OK,
    };
    Ok((status, Json(end)))
}

/// Tells a host how far its log is here.
pub async fn end(caller: Caller, State(app): State<App>) -> Result<Json<End>, Problem> {
    caller.must_be(&[Role::Host])?;
    Ok(Json(records::end(&app, &caller.name).await?))
}

/// Finds records.
pub async fn search(
    caller: Caller,
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Found>, Problem> {
    caller.must_be(&[Role::Auditor])?;
    let limit = limit(wanted.limit, USUAL, MOST)?;
    let after = wanted.place()?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let (records, next) = records::search(&app, &wanted.search()?, after, limit).await?;
    Ok(Json(Found { records, next: next.map(|seen| seen.text()) }))
}

/// Tells what can be said of each host's log.
pub async fn hosts(
    caller: Caller,
    State(app): State<App>,
    Query(behind): Query<Behind>,
) -> Result<Json<HostLogs>, Problem> {
    caller.must_be(&[Role::Auditor])?;
    let limit = limit(behind.limit, USUAL, MOST)?;
    let after = plain("after", behind.after)?.unwrap_or_default();
    let hosts = records::hosts(&app, &after, limit).await?;
    let next = hosts.last().filter(|_| full(hosts.len(), limit)).map(|last| last.host.clone());
    Ok(Json(HostLogs { hosts, next }))
}

impl Wanted {
    /// What is looked for.
    ///
    /// # Errors
    /// Where a time is none, or a type is unknown.
    pub fn search(&self) -> Result<Search, Problem> {
        let kind = plain("kind", self.kind.clone())?;
        if kind.as_ref().is_some_and(|kind| kind != "damaged" && kind.parse::<Kind>().is_err()) {
            return Err(Problem::form("`kind` is no type of a record"));
        }
        Ok(Search {
            host: plain("host", self.host.clone())?,
            since: moment("since", self.since.as_deref())?,
            until: moment("until", self.until.as_deref())?,
            kind,
            outcome: plain("outcome", self.outcome.clone())?,
            rule: plain("rule", self.rule.clone())?,
            principal: plain("principal", self.principal.clone())?,
            text: plain("text", self.text.clone())?,
            order: self.order.unwrap_or_default(),
        })
    }

    /// Where the last page ended.
    ///
    /// # Errors
    /// Where that is no place.
    pub fn place(&self) -> Result<Option<Seen>, Problem> {
        let read = |after: &str| Seen::read(after).ok_or_else(|| Problem::form("`after` is not what a page said"));
        self.after.as_deref().filter(|after| !after.is_empty()).map(read).transpose()
    }
}

/// What was named, if anything; an empty field of a form names nothing.
fn plain(name: &str, value: Option<String>) -> Result<Option<String>, Problem> {
    // PostgreSQL keeps no such text, and would fail.
    if value.as_ref().is_some_and(|value| value.contains('\0')) {
        return Err(Problem::form(format!("`{name}` holds a zero byte")));
    }
    Ok(value.filter(|value| !value.is_empty()))
}

/// A day, or a moment; in UTC.
fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let whole = match (text.strip_suffix('Z'), text.contains('.')) {
        (Some(_), true) => text.to_owned(),
        (Some(seconds), false) => format!("{seconds}.000000Z"),
        (None, _) => format!("{text}T00:00:00.000000Z"),
    };
    let fault = || Problem::form(format!("`{name}` is no time such as 2026-11-22 or 2026-11-22T10:00:00Z (UTC)"));
    whole.parse().map(Some).map_err(|_| fault())
}
