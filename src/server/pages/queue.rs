//! What waits for an answer, the oldest first, and what is over.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::view::{Frame, Item, Queue, Refusal, left, rendered, shown};
use super::visitor::Visitor;
use crate::approval::{Received, Screen};
use crate::encoding::unpadded;
use crate::model::Digest;
use crate::remote::wire::{Listed, Publication, State as Fate};
use crate::server::clock::now;
use crate::server::database::Row;
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::http::row::{self, EXPIRY, LISTED};

/// Where it is.
pub const PATH: &str = "/requests";
/// How long nothing happens before a page looks by itself: time passes too.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How many that wait are listed.
const WAITING: i64 = 100;
/// How many that are over.
const OVER: i64 = 20;

/// What a page shows already.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Its version.
    seen: String,
}

/// What it would show now.
#[derive(Serialize)]
pub struct News {
    version: String,
}

/// The first page.
pub async fn home(_: Visitor) -> Response {
    Redirect::to("/requests").into_response()
}

/// The list.
pub async fn list(visitor: Visitor, State(app): State<App>) -> Result<Response, Refusal> {
    let (waiting, over) = rows(&app).await?;
    let items = |rows: &[Row]| rows.iter().map(|row| item(&app, row)).collect::<Result<Vec<_>, _>>();
    let page = Queue {
        frame: Frame::at(PATH, Some(&visitor)),
        version: version(&waiting, &over)?,
        waiting: items(&waiting)?,
        over: items(&over)?,
    };
    Ok(rendered(StatusCode::OK, &page))
}

/// Answers as soon as the list is another, or nothing happened for a while.
pub async fn news(_: Visitor, State(app): State<App>, Query(seen): Query<Seen>) -> Result<Json<News>, Problem> {
    // Before it is looked at, so that nothing is missed.
    let mut any = app.hub.any();
    let (waiting, over) = rows(&app).await?;
    let mut now = version(&waiting, &over)?;
    if seen.is(&now) && timeout(PATIENCE, any.changed()).await.is_ok() {
        let (waiting, over) = rows(&app).await?;
        now = version(&waiting, &over)?;
    }
    Ok(Json(News::of(now)))
}

impl Seen {
    /// Whether a page shows this version.
    pub fn is(&self, version: &str) -> bool {
        self.seen == version
    }
}

impl News {
    /// Of this version.
    pub const fn of(version: String) -> Self {
        Self { version }
    }
}

/// A request as it was published, in the form people see.
pub fn received(publication: &Publication) -> Result<Received, Problem> {
    let bytes = unpadded::decoded(publication.request.as_bytes())
        .ok_or_else(|| Problem::unavailable("a request as it is stored: it is no base64"))?;
    Received::read(&bytes).map_err(|error| Problem::unavailable(format!("a request as it is stored: {error}")))
}

async fn rows(app: &App) -> Result<(Vec<Row>, Vec<Row>), Problem> {
    let now = now().micros();
    let statement = format!(
        "SELECT {LISTED}, sealed FROM requests WHERE state = 'waiting' AND {EXPIRY} > $1 ORDER BY created, id LIMIT $2"
    );
    let waiting = app.database.rows(&statement, &[now.into(), WAITING.into()]).await?;
    let statement = format!(
        "SELECT {LISTED}, sealed FROM requests WHERE state <> 'waiting' OR {EXPIRY} <= $1
         ORDER BY created DESC, id DESC LIMIT $2"
    );
    let over = app.database.rows(&statement, &[now.into(), OVER.into()]).await?;
    Ok((waiting, over))
}

fn version(waiting: &[Row], over: &[Row]) -> Result<String, Problem> {
    let mut text = String::new();
    for row in waiting.iter().chain(over) {
        let Listed { id, state, answers, .. } = row::listed(row)?;
        text.push_str(&format!("{id} {} {answers}\n", state.name()));
    }
    Ok(Digest::of(text.as_bytes()).hex())
}

fn item(app: &App, row: &Row) -> Result<Item, Problem> {
    let listed = row::listed(row)?;
    let received = received(&row::publication(app, listed.id, row.blob(row::BEHIND)?)?)?;
    let screen = Screen::of(&received, now().since(listed.created));
    Ok(Item {
        id: listed.id.to_string(),
        command: screen.command,
        requester: received
            .request()
            .subject
            .requester
            .principals
            .first()
            .map_or_else(String::new, |claim| shown(&claim.principal)),
        host: shown(&listed.host),
        tags: screen.environments.into_iter().chain(screen.labels).collect(),
        left: left(listed.expires, now()),
        state: words(listed.state),
        mood: mood(listed.state),
        answers: listed.answers,
    })
}

/// What became of a request, for people.
pub const fn words(state: Fate) -> &'static str {
    match state {
        Fate::Waiting => "waiting",
        Fate::Used => "approved and run",
        Fate::Denied => "denied",
        Fate::Withdrawn => "withdrawn",
        Fate::Expired => "expired",
        Fate::Broken => "broken: something changed",
    }
}

/// Whether an end is good or bad to see.
pub const fn mood(state: Fate) -> &'static str {
    match state {
        Fate::Used => "yes",
        Fate::Denied | Fate::Broken => "no",
        Fate::Waiting | Fate::Withdrawn | Fate::Expired => "",
    }
}
