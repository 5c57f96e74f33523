//! The provider: what it says of itself, its keys, and the code it gives for a token. All of it is fetched when somebody
//! signs in and kept for a while, so that a provider that is down stops nobody who needs none; refuses to be sent anywhere
//! that the description does not name.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Mutex;

use super::claims::{self, Expected};
use super::flow::{Began, Flow, Returned};
use super::{OidcError, Person, Settings};
use crate::encoding::json::{self, Map, Value};
use crate::encoding::jwt::{self, JwtError, Keys};
use crate::model::{Page, Timestamp};
use crate::ports::Names;
use crate::remote::{Address, Login, Web, WebError};
use crate::server::sealing::Sealing;

/// Where the browser comes back, below the page.
pub const BACK: &str = "/enter/oidc/back";
/// How long a description is kept, and keys are trusted without another look.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// How soon it is asked again, after it failed or a key was not there.
const AGAIN: Duration = Duration::from_secs(5);

/// A provider, and this server's standing there.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    web: Web,
    issuer: Address,
    known: Mutex<Known>,
}

/// What was fetched.
#[derive(Debug, Default)]
struct Known {
    told: Option<Told>,
    /// When it was last asked, and why that failed if it did.
    asked: Option<(Instant, Option<OidcError>)>,
}

/// What the provider says of itself, with its keys.
#[derive(Debug, Clone)]
struct Told {
    authorization: Address,
    token: Address,
    people: Option<Address>,
    basic: bool,
    names_itself: bool,
    keys: Arc<Keys>,
    at: Instant,
}

/// Its description (OpenID Connect Discovery section 3), as far as it is used.
#[derive(Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<BTreeSet<String>>,
    code_challenge_methods_supported: Option<BTreeSet<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What is given for a code. Neither of them is kept.
#[derive(Deserialize)]
struct Given {
    id_token: Option<String>,
    /// What opens what more the provider says of the person.
    access_token: Option<String>,
}

