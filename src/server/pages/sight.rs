//! One request in full: what people see comes from the bytes whose digest they sign, and from nothing else.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::time::timeout;

use super::queue::{News, PATIENCE, Seen, received, words};
use super::similar;
use super::view::{Answer, Frame, Refusal, Sight, Spoken, left, minute, rendered, shown};
use super::visitor::Visitor;
use super::vouch::Worth;
use crate::approval::{Received, Screen};
use crate::encoding::{json, unpadded};
use crate::model::{self, Digest, RequestId, Verdict};
use crate::remote::wire::{Answered, Listed, State as Fate};
use crate::server::clock::now;
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::http::requests::named;
use crate::server::http::row::{self, LISTED};
use crate::server::tokens::Role;

/// The page.
pub async fn show(visitor: Visitor, State(app): State<App>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = named(&id)?;
    let (listed, received) = found(&app, id).await?;
    let answers = row::answers(&app, id, 0).await?;
    let waits = listed.state == Fate::Waiting && visitor.role == Role::Approver;
    let keys = if waits { passkeys(&app, &visitor).await? } else { Vec::new() };
    let spoken = visitor.oidc.as_ref().filter(|_| waits).map(|entrance| {
        let worth = Worth::of(entrance, &received);
        let needs = if let Worth::Needs(grade) = worth { Some(grade.word()) } else { None };
        let provider = app.oidc.as_ref().map(|provider| provider.name()).unwrap_or_default();
        Spoken { provider, approves: worth == Worth::Enough, needs, asked: worth != Worth::NotAsked }
    });
    let similar = similar::to(&app, &listed, &received).await?;
    let page = Sight {
        similar,
        spoken,
        frame: Frame::of(Some(&visitor)),
        version: version(&listed),
        screen: Screen::of(&received, now().since(listed.created)),
        digest: received.digest().hex(),
        host: shown(&listed.host),
        state: words(listed.state),
        left: left(listed.expires, now()),
        expires: minute(listed.expires),
        answers: answers.iter().map(answer).collect(),
        keys,
        answers_allowed: waits,
        party: app.page.host().to_owned(),
    };
    Ok(rendered(StatusCode::OK, &page))
}

/// Answers as soon as the request is another, or nothing happened for a while.
pub async fn news(
    _: Visitor,
    State(app): State<App>,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Json<News>, Problem> {
    let id = named(&id)?;
    // Before it is looked at, so that nothing is missed.
    let mut waiting = app.hub.waiting(id);
    let mut now = version(&found(&app, id).await?.0);
    if seen.is(&now) && timeout(PATIENCE, waiting.news()).await.is_ok() {
        now = version(&found(&app, id).await?.0);
    }
    Ok(Json(News::of(now)))
}

/// A request as it was published.
pub async fn found(app: &App, id: RequestId) -> Result<(Listed, Received), Problem> {
    let statement = format!("SELECT {LISTED}, sealed FROM requests WHERE id = $1");
    let rows = app.database.rows(&statement, &[id.to_string().into()]).await?;
    let row = rows.first().ok_or_else(|| Problem::missing("request"))?;
    let received = received(&row::publication(app, id, row.blob(row::BEHIND)?)?)?;
    Ok((row::listed(row)?, received))
}

/// The passkeys of a visitor; the one they came in with first.
pub async fn passkeys(app: &App, visitor: &Visitor) -> Result<Vec<String>, Problem> {
    let statement = "SELECT fingerprint FROM passkeys WHERE principal = $1 AND revoked IS NULL
        ORDER BY CASE WHEN fingerprint = $2 THEN 0 ELSE 1 END, created";
    let values = [visitor.principal.as_str().into(), visitor.entrance.as_str().into()];
    let rows = app.database.rows(statement, &values).await?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

fn version(listed: &Listed) -> String {
    Digest::of(format!("{} {} {}", listed.id, listed.state.name(), listed.answers).as_bytes()).hex()
}

fn answer(answered: &Answered) -> Answer {
    let verdict: Option<Verdict> =
        unpadded::decoded(answered.verdict.as_bytes()).and_then(|bytes| json::strict(&bytes).ok());
    Answer {
        approver: shown(&answered.approver),
        yes: answered.decision == model::Answer::Approve,
        reason: verdict.as_ref().map_or_else(String::new, |verdict| shown(&verdict.statement.reason)),
        at: minute(answered.arrived),
        proof: match verdict.map(|verdict| verdict.proof.kind()) {
            Some(model::ProofKind::Sshsig) => "signed by a key",
            Some(model::ProofKind::Webauthn) => "signed by a passkey",
            Some(model::ProofKind::Witness) => "a server's word",
            None => "not readable",
        },
    }
}
