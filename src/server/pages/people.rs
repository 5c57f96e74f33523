//! Who may come in: the tokens, passkeys, invitations and sign-ins at a provider of each name, also those that count no more.
//! Shows what they are called and never what they are; only digests are stored anyway. Approvers see their own alone.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::view::{Frame, Refusal, minute, rendered, shown};
use super::visitor::Visitor;
use crate::model::Timestamp;
use crate::server::clock::now;
use crate::server::database::{DatabaseError, Row};
use crate::server::http::App;
use crate::server::http::row::time;
use crate::server::oidc;
use crate::server::tokens::Role;

/// Where it is.
pub const PATH: &str = "/people";
/// How many of each kind are listed.
const MOST: i64 = 2000;

/// What is read, of one name or of all: name, kind, id, made, its end, its revocation.
const KINDS: [&str; 4] = [
    "SELECT name, role, id, created, COALESCE(expires, -1), COALESCE(revoked, -1) FROM tokens
     WHERE (CAST($1 AS TEXT) IS NULL OR (name = $1 AND role <> 'host')) ORDER BY created DESC, id LIMIT $2",
    "SELECT principal, 'passkey', fingerprint, created, CAST(-1 AS BIGINT), COALESCE(revoked, -1) FROM passkeys
     WHERE (CAST($1 AS TEXT) IS NULL OR principal = $1) ORDER BY created DESC, fingerprint LIMIT $2",
    "SELECT principal, 'invitation', '', created, expires, CAST(-1 AS BIGINT) FROM invitations
     WHERE (CAST($1 AS TEXT) IS NULL OR principal = $1) AND used IS NULL ORDER BY created DESC, digest LIMIT $2",
    "SELECT principal, role, entrance, MAX(created), MAX(COALESCE(ended, expires)), CAST(-1 AS BIGINT) FROM sessions
     WHERE (CAST($1 AS TEXT) IS NULL OR principal = $1) AND entrance LIKE 'oidc {%'
     GROUP BY principal, role, entrance ORDER BY 4 DESC, entrance LIMIT $2",
];

#[derive(Template)]
#[template(path = "people.html", config = "src/server/pages/askama.toml")]
struct People {
    frame: Frame,
    /// Only the visitor's own.
    own: bool,
    people: Vec<Person>,
    hosts: Vec<Person>,
    full: bool,
}

struct Person {
    name: String,
    entrances: Vec<Entrance>,
    /// Whether any of them counts.
    counts: bool,
}

struct Entrance {
    what: String,
    id: String,
    made: String,
    state: String,
    counts: bool,
}

/// The list.
pub async fn list(visitor: Visitor, State(app): State<App>) -> Result<Response, Refusal> {
    visitor.must_be(&[Role::Approver, Role::Auditor])?;
    let own = visitor.role == Role::Approver;
    let name = own.then(|| visitor.principal.clone());
    let (mut rows, mut full) = (Vec::new(), false);
    for statement in KINDS {
        let found = app.database.rows(statement, &[name.clone().into(), MOST.into()]).await?;
        full |= i64::try_from(found.len()).is_ok_and(|count| count >= MOST);
        rows.extend(found);
    }
    let (hosts, others): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.text(1).ok() == Some(Role::Host.name()));
    let frame = Frame::at(PATH, Some(&visitor));
    let provider = app.oidc.as_ref().map(|provider| provider.issuer());
    let page = People { frame, own, people: by_name(&others, provider)?, hosts: by_name(&hosts, provider)?, full };
    Ok(rendered(StatusCode::OK, &page))
}

fn by_name(rows: &[Row], provider: Option<&str>) -> Result<Vec<Person>, DatabaseError> {
    let mut people: BTreeMap<&str, Vec<Entrance>> = BTreeMap::new();
    let now = now();
    for row in rows {
        // An invitation that ended is none.
        if row.text(1)? == "invitation" && time(row.int(4)?) <= now {
            continue;
        }
        people.entry(row.text(0)?).or_default().push(entrance(row, now, provider)?);
    }
    let person = |(name, entrances): (&str, Vec<Entrance>)| {
        let counts = entrances.iter().any(|entrance| entrance.counts);
        Person { name: shown(name), entrances, counts }
    };
    Ok(people.into_iter().map(person).collect())
}

fn entrance(row: &Row, now: Timestamp, provider: Option<&str>) -> Result<Entrance, DatabaseError> {
    let moment = |column: usize| Ok::<_, DatabaseError>(Some(row.int(column)?).filter(|micros| *micros >= 0).map(time));
    let (made, expires, revoked) = (minute(time(row.int(3)?)), moment(4)?, moment(5)?);
    if let Some(at) = oidc::Entrance::read(row.text(2)?) {
        let counts = provider == Some(at.issuer.as_str());
        let state = match (counts, expires) {
            (true, Some(until)) if until > now => format!("is in until {}", minute(until)),
            (true, _) => "may sign in again".to_owned(),
            (false, _) => "this provider is asked no more".to_owned(),
        };
        let what = format!("Sign-in as {}", row.text(1)?);
        return Ok(Entrance { what, id: shown(&at.subject()), made: format!("last came in {made}"), state, counts });
    }
    let (state, counts) = match (expires, revoked) {
        (_, Some(revoked)) => (format!("revoked {}", minute(revoked)), false),
        (Some(expires), None) if expires <= now => (format!("over since {}", minute(expires)), false),
        (Some(expires), None) => (format!("counts until {}", minute(expires)), true),
        (None, None) => ("counts".to_owned(), true),
    };
    let what = match row.text(1)? {
        "passkey" => "Passkey".to_owned(),
        "invitation" => "Invitation to make a passkey".to_owned(),
        role => format!("Token as {role}"),
    };
    Ok(Entrance { what, id: row.text(2)?.to_owned(), made: format!("made {made}"), state, counts })
}
