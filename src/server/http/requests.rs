//! Requests: hosts publish and close them, approvers and auditors see them. Refuses a publication that its host's key did
//! not sign, and shows no host the requests of another.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::App;
use super::paging::{full, limit};
use super::problem::Problem;
use super::row::{self, LISTED};
use crate::approval::Received;
use crate::encoding::json;
use crate::model::RequestId;
use crate::remote::wire::{self, Closing, Page, Publication, Unpublished, Whole};
use crate::server::change::{Change, Outcome};
use crate::server::database::Value;
use crate::server::sealing::of_request;
use crate::server::tokens::{Caller, Role};

/// How many requests a page has, where the caller does not say.
const USUAL: i64 = 50;
/// How many it has at most.
const MOST: i64 = 200;

/// Which requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only those in this state.
    state: Option<wire::State>,
    /// Only those behind this place, as the last page said it.
    after: Option<String>,
    /// How many at most.
    limit: Option<i64>,
}

/// Takes a request from a host.
pub async fn publish(caller: Caller, State(app): State<App>, body: Bytes) -> Result<StatusCode, Problem> {
    caller.must_be(&[Role::Host])?;
    let publication: Publication = json::strict(&body).map_err(|error| Problem::form(error.to_string()))?;
    let bytes = publication.opened().map_err(|error| match error {
        Unpublished::Form(_) => Problem::form(error.to_string()),
        Unpublished::Unsigned(_) => Problem::evidence(error.to_string()),
    })?;
    let received = Received::read(&bytes).map_err(|error| Problem::evidence(error.to_string()))?;
    let request = received.request();
    let text = json::canonical(&publication).map_err(|error| Problem::form(error.to_string()))?;
    let change = Change::Published {
        host: caller.name,
        key: publication.key.fingerprint(),
        id: request.id,
        digest: received.digest(),
        created: request.created,
        expires: request.expires,
        head: request.head,
        sealed: app.sealing.sealed(&of_request(&request.id.to_string()), &text)?,
    };
    Ok(match app.writer.make(change).await? {
        Outcome::Done => StatusCode::CREATED,
        Outcome::Same => StatusCode::OK,
    })
}

/// Lists requests, the oldest first.
pub async fn list(caller: Caller, State(app): State<App>, Query(wanted): Query<Wanted>) -> Result<Json<Page>, Problem> {
    caller.must_be(&[Role::Host, Role::Approver, Role::Auditor])?;
    let limit = limit(wanted.limit, USUAL, MOST)?;
    let (created, id) = match wanted.after.as_deref() {
        None => (i64::MIN, String::new()),
        Some(after) => place(after).ok_or_else(|| Problem::form("`after` is not what a page said"))?,
    };
    let host = (caller.role == Role::Host).then_some(caller.name);
    let state = wanted.state.map(wire::State::name);
    let statement = format!(
        "SELECT {LISTED} FROM requests
         WHERE (created > $1 OR (created = $1 AND id > $2))
           AND (CAST($3 AS TEXT) IS NULL OR host = $3) AND (CAST($4 AS TEXT) IS NULL OR state = $4)
         ORDER BY created, id LIMIT $5"
    );
    let values: [Value; 5] = [created.into(), id.into(), host.into(), state.into(), limit.into()];
    let rows = app.database.rows(&statement, &values).await?;
    let requests = rows.iter().map(row::listed).collect::<Result<Vec<_>, _>>()?;
    let next = requests
        .last()
        .filter(|_| full(requests.len(), limit))
        .map(|last| format!("{}.{}", last.created.micros(), last.id));
    Ok(Json(Page { requests, next }))
}

/// Shows one request, whole.
pub async fn show(caller: Caller, State(app): State<App>, Path(id): Path<String>) -> Result<Json<Whole>, Problem> {
    caller.must_be(&[Role::Host, Role::Approver, Role::Auditor])?;
    let id = named(&id)?;
    let statement = format!("SELECT {LISTED}, sealed FROM requests WHERE id = $1");
    let rows = app.database.rows(&statement, &[id.to_string().into()]).await?;
    let row = rows.first().ok_or_else(|| Problem::missing("request"))?;
    let listed = row::listed(row)?;
    if caller.role == Role::Host && listed.host != caller.name {
        return Err(Problem::missing("request"));
    }
    let publication = row::publication(&app, id, row.blob(row::BEHIND)?)?;
    Ok(Json(Whole { listed, publication, answers: row::answers(&app, id, 0).await? }))
}

/// Closes a request: its host knows how it ended.
pub async fn close(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    caller.must_be(&[Role::Host])?;
    let Closing { state } = json::strict(&body).map_err(|error| Problem::form(error.to_string()))?;
    if state == wire::State::Waiting {
        return Err(Problem::form("a request is not closed by waiting"));
    }
    app.writer.make(Change::Closed { request: named(&id)?, host: Some(caller.name), state }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A request by its whole id.
pub fn named(id: &str) -> Result<RequestId, Problem> {
    id.parse().map_err(|_| Problem::missing("request"))
}

/// Where a page ended.
fn place(after: &str) -> Option<(i64, String)> {
    let (created, id) = after.split_once('.')?;
    Some((created.parse().ok()?, id.parse::<RequestId>().ok()?.to_string()))
}
