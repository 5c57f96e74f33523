//! Who is enrolled, with what; refuses a key or an account that two principals claim, since nobody could say who asks
//! and who answers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use crate::encoding::json::{CanonicalError, canonical};
use crate::model::{
    Account, Claim, Digest, EnrolledKey, Fingerprint, Page, Principal, PublicKey, Requester, SelfApproval,
};

/// What an account that nobody claims is called, before its name and host.
const UNCLAIMED: &str = "account:";
/// The source of an agent's claim: the variable that names it.
pub const AGENT_SOURCE: &str = "GATE_AGENT";

/// The principals, checked against each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    principals: BTreeMap<String, Principal>,
    self_approval: SelfApproval,
    witness: Option<PublicKey>,
}

/// Why principals do not fit together. Each is 78: no reading of it is the safe one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RosterError {
    /// A name that is empty, too long, or could be taken for another.
    #[error("`{}` is no name for a principal (1 to 128 visible ASCII characters)", .0.escape_debug())]
    Name(String),
    /// A name that is made by gate for accounts nobody claims.
    #[error("`{0}` is no name for a principal: names with `account:` stand for accounts that nobody claims")]
    Reserved(String),
    /// A group without a usable name.
    #[error("`{}`, a group of `{principal}`, is no name for a group", .group.escape_debug())]
    Group {
        /// Whose group.
        principal: String,
        /// The name.
        group: String,
    },
    /// One key, two principals.
    #[error("the key {key} is claimed by `{first}` and by `{second}`")]
    SharedKey {
        /// Its fingerprint.
        key: Fingerprint,
        /// Who claims it.
        first: String,
        /// Who claims it too.
        second: String,
    },
    /// One key twice in one principal.
    #[error("the key {key} of `{principal}` stands there twice")]
    RepeatedKey {
        /// Its fingerprint.
        key: Fingerprint,
        /// Whose.
        principal: String,
    },
    /// Hardware that no key of this kind could prove.
    #[error("the key {key} of `{principal}` is in no token, so that `hardware` says nothing of it")]
    NoToken {
        /// Its fingerprint.
        key: Fingerprint,
        /// Whose.
        principal: String,
    },
    /// Pages for a key that is no passkey.
    #[error("the key {key} of `{principal}` is no passkey, so that `origins` say nothing of it")]
    NoPasskey {
        /// Its fingerprint.
        key: Fingerprint,
        /// Whose.
        principal: String,
    },
    /// A page where no browser would let the passkey answer.
    #[error("the passkey {key} of `{principal}` is made for `{made_for}`, and `{page}` is neither there nor below")]
    Page {
        /// Its fingerprint.
        key: Fingerprint,
        /// Whose.
        principal: String,
        /// The host it is made for.
        made_for: String,
        /// The page.
        page: Page,
    },
    /// The server's key is somebody's own.
    #[error("the key {key} of the approval server is also a key of `{principal}`")]
    WitnessKey {
        /// Its fingerprint.
        key: Fingerprint,
        /// Whose.
        principal: String,
    },
    /// A server's key that claims to be in a token.
    #[error("the approval server's key {0} claims to be in a token, which answers for nobody")]
    WitnessToken(Fingerprint),
    /// One account, two principals.
    #[error("the account `{account}` is claimed by `{first}` and by `{second}`")]
    SharedAccount {
        /// The account.
        account: Account,
        /// Who claims it.
        first: String,
        /// Who claims it too.
        second: String,
    },
    /// An agent or a pipeline that nobody answers for.
    #[error("`{0}` needs an `owner`, the person who answers for it")]
    NoOwner(String),
    /// A person with an owner.
    #[error("`{0}` has an `owner`, which only an agent (`agent:NAME`) or a pipeline (`ci:NAME`) has")]
    OwnedPerson(String),
    /// An owner who is not enrolled, or not a person.
    #[error("`{owner}`, the owner of `{principal}`, is not a person enrolled here")]
    Owner {
        /// Who is owned.
        principal: String,
        /// By whom.
        owner: String,
    },
}

/// An account as the host saw it, and how it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAccount {
    /// Its name; `#1000` for a uid without one.
    pub name: String,
    /// `uid`, `ancestor`, `login`, `SUDO_UID`, `DOAS_USER`.
    pub source: &'static str,
}

/// Whether a name is that of an agent or a pipeline, which ask and never answer.
#[must_use]
pub fn is_workload(name: &str) -> bool {
    name.starts_with("agent:") || name.starts_with("ci:")
}

/// Whether a name stands for an account that nobody claims.
#[must_use]
pub fn is_unclaimed(name: &str) -> bool {
    name.starts_with(UNCLAIMED)
}

