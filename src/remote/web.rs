//! Web servers that are not gate's, asked for something small: in time, bounded, and where the address says and nowhere
//! else. Refuses what is not encrypted, redirections, and addresses inside this machine or of its own link, where services
//! stand that trust whoever asks.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::{RequestBuilder, Url};
use zeroize::Zeroizing;

use super::client::{Lookup, innermost};
use crate::ports::Names;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long all of it may take.
const WHOLE: Duration = Duration::from_secs(10);
/// How large an answer may be.
const LARGEST: usize = 1 << 20;

/// Where something is, on a web server that may be asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// The address is none that is asked.
    #[error("`{}` is no address that may be asked: {why}", .address.escape_debug())]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It cannot be reached, or breaks off.
    #[error("`{host}` cannot be reached: {why}")]
    Unreachable {
        /// Who.
        host: String,
        /// Why.
        why: String,
    },
    /// It answers, with something else.
    #[error("`{host}` answers {status}")]
    Status {
        /// Who.
        host: String,
        /// With which status.
        status: u16,
        /// And these words.
        body: Vec<u8>,
    },
    /// More than anybody needs.
    #[error("`{0}` answers with more than {LARGEST} bytes")]
    TooLarge(String),
    /// The system's roots of trust cannot be read.
    #[error("no connection can be made: {0}")]
    System(String),
}

/// With what one asks.
#[derive(Clone, Copy)]
pub enum Login<'a> {
    /// With nothing.
    Nobody,
    /// With a name and a password (RFC 7617).
    Basic(&'a str, &'a str),
    /// With a token (RFC 6750).
    Bearer(&'a str),
}

/// What asks.
#[derive(Debug, Clone)]
pub struct Web {
    http: reqwest::Client,
}

impl Address {
    /// An address on the net; with `local`, on this machine, and then only there may it be `http`.
    ///
    /// # Errors
    /// `Address` for every other.
    pub fn new(text: &str, local: bool) -> Result<Self, WebError> {
        let fault = |why| WebError::Address { address: text.chars().take(256).collect(), why };
        let url = Url::parse(text).map_err(|_| fault("it is no URL"))?;
        let host = url.host_str().ok_or_else(|| fault("it names no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault("it holds a name or password"));
        }
        if url.fragment().is_some() {
            return Err(fault("it has a part after `#`"));
        }
        let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let here = host == "localhost" || address.is_some_and(|address| address.to_canonical().is_loopback());
        if here != local {
            return Err(fault(if here {
                "it is on this machine"
            } else {
                "it is not on this machine, as the issuer is"
            }));
        }
        if !here && address.is_some_and(|address| !may_be_asked(&address)) {
            return Err(fault("it is of this link, or nobody's own"));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if here => Ok(Self(url)),
            _ => Err(fault("it is not https")),
        }
    }

    /// Whether a text is an address on this machine.
    #[must_use]
    pub fn is_local(text: &str) -> bool {
        Self::new(text, true).is_ok()
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }

    /// The address with more said in its query.
    #[must_use]
    pub fn with(&self, pairs: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(pairs);
        url.into()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Web {
    /// Prepares to ask; nothing is sent. With `local`, names may be those of this machine.
    ///
    /// # Errors
    /// `System`.
    pub fn new(names: Arc<dyn Names>, local: bool) -> Result<Self, WebError> {
        let may = if local { IpAddr::is_loopback } else { may_be_asked };
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("gate/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Lookup { names, may }));
        // Whoever speaks for this machine to others has no business in between.
        let http = if local { http.no_proxy() } else { http };
        http.build().map(|http| Self { http }).map_err(|error| WebError::System(innermost(&error)))
    }

    /// What is there.
    ///
    /// # Errors
    /// Each reason of [`WebError`] but `Address`.
    pub async fn get(&self, address: &Address, login: Login<'_>) -> Result<Vec<u8>, WebError> {
        sent(address, login.with(self.http.get(address.0.clone()))).await
    }

    /// What is answered to a form.
    ///
    /// # Errors
    /// Each reason of [`WebError`] but `Address`.
    pub async fn post(&self, address: &Address, pairs: &[(&str, &str)], login: Login<'_>) -> Result<Vec<u8>, WebError> {
        let request = self.http.post(address.0.clone()).body(form(pairs).to_string());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        sent(address, login.with(request)).await
    }
}

impl Login<'_> {
    fn with(self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Nobody => request,
            // Both are written as in a form before that (RFC 6749 section 2.3.1).
            Self::Basic(name, password) => {
                let [name, password] = [name, password].map(word);
                request.basic_auth(name.as_str(), Some(password.as_str()))
            }
            Self::Bearer(token) => request.bearer_auth(token),
        }
    }
}

async fn sent(address: &Address, request: RequestBuilder) -> Result<Vec<u8>, WebError> {
    let host = address.host();
    let unreachable = |error: reqwest::Error| {
        let why = if error.is_timeout() { "it does not answer in time".to_owned() } else { innermost(&error) };
        WebError::Unreachable { host: host.clone(), why }
    };
    let mut response = request.header("accept", "application/json").send().await.map_err(unreachable)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(WebError::TooLarge(host));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() { Ok(body) } else { Err(WebError::Status { host, status: status.as_u16(), body }) }
}

/// Pairs as a form writes them.
fn form(pairs: &[(&str, &str)]) -> Zeroizing<String> {
    let Ok(mut url) = Url::parse("https://form.invalid/") else { return Zeroizing::default() };
    url.query_pairs_mut().extend_pairs(pairs);
    Zeroizing::new(url.query().unwrap_or_default().to_owned())
}

fn word(text: &str) -> Zeroizing<String> {
    Zeroizing::new(form(&[("", text)]).trim_start_matches('=').to_owned())
}

/// Whether an address may be another machine's that serves others: not of this machine or link, of nobody or everybody.
fn may_be_asked(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast())
                && v4.octets().first() != Some(&0)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                || is_cloud(&v6))
        }
    }
}

