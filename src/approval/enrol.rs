//! Enrolment is pinned: what widens who may answer counts only when an enrolled person has signed it; what narrows
//! counts at once.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::roster::{Roster, is_workload};
use crate::encoding::json::{canonical, strict};
use crate::encoding::sshsig::{self, Signature, SshsigError};
use crate::model::{Account, Digest, Fingerprint, Hardware, LogId, Page, Principal, Proof, SelfApproval, Timestamp};

/// The namespace of signatures over enrolments.
pub const ENROL_NAMESPACE: &str = "gate-enrol";
/// How large an enrolment may be.
const LARGEST: usize = 64 << 10;

/// One way in which more becomes possible than was pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Somebody has a key they did not have.
    Key(String, Fingerprint),
    /// A key is now believed to be in hardware, or by more.
    Hardware(String, Fingerprint, Hardware),
    /// A passkey may answer from one more page.
    Page(String, Fingerprint, Page),
    /// Somebody is a member of a group they were not in.
    Member(String, String),
    /// An account is no longer somebody's own, so that they may answer what it asks.
    Unclaimed(String, Account),
    /// An agent or a pipeline has another owner, or one it did not have.
    Owner(String, String),
    /// An agent or a pipeline is enrolled no longer, and its owner answers for it no longer.
    NoOwner(String, String),
    /// Owners may answer for their agents.
    SelfApproval,
    /// The word of an approval server counts that did not.
    Witness(Fingerprint),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name, key) => write!(f, "`{name}` has the new key {key}"),
            Self::Hardware(name, key, Hardware::Attested) => write!(f, "the key {key} of `{name}` is now `attested`"),
            Self::Hardware(name, key, Hardware::Vouched) => write!(f, "the key {key} of `{name}` is now `vouched`"),
            Self::Page(name, key, page) => write!(f, "the passkey {key} of `{name}` may now answer on {page}"),
            Self::Member(name, group) => write!(f, "`{name}` is a new member of `{group}`"),
            Self::Unclaimed(name, account) => write!(f, "`{name}` no longer claims the account `{account}`"),
            Self::Owner(name, owner) => write!(f, "`{name}` is now owned by `{owner}`"),
            Self::NoOwner(name, owner) => write!(f, "`{name}` is no longer owned by `{owner}`"),
            Self::Witness(key) => write!(f, "the approval server with the key {key} may now say who answered"),
            Self::SelfApproval => f.write_str("owners may now answer for their agents (`self_approval: agents`)"),
        }
    }
}

/// Everything in which `new` allows more than `old`; empty if it only narrows.
#[must_use]
pub fn widening(old: &Roster, new: &Roster) -> Vec<Change> {
    let nobody = Principal::default();
    let names: BTreeSet<&String> = old.principals().keys().chain(new.principals().keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        let (before, after) = (old.principal(name).unwrap_or(&nobody), new.principal(name).unwrap_or(&nobody));
        changes.extend(keys(name, before, after));
        let joined = after.groups.difference(&before.groups);
        changes.extend(joined.map(|group| Change::Member(name.clone(), group.clone())));
        // Somebody who is gone answers nothing, so that an account of theirs tells nothing about who may.
        if new.principal(name).is_some() {
            let left = before.accounts.iter().filter(|own| !after.accounts.iter().any(|now| now.covers(own)));
            changes.extend(left.map(|account| Change::Unclaimed(name.clone(), account.clone())));
        }
        match (&before.owner, &after.owner) {
            (old, Some(owner)) if old.as_ref() != Some(owner) => {
                changes.push(Change::Owner(name.clone(), owner.clone()));
            }
            (Some(owner), None) => changes.push(Change::NoOwner(name.clone(), owner.clone())),
            (Some(_), Some(_)) | (None, None) | (None, Some(_)) => {}
        }
    }
    match (old.self_approval(), new.self_approval()) {
        (SelfApproval::Never, SelfApproval::Agents) => changes.push(Change::SelfApproval),
        (SelfApproval::Never | SelfApproval::Agents, SelfApproval::Never)
        | (SelfApproval::Agents, SelfApproval::Agents) => {}
    }
    match new.witness() {
        Some(key) if old.witness() != Some(key) => changes.push(Change::Witness(key.fingerprint())),
        Some(_) | None => {}
    }
    changes
}