impl Roster {
    /// Checks principals against each other.
    ///
    /// # Errors
    /// Each fault of [`RosterError`]; the first one in the order of names.
    pub fn new(principals: BTreeMap<String, Principal>, self_approval: SelfApproval) -> Result<Self, RosterError> {
        for (name, principal) in &principals {
            check_names(name, principal)?;
            check_owner(name, principal, &principals)?;
        }
        check_keys(&principals)?;
        check_accounts(&principals)?;
        Ok(Self { principals, self_approval, witness: None })
    }

    /// The same people with an approval server, whose word for who somebody was counts as `asserted`.
    ///
    /// # Errors
    /// When its key could be taken for a person's.
    pub fn with_witness(self, key: PublicKey) -> Result<Self, RosterError> {
        let fingerprint = key.fingerprint();
        if let Some((principal, _)) = self.owner_of(&fingerprint) {
            return Err(RosterError::WitnessKey { key: fingerprint, principal: principal.to_owned() });
        }
        if key.kind().claims_hardware() {
            return Err(RosterError::WitnessToken(fingerprint));
        }
        Ok(Self { witness: Some(key), ..self })
    }

    /// The key of the approval server whose word counts, if there is one.
    #[must_use]
    pub const fn witness(&self) -> Option<&PublicKey> {
        self.witness.as_ref()
    }

    /// Whether nobody is enrolled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.principals.is_empty()
    }

    /// All principals by name.
    #[must_use]
    pub const fn principals(&self) -> &BTreeMap<String, Principal> {
        &self.principals
    }

    /// Whether anybody may answer for themselves.
    #[must_use]
    pub const fn self_approval(&self) -> SelfApproval {
        self.self_approval
    }

    /// A principal by name.
    #[must_use]
    pub fn principal(&self, name: &str) -> Option<&Principal> {
        self.principals.get(name)
    }

    /// The principal who owns a key, and the key.
    #[must_use]
    pub fn owner_of(&self, key: &Fingerprint) -> Option<(&str, &PublicKey)> {
        self.enrolled(key).map(|(name, enrolled)| (name, &enrolled.key))
    }

    /// The principal who owns a key, and the key as it was enrolled.
    #[must_use]
    pub fn enrolled(&self, key: &Fingerprint) -> Option<(&str, &EnrolledKey)> {
        self.principals.iter().find_map(|(name, principal)| {
            let found = principal.keys.iter().find(|enrolled| enrolled.key.fingerprint() == *key)?;
            Some((name.as_str(), found))
        })
    }

    /// The people who are members of a group.
    pub fn people_of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a str> {
        self.people().filter(|(_, principal)| principal.groups.contains(group)).map(|(name, _)| name)
    }

    /// All people: principals that are no workload.
    pub fn people(&self) -> impl Iterator<Item = (&str, &Principal)> {
        self.principals
            .iter()
            .map(|(name, principal)| (name.as_str(), principal))
            .filter(|(name, _)| !is_workload(name))
    }

    /// Whether somebody is a member of one of these groups.
    #[must_use]
    pub fn is_member(&self, name: &str, groups: &[String]) -> bool {
        self.principal(name).is_some_and(|principal| groups.iter().any(|group| principal.groups.contains(group)))
    }

    /// What an account of a host is called: the principal that claims it, else `account:NAME@HOST`.
    #[must_use]
    pub fn called(&self, account: &str, host: &str) -> String {
        let claims = |principal: &Principal| principal.accounts.iter().any(|own| own.is(account, host));
        self.principals
            .iter()
            .find(|(_, principal)| claims(principal))
            .map_or_else(|| format!("{UNCLAIMED}{account}@{host}"), |(name, _)| name.clone())
    }

    /// The principals behind the accounts that the host saw, in their order, each with the first source that named it;
    /// last the agent that the environment names, if it is enrolled: one more who asks, never one instead.
    #[must_use]
    pub fn claims(&self, accounts: &[SeenAccount], host: &str, agent: Option<&str>) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        for account in accounts {
            let principal = self.called(&account.name, host);
            if !claims.iter().any(|claim| claim.principal == principal) {
                claims.push(Claim { principal, source: account.source.to_owned() });
            }
        }
        let enrolled = agent.filter(|name| is_workload(name) && self.principal(name).is_some());
        if let Some(name) = enrolled.filter(|name| !claims.iter().any(|claim| claim.principal == *name)) {
            claims.push(Claim { principal: name.to_owned(), source: AGENT_SOURCE.to_owned() });
        }
        claims
    }

    /// All principals that a request comes from: who it names, and who by now claims an account it names.
    #[must_use]
    pub fn requesters(&self, requester: &Requester) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for claim in &requester.principals {
            if let Some((account, host)) = unclaimed_parts(&claim.principal) {
                all.insert(self.called(account, host));
            }
            all.insert(claim.principal.clone());
        }
        all
    }

    /// The digest that an enrolment is signed over.
    ///
    /// # Errors
    /// Never for a checked roster; what can't be written is an error all the same.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&canonical(self)?))
    }
}

