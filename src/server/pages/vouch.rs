//! Answering without a key of one's own: the server signs that the provider knew who it was. Refuses where that cannot be
//! enough, before anybody asks a host.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::sight::{found, passkeys};
use super::sign::stated;
use super::view::Refusal;
use super::visitor::{Visitor, own};
use crate::approval::Received;
use crate::encoding::json;
use crate::model::{Answer, Clause, Digest, Grade};
use crate::server::clock::now;
use crate::server::http::App;
use crate::server::http::answers::kept;
use crate::server::http::problem::Problem;
use crate::server::http::requests::named;
use crate::server::oidc::Entrance;
use crate::server::tokens::Role;

/// How an answer says that its person was known.
const HOW: &str = "oidc";

/// What somebody answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spoken {
    mark: String,
    /// The digest of what they saw.
    digest: Digest,
    decision: Answer,
    reason: String,
}

/// What this server's word would be worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It can be enough, as far as this server knows.
    Enough,
    /// All of their clauses ask for a key of one's own, the least of them for this grade; a denial needs none.
    Needs(Grade),
    /// No clause asks a group of theirs.
    NotAsked,
}

impl Worth {
    /// For somebody who came in so, and a request.
    pub fn of(entrance: &Entrance, received: &Received) -> Self {
        let clauses = &received.request().subject.requirement;
        match clauses.iter().filter(|clause: &&Clause| entrance.is_of(clause)).map(|clause| clause.grade).min() {
            None => Self::NotAsked,
            Some(Grade::Asserted) => Self::Enough,
            Some(grade) => Self::Needs(grade),
        }
    }
}

/// Takes the answer, with this server's word for who gave it.
pub async fn answer(
    visitor: Visitor,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(spoken): Form<Spoken>,
) -> Result<Response, Refusal> {
    own(&headers, &app)?;
    visitor.marked(&spoken.mark)?;
    let entrance = visitor.oidc.as_ref().filter(|_| visitor.role == Role::Approver);
    let entrance = entrance.ok_or_else(|| Problem::role("only approvers that a provider knows answer so"))?;
    let id = named(&id)?;
    let (listed, received) = found(&app, id).await?;
    if spoken.digest != received.digest() {
        return Err(Problem::evidence("the answer is to another request than this one").into());
    }
    match (Worth::of(entrance, &received), spoken.decision) {
        (Worth::Enough, _) | (Worth::Needs(_), Answer::Deny) => {}
        (Worth::Needs(grade), Answer::Approve) => {
            let why = format!("the request needs an answer graded `{}`, which takes a key of your own", grade.word());
            return Err(Problem::evidence(why).into());
        }
        (Worth::NotAsked, _) => return Err(Problem::role("the request asks none of your groups").into()),
    }
    // Whoever took over somebody's account at the provider has not got their passkey.
    if !passkeys(&app, &visitor).await?.is_empty() {
        return Err(Problem::role("you have a passkey here: answer with it").into());
    }
    let subject = entrance.subject();
    let statement =
        stated(&listed, &received, (spoken.decision, &spoken.reason), &visitor.principal, app.witness.fingerprint())?;
    let verdict = app.witness.verdict(statement, (HOW, &subject), now());
    let verdict = verdict.map_err(|error| Problem::form(error.to_string()))?;
    let bytes = json::canonical(&verdict).map_err(|error| Problem::form(error.to_string()))?;
    kept(&app, id, verdict.statement, &bytes, visitor.entrance).await?;
    Ok(Redirect::to(&format!("/requests/{id}")).into_response())
}
