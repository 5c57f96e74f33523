//! Coming in at the provider's: a way there, and the way back. Nothing in an address decides where the browser goes next.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};

use super::enter;
use super::view::{Entered, Frame, Refusal, rendered, shown};
use super::visitor::{sent, shaped};
use crate::model::Page;
use crate::server::clock::now;
use crate::server::door::SESSION_BY_PROVIDER;
use crate::server::http::App;
use crate::server::http::caller::Stranger;
use crate::server::http::problem::Problem;
use crate::server::oidc::{Flow, OidcError, Provider, Returned};

/// What the question is called among a browser's cookies.
const COOKIE: &str = "oidc";
/// How long the browser keeps it, in seconds; the server itself looks when it opens it.
const KEPT: u64 = 600;

/// Sends the browser to the provider.
pub async fn begin(_: Stranger, State(app): State<App>) -> Result<Response, Refusal> {
    let provider = provider(&app)?;
    match provider.begin(&app.page, &app.sealing, now()).await {
        Ok(began) => {
            let cookie = question(&app.page, Some(&began.cookie))?;
            Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(&began.url)).into_response())
        }
        Err(fault) => Ok(told(&app, &fault)),
    }
}

/// Takes the browser back; a question is asked once, whatever comes of it.
pub async fn back(
    _: Stranger,
    State(app): State<App>,
    headers: HeaderMap,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Result<Response, Refusal> {
    let over = [(SET_COOKIE, question(&app.page, None)?)];
    let Query(returned) = returned.map_err(|_| Problem::form("the provider's answer cannot be read"))?;
    Ok(match came(&app, &headers, &returned).await? {
        // The session's cookie does not go along where another site sent the browser; from this page it does.
        Ok(session) => {
            let cookies = AppendHeaders([(SET_COOKIE, session)]);
            let page = Entered { frame: Frame::of(None) };
            (AppendHeaders(over), cookies, rendered(StatusCode::OK, &page)).into_response()
        }
        Err(fault) => (AppendHeaders(over), told(&app, &fault)).into_response(),
    })
}

/// Who came back, as the cookie of their new session.
async fn came(app: &App, headers: &HeaderMap, returned: &Returned) -> Result<Result<HeaderValue, OidcError>, Refusal> {
    let provider = provider(app)?;
    let flow = match Flow::opened(sent(headers, COOKIE, &app.page), &app.sealing, now()) {
        Ok(flow) => flow,
        Err(fault) => return Ok(Err(fault)),
    };
    let person = match provider.finish(&flow, returned, &app.page, now).await {
        Ok(person) => person,
        Err(fault) => return Ok(Err(fault)),
    };
    let entrance =
        person.entrance.text().ok_or_else(|| Problem::form("the provider's name for you cannot be written"))?;
    let who = (person.principal.as_str(), person.role);
    Ok(Ok(enter::entered(app, who, &entrance, Some(flow.once()), SESSION_BY_PROVIDER).await?))
}

fn provider(app: &App) -> Result<&Provider, Problem> {
    app.oidc.as_deref().ok_or_else(|| Problem::missing("page"))
}

/// The page that asks who it is, with what went wrong.
fn told(app: &App, fault: &OidcError) -> Response {
    enter::asked(app, Some(shown(&fault.to_string())))
}

/// The cookie of a question; without one, what ends it. It comes along when the provider sends the browser back, which
/// `SameSite=Strict` would forbid.
fn question(page: &Page, value: Option<&str>) -> Result<HeaderValue, Problem> {
    let (value, age) = value.map_or(("", 0), |value| (value, KEPT));
    HeaderValue::from_str(&shaped(COOKIE, value, age, "Lax", page))
        .map_err(|_| Problem::unavailable("a cookie that is no header"))
}
