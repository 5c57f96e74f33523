//! Who calls, by the token in the `Authorization` header (RFC 6750). Refuses tokens that are unknown, revoked or over, all
//! with the same words, and anybody who calls too often.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::App;
use super::problem::Problem;
use crate::model::Digest;
use crate::server::clock::now;
use crate::server::listening::Peer;
use crate::server::report::Owner;
use crate::server::tokens::{Caller, Role};

/// Somebody of whom nothing is known but the address, once more.
pub struct Stranger;

impl FromRequestParts<App> for Stranger {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        counted(parts, app).map(|()| Self)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let stranger = || counted(parts, app).err().unwrap_or_else(Problem::unknown_caller);
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(stranger)?;
        let caller = Self::of(app, token).await?.ok_or_else(stranger)?;
        if let Some(owner) = parts.extensions.get::<Owner>() {
            owner.is(caller.role, &caller.token);
        }
        app.limits.call(&caller.token).map_err(Problem::busy)?;
        Ok(caller)
    }
}

impl Caller {
    /// The owner of a token, while it counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(app: &App, token: &str) -> Result<Option<Self>, Problem> {
        // What is looked up is a digest: how long that takes says nothing of the token.
        let digest = Digest::of(token.as_bytes()).bytes().to_vec();
        let statement = "SELECT id, role, name FROM tokens
            WHERE digest = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)";
        let rows = app.database.rows(statement, &[digest.into(), now().micros().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let role = Role::named(row.text(1)?).ok_or_else(Problem::unknown_caller)?;
        Ok(Some(Self { token: row.text(0)?.to_owned(), role, name: row.text(2)?.to_owned() }))
    }

    /// Refuses callers of other roles.
    ///
    /// # Errors
    /// When the caller has none of them.
    pub fn must_be(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.role) {
            return Ok(());
        }
        let wanted: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        Err(Problem::role(format!(
            "this is for {}, and the token is of role {}",
            wanted.join(" and "),
            self.role.name()
        )))
    }
}

/// Counts a call of a stranger's address.
fn counted(parts: &Parts, app: &App) -> Result<(), Problem> {
    let known = parts.extensions.get::<Peer>();
    let address =
        known.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address(&parts.headers, app.behind_proxy));
    app.limits.stranger(address).map_err(Problem::busy)
}
