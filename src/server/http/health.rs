//! Whether the server lives, and whether it can serve.

use axum::extract::State;

use super::App;
use super::problem::Problem;

/// It lives.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// Its database answers.
pub async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    app.database.rows("SELECT COUNT(*) FROM hosts", &[]).await?;
    Ok("ready\n")
}
