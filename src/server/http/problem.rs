//! Refusals as RFC 9457 has them: `application/problem+json` with type, title, status and detail. Nothing in them is secret,
//! and nothing says more of what is inside than the caller may know.

use std::time::Duration;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::remote::wire;
use crate::server::change::Refused;
use crate::server::database::DatabaseError;
use crate::server::report::Cause;
use crate::server::sealing::SealingError;
use crate::server::writer::WriteError;

/// How much of what somebody else says is told.
const LONGEST_WORDS: usize = 1024;

/// A refusal.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    /// After how long another try may help.
    after: Option<Duration>,
    /// Why, for operators; the caller is not told.
    cause: Option<Cause>,
}

impl Problem {
    /// A body or parameter that cannot be read.
    pub fn form(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "form", detail.into())
    }

    /// No token, or one that does not count.
    pub fn unknown_caller() -> Self {
        let detail = "this needs a token that counts: `Authorization: Bearer gate_…`".to_owned();
        Self::new(StatusCode::UNAUTHORIZED, "caller", detail)
    }

    /// A token of another role.
    pub fn role(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "role", detail.into())
    }

    /// There is none, or the caller may not know of it.
    pub fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "missing", format!("there is no such {what}"))
    }

    /// The route knows other methods.
    pub fn method() -> Self {
        let detail = "this address does not know the method".to_owned();
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail)
    }

    /// Evidence that does not hold.
    pub fn evidence(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "evidence", detail.into())
    }

    /// Later, perhaps; why is told to operators alone.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let detail = "the server cannot do this at the moment; try again".to_owned();
        Self {
            after: Some(Duration::from_secs(1)),
            cause: Some(Cause(cause.into())),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        }
    }

    /// Too much was asked.
    pub fn busy(after: Duration) -> Self {
        let detail = "this was asked more often than the server answers; try again later".to_owned();
        Self { after: Some(after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail) }
    }

    /// The client did not say in time what it wants.
    pub fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow", "the request took too long to arrive".to_owned())
    }

    const fn new(status: StatusCode, kind: &'static str, detail: String) -> Self {
        Self { status, kind, detail, after: None, cause: None }
    }

    /// A request that no page of this server made.
    pub fn foreign() -> Self {
        Self::new(StatusCode::FORBIDDEN, "foreign", "this did not come from a page of this server".to_owned())
    }

    /// The status of the response.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong this time.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// It cannot be so any more.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail.into())
    }
}

/// Gives refusals that are not ours, as of a query that cannot be read, the form of ours.
pub async fn worded(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE);
    let plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "size",
        _ => "form",
    };
    let said = to_bytes(response.into_body(), LONGEST_WORDS).await.unwrap_or_default();
    Problem::new(status, kind, String::from_utf8_lossy(&said).into_owned()).into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Refused").to_owned();
        let body = wire::Problem {
            kind: format!("/problems/{}", self.kind),
            title,
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(after) = self.after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Unavailable(_) | WriteError::Refused(Refused::Database(_)) => {
                Self::unavailable(error.to_string())
            }
            WriteError::Refused(refused) => match refused {
                Refused::Missing(what) => Self::missing(what),
                Refused::Unwritten(_) => Self::form(refused.to_string()),
                Refused::OtherKey { .. } | Refused::OtherLog { .. } => Self::evidence(refused.to_string()),
                Refused::Other(_) | Refused::Over(_) | Refused::Full(_) | Refused::Moved | Refused::Database(_) => {
                    Self::conflict(refused.to_string())
                }
            },
        }
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<SealingError> for Problem {
    fn from(error: SealingError) -> Self {
        Self::unavailable(error.to_string())
    }
}