fn keys(name: &str, before: &Principal, after: &Principal) -> Vec<Change> {
    let mut changes = Vec::new();
    for now in &after.keys {
        let key = now.key.fingerprint();
        let Some(old) = before.keys.iter().find(|old| old.key == now.key) else {
            changes.push(Change::Key(name.to_owned(), key));
            // Whoever signs sees this as well: it is what they vouch for.
            changes.extend(now.hardware.map(|hardware| Change::Hardware(name.to_owned(), key, hardware)));
            continue;
        };
        let more = now.hardware.filter(|_| now.hardware > old.hardware);
        changes.extend(more.map(|hardware| Change::Hardware(name.to_owned(), key, hardware)));
        let pages = now.pages();
        changes.extend(pages.difference(&old.pages()).map(|page| Change::Page(name.to_owned(), key, page.clone())));
    }
    changes
}

/// A key that is `vouched` in a roster which nobody signed: the first one a log has.
#[must_use]
pub fn unvouched(first: &Roster) -> Option<(&str, Fingerprint)> {
    first.principals().iter().find_map(|(name, principal)| {
        let vouched = principal.keys.iter().find(|enrolled| enrolled.hardware == Some(Hardware::Vouched))?;
        Some((name.as_str(), vouched.key.fingerprint()))
    })
}

crate::model::type_tag!(
    /// The `type` of an enrolment's statement.
    EnrolType = "gate.enrol.v1"
);

/// What an enrolled person signs to accept a wider enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolStatement {
    /// `gate.enrol.v1`.
    #[serde(rename = "type")]
    pub kind: EnrolType,
    /// The log whose machine is meant; no other accepts it.
    pub log: LogId,
    /// The digest of the roster that is pinned.
    pub from: Digest,
    /// The digest of the roster that is to be.
    pub to: Digest,
    /// Who accepts.
    pub approver: String,
    /// The key that signs, pinned already.
    pub key: Fingerprint,
    /// When, by their clock; shown only.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A statement with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// What is said.
    pub statement: EnrolStatement,
    /// Why it is believed.
    pub proof: Proof,
}

/// Why an enrolment does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// Too large, not canonical, another type, or with a member that is unknown or missing.
    #[error("the enrolment cannot be read: {0}")]
    Form(String),
    /// The proof does not hold.
    #[error("the enrolment's proof: {0}")]
    Proof(#[from] SshsigError),
    /// Made for another machine.
    #[error("the enrolment is for the log {0}, which is not this machine's")]
    OtherLog(LogId),
    /// Starts from another roster than the one that is pinned.
    #[error("the enrolment starts from other principals than those pinned here")]
    OtherStart,
    /// Leads to another roster than the configured one.
    #[error("the enrolment accepts other principals than those configured here")]
    OtherEnd,
    /// The machine's own key.
    #[error("the key {0} is this machine's record key: a machine enrols nobody")]
    RecordKey(Fingerprint),
    /// A key that is not pinned, new ones included.
    #[error("the key {0} was not enrolled before the change, so it cannot accept it")]
    UnknownKey(Fingerprint),
    /// A revoked key.
    #[error("the key {0} is revoked")]
    RevokedKey(Fingerprint),
    /// The statement names somebody else than the one who owns the key.
    #[error("the enrolment is by `{}`, but the key belongs to `{owner}`", .named.escape_debug())]
    NotTheirKey {
        /// As the statement says.
        named: String,
        /// As pinned.
        owner: String,
    },
    /// An agent, a pipeline, or somebody without a group.
    #[error("`{0}` is not an approver: only a person in a group accepts enrolments")]
    NotAnApprover(String),
    /// Nobody vouches for their own hardware.
    #[error("`{0}` cannot vouch for the hardware of their own key")]
    OwnHardware(String),
}