/// `{"principals":{…},"self_approval":"never"}` and, where there is one, `witness`, as it stands in records.
impl Serialize for Roster {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { principals, self_approval, witness } = self.clone();
        Enrolled { principals, self_approval, witness }.serialize(serializer)
    }
}

/// A roster as it stands in records, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// The principals by name.
    pub principals: BTreeMap<String, Principal>,
    /// Whether anybody may answer for themselves.
    pub self_approval: SelfApproval,
    /// The key of the approval server whose word counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<PublicKey>,
}

impl TryFrom<Enrolled> for Roster {
    type Error = RosterError;

    fn try_from(enrolled: Enrolled) -> Result<Self, RosterError> {
        let roster = Self::new(enrolled.principals, enrolled.self_approval)?;
        enrolled.witness.map_or(Ok(roster.clone()), |key| roster.with_witness(key))
    }
}

/// Account and host of `account:NAME@HOST`.
pub(super) fn unclaimed_parts(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(UNCLAIMED)?.rsplit_once('@')
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_names(name: &str, principal: &Principal) -> Result<(), RosterError> {
    if !is_name(name) {
        return Err(RosterError::Name(name.chars().take(128).collect()));
    }
    if is_unclaimed(name) {
        return Err(RosterError::Reserved(name.to_owned()));
    }
    match principal.groups.iter().find(|group| !is_name(group)) {
        Some(group) => Err(RosterError::Group { principal: name.to_owned(), group: group.chars().take(128).collect() }),
        None => Ok(()),
    }
}

fn check_owner(name: &str, own: &Principal, all: &BTreeMap<String, Principal>) -> Result<(), RosterError> {
    match (&own.owner, is_workload(name)) {
        (None, false) => Ok(()),
        (None, true) => Err(RosterError::NoOwner(name.to_owned())),
        (Some(_), false) => Err(RosterError::OwnedPerson(name.to_owned())),
        (Some(owner), true) if all.contains_key(owner) && !is_workload(owner) => Ok(()),
        (Some(owner), true) => Err(RosterError::Owner { principal: name.to_owned(), owner: owner.clone() }),
    }
}

fn check_keys(principals: &BTreeMap<String, Principal>) -> Result<(), RosterError> {
    let mut owners: BTreeMap<Fingerprint, &str> = BTreeMap::new();
    for (name, principal) in principals {
        for enrolled in &principal.keys {
            let key = enrolled.key.fingerprint();
            check_token(name, enrolled)?;
            match owners.insert(key, name) {
                None => {}
                Some(first) if first == name => {
                    return Err(RosterError::RepeatedKey { key, principal: name.clone() });
                }
                Some(first) => {
                    return Err(RosterError::SharedKey { key, first: first.to_owned(), second: name.clone() });
                }
            }
        }
    }
    Ok(())
}

/// Whoever writes that a key is in hardware, or where a passkey answers, believes in it: where it could mean nothing, it is
/// refused.
fn check_token(name: &str, enrolled: &EnrolledKey) -> Result<(), RosterError> {
    let (key, principal) = (enrolled.key.fingerprint(), name.to_owned());
    if enrolled.hardware.is_some() && !enrolled.key.kind().claims_hardware() {
        return Err(RosterError::NoToken { key, principal });
    }
    match enrolled.relying_party() {
        None if enrolled.origins.is_empty() => Ok(()),
        None => Err(RosterError::NoPasskey { key, principal }),
        Some(id) => match enrolled.origins.iter().find(|page| !page.is_within(id)) {
            None => Ok(()),
            Some(page) => Err(RosterError::Page { key, principal, made_for: id.to_owned(), page: page.clone() }),
        },
    }
}

fn check_accounts(principals: &BTreeMap<String, Principal>) -> Result<(), RosterError> {
    let mut seen: Vec<(&str, &Account)> = Vec::new();
    for (name, principal) in principals {
        for account in &principal.accounts {
            if let Some((first, _)) = seen.iter().find(|(other, own)| *other != name && own.overlaps(account)) {
                let (first, second) = ((*first).to_owned(), name.clone());
                return Err(RosterError::SharedAccount { account: account.clone(), first, second });
            }
            seen.push((name, account));
        }
    }
    Ok(())
}
