//! The interface of the server: JSON over HTTP, version 1 under `/v1`. Every route says which roles may use it; refuses
//! everybody else before it looks at anything.

pub(super) mod answers;
pub(super) mod caller;
mod described;
mod health;
mod kept;
mod me;
mod numbers;
mod paging;
pub(super) mod problem;
pub(super) mod records;
pub(super) mod requests;
pub(super) mod row;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use super::database::Database;
use super::hub::Hub;
use super::limits::Limits;
use super::metrics::Metrics;
use super::oidc::Provider;
use super::pages;
use super::report::Report;
use super::sealing::Sealing;
use super::serve::Settings;
use super::witness::WitnessKey;
use super::writer::Writer;
use crate::model::Page;
use problem::Problem;

/// How large a body may be: a request of 8 MiB in base64, and its signature.
pub(super) const LARGEST_BODY: usize = 12 << 20;
/// How large the body of an answer may be.
const LARGEST_ANSWER: usize = 96 << 10;
/// How long what is handed in may take to arrive and be made durable.
const HANDED_IN: Duration = Duration::from_secs(30);

/// What every route works with.
#[derive(Clone)]
pub struct App {
    /// What is known.
    pub database: Arc<Database>,
    /// Where it is changed.
    pub writer: Writer,
    /// Who waits for news.
    pub hub: Hub,
    /// What is stored is encrypted with.
    pub sealing: Arc<Sealing>,
    /// How much one caller may ask.
    pub limits: Arc<Limits>,
    /// What is told of calls.
    pub report: Report,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether a proxy stands before the server, which says whom it speaks for.
    pub behind_proxy: bool,
    /// Where browsers find the pages.
    pub page: Arc<Page>,
    /// Where people are known as well.
    pub oidc: Option<Arc<Provider>>,
    /// What this server's word is signed with.
    pub witness: Arc<WitnessKey>,
    /// How it was set up, for people to read.
    pub settings: Arc<Settings>,
}

/// All routes.
pub fn router(app: App) -> Router {
    let small = DefaultBodyLimit::max(LARGEST_ANSWER);
    Router::new()
        .route("/v1/requests", get(requests::list))
        .route("/v1/requests/{id}", get(requests::show))
        .route("/v1/requests/{id}/answers", get(answers::wait).post(answers::answer))
        .route("/v1/requests/{id}/close", post(requests::close))
        .route("/v1/me", get(me::me))
        .route("/v1/log", get(kept::log))
        .route("/v1/heads", get(kept::heads))
        .route("/v1/hosts", get(records::hosts))
        .route("/v1/records/end", get(records::end))
        .layer(small)
        .merge(pages::routes())
        .route("/v1/requests", post(requests::publish).layer(DefaultBodyLimit::max(LARGEST_BODY)))
        .route("/v1/records", get(records::search).post(records::ship).layer(DefaultBodyLimit::max(LARGEST_BODY)))
        .route("/openapi.json", get(described::document))
        .route("/metrics", get(numbers::metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(|| async { Problem::missing("page") })
        .method_not_allowed_fallback(|| async { Problem::method() })
        .layer(from_fn(problem::worded))
        .layer(from_fn(hurried))
        .layer(from_fn(guarded))
        .layer(from_fn_with_state(app.clone(), numbers::counted))
        .with_state(app)
}

/// What is handed in arrives in time; what is waited for has times of its own.
async fn hurried(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let hurried = tokio::time::timeout(HANDED_IN, next.run(request)).await;
    hurried.unwrap_or_else(|_| Problem::slow().into_response())
}

/// What every response says to browsers.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY"));
    let policy = "default-src 'none'; frame-ancestors 'none'";
    headers.entry(HeaderName::from_static("content-security-policy")).or_insert(HeaderValue::from_static(policy));
    response
}
