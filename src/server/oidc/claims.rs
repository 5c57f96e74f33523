//! Whether the claims of a token were made by this provider, for this server, for this question, and hold now (OpenID
//! Connect Core section 3.1.3.7). Refuses what is missing as what is wrong.

use std::time::Duration;

use crate::encoding::json::{Map, Value};
use crate::model::Timestamp;

use super::OidcError;

/// How far the provider's clock may be off.
const LEEWAY: Duration = Duration::from_secs(30);
/// How old a token may be that was just asked for.
const OLDEST: Duration = Duration::from_secs(10 * 60);
/// Longest name of a person at the provider (OpenID Connect Core section 2).
const LONGEST_SUBJECT: usize = 255;

/// What the claims must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who made the token.
    pub issuer: &'a str,
    /// For whom.
    pub client: &'a str,
    /// To which question.
    pub nonce: &'a str,
    /// When it is.
    pub now: Timestamp,
}

/// Checks the claims; gives the person's name at the provider.
///
/// # Errors
/// `Claim`, with the first that is wrong.
pub fn checked<'a>(claims: &'a Map<String, Value>, expected: &Expected<'_>) -> Result<&'a str, OidcError> {
    let wrong = |why: &str| OidcError::Claim(why.to_owned());
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(wrong("another provider made it (`iss`)"));
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().map(|one| one.as_str().unwrap_or_default()).collect(),
        _ => Vec::new(),
    };
    if !audience.contains(&expected.client) {
        return Err(wrong("it is for another client (`aud`)"));
    }
    let party = claims.get("azp");
    if party.map_or(audience.len() > 1, |party| party.as_str() != Some(expected.client)) {
        return Err(wrong("it was given to another client (`azp`)"));
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(wrong("it answers another question (`nonce`)"));
    }
    let time = |name: &str| claims.get(name).map(|at| at.as_i64().and_then(moment).ok_or(name.to_owned()));
    let read = |name: &str| time(name).transpose().map_err(|name| wrong(&format!("`{name}` is no time")));
    let now = expected.now;
    match read("exp")? {
        Some(expires) if expires.plus(LEEWAY) > now => {}
        Some(_) => return Err(wrong("it is over (`exp`)")),
        None => return Err(wrong("it does not say when it is over (`exp`)")),
    }
    match read("iat")? {
        Some(made) if made > now.plus(LEEWAY) => return Err(wrong("it is made later than now (`iat`)")),
        Some(made) if made.plus(OLDEST) < now => return Err(wrong("it is older than the question (`iat`)")),
        Some(_) => {}
        None => return Err(wrong("it does not say when it was made (`iat`)")),
    }
    if read("nbf")?.is_some_and(|from| from > now.plus(LEEWAY)) {
        return Err(wrong("it does not hold yet (`nbf`)"));
    }
    let subject = text("sub").filter(|subject| !subject.is_empty() && subject.len() <= LONGEST_SUBJECT);
    subject.ok_or_else(|| wrong("it names nobody (`sub`)"))
}

/// Adds what the provider says where it is asked for more of the same person (section 5.3); what the token says stands.
///
/// # Errors
/// `Claim`, where it is about somebody else.
pub fn add(claims: &mut Map<String, Value>, more: Map<String, Value>) -> Result<(), OidcError> {
    // INVARIANT (one person): a token for somebody else's answers could be put in the place of this one's.
    if more.get("sub").is_none_or(|subject| claims.get("sub") != Some(subject)) {
        return Err(OidcError::Claim("what the provider says more is about somebody else (`sub`)".to_owned()));
    }
    for (name, value) in more {
        claims.entry(name).or_insert(value);
    }
    Ok(())
}

fn moment(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_micros(seconds.checked_mul(1_000_000)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::json::json;

    const NOW: i64 = 1_790_000_000;

    fn judged(change: impl FnOnce(&mut Map<String, Value>)) -> Result<String, String> {
        let mut claims = json!({
            "iss": "https://id.acme.com", "aud": "gate", "sub": "alice", "nonce": "n", "exp": NOW + 60, "iat": NOW,
        });
        change(claims.as_object_mut().unwrap());
        let expected =
            Expected { issuer: "https://id.acme.com", client: "gate", nonce: "n", now: moment(NOW).unwrap() };
        checked(claims.as_object().unwrap(), &expected).map(str::to_owned).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_token_for_this_question_names_its_person() {
        assert_eq!(judged(|_| {}), Ok("alice".to_owned()));
        for (name, value) in [
            ("aud", json!(["gate"])),
            ("azp", json!("gate")),
            ("exp", json!(NOW - 29)),
            ("iat", json!(NOW + 30)),
            ("iat", json!(NOW - 600)),
            ("nbf", json!(NOW + 30)),
        ] {
            assert!(judged(|claims| drop(claims.insert(name.into(), value.clone()))).is_ok(), "{name} {value}");
        }
        assert!(
            judged(|claims| {
                claims.insert("aud".into(), json!(["gate", "other"]));
                claims.insert("azp".into(), json!("gate"));
            })
            .is_ok()
        );
    }

    #[test]
    fn what_is_said_elsewhere_is_of_the_same_person_and_replaces_nothing() {
        let claims = json!({"sub": "alice", "email": "alice@acme.com"});
        let with = |more: Value| {
            let mut claims = claims.as_object().unwrap().clone();
            add(&mut claims, more.as_object().unwrap().clone()).map(|()| Value::Object(claims)).ok()
        };
        let more = json!({"sub": "alice", "email": "root@acme.com", "groups": ["a"]});
        assert_eq!(with(more), Some(json!({"sub": "alice", "email": "alice@acme.com", "groups": ["a"]})));
        for other in [json!({"sub": "bob"}), json!({}), json!({"sub": null}), json!({"sub": ["alice"]})] {
            assert_eq!(with(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn every_claim_that_is_missing_or_wrong_is_refused() {
        for name in ["iss", "aud", "sub", "nonce", "exp", "iat"] {
            assert!(judged(|claims| drop(claims.remove(name))).is_err(), "{name}");
        }
        for (name, value) in [
            ("iss", json!("https://id.acme.com/")),
            ("iss", json!("https://evil.example")),
            ("iss", json!(["https://id.acme.com"])),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("aud", json!(["gate", "other"])),
            ("aud", json!({"gate": 1})),
            ("azp", json!("other")),
            ("azp", json!(null)),
            ("nonce", json!("m")),
            ("nonce", json!("")),
            ("exp", json!(NOW - 30)),
            ("exp", json!("tomorrow")),
            ("exp", json!(i64::MAX)),
            ("iat", json!(NOW + 31)),
            ("iat", json!(NOW - 601)),
            ("nbf", json!(NOW + 31)),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("sub", json!("x".repeat(256))),
        ] {
            let judged = judged(|claims| drop(claims.insert(name.into(), value.clone())));
            assert!(judged.is_err(), "{name} {value}");
        }
    }
}
