//! One server, spoken to over HTTP: TLS with the system's roots, proxies as the environment names them, a time for every
//! step. Refuses to send a token over a connection that others can read.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::wire::Problem;
use crate::encoding::json;
use crate::ports::{Failure, Names};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take that nothing is waited for.
const ANSWER: Duration = Duration::from_secs(15);
/// How large an answer may be: a request of 8 MiB and what was answered to it.
const LARGEST: usize = 24 << 20;

/// Where a server is, and what lets its caller in.
#[derive(Clone)]
pub struct Access {
    url: Url,
    token: Zeroizing<String>,
    names: Arc<dyn Names>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// Why the server did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The address is none.
    #[error("`{0}` is no address of an approval server (https://…, or http://… on this host)")]
    Address(String),
    /// It cannot be reached, or breaks off.
    #[error("the approval server cannot be reached: {0}")]
    Unreachable(String),
    /// It refuses.
    #[error("the approval server refuses: {detail}")]
    Refused {
        /// The status of its response.
        status: u16,
        /// Its own words.
        detail: String,
    },
    /// It says what cannot be understood.
    #[error("the approval server says what gate does not understand: {0}")]
    Foreign(String),
}

impl RemoteError {
    /// Whether the same may be said again with better luck.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::Address(_) | Self::Foreign(_) => false,
        }
    }
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        let hint = match &error {
            RemoteError::Refused { status: 401, .. } => {
                Some("`gate serve token` makes a token; GATE_TOKEN or `keys/remote.token` holds it here".to_owned())
            }
            RemoteError::Unreachable(_) => Some("is the server up, and its address in config.yaml right?".to_owned()),
            _ => None,
        };
        Self { message: error.to_string(), hint }
    }
}

impl Access {
    /// A server at this address, for the owner of a token.
    ///
    /// # Errors
    /// `Address` for one that is none, or over which a token would travel in the clear.
    pub fn new(url: &str, token: Zeroizing<String>, names: Arc<dyn Names>) -> Result<Self, RemoteError> {
        let fault = || RemoteError::Address(url.to_owned());
        let mut url = Url::parse(url).map_err(|_| fault())?;
        let host = url.host_str().ok_or_else(fault)?;
        let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !plain || url.fragment().is_some() || !(url.scheme() == "https" || url.scheme() == "http" && local) {
            return Err(fault());
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self { url, token, names })
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
}

/// A connection to it, for one thread with a runtime.
pub struct Client {
    access: Access,
    http: reqwest::Client,
}

impl Client {
    /// Prepares to speak; nothing is sent.
    ///
    /// # Errors
    /// `Unreachable` where the system's roots of trust cannot be read.
    pub fn new(access: Access) -> Result<Self, RemoteError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("gate/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Lookup { names: Arc::clone(&access.names), may: |_| true }))
            .build()
            .map_err(|error| unreachable(&error))?;
        Ok(Self { access, http })
    }

    /// Asks for something.
    ///
    /// # Errors
    /// Each reason of [`RemoteError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str, wait: Duration) -> Result<T, RemoteError> {
        let request = self.request(Method::GET, path)?.timeout(ANSWER + wait);
        let response = self.sent(request).await?;
        let bytes = bounded(response).await?;
        json::foreign(&bytes).ok_or_else(|| RemoteError::Foreign(path.to_owned()))
    }

    /// Hands something in.
    ///
    /// # Errors
    /// Each reason of [`RemoteError`].
    pub async fn post<T: Serialize + Sync>(&self, path: &str, body: &T) -> Result<(), RemoteError> {
        self.handed_in(path, body, ANSWER).await.map(drop)
    }

    /// Hands something in that takes so much longer, and reads what comes back.
    ///
    /// # Errors
    /// Each reason of [`RemoteError`].
    pub async fn put_to<T, R>(&self, path: &str, body: &T, longer: Duration) -> Result<R, RemoteError>
    where
        T: Serialize + Sync,
        R: DeserializeOwned,
    {
        let response = self.handed_in(path, body, ANSWER + longer).await?;
        let bytes = bounded(response).await?;
        json::foreign(&bytes).ok_or_else(|| RemoteError::Foreign(path.to_owned()))
    }

    async fn handed_in<T: Serialize + Sync>(
        &self,
        path: &str,
        body: &T,
        within: Duration,
    ) -> Result<Response, RemoteError> {
        let body = json::canonical(body).map_err(|error| RemoteError::Foreign(error.to_string()))?;
        let request = self.request(Method::POST, path)?.timeout(within);
        self.sent(request.header("content-type", "application/json").body(body)).await
    }

    fn request(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder, RemoteError> {
        let url = self.access.url.join(path).map_err(|_| RemoteError::Address(path.to_owned()))?;
        Ok(self.http.request(method, url).bearer_auth(self.access.token.as_str()))
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> Result<Response, RemoteError> {
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let told: Option<Problem> = json::foreign(&bounded(response).await?);
        let detail = told.map_or_else(|| reason(status), |problem| problem.detail);
        Err(RemoteError::Refused { status: status.as_u16(), detail })
    }
}

fn reason(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("it does not say why").to_lowercase()
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, RemoteError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(RemoteError::Foreign(format!("more than {LARGEST} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

pub(super) fn unreachable(error: &reqwest::Error) -> RemoteError {
    RemoteError::Unreachable(innermost(error))
}

/// The innermost cause says most, and none of them names the token.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Names as this host looks them up, less the addresses that nobody may be sent to.
pub(super) struct Lookup {
    pub names: Arc<dyn Names>,
    pub may: fn(&IpAddr) -> bool,
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, may) = (Arc::clone(&self.names), self.may);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::task::spawn_blocking(move || names.addresses(&host)).await?;
            let found: Vec<IpAddr> = found.iter().filter_map(|address| address.parse().ok()).filter(may).collect();
            if found.is_empty() {
                return Err(format!("there is no host `{}`", name.as_str()).into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    impl Names for Nowhere {
        fn addresses(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
    }

    fn access(url: &str) -> Result<Access, RemoteError> {
        Access::new(url, Zeroizing::new("gate_host_1_secret".to_owned()), Arc::new(Nowhere))
    }

    #[test]
    fn a_token_travels_in_the_clear_on_this_host_alone() {
        for good in
            ["https://gate.acme.com", "https://gate.acme.com:8443/gate", "http://127.0.0.1:8440", "http://[::1]:1/"]
        {
            assert!(access(good).unwrap().url().ends_with('/'), "{good}");
        }
        for bad in [
            "http://gate.acme.com",
            "ftp://127.0.0.1",
            "gate.acme.com",
            "https://u:p@gate.acme.com",
            "https://a/?x",
            "",
        ] {
            assert!(access(bad).is_err(), "{bad}");
        }
        assert!(!format!("{:?}", access("https://gate.acme.com").unwrap()).contains("secret"));
    }

    #[test]
    fn a_host_without_an_address_is_said() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = Client::new(access("https://gate.acme.com").unwrap()).unwrap();
        let error = runtime.block_on(client.get::<Problem>("v1/requests", Duration::ZERO)).unwrap_err();
        assert!(error.is_passing() && error.to_string().contains("there is no host"), "{error}");
    }
}
