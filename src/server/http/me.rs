//! Whose token it is, and what time it is here: what `gate doctor` asks first.

use axum::Json;
use axum::extract::State;

use super::App;
use super::problem::Problem;
use crate::remote::wire::Me;
use crate::server::clock::now;
use crate::server::tokens::{Caller, Role};

/// Tells a caller who they are.
pub async fn me(caller: Caller, State(app): State<App>) -> Result<Json<Me>, Problem> {
    let mut key = None;
    if caller.role == Role::Host {
        let statement = "SELECT record_key FROM hosts WHERE name = $1";
        let rows = app.database.rows(statement, &[caller.name.as_str().into()]).await?;
        key = rows.first().map(|row| row.parsed(0)).transpose()?;
    }
    Ok(Json(Me { role: caller.role.name().to_owned(), name: caller.name, key, time: now() }))
}
