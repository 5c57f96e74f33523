//! The icon, the style and the script, at addresses that name their digests, so that browsers keep them and never an old one.

use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::model::Digest;
use crate::server::http::problem::Problem;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

const ICON: &str = include_str!("icon.svg");

/// Where the icon is.
pub fn icon() -> String {
    format!("{}.svg", Digest::of(ICON.as_bytes()).hex())
}

/// Where the style is.
pub fn style() -> String {
    format!("{}.css", Digest::of(STYLE.as_bytes()).hex())
}

/// Where the script is.
pub fn script() -> String {
    format!("{}.js", Digest::of(SCRIPT.as_bytes()).hex())
}

/// Gives one of them.
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let (kind, text) = match name {
        name if name == style() => ("text/css; charset=utf-8", STYLE),
        name if name == script() => ("text/javascript; charset=utf-8", SCRIPT),
        name if name == icon() => ("image/svg+xml", ICON),
        _ => return Err(Problem::missing("file")),
    };
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(response)
}
