//! Coming in: by a passkey, or by an approver's or auditor's token, once. Refuses a passkey's answer that was used before,
//! and one to a challenge that this server did not make.

use std::time::Duration;

use axum::Form;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::view::{Enter, Frame, Refusal, rendered};
use super::visitor::{Visitor, cookie, own};
use crate::encoding::unpadded;
use crate::model::{Digest, PublicKey, Timestamp};
use crate::server::change::Change;
use crate::server::clock::now;
use crate::server::door::{Door, SESSION};
use crate::server::http::App;
use crate::server::http::caller::Stranger;
use crate::server::http::problem::Problem;
use crate::server::secret;
use crate::server::tokens::{Caller, Role};

/// How long a challenge counts.
const CHALLENGE: Duration = Duration::from_secs(10 * 60);
/// What a challenge is sealed for.
const TICKET: &str = "ticket";

/// A token, typed once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByToken {
    token: String,
}

/// The mark of a session's pages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    mark: String,
}

/// A passkey's answer to the challenge in a ticket.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByPasskey {
    ticket: String,
    credential: String,
    authenticator_data: String,
    client_data: String,
    signature: String,
}

/// The page that asks who it is.
pub fn asked(app: &App, fault: Option<String>) -> Response {
    let Some((challenge, ticket)) = ticket(app) else {
        return Problem::unavailable("the system gives no random bytes").into_response();
    };
    let host = app.page.host().to_owned();
    let status = if fault.is_some() { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    let provider = app.oidc.as_ref().map(|provider| provider.name());
    rendered(status, &Enter { frame: Frame::of(None), challenge, ticket, host, fault, provider })
}

/// Comes in with a token.
pub async fn by_token(
    _: Stranger,
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<ByToken>,
) -> Result<Response, Refusal> {
    own(&headers, &app)?;
    let caller = Caller::of(&app, form.token.trim()).await?;
    let Some(Caller { token, role: role @ (Role::Approver | Role::Auditor), name }) = caller else {
        return Ok(asked(&app, Some("This token is not one of an approver or auditor, or counts no more.".into())));
    };
    let cookie = entered(&app, (&name, role), &token, None, SESSION).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/requests")).into_response())
}

/// Comes in with a passkey.
pub async fn by_passkey(
    _: Stranger,
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    own(&headers, &app)?;
    let form: ByPasskey = super::said(&body)?;
    let challenge =
        challenge(&app, &form.ticket).ok_or_else(|| Problem::evidence("the page is too old; load it again"))?;
    let statement = "SELECT principal, fingerprint, key FROM passkeys WHERE credential = $1 AND revoked IS NULL";
    let rows = app.database.rows(statement, &[form.credential.as_str().into()]).await?;
    let row = rows.first().ok_or_else(|| Problem::evidence("this server does not know the passkey"))?;
    let key: PublicKey = row.parsed(2)?;
    super::proven(&app, &key, &challenge, [&form.authenticator_data, &form.client_data, &form.signature])?;
    let once = Some(Digest::of(&challenge));
    let cookie = entered(&app, (row.text(0)?, Role::Approver), row.text(1)?, once, SESSION).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie)])).into_response())
}

/// Ends the session.
pub async fn leave(
    visitor: Visitor,
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<Mark>,
) -> Result<Response, Refusal> {
    own(&headers, &app)?;
    visitor.marked(&form.mark)?;
    app.writer.make(Change::Door(Door::Left { digest: visitor.session })).await?;
    let cookie = HeaderValue::from_str(&cookie(&app.page, None))
        .map_err(|_| Problem::unavailable("a cookie that is no header"))?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/")).into_response())
}

/// Whether somebody is in: a link from elsewhere comes without the cookie, and the page looks again.
pub async fn session(_: Visitor) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Begins a session that lasts so long; gives its cookie.
pub async fn entered(
    app: &App,
    (principal, role): (&str, Role),
    entrance: &str,
    once: Option<Digest>,
    lasts: Duration,
) -> Result<HeaderValue, Problem> {
    let secret = secret::word().ok_or_else(|| Problem::unavailable("the system gives no random bytes"))?;
    let door = Door::Entered {
        digest: Digest::of(secret.as_bytes()),
        principal: principal.to_owned(),
        role,
        entrance: entrance.to_owned(),
        once,
        expires: now().plus(lasts),
    };
    app.writer.make(Change::Door(door)).await?;
    HeaderValue::from_str(&cookie(&app.page, Some((&secret, lasts))))
        .map_err(|_| Problem::unavailable("a cookie that is no header"))
}

/// A new challenge, and the server's word for it, in base64.
fn ticket(app: &App) -> Option<(String, String)> {
    let challenge = secret::random::<32>()?;
    let until = now().plus(CHALLENGE).micros().to_be_bytes();
    let sealed = app.sealing.sealed(TICKET, &[challenge.as_slice(), &until].concat()).ok()?;
    Some((unpadded::encoded(&challenge), unpadded::encoded(&sealed)))
}

/// The challenge in a ticket, while it counts.
fn challenge(app: &App, ticket: &str) -> Option<[u8; 32]> {
    let text = app.sealing.opened(TICKET, &unpadded::decoded(ticket.as_bytes())?).ok()?;
    let (challenge, until) = text.split_first_chunk::<32>()?;
    let until = Timestamp::from_micros(i64::from_be_bytes(until.try_into().ok()?))?;
    (until > now()).then_some(*challenge)
}
