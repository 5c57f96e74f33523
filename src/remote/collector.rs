//! A collector of OpenTelemetry's, spoken to in OTLP/HTTP with JSON. Refuses to follow it elsewhere.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use super::client::{Lookup, RemoteError, unreachable};
use crate::encoding::json;
use crate::ports::Names;

/// How long it may take to take something.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where spans are sent.
pub struct Collector {
    url: Url,
    http: reqwest::Client,
}

impl Collector {
    /// The collector at an address, to which nothing more is added.
    ///
    /// # Errors
    /// `Address` for one that is none; `Unreachable` where the system's roots of trust cannot be read.
    pub fn new(url: &str, names: Arc<dyn Names>) -> Result<Self, RemoteError> {
        let parsed = Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Lookup { names, may: |_| true }))
            .build()
            .map_err(|error| unreachable(&error))?;
        Ok(Self { url: parsed.ok_or_else(|| RemoteError::Address(url.to_owned()))?, http })
    }

    /// Sends; what is refused is not sent again.
    ///
    /// # Errors
    /// `Foreign` for what cannot be told as JSON, `Unreachable`, `Refused`.
    pub async fn send(&self, what: &json::Value) -> Result<(), RemoteError> {
        let body = json::canonical(what).map_err(|error| RemoteError::Foreign(error.to_string()))?;
        let request = self.http.post(self.url.clone()).header("content-type", "application/json").body(body);
        let status = request.send().await.map_err(|error| unreachable(&error))?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(RemoteError::Refused { status: status.as_u16(), detail: status.to_string() })
    }
}