/// What is known where an enrolment is judged.
#[derive(Debug, Clone, Copy)]
pub struct Pinned<'a> {
    /// Who is enrolled now.
    pub roster: &'a Roster,
    /// Keys known to be revoked.
    pub revoked: &'a BTreeSet<Fingerprint>,
    /// The machine's own key.
    pub record_key: &'a Fingerprint,
    /// The machine's log.
    pub log: LogId,
}

/// Checks that an enrolled person accepts the change from what is pinned to `new`; gives their name.
///
/// # Errors
/// Each fault of [`EnrolmentError`].
pub fn accept_enrolment(bytes: &[u8], pinned: &Pinned<'_>, new: &Roster) -> Result<String, EnrolmentError> {
    let form = |fault: &dyn ToString| EnrolmentError::Form(fault.to_string());
    if bytes.len() > LARGEST {
        return Err(EnrolmentError::Form(format!("larger than {LARGEST} bytes")));
    }
    let enrolment: Enrolment = strict(bytes).map_err(|fault| form(&fault))?;
    if canonical(&enrolment).map_err(|fault| form(&fault))? != bytes {
        return Err(EnrolmentError::Form("a member has a second spelling".to_owned()));
    }
    let Enrolment { statement, proof } = enrolment;
    let signature = match proof {
        Proof::Sshsig { signature } => signature,
        Proof::Webauthn { .. } | Proof::Witness { .. } => {
            return Err(EnrolmentError::Form("only a proof of kind `sshsig` accepts an enrolment".to_owned()));
        }
    };
    let key = statement.key;
    if key == *pinned.record_key {
        return Err(EnrolmentError::RecordKey(key));
    }
    if pinned.revoked.contains(&key) {
        return Err(EnrolmentError::RevokedKey(key));
    }
    let (owner, public) = pinned.roster.owner_of(&key).ok_or(EnrolmentError::UnknownKey(key))?;
    let signed = canonical(&statement).map_err(|fault| form(&fault))?;
    sshsig::verify(&Signature::parse(&signature)?, ENROL_NAMESPACE, &signed, public)?;
    if owner != statement.approver {
        return Err(EnrolmentError::NotTheirKey { named: statement.approver, owner: owner.to_owned() });
    }
    if statement.log != pinned.log {
        return Err(EnrolmentError::OtherLog(statement.log));
    }
    if statement.from != pinned.roster.digest().map_err(|fault| form(&fault))? {
        return Err(EnrolmentError::OtherStart);
    }
    if statement.to != new.digest().map_err(|fault| form(&fault))? {
        return Err(EnrolmentError::OtherEnd);
    }
    let grouped = pinned.roster.principal(owner).is_some_and(|principal| !principal.groups.is_empty());
    if is_workload(owner) || !grouped {
        return Err(EnrolmentError::NotAnApprover(owner.to_owned()));
    }
    if vouches_for_own(pinned.roster, new, owner) {
        return Err(EnrolmentError::OwnHardware(owner.to_owned()));
    }
    Ok(owner.to_owned())
}

/// Whether a key of theirs becomes `vouched` here.
fn vouches_for_own(old: &Roster, new: &Roster, name: &str) -> bool {
    let nobody = Principal::default();
    let before = old.principal(name).unwrap_or(&nobody);
    new.principal(name).is_some_and(|after| {
        let vouched = after.keys.iter().filter(|now| now.hardware == Some(Hardware::Vouched));
        let mut fresh =
            vouched.filter(|now| !before.keys.iter().any(|old| old.key == now.key && old.hardware >= now.hardware));
        fresh.next().is_some()
    })
}
