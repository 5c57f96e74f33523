//! Making a passkey, by an invitation that works once. The server keeps its public key to find it again; what counts is
//! that people carry the key's line to the hosts. Refuses keys of other kinds, and keys for another host.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::view::{Enrol, Frame, rendered};
use super::visitor::own;
use crate::encoding::{unpadded, webauthn};
use crate::model::{Digest, Shown};
use crate::server::change::Change;
use crate::server::clock::now;
use crate::server::door::Door;
use crate::server::http::App;
use crate::server::http::caller::Stranger;
use crate::server::http::problem::Problem;

/// The code of an invitation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    code: String,
}

/// A passkey that was made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    code: String,
    /// The authenticator's data, in base64 without padding.
    authenticator_data: String,
}

/// What an invitation is for.
#[derive(Serialize)]
pub struct Invitation {
    principal: String,
    /// Stays the same for a principal, so that a second passkey on one device takes the place of the first.
    user: String,
    party: String,
    /// Passkeys that are there already.
    known: Vec<String>,
}

/// What to hand to whoever pins keys on the hosts.
#[derive(Serialize)]
pub struct Enrolled {
    principal: String,
    key: String,
    fingerprint: String,
    entry: String,
}

/// The page.
pub async fn page() -> Response {
    rendered(StatusCode::OK, &Enrol { frame: Frame::of(None) })
}

/// What an invitation is for.
pub async fn invitation(
    _: Stranger,
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Invitation>, Problem> {
    own(&headers, &app)?;
    let form: Code = super::said(&body)?;
    let principal = invited(&app, Digest::of(form.code.as_bytes())).await?;
    let statement = "SELECT credential FROM passkeys WHERE principal = $1 AND revoked IS NULL";
    let rows = app.database.rows(statement, &[principal.as_str().into()]).await?;
    let known = rows.iter().filter_map(|row| row.text(0).ok().map(str::to_owned)).collect();
    let user = unpadded::encoded(Digest::of(principal.as_bytes()).bytes());
    Ok(Json(Invitation { principal, user, party: app.page.host().to_owned(), known }))
}

/// Takes the passkey.
pub async fn passkey(
    _: Stranger,
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Enrolled>, Problem> {
    own(&headers, &app)?;
    let form: Made = super::said(&body)?;
    let digest = Digest::of(form.code.as_bytes());
    let principal = invited(&app, digest).await?;
    let data = unpadded::decoded(form.authenticator_data.as_bytes())
        .ok_or_else(|| Problem::form("`authenticator_data` is not base64 without padding"))?;
    let (credential, key) =
        webauthn::enrolled(&data, app.page.host()).map_err(|error| Problem::evidence(error.to_string()))?;
    let (text, fingerprint) = (key.to_string(), key.fingerprint().to_string());
    app.writer.make(Change::Door(Door::Enrolled { invitation: digest, credential, key })).await?;
    let entry = format!(
        "principals:\n  {}:\n    keys:\n      - key: {text}\n        origins: [\"{}\"]\n",
        Shown::text(&principal),
        app.page,
    );
    Ok(Json(Enrolled { principal, key: text, fingerprint, entry }))
}

async fn invited(app: &App, code: Digest) -> Result<String, Problem> {
    let statement = "SELECT principal FROM invitations WHERE digest = $1 AND used IS NULL AND expires > $2";
    let rows = app.database.rows(statement, &[code.to_string().into(), now().micros().into()]).await?;
    let row = rows.first().ok_or_else(|| Problem::evidence("the invitation is unknown, used or over"))?;
    Ok(row.text(0)?.to_owned())
}
