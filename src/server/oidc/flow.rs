//! One question to the provider, from the click until the browser is back: it is sealed into the browser's cookie, so that
//! the server keeps nothing and only that browser can end it. Refuses answers to other questions and by other providers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::OidcError;
use crate::encoding::{json, unpadded};
use crate::model::{Digest, Timestamp};
use crate::server::sealing::Sealing;
use crate::server::secret;

/// How long a question counts.
pub const ASKED: Duration = Duration::from_secs(10 * 60);
/// What a question is sealed for.
const ROW: &str = "oidc";

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What the answer brings back.
    pub state: String,
    /// What the token must say.
    pub nonce: String,
    /// What the code is only good with (RFC 7636).
    pub verifier: String,
    /// Who was asked.
    pub issuer: String,
    /// Until when.
    pub until: Timestamp,
}

/// A question that was begun.
#[derive(Debug)]
pub struct Began {
    /// Where the browser goes.
    pub url: String,
    /// What it takes along.
    pub cookie: String,
}

/// What the browser brings back. More than this may stand there.
#[derive(Debug, Clone, Deserialize)]
pub struct Returned {
    /// The state.
    pub state: Option<String>,
    /// The code.
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// And in more words.
    pub error_description: Option<String>,
}

impl Flow {
    /// A new question; `None` where the system has no random bytes.
    #[must_use]
    pub fn new(issuer: &str, now: Timestamp) -> Option<Self> {
        let [state, nonce, verifier] = [secret::word()?, secret::word()?, secret::word()?];
        Some(Self { state, nonce, verifier, issuer: issuer.to_owned(), until: now.plus(ASKED) })
    }

    /// What is shown of the verifier before the code is there.
    #[must_use]
    pub fn challenge(&self) -> String {
        let challenge = unpadded::encoded(Digest::of(self.verifier.as_bytes()).bytes());
        challenge.replace('+', "-").replace('/', "_")
    }

    /// What only its answer may use up.
    #[must_use]
    pub fn once(&self) -> Digest {
        Digest::of_parts(&[b"oidc", self.state.as_bytes()])
    }

    /// The question as a cookie holds it.
    #[must_use]
    pub fn sealed(&self, sealing: &Sealing) -> Option<String> {
        let sealed = sealing.sealed(ROW, &json::canonical(self).ok()?).ok()?;
        Some(unpadded::encoded(&sealed).replace('+', "-").replace('/', "_"))
    }

    /// The question in a cookie, while it counts.
    ///
    /// # Errors
    /// `Foreign`.
    pub fn opened(cookie: Option<&str>, sealing: &Sealing, now: Timestamp) -> Result<Self, OidcError> {
        let cookie = cookie.ok_or(OidcError::Foreign("this browser did not ask to sign in, or too long ago"))?;
        let text = unpadded::decoded(cookie.replace('-', "+").replace('_', "/").as_bytes());
        let opened = text.and_then(|text| sealing.opened(ROW, &text).ok()).and_then(|text| json::strict(&text).ok());
        let flow: Self = opened.ok_or(OidcError::Foreign("this server did not ask"))?;
        if flow.until > now { Ok(flow) } else { Err(OidcError::Foreign("signing in took too long")) }
    }

    /// The code in an answer to this question. A provider that says it names itself must.
    ///
    /// # Errors
    /// `Foreign` for the answer to another; `Refused` with the provider's own words.
    pub fn code<'a>(&self, returned: &'a Returned, names_itself: bool) -> Result<&'a str, OidcError> {
        let state = returned.state.as_deref().unwrap_or_default();
        // Digests are compared, so that how long it takes says nothing.
        if Digest::of(state.as_bytes()) != Digest::of(self.state.as_bytes()) {
            return Err(OidcError::Foreign("this answers another question (`state`)"));
        }
        match &returned.iss {
            Some(issuer) if *issuer != self.issuer => {
                return Err(OidcError::Foreign("another provider answers (`iss`)"));
            }
            None if names_itself => return Err(OidcError::Foreign("the answer does not name its provider (`iss`)")),
            Some(_) | None => {}
        }
        if let Some(error) = &returned.error {
            let words = [Some(error), returned.error_description.as_ref()].into_iter().flatten();
            let words: Vec<String> = words.map(|text| text.chars().take(300).collect()).collect();
            return Err(OidcError::Refused(words.join(": ")));
        }
        returned.code.as_deref().ok_or(OidcError::Foreign("the answer holds no code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_micros(1_790_000_000_000_000).unwrap()
    }

    fn returned(state: &str, iss: Option<&str>) -> Returned {
        let iss = iss.map(str::to_owned);
        Returned { state: Some(state.into()), code: Some("c".into()), iss, error: None, error_description: None }
    }

    #[test]
    fn a_question_is_opened_by_this_server_while_it_counts() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| Sealing::open(&folder.path().join(name)).unwrap());
        let flow = Flow::new("https://id.acme.com", now()).unwrap();
        let cookie = flow.sealed(&one).unwrap();
        assert!(!cookie.contains(['+', '/', '=', ';', ' ']) && !cookie.contains(&flow.nonce));
        assert_eq!(Flow::opened(Some(&cookie), &one, now()).unwrap(), flow);
        assert!(Flow::opened(Some(&cookie), &two, now()).is_err());
        assert!(Flow::opened(Some(&cookie), &one, now().plus(ASKED)).is_err());
        assert!(Flow::opened(cookie.get(1..), &one, now()).is_err());
        assert!(Flow::opened(None, &one, now()).is_err());
        // What is sealed for something else is no question.
        let other = one.sealed("ticket", &json::canonical(&flow).unwrap()).unwrap();
        let other = unpadded::encoded(&other).replace('+', "-").replace('/', "_");
        assert!(Flow::opened(Some(&other), &one, now()).is_err());
    }

    #[test]
    fn only_the_answer_to_this_question_by_this_provider_brings_a_code() {
        let flow = Flow::new("https://id.acme.com", now()).unwrap();
        let other = Flow::new("https://id.acme.com", now()).unwrap();
        assert_eq!(flow.code(&returned(&flow.state, None), false).unwrap(), "c");
        assert_eq!(flow.code(&returned(&flow.state, Some("https://id.acme.com")), true).unwrap(), "c");
        assert!(flow.code(&returned(&flow.state, None), true).is_err());
        for wrong in ["https://id.acme.com/", "https://evil.example", ""] {
            assert!(flow.code(&returned(&flow.state, Some(wrong)), false).is_err(), "{wrong}");
        }
        for wrong in [other.state.as_str(), ""] {
            assert!(flow.code(&returned(wrong, None), false).is_err(), "{wrong}");
        }
        let denied = Returned { error: Some("access_denied".into()), ..returned(&flow.state, None) };
        assert!(matches!(flow.code(&denied, false), Err(OidcError::Refused(words)) if words == "access_denied"));
        let nothing = Returned { code: None, ..returned(&flow.state, None) };
        assert!(flow.code(&nothing, false).is_err());
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let flow = Flow { verifier, ..Flow::new("https://id.acme.com", now()).unwrap() };
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
