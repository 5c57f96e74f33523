//! Answers: approvers give them, hosts wait for them. The server judges none of them, since it cannot; it refuses what is no
//! answer to the request at all.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::App;
use super::problem::Problem;
use super::requests::named;
use super::row;
use crate::approval::LARGEST_VERDICT;
use crate::encoding::{json, unpadded};
use crate::model::{Digest, RequestId, Statement, Verdict};
use crate::remote::wire::{self, NewAnswer, News};
use crate::server::change::{Change, Outcome};
use crate::server::sealing::of_answer;
use crate::server::tokens::{Caller, Role};

/// What a host knows, and how long it waits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The number of the last answer it has.
    #[serde(default)]
    after: u64,
    /// For how many seconds it waits.
    #[serde(default)]
    wait: u64,
}

/// Takes an answer from an approver.
pub async fn answer(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    caller.must_be(&[Role::Approver])?;
    let id = named(&id)?;
    let NewAnswer { verdict } = json::strict(&body).map_err(|error| Problem::form(error.to_string()))?;
    let bytes = unpadded::decoded(verdict.as_bytes()).filter(|bytes| bytes.len() <= LARGEST_VERDICT);
    let bytes = bytes.ok_or_else(|| Problem::form("`verdict` is not base64 without padding, or too long"))?;
    let verdict: Verdict = json::strict(&bytes).map_err(|error| Problem::form(format!("the verdict: {error}")))?;
    let statement = verdict.statement;
    if digest_of(&app, id).await? != statement.request.to_string() {
        return Err(Problem::evidence("the verdict is about another request"));
    }
    // Whose signature it is the host finds out; a name of somebody else is not even carried.
    if statement.approver != caller.name {
        return Err(Problem::role(format!("the verdict is by another than `{}`", caller.name)));
    }
    kept(&app, id, statement, &bytes, caller.token).await
}

/// Keeps a verdict with this statement, by somebody who came in so.
pub async fn kept(
    app: &App,
    id: RequestId,
    statement: Statement,
    verdict: &[u8],
    by: String,
) -> Result<StatusCode, Problem> {
    let digest = Digest::of(verdict);
    let change = Change::Answered {
        request: id,
        digest,
        approver: statement.approver,
        decision: statement.decision,
        by,
        sealed: app.sealing.sealed(&of_answer(&id.to_string(), &digest.to_string()), verdict)?,
    };
    Ok(match app.writer.make(change).await? {
        Outcome::Done => StatusCode::CREATED,
        Outcome::Same => StatusCode::OK,
    })
}

/// Tells a host what is new, as soon as something is.
pub async fn wait(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    Query(known): Query<Known>,
) -> Result<Json<News>, Problem> {
    caller.must_be(&[Role::Host])?;
    let id = named(&id)?;
    let until = Instant::now() + Duration::from_secs(known.wait.min(wire::LONGEST_WAIT));
    let _counted =
        app.limits.wait(&caller.token).ok_or_else(|| Problem::busy(Duration::from_secs(wire::LONGEST_WAIT)))?;
    // Before it is looked at, so that nothing is missed.
    let mut waiting = app.hub.waiting(id);
    loop {
        let news = news(&app, id, &caller.name, known.after).await?;
        if !news.answers.is_empty() || news.state != wire::State::Waiting {
            return Ok(Json(news));
        }
        if Instant::now() >= until || app.hub.is_ended() {
            return Ok(Json(news));
        }
        // Woken or not, it looks again.
        let _ = timeout_at(until, waiting.news()).await;
    }
}

async fn news(app: &App, id: RequestId, host: &str, after: u64) -> Result<News, Problem> {
    let rows = app
        .database
        .rows("SELECT state FROM requests WHERE id = $1 AND host = $2", &[id.to_string().into(), host.into()])
        .await?;
    let row = rows.first().ok_or_else(|| Problem::missing("request"))?;
    let state = wire::State::named(row.text(0)?)
        .ok_or_else(|| Problem::unavailable("a request has a state that this gate does not know"))?;
    Ok(News { state, answers: row::answers(app, id, after).await? })
}

async fn digest_of(app: &App, id: RequestId) -> Result<String, Problem> {
    let rows = app.database.rows("SELECT digest FROM requests WHERE id = $1", &[id.to_string().into()]).await?;
    Ok(rows.first().ok_or_else(|| Problem::missing("request"))?.text(0)?.to_owned())
}
