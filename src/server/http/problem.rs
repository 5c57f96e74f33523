//! Refusals as RFC 9457 has them: `application/problem+json` with type, title, status and detail. Nothing in them is secret,
//! and nothing says more of what is inside than the caller may know.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::remote::wire;
use crate::server::change::Refused;
use crate::server::database::DatabaseError;
use crate::server::sealing::SealingError;
use crate::server::writer::WriteError;

/// A refusal.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
}

impl Problem {
    /// A body or parameter that cannot be read.
    pub fn form(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "form", detail: detail.into() }
    }

    /// No token, or one that does not count.
    pub fn unknown_caller() -> Self {
        let detail = "this needs a token that counts: `Authorization: Bearer gate_…`".to_owned();
        Self { status: StatusCode::UNAUTHORIZED, kind: "caller", detail }
    }

    /// A token of another role.
    pub fn role(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, kind: "role", detail: detail.into() }
    }

    /// There is none, or the caller may not know of it.
    pub fn missing(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, kind: "missing", detail: format!("there is no such {what}") }
    }

    /// The route knows other methods.
    pub fn method() -> Self {
        let detail = "this address does not know the method".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, kind: "method", detail }
    }

    /// Evidence that does not hold.
    pub fn evidence(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, kind: "evidence", detail: detail.into() }
    }

    /// Later, perhaps.
    pub fn unavailable() -> Self {
        let detail = "the server cannot do this at the moment; try again".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, kind: "unavailable", detail }
    }

    fn conflict(detail: String) -> Self {
        Self { status: StatusCode::CONFLICT, kind: "conflict", detail }
    }
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
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Unavailable(_) | WriteError::Refused(Refused::Database(_)) => Self::unavailable(),
            WriteError::Refused(refused) => match refused {
                Refused::Missing(what) => Self::missing(what),
                Refused::Unwritten(_) => Self::form(refused.to_string()),
                Refused::OtherKey { .. } | Refused::OtherLog { .. } => Self::evidence(refused.to_string()),
                Refused::Other(_) | Refused::Over(_) | Refused::Full(_) | Refused::Database(_) => {
                    Self::conflict(refused.to_string())
                }
            },
        }
    }
}

impl From<DatabaseError> for Problem {
    fn from(_: DatabaseError) -> Self {
        Self::unavailable()
    }
}

impl From<SealingError> for Problem {
    fn from(_: SealingError) -> Self {
        Self::unavailable()
    }
}