/// The address at which a cloud's machines ask for their own credentials, which is no link-local one in IPv6.
fn is_cloud(address: &Ipv6Addr) -> bool {
    *address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_addresses_of_other_machines_are_asked() {
        for good in
            ["https://id.acme.com", "https://id.acme.com:8443/a?b=c", "https://10.0.0.7/", "https://[2001:db8::1]/"]
        {
            assert!(Address::new(good, false).is_ok(), "{good}");
        }
        for bad in [
            "http://id.acme.com",
            "ftp://id.acme.com",
            "id.acme.com",
            "https://u:p@id.acme.com",
            "https://id.acme.com/#a",
            "https://169.254.169.254/latest/meta-data",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[::ffff:169.254.169.254]/",
            "https://2852039166/",
            "https://0.0.0.0/",
            "https://0/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://localhost/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
        ] {
            assert!(Address::new(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_issuer_on_this_machine_leads_nowhere_else() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1/x", "http://[::1]:1/", "https://127.0.0.1/"] {
            assert!(Address::new(good, true).is_ok(), "{good}");
        }
        for bad in ["https://id.acme.com", "http://169.254.169.254/", "http://10.0.0.1/", "ftp://localhost/"] {
            assert!(Address::new(bad, true).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_said_stays_one_value() {
        let address = Address::new("https://id.acme.com/authorize?a=b", false).unwrap();
        assert_eq!(address.with(&[("c", "d&e=f #")]), "https://id.acme.com/authorize?a=b&c=d%26e%3Df+%23");
        assert_eq!(
            (form(&[("a", "b c"), ("d", "&=")]).as_str(), word("p:w&").as_str()),
            ("a=b+c&d=%26%3D", "p%3Aw%26")
        );
    }

    struct At(&'static str);

    impl Names for At {
        fn addresses(&self, _: &str) -> Vec<String> {
            vec![self.0.to_owned()]
        }
    }

    #[test]
    fn a_name_that_stands_for_an_address_of_this_link_is_not_asked() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for inside in ["169.254.169.254", "127.0.0.1", "::1", "fe80::1", "0.0.0.0", "::ffff:169.254.169.254"] {
            let web = Web::new(Arc::new(At(inside)), false).unwrap();
            let address = Address::new("https://id.acme.invalid/", false).unwrap();
            let fault = runtime.block_on(web.get(&address, Login::Nobody)).unwrap_err().to_string();
            assert!(fault.contains("there is no host"), "{inside}: {fault}");
        }
    }
}
