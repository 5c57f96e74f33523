//! What people see in a browser: the queue, one request in full, and the question whether it may run; for auditors what hosts
//! recorded, what was counted, who may come in and how the server is set up. Rendered here; the
//! script shows the browser's own question for the passkey and keeps the page fresh. Refuses every request that no page of
//! this server made. Nothing here is believed by a host: an answer is a signature, over bytes that the page shows;
//! the server's own counts where a host pinned its key and asks for no more.

mod assets;
mod enrol;
mod enter;
mod log;
mod oidc;
mod people;
mod queue;
mod settings;
mod sight;
mod sign;
mod similar;
mod statistics;
mod view;
mod visitor;
mod vouch;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};

use super::http::App;
use super::http::problem::Problem;
use super::oidc::BACK;
use crate::encoding::json;
use crate::encoding::webauthn::{self, Assertion};
use crate::model::PublicKey;

/// What a page may load: its own script and style, and nothing that is written into it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// How large the body of a form may be.
const LARGEST: usize = 64 << 10;

/// All pages, and what their script asks.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(queue::home))
        .route("/requests", get(queue::list))
        .route("/requests/news", get(queue::news))
        .route("/requests/{id}", get(sight::show))
        .route("/requests/{id}/news", get(sight::news))
        .route("/requests/{id}/statement", post(sign::propose))
        .route("/requests/{id}/answer", post(sign::answer))
        .route("/requests/{id}/vouch", post(vouch::answer))
        .route(log::PATH, get(log::list))
        .route("/log/{log}/{number}", get(log::show))
        .route(statistics::PATH, get(statistics::show))
        .route(people::PATH, get(people::list))
        .route(settings::PATH, get(settings::show))
        .route("/enter", post(enter::by_token))
        .route("/enter/passkey", post(enter::by_passkey))
        .route("/enter/oidc", get(oidc::begin))
        .route(BACK, get(oidc::back))
        .route("/leave", post(enter::leave))
        .route("/session", get(enter::session))
        .route("/enrol", get(enrol::page))
        .route("/enrol/invitation", post(enrol::invitation))
        .route("/enrol/passkey", post(enrol::passkey))
        .route("/assets/{name}", get(assets::asset))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(from_fn(guarded))
}

async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Without any, forms would come from nowhere: their `Origin` would be `null`.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // Read by browsers where the page came over TLS, and by nobody else.
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    response
}

/// Refuses a passkey's answer that is not one to this challenge, on these pages.
fn proven(app: &App, key: &PublicKey, challenge: &[u8; 32], answer: [&str; 3]) -> Result<(), Problem> {
    let [authenticator_data, client_data, signature] = answer;
    let evidence = |error: webauthn::WebauthnError| Problem::evidence(error.to_string());
    let assertion = Assertion::read(authenticator_data, client_data, signature).map_err(evidence)?;
    let pages = std::iter::once(app.page.as_ref().clone()).collect();
    webauthn::verify(&assertion, key, challenge, &pages).map(drop).map_err(evidence)
}

/// What the script says. Nothing of it is signed as it stands, so that any spelling will do.
fn said<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    json::relaxed(body).map_err(|error| Problem::form(error.to_string()))
}
