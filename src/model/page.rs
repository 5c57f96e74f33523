//! Web pages that a passkey may answer from, and the names passkeys are made for (WebAuthn Level 3 sections 5.1.3 and 13.4.9);
//! refuses every spelling that a browser would not write, and pages that anybody on the way could have changed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name of a host (RFC 1035 section 2.3.4).
const LONGEST: usize = 253;

/// The origin of a page as browsers write it (RFC 6454 section 6.2): `https://gate.acme.com`, `https://gate.acme.com:8443`,
/// or `http://localhost:8080` on this machine alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Page(String);

/// The text is no origin, or of a page that cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not an origin of the form https://HOST or https://HOST:PORT in lower case (http only for localhost and \
     127.0.0.1)",
    .0.escape_debug()
)]
pub struct InvalidPage(String);

/// Whether a text can be the relying party id of a passkey: a host's name in lower case. The application of a key that
/// OpenSSH made (`ssh:…`) never is.
#[must_use]
pub fn is_relying_party(text: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= LONGEST && text.split('.').all(label)
}

impl Page {
    /// The origin that goes without saying: a page of the very host a passkey was made for.
    ///
    /// # Errors
    /// When the text is no host's name.
    pub fn of_relying_party(id: &str) -> Result<Self, InvalidPage> {
        format!("https://{id}").parse()
    }

    /// As browsers write it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether browsers let a page of this origin use a passkey made for `id`: the host is it, or below it.
    #[must_use]
    pub fn is_within(&self, id: &str) -> bool {
        let host = self.host();
        host == id || host.strip_suffix(id).is_some_and(|below| below.ends_with('.'))
    }

    /// The host's name: the relying party of passkeys that are made here.
    #[must_use]
    pub fn host(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        rest.split_once(':').map_or(rest, |(host, _)| host)
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Page {
    type Err = InvalidPage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidPage(text.chars().take(128).collect());
        let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
        let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
        let (default, trusted) = match scheme {
            "https" => ("443", true),
            "http" => ("80", host == "localhost" || host == "127.0.0.1"),
            _ => return Err(invalid()),
        };
        // A default port, or zeros before it, would be a second spelling that no browser writes.
        let port = port.is_none_or(|port| {
            port != default && port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port)
        });
        if trusted && port && is_relying_party(host) { Ok(Self(text.to_owned())) } else { Err(invalid()) }
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_the_one_spelling_of_browsers() {
        for good in [
            "https://gate.acme.com",
            "https://gate.acme.com:8443",
            "http://localhost",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(good.parse::<Page>().map(|origin| origin.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "gate.acme.com",
            "https://",
            "https://Gate.acme.com",
            "https://gate.acme.com/",
            "https://gate.acme.com.",
            "https://gate..com",
            "https://-a.com",
            "https://gate.acme.com:443",
            "https://gate.acme.com:08443",
            "https://gate.acme.com:0",
            "https://gate.acme.com:65536",
            "https://gate.acme.com:",
            "https://a@gate.acme.com",
            "https://b\u{fc}cher.example",
            "http://gate.acme.com",
            "http://localhost:80",
            "http://localhost.acme.com",
            "ftp://gate.acme.com",
            "null",
            "android:apk-key-hash:abc",
        ] {
            assert!(bad.parse::<Page>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_within_its_own_host_and_those_above_it() {
        let origin: Page = "https://gate.acme.com:8443".parse().unwrap();
        for id in ["gate.acme.com", "acme.com", "com"] {
            assert!(origin.is_within(id), "{id}");
        }
        for id in ["", "e.acme.com", "cme.com", "a.gate.acme.com", "gate.acme.com:8443"] {
            assert!(!origin.is_within(id), "{id}");
        }
    }

    #[test]
    fn what_openssh_calls_an_application_is_no_relying_party() {
        assert!(is_relying_party("gate.acme.com") && is_relying_party("localhost"));
        for bad in ["ssh:", "ssh:gate", "", "Gate.acme.com", "gate.acme.com.", "https://gate.acme.com"] {
            assert!(!is_relying_party(bad), "{bad}");
        }
    }
}
