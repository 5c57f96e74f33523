//! `GET /metrics`: for auditors, and for a scraper on the server's own host. Refuses everybody else, since numbers tell of
//! people too.

use std::time::Instant;

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::problem::Problem;
use crate::server::clock::now;
use crate::server::database::Row;
use crate::server::listening::Peer;
use crate::server::metrics::Now;
use crate::server::report::{Call, Cause, Owner, Trace};
use crate::server::tokens::{Caller, Role};

/// Tells what was counted.
pub async fn metrics(
    caller: Result<Caller, Problem>,
    Extension(Peer(address)): Extension<Peer>,
    State(app): State<App>,
) -> Result<Response, Problem> {
    // Behind a proxy everybody comes from there.
    if !address.is_loopback() || app.behind_proxy {
        caller?.must_be(&[Role::Auditor])?;
    }
    let read = |row: &Row| Ok((row.text(0)?.to_owned(), row.int(1)?));
    let rows = app.database.rows("SELECT state, COUNT(*) FROM requests GROUP BY state ORDER BY state", &[]).await?;
    let requests = rows.iter().map(read).collect::<Result<_, Problem>>()?;
    let rows = app.database.rows("SELECT decision, COUNT(*) FROM answers GROUP BY decision ORDER BY 1", &[]).await?;
    let answers = rows.iter().map(read).collect::<Result<_, Problem>>()?;
    let text = app.metrics.text(&Now { requests, answers, waiting: app.limits.waiting() });
    let mut response = text.into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// Counts and reports every call.
pub async fn counted(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (begun, clock, owner) = (now(), Instant::now(), Owner::default());
    request.extensions_mut().insert(owner.clone());
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let named = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    let trace = Trace::of(named);
    let response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics.response(status);
    let cause = response.extensions().get::<Cause>().cloned();
    app.report.call(&Call { begun, took: clock.elapsed(), method, route, status, owner, cause, trace });
    response
}
