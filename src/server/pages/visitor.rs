//! Who is at the browser: a session by a cookie of which only the digest is stored. Refuses what another page sent: every
//! change names where it comes from, and shows the mark that the session's pages carry.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, COOKIE, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};

use super::enter;
use crate::model::{Digest, Page};
use crate::server::clock::now;
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::oidc::Entrance;
use crate::server::report::Owner;
use crate::server::tokens::Role;

/// The header that carries the mark of a session's pages.
const MARK: &str = "x-gate-mark";

/// Somebody with a session.
pub struct Visitor {
    /// Who.
    pub principal: String,
    /// As what.
    pub role: Role,
    /// By which token or passkey they came in, or by whom the provider said they are.
    pub entrance: String,
    /// Who they are at the provider, if they came in there.
    pub oidc: Option<Entrance>,
    /// The digest of the session's secret.
    pub session: Digest,
    /// What their pages show, and no other page knows.
    pub mark: String,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let found = seated(&parts.headers, app).await.map_err(|problem| problem.into_response())?;
        let for_people = parts.method == Method::GET
            && parts
                .headers
                .get(ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|a| a.contains("text/html"));
        match found {
            Some(visitor) => {
                if let Some(owner) = parts.extensions.get::<Owner>() {
                    owner.is(visitor.role, &visitor.entrance);
                }
                Ok(visitor)
            }
            None if for_people => Err(enter::asked(app, None)),
            None => Err(Problem::unknown_caller().into_response()),
        }
    }
}

impl Visitor {
    /// Refuses a change that another page sent, or that is not by somebody of this role.
    ///
    /// # Errors
    /// When the request has no true `Origin` or mark, or the role is another.
    pub fn may_change(&self, headers: &HeaderMap, app: &App) -> Result<(), Problem> {
        own(headers, app)?;
        let mark = headers.get(MARK).and_then(|mark| mark.to_str().ok()).unwrap_or_default();
        self.marked(mark)?;
        if self.role == Role::Approver { Ok(()) } else { Err(Problem::role("only approvers answer")) }
    }

    /// Refuses visitors of other roles.
    ///
    /// # Errors
    /// When the visitor has none of them.
    pub fn must_be(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.role) {
            return Ok(());
        }
        let wanted: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        Err(Problem::role(format!(
            "this page is for {}s, and you came in as {}",
            wanted.join("s and "),
            self.role.name()
        )))
    }

    /// Refuses a form that does not carry the session's mark.
    ///
    /// # Errors
    /// When it is another.
    pub fn marked(&self, mark: &str) -> Result<(), Problem> {
        // Digests are compared, so that how long it takes says nothing.
        let same = Digest::of(mark.as_bytes()) == Digest::of(self.mark.as_bytes());
        if same { Ok(()) } else { Err(Problem::foreign()) }
    }
}

/// Refuses what does not say that it comes from a page of this server.
///
/// # Errors
/// When `Origin` is missing or another.
pub fn own(headers: &HeaderMap, app: &App) -> Result<(), Problem> {
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin == Some(app.page.text()) { Ok(()) } else { Err(Problem::foreign()) }
}

/// The cookie for a session that lasts so long; without a secret the one that ends it.
pub fn cookie(page: &Page, secret: Option<(&str, Duration)>) -> String {
    let (value, age) = secret.map_or(("", 0), |(secret, lasts)| (secret, lasts.as_secs()));
    shaped("", value, age, "Strict", page)
}

/// A cookie of this server, for so many seconds.
pub fn shaped(which: &str, value: &str, age: u64, site: &str, page: &Page) -> String {
    let secure = if is_secure(page) { "; Secure" } else { "" };
    format!("{}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite={site}{secure}", name(which, page))
}

/// What a browser sent of it.
pub fn sent<'a>(headers: &'a HeaderMap, which: &str, page: &Page) -> Option<&'a str> {
    let wanted = name(which, page);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

fn is_secure(page: &Page) -> bool {
    page.text().starts_with("https:")
}

/// With this prefix browsers take it from this very host and over TLS only (RFC 6265bis section 4.1.3.2).
fn name(which: &str, page: &Page) -> String {
    let mark = if which.is_empty() { "" } else { "-" };
    format!("{}gate{mark}{which}", if is_secure(page) { "__Host-" } else { "" })
}

async fn seated(headers: &HeaderMap, app: &App) -> Result<Option<Visitor>, Problem> {
    let Some(secret) = sent(headers, "", &app.page) else { return Ok(None) };
    let session = Digest::of(secret.as_bytes());
    let statement = "SELECT principal, role, entrance FROM sessions
        WHERE digest = $1 AND ended IS NULL AND expires > $2
          AND (entrance LIKE 'oidc {%'
            OR EXISTS (SELECT 1 FROM passkeys WHERE fingerprint = entrance AND revoked IS NULL)
            OR EXISTS (SELECT 1 FROM tokens WHERE tokens.id = entrance AND tokens.revoked IS NULL
                AND (tokens.expires IS NULL OR tokens.expires > $2)))";
    let rows = app.database.rows(statement, &[session.to_string().into(), now().micros().into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let oidc = Entrance::read(row.text(2)?);
    // Whom a provider let in that is asked no more, or was changed for another, is in no more.
    if row.text(2)?.starts_with("oidc ")
        && oidc.as_ref().map(|entrance| entrance.issuer.as_str()) != app.oidc.as_ref().map(|now| now.issuer())
    {
        return Ok(None);
    }
    Ok(Some(Visitor {
        oidc,
        principal: row.text(0)?.to_owned(),
        role: Role::named(row.text(1)?).ok_or_else(Problem::unknown_caller)?,
        entrance: row.text(2)?.to_owned(),
        session,
        mark: Digest::of_parts(&[b"mark", secret.as_bytes()]).hex(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_over_tls_is_of_this_very_host() {
        let [open, own]: [Page; 2] = ["http://localhost:1", "https://gate.acme.com"].map(|page| page.parse().unwrap());
        assert_eq!(
            shaped("oidc", "v", 9, "Lax", &own),
            "__Host-gate-oidc=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie(&own, Some(("v", Duration::from_secs(9)))),
            "__Host-gate=v; Path=/; Max-Age=9; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(cookie(&open, None), "gate=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "gate-oidc=a; __Host-gate=b; __Host-gate-oidc=c".parse().unwrap());
        assert_eq!((sent(&headers, "oidc", &own), sent(&headers, "", &own)), (Some("c"), Some("b")));
        assert_eq!((sent(&headers, "oidc", &open), sent(&headers, "", &open)), (Some("a"), None));
    }
}
