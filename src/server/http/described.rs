//! `GET /openapi.json`: what the interface is, for programs that are made from it (OpenAPI 3.1). Written by hand; a test
//! holds that it leaves no route out.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// The description.
pub async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
