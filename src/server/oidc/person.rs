//! What a token's claims make of somebody here: a principal's name, a role, the groups they may answer for. Refuses an
//! address that the provider did not verify, names that no person has on a host, and everybody whose groups are not named.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entrance, OidcError, Settings};
use crate::approval::Roster;
use crate::encoding::json::{Map, Value};
use crate::model::{Principal, SelfApproval, Shown};
use crate::server::tokens::Role;

/// Somebody who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name on the hosts.
    pub principal: String,
    /// As what they come in.
    pub role: Role,
    /// Who they are at the provider.
    pub entrance: Entrance,
}

impl Person {
    /// Who the claims of a token that is checked are about.
    ///
    /// # Errors
    /// `Person`.
    pub fn of(claims: &Map<String, Value>, subject: &str, settings: &Settings) -> Result<Self, OidcError> {
        let refused = |why: String| OidcError::Person(why);
        let claim = settings.principal.as_str();
        let principal = claims.get(claim).and_then(Value::as_str);
        let principal = principal.ok_or_else(|| refused(format!("the provider does not say your `{claim}`")))?;
        // An address that anybody may write into their profile is nobody's name.
        if claim == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
            return Err(refused(format!("the provider did not verify the address `{}`", Shown::text(principal))));
        }
        if !is_person(principal) {
            return Err(refused(format!("`{}` can be no person's name on a host", Shown::text(principal))));
        }
        for (name, wanted) in &settings.require {
            if claims.get(name).and_then(Value::as_str) != Some(wanted) {
                return Err(refused(format!("you are not one of those who may come in (`{name}`)")));
            }
        }
        let (role, groups) = standing(claims, settings)?;
        let (issuer, subject) = (settings.issuer.clone(), subject.to_owned());
        Ok(Self { principal: principal.to_owned(), role, entrance: Entrance { issuer, subject, groups } })
    }
}

/// As what they come in, and which groups they may answer for.
fn standing(claims: &Map<String, Value>, settings: &Settings) -> Result<(Role, Option<BTreeSet<String>>), OidcError> {
    let Some(groups) = &settings.groups else { return Ok((Role::Approver, None)) };
    let theirs: Vec<&str> = match claims.get(&groups.claim) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        // Those in very many groups get an address instead of names (OpenID Connect Core section 5.6.2).
        None if claims.contains_key("_claim_names") => {
            let why =
                "the provider names no groups, because you are in too many; have it name those of this server alone";
            return Err(OidcError::Person(why.to_owned()));
        }
        _ => Vec::new(),
    };
    let own: BTreeSet<String> =
        theirs.iter().filter_map(|group| groups.approvers.get(*group)).flatten().cloned().collect();
    if theirs.iter().any(|group| groups.approvers.contains_key(*group)) {
        return Ok((Role::Approver, Some(own)));
    }
    if theirs.iter().any(|group| groups.auditors.contains(*group)) {
        return Ok((Role::Auditor, Some(own)));
    }
    Err(OidcError::Person("you are in no group that may come in".to_owned()))
}

/// Whether a name could be that of a person on a host: no agent's, no pipeline's, no account's.
fn is_person(name: &str) -> bool {
    let alone = BTreeMap::from([(name.to_owned(), Principal::default())]);
    Roster::new(alone, SelfApproval::Never).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::json::json;
    use crate::server::oidc::settings::Groups;

    fn settings(groups: bool) -> Settings {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let groups = groups.then(|| Groups {
            claim: "groups".into(),
            approvers: BTreeMap::from([
                ("gate-yes".to_owned(), set(&["approvers"])),
                ("dba".to_owned(), set(&["data-owners", "sre"])),
            ]),
            auditors: set(&["audit"]),
        });
        Settings {
            issuer: "https://id.acme.com".into(),
            client: "gate".into(),
            secret: None,
            scopes: "openid".into(),
            principal: "email".into(),
            require: BTreeMap::new(),
            groups,
        }
    }

    fn of(claims: &Value, settings: &Settings) -> Result<Person, String> {
        Person::of(claims.as_object().unwrap(), "1", settings).map_err(|fault| fault.to_string())
    }

    #[test]
    fn groups_decide_as_what_and_for_whom_somebody_comes_in() {
        let claims = |groups: Value| json!({"email": "alice@acme.com", "email_verified": true, "groups": groups});
        let who =
            |groups: Value| of(&claims(groups), &settings(true)).map(|who| (who.role, who.entrance.groups.unwrap()));
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(who(json!(["gate-yes"])), Ok((Role::Approver, set(&["approvers"]))));
        assert_eq!(who(json!(["dba", "gate-yes"])), Ok((Role::Approver, set(&["approvers", "data-owners", "sre"]))));
        assert_eq!(who(json!("dba")), Ok((Role::Approver, set(&["data-owners", "sre"]))));
        assert_eq!(who(json!(["audit", "else"])), Ok((Role::Auditor, set(&[]))));
        for none in
            [json!([]), json!(["else"]), json!(["approvers"]), json!(null), json!({"gate-yes": 1}), json!([["dba"]])]
        {
            assert!(who(none.clone()).unwrap_err().contains("in no group"), "{none}");
        }
        let many = json!({"email": "a@b", "email_verified": true, "_claim_names": {"groups": "src1"}});
        assert!(of(&many, &settings(true)).unwrap_err().contains("too many"));
        assert_eq!(of(&claims(json!([])), &settings(false)).unwrap().entrance.groups, None);
    }

    #[test]
    fn an_address_counts_once_it_is_verified() {
        for verified in [json!(false), json!("true"), json!(1), json!(null)] {
            let fault =
                of(&json!({"email": "alice@acme.com", "email_verified": verified}), &settings(false)).unwrap_err();
            assert!(fault.contains("did not verify"), "{fault}");
        }
        assert!(of(&json!({"email": "alice@acme.com"}), &settings(false)).is_err());
        let by_upn = Settings { principal: "upn".into(), ..settings(false) };
        assert_eq!(of(&json!({"upn": "alice@acme.com"}), &by_upn).unwrap().principal, "alice@acme.com");
        assert!(of(&json!({"email": "alice@acme.com", "email_verified": true}), &by_upn).is_err());
    }

    #[test]
    fn nobody_is_called_as_no_person_is() {
        for name in
            ["", "agent:build", "ci:deploy", "account:root@build01", "a b", "\u{430}lice", "a\nb", &"x".repeat(129)]
        {
            assert!(of(&json!({"email": name, "email_verified": true}), &settings(false)).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_is_required_must_be_said() {
        let require = BTreeMap::from([("hd".to_owned(), "acme.com".to_owned())]);
        let settings = Settings { require, ..settings(false) };
        let claims = |hd: Value| json!({"email": "alice@acme.com", "email_verified": true, "hd": hd});
        assert!(of(&claims(json!("acme.com")), &settings).is_ok());
        for wrong in [json!("evil.example"), json!(null), json!(["acme.com"])] {
            assert!(of(&claims(wrong.clone()), &settings).is_err(), "{wrong}");
        }
    }
}
