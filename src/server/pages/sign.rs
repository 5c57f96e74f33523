//! Answering: the server proposes a statement, the page shows it, a passkey signs its digest, and the host that runs the
//! command judges it. Refuses what is not signed by a passkey of the session's own principal, over these very bytes.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::sight::found;
use super::visitor::Visitor;
use crate::approval::{LARGEST_VERDICT, Received};
use crate::encoding::{json, unpadded};
use crate::model::{Answer, Digest, Fingerprint, Proof, PublicKey, Statement, Verdict, VerdictType};
use crate::remote::wire::{Listed, State as Fate};
use crate::server::clock::now;
use crate::server::http::App;
use crate::server::http::answers::kept;
use crate::server::http::problem::Problem;
use crate::server::http::requests::named;

/// How long a reason may be, in bytes.
const LONGEST_REASON: usize = 4096;

/// What somebody wants to answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    decision: Answer,
    reason: String,
    key: Fingerprint,
}

/// What they would sign.
#[derive(Serialize)]
pub struct Proposed {
    /// The statement's bytes, in base64 without padding.
    statement: String,
    /// By what the browser finds the passkey.
    credential: String,
}

/// What they signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// As it was proposed.
    statement: String,
    authenticator_data: String,
    client_data: String,
    signature: String,
}

/// Writes the statement that the passkey would sign.
pub async fn propose(
    visitor: Visitor,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Proposed>, Problem> {
    visitor.may_change(&headers, &app)?;
    let Wanted { decision, reason, key } = super::said(&body)?;
    let (_, credential) = own_key(&app, &visitor, key).await?;
    let (listed, received) = found(&app, named(&id)?).await?;
    let statement = stated(&listed, &received, (decision, &reason), &visitor.principal, key)?;
    let bytes = json::canonical(&statement).map_err(|error| Problem::form(error.to_string()))?;
    Ok(Json(Proposed { statement: unpadded::encoded(&bytes), credential }))
}

/// Takes the answer.
pub async fn answer(
    visitor: Visitor,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    visitor.may_change(&headers, &app)?;
    let id = named(&id)?;
    let signed: Signed = super::said(&body)?;
    let bytes = unpadded::decoded(signed.statement.as_bytes())
        .ok_or_else(|| Problem::form("`statement` is not base64 without padding"))?;
    let statement: Statement = json::strict(&bytes).map_err(|error| Problem::form(error.to_string()))?;
    if json::canonical(&statement).ok().as_ref() != Some(&bytes) {
        return Err(Problem::form("the statement has a second spelling"));
    }
    let (_, received) = found(&app, id).await?;
    if statement.request != received.digest() {
        return Err(Problem::evidence("the statement is about another request"));
    }
    if statement.approver != visitor.principal {
        return Err(Problem::role(format!("the statement is by another than `{}`", visitor.principal)));
    }
    let (key, _) = own_key(&app, &visitor, statement.key).await?;
    let Signed { authenticator_data, client_data, signature, .. } = signed;
    super::proven(&app, &key, Digest::of(&bytes).bytes(), [&authenticator_data, &client_data, &signature])?;
    let verdict = Verdict { statement, proof: Proof::Webauthn { authenticator_data, client_data, signature } };
    let bytes = json::canonical(&verdict).map_err(|error| Problem::form(error.to_string()))?;
    if bytes.len() > LARGEST_VERDICT {
        return Err(Problem::form("the answer is too long"));
    }
    kept(&app, id, verdict.statement, &bytes, visitor.entrance).await
}

/// The statement that somebody signs, or this server for them.
pub fn stated(
    listed: &Listed,
    received: &Received,
    (decision, reason): (Answer, &str),
    approver: &str,
    key: Fingerprint,
) -> Result<Statement, Problem> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.len() > LONGEST_REASON {
        return Err(Problem::form("an answer has a reason, and not a long one"));
    }
    if listed.state != Fate::Waiting {
        return Err(Problem::evidence(format!("the request is over: {}", listed.state.name())));
    }
    let (kind, approver) = (VerdictType::V1, approver.to_owned());
    let (request, expires) = (received.digest(), received.request().expires);
    Ok(Statement { kind, request, decision, approver, key, at: now(), expires, reason })
}

/// A passkey of the visitor, and by what the browser finds it.
async fn own_key(app: &App, visitor: &Visitor, key: Fingerprint) -> Result<(PublicKey, String), Problem> {
    let statement =
        "SELECT key, credential FROM passkeys WHERE fingerprint = $1 AND principal = $2 AND revoked IS NULL";
    let values = [key.to_string().into(), visitor.principal.as_str().into()];
    let rows = app.database.rows(statement, &values).await?;
    let row = rows.first().ok_or_else(|| Problem::role("this is no passkey of yours"))?;
    Ok((row.parsed(0)?, row.text(1)?.to_owned()))
}