/// Why no token is given for a code (RFC 6749 section 5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Provider {
    /// Prepares to ask; nothing is sent.
    ///
    /// # Errors
    /// `Web`, where no connection could be made.
    pub fn new(settings: Settings, names: Arc<dyn Names>) -> Result<Self, OidcError> {
        let local = Address::is_local(&settings.issuer);
        let issuer = Address::new(&settings.issuer, local)?;
        Ok(Self { web: Web::new(names, local)?, issuer, settings, known: Mutex::default() })
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> String {
        self.issuer.host()
    }

    /// Its name for itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Begins to ask who is at a browser.
    ///
    /// # Errors
    /// When the provider cannot be asked, or the system has no random bytes.
    pub async fn begin(&self, page: &Page, sealing: &Sealing, now: Timestamp) -> Result<Began, OidcError> {
        let told = self.told(None).await?;
        let broken = || OidcError::Foreign("the system gives no random bytes");
        let flow = Flow::new(&self.settings.issuer, now).ok_or_else(broken)?;
        let url = told.authorization.with(&[
            ("response_type", "code"),
            ("client_id", &self.settings.client),
            ("redirect_uri", &back(page)),
            ("scope", &self.settings.scopes),
            ("state", &flow.state),
            ("nonce", &flow.nonce),
            ("code_challenge", &flow.challenge()),
            ("code_challenge_method", "S256"),
        ]);
        Ok(Began { url, cookie: flow.sealed(sealing).ok_or_else(broken)? })
    }

    /// Ends it: who it is, by the provider's own token.
    ///
    /// # Errors
    /// Each reason of [`OidcError`].
    pub async fn finish(
        &self,
        flow: &Flow,
        returned: &Returned,
        page: &Page,
        now: impl Fn() -> Timestamp,
    ) -> Result<Person, OidcError> {
        if flow.issuer != self.settings.issuer {
            return Err(OidcError::Foreign("another provider was asked"));
        }
        let told = self.told(None).await?;
        let code = flow.code(returned, told.names_itself)?;
        let Given { id_token, access_token } = self.redeemed(&told, code, &flow.verifier, &back(page)).await?;
        let token = id_token.ok_or(JwtError::Form)?;
        let mut claims = match jwt::verified(&token, &told.keys) {
            // It may have a new key since.
            Err(JwtError::UnknownKey) => jwt::verified(&token, &self.told(Some(told.at)).await?.keys)?,
            other => other?,
        };
        let Settings { issuer, client, .. } = &self.settings;
        let expected = Expected { issuer, client, nonce: &flow.nonce, now: now() };
        let subject = claims::checked(&claims, &expected)?.to_owned();
        if let (Some(people), Some(token)) = (&told.people, &access_token)
            && self.settings.wanted().any(|claim| !claims.contains_key(claim))
        {
            let more = self.web.get(people, Login::Bearer(token)).await?;
            let more: Map<String, Value> = json::foreign(&more)
                .ok_or_else(|| OidcError::Claim("what it says of you cannot be read".to_owned()))?;
            claims::add(&mut claims, more)?;
        }
        Person::of(&claims, &subject, &self.settings)
    }

    /// The tokens for a code.
    async fn redeemed(&self, told: &Told, code: &str, verifier: &str, back: &str) -> Result<Given, OidcError> {
        let client = self.settings.client.as_str();
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
        ];
        let login = match self.settings.secret.as_deref() {
            Some(secret) if told.basic => Login::Basic(client, secret),
            secret => {
                pairs.push(("client_id", client));
                pairs.extend(secret.map(|secret| ("client_secret", secret.as_str())));
                Login::Nobody
            }
        };
        let given = self.web.post(&told.token, &pairs, login).await.map_err(|error| match error {
            WebError::Status { ref body, .. } => json::foreign::<Refusal>(body).map_or_else(
                || OidcError::Web(error.clone()),
                |told| {
                    let words = std::iter::once(told.error).chain(told.error_description);
                    let words: Vec<String> = words.map(|text| text.chars().take(300).collect()).collect();
                    OidcError::Refused(words.join(": "))
                },
            ),
            other => other.into(),
        })?;
        json::foreign::<Given>(&given).ok_or_else(|| JwtError::Form.into())
    }

    /// What the provider says of itself; asked anew where that is old, or was not better than at `stale`. Only one asks at a
    /// time, and what failed is not tried again at once.
    async fn told(&self, stale: Option<Instant>) -> Result<Told, OidcError> {
        let mut known = self.known.lock().await;
        let fresh = known.told.as_ref().filter(|told| told.at.elapsed() < KEPT && stale.is_none_or(|at| told.at > at));
        if let Some(told) = fresh {
            return Ok(told.clone());
        }
        if let Some((at, fault)) = &known.asked
            && at.elapsed() < AGAIN
        {
            return Err(fault.clone().unwrap_or(OidcError::Token(JwtError::UnknownKey)));
        }
        let asked = self.asked().await;
        known.asked = Some((Instant::now(), asked.as_ref().err().cloned()));
        let told = asked?;
        known.told = Some(told.clone());
        Ok(told)
    }

    async fn asked(&self) -> Result<Told, OidcError> {
        let issuer = self.settings.issuer.as_str();
        let local = Address::is_local(issuer);
        let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let text = self.web.get(&Address::new(&place, local)?, Login::Nobody).await?;
        let wrong = |why: &str| OidcError::Description(why.to_owned());
        let description: Description =
            json::foreign(&text).ok_or_else(|| wrong("it is not what a provider of OpenID Connect says"))?;
        // INVARIANT (one issuer): a description that names another would let that one speak for this.
        if description.issuer != issuer {
            let named: String = description.issuer.chars().take(256).collect();
            return Err(OidcError::Description(format!("it is of the issuer `{named}`, not of `{issuer}`")));
        }
        if description.code_challenge_methods_supported.is_some_and(|methods| !methods.contains("S256")) {
            return Err(wrong("it does not bind codes to who asked (PKCE with S256)"));
        }
        let methods = description.token_endpoint_auth_methods_supported;
        let takes = |name: &str| methods.as_ref().is_some_and(|methods| methods.contains(name));
        // Where nothing is said, this is what all of them take (OpenID Connect Discovery section 3).
        let basic = methods.is_none() || takes("client_secret_basic");
        if self.settings.secret.is_some() && !basic && !takes("client_secret_post") {
            return Err(wrong("it takes no client's secret (client_secret_basic or client_secret_post)"));
        }
        let keys = self.web.get(&Address::new(&description.jwks_uri, local)?, Login::Nobody).await?;
        Ok(Told {
            authorization: Address::new(&description.authorization_endpoint, local)?,
            token: Address::new(&description.token_endpoint, local)?,
            people: description.userinfo_endpoint.map(|place| Address::new(&place, local)).transpose()?,
            basic,
            names_itself: description.authorization_response_iss_parameter_supported,
            keys: Arc::new(Keys::read(&keys).ok_or_else(|| wrong("its keys cannot be read"))?),
            at: Instant::now(),
        })
    }
}

/// Where the browser comes back: the address to register at the provider.
fn back(page: &Page) -> String {
    format!("{page}{BACK}")
}
