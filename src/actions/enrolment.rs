//! Who may answer is pinned in the log: the first use writes it down, what narrows it counts at once, and what widens it
//! counts only once somebody who was enrolled before has signed it.

use std::collections::BTreeSet;

use crate::approval::{
    Change, ENROL_NAMESPACE, EnrolStatement, EnrolType, Enrolled, Enrolment, EnrolmentError, Pinned, Roster,
    accept_enrolment, unvouched, widening,
};
use crate::audit::{Entry, Kind};
use crate::encoding::json::{Map, Value, canonical, json, strict, strict_value};
use crate::encoding::openssh::PrivateKey;
use crate::encoding::sshsig;
use crate::model::{Fingerprint, Proof, Timestamp};
use crate::ports::{Configured, Failure, Log};

/// Keys that no longer count.
pub type Revoked = BTreeSet<Fingerprint>;

/// Why the configured principals do not count.
#[derive(Debug, thiserror::Error)]
pub enum Unenrolled {
    /// They allow more than what is pinned.
    #[error("the configuration lets more people answer than the log has accepted: {}", join(.0))]
    Wider(Vec<Change>),
    /// The first principals of a log say that somebody vouched, and nobody has.
    #[error("nobody has vouched for the key {key} of `{name}`: these principals are the first that the log gets")]
    Unvouched {
        /// Whose key.
        name: String,
        /// The key.
        key: Fingerprint,
    },
    /// Nothing is pinned that could be widened, or there is nothing to accept.
    #[error("there is nothing to accept: the principals are those that the log has")]
    Nothing,
    /// A signature that does not count.
    #[error(transparent)]
    Refused(#[from] EnrolmentError),
    /// The log or its record fails.
    #[error("{0}")]
    Failed(#[from] Failure),
}

fn join(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// How the configured principals stand to the pinned ones.
enum Compared {
    Same,
    First,
    Narrower,
    Wider(Box<Roster>, Vec<Change>),
}

/// How they stand, and the keys that were revoked.
fn compared(log: &mut dyn Log, configured: &Configured) -> Result<(Compared, Revoked), Failure> {
    let Some(members) = log.enrolment()? else {
        let compared = if configured.roster.is_empty() { Compared::Same } else { Compared::First };
        return Ok((compared, Revoked::new()));
    };
    let (old, revoked) = (roster_of(&members)?, revoked_of(&members)?);
    if old == configured.roster {
        return Ok((Compared::Same, revoked));
    }
    let changes = widening(&old, &configured.roster);
    let compared = if changes.is_empty() { Compared::Narrower } else { Compared::Wider(Box::new(old), changes) };
    Ok((compared, revoked))
}

/// The keys that a `key` record names as revoked; each record names all of them.
///
/// # Errors
/// When one of them is no fingerprint.
pub fn revoked_of(members: &Map<String, Value>) -> Result<Revoked, Failure> {
    let listed = members.get("text").and_then(|text| text.get("revoked")).and_then(Value::as_array);
    let fingerprint = |value: &Value| {
        let broken = || Failure { message: "a `key` record revokes what is no key".to_owned(), hint: None };
        value.as_str().and_then(|text| text.parse().ok()).ok_or_else(broken)
    };
    listed.into_iter().flatten().map(fingerprint).collect()
}

/// Takes a key out of use for good, whoever it belongs to.
///
/// # Errors
/// When nobody was ever enrolled, or the record is not durable.
pub fn revoke(log: &mut dyn Log, key: Fingerprint) -> Result<(), Unenrolled> {
    let members = log.enrolment()?.ok_or(Unenrolled::Nothing)?;
    let mut revoked = revoked_of(&members)?;
    if !revoked.insert(key) {
        return Err(Unenrolled::Nothing);
    }
    let roster = roster_of(&members)?;
    Ok(log.append(vec![entry(&roster, &revoked, "revoked", None)?]).map(drop)?)
}

/// The roster of a `key` record.
///
/// # Errors
/// When the record holds none that fits together.
pub fn roster_of(members: &Map<String, Value>) -> Result<Roster, Failure> {
    let broken = || Failure { message: "a `key` record holds no principals".to_owned(), hint: None };
    let roster = members.get("text").and_then(|text| text.get("roster")).ok_or_else(broken)?;
    let bytes = canonical(roster).map_err(|error| Failure::of(&error))?;
    let enrolled: Enrolled = strict(&bytes).map_err(|error| Failure::of(&error))?;
    Roster::try_from(enrolled).map_err(|error| Failure::of(&error))
}

/// Sees that the configured principals count, and pins them where they may be pinned without a signature. Gives the keys
/// that were revoked.
///
/// # Errors
/// `Wider` until somebody who was enrolled before has accepted them.
pub fn pin(log: &mut dyn Log, configured: &Configured) -> Result<Revoked, Unenrolled> {
    let (compared, revoked) = compared(log, configured)?;
    let change = match compared {
        Compared::Same => return Ok(revoked),
        Compared::First => match unvouched(&configured.roster) {
            None => "first",
            Some((name, key)) => return Err(Unenrolled::Unvouched { name: name.to_owned(), key }),
        },
        Compared::Narrower => "narrowed",
        Compared::Wider(_, changes) => return Err(Unenrolled::Wider(changes)),
    };
    log.append(vec![entry(&configured.roster, &revoked, change, None)?]).map(drop)?;
    Ok(revoked)
}

/// The entry that pins the principals for the first time; nothing where some are pinned, nobody is enrolled, or they cannot
/// be pinned: then nobody is asked either.
///
/// # Errors
/// When the log cannot be read.
pub fn first(log: &mut dyn Log, configured: &Configured) -> Result<Option<Entry>, Failure> {
    if configured.roster.is_empty() || unvouched(&configured.roster).is_some() || log.enrolment()?.is_some() {
        return Ok(None);
    }
    entry(&configured.roster, &Revoked::new(), "first", None).map(Some)
}

/// What would be accepted, one line for each change.
///
/// # Errors
/// `Nothing` where nothing widens.
pub fn pending(log: &mut dyn Log, configured: &Configured) -> Result<Vec<Change>, Unenrolled> {
    match compared(log, configured)?.0 {
        Compared::Wider(_, changes) => Ok(changes),
        Compared::Same | Compared::First | Compared::Narrower => Err(Unenrolled::Nothing),
    }
}

/// Signs the change from the pinned principals to the configured ones, and pins these.
///
/// # Errors
/// When the key may not accept it, or the record is not durable.
pub fn accept(
    log: &mut dyn Log,
    configured: &Configured,
    key: &PrivateKey,
    reason: &str,
    at: Timestamp,
) -> Result<(String, Vec<Change>), Unenrolled> {
    let (Compared::Wider(old, changes), revoked) = compared(log, configured)? else { return Err(Unenrolled::Nothing) };
    let fingerprint = key.public().fingerprint();
    let approver = old.owner_of(&fingerprint).map(|(name, _)| name.to_owned());
    let statement = EnrolStatement {
        kind: EnrolType::V1,
        log: log.id(),
        from: old.digest().map_err(|error| Failure::of(&error))?,
        to: configured.roster.digest().map_err(|error| Failure::of(&error))?,
        approver: approver.ok_or(EnrolmentError::UnknownKey(fingerprint))?,
        key: fingerprint,
        at,
        reason: reason.to_owned(),
    };
    let signed = canonical(&statement).map_err(|error| Failure::of(&error))?;
    let proof = Proof::Sshsig { signature: sshsig::sign(key, ENROL_NAMESPACE, &signed) };
    let bytes = canonical(&Enrolment { statement, proof }).map_err(|error| Failure::of(&error))?;
    let record_key = log.key();
    let pinned = Pinned { roster: &old, revoked: &revoked, record_key: &record_key, log: log.id() };
    let name = accept_enrolment(&bytes, &pinned, &configured.roster)?;
    let enrolment = strict_value(&bytes).map_err(|error| Failure::of(&error))?;
    log.append(vec![entry(&configured.roster, &revoked, "accepted", Some(enrolment))?]).map(drop)?;
    Ok((name, changes))
}

fn entry(roster: &Roster, revoked: &Revoked, change: &str, enrolment: Option<Value>) -> Result<Entry, Failure> {
    let roster = canonical(roster).map_err(|error| Failure::of(&error))?;
    let roster = strict_value(&roster).map_err(|error| Failure::of(&error))?;
    let members = json!({"change": change, "text": {"enrolment": enrolment, "revoked": revoked, "roster": roster}});
    let Value::Object(members) = members else {
        return Err(Failure { message: "a `key` record needs members".to_owned(), hint: None });
    };
    Entry::new(Kind::Key, members).map_err(|error| Failure::of(&error))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clearance::{Receipt, Written};
    use crate::model::PublicKey;
    use crate::model::{Apart, Digest, LogHead, LogId, Principal, RequestId, Requester, SelfApproval};
    use crate::policy::Policy;
    use crate::ports::{Outcome, Recorded, Unclaimed};

    /// A log that only remembers.
    #[derive(Default)]
    struct Memory(Vec<Entry>);

    impl Log for Memory {
        fn id(&self) -> LogId {
            LogId::new([1; 16])
        }

        fn key(&self) -> Fingerprint {
            key(99).public().fingerprint()
        }

        fn sign(&self, _: &str, _: &[u8]) -> (PublicKey, [u8; 64]) {
            (key(99).public().clone(), [0; 64])
        }

        fn has_policy(&mut self, _: &Digest) -> Result<bool, Failure> {
            Ok(true)
        }

        fn append(&mut self, entries: Vec<Entry>) -> Result<Receipt, Failure> {
            self.0.extend(entries);
            Ok(Receipt::durable(Written { log: self.id(), seq: 0, digest: Digest::ZERO, cleared: false }))
        }

        fn append_at_head(
            &mut self,
            _: &mut dyn FnMut(&LogHead) -> Result<Entry, Failure>,
        ) -> Result<Receipt, Failure> {
            self.append(Vec::new())
        }

        fn claim(&mut self, id: RequestId, _: Entry) -> Result<Receipt, Unclaimed> {
            Err(Unclaimed::Used(id))
        }

        fn enrolment(&mut self) -> Result<Option<Map<String, Value>>, Failure> {
            Ok(self.0.iter().rev().find(|entry| entry.kind() == Kind::Key).map(|entry| entry.members().clone()))
        }

        fn request(&mut self, _: RequestId) -> Result<Option<Recorded>, Failure> {
            Ok(None)
        }
    }

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::from_seed(&[seed; 32], "").unwrap()
    }

    fn configured(people: &[(&str, u8)]) -> Configured {
        let person = |seed: u8| {
            let keys = json!([key(seed).public()]);
            serde_json::from_value::<Principal>(json!({"keys": keys, "groups": ["approvers"]})).unwrap()
        };
        let principals: BTreeMap<String, Principal> =
            people.iter().map(|(name, seed)| ((*name).to_owned(), person(*seed))).collect();
        Configured {
            policy: Policy::built_in(),
            roster: Roster::new(principals, SelfApproval::Never).unwrap(),
            host: "h".into(),
            requester: Requester { principals: vec![], uid: 1, reason: None },
            outcome: Outcome::Asked,
            reach: Apart::Key,
            shared: None,
            remote: None,
            settings: Value::Null,
        }
    }

    #[test]
    fn the_first_use_pins_and_what_narrows_counts_at_once() {
        let mut log = Memory::default();
        pin(&mut log, &configured(&[("alice", 1), ("bob", 2)])).unwrap();
        pin(&mut log, &configured(&[("alice", 1), ("bob", 2)])).unwrap();
        assert_eq!(log.0.len(), 1);
        pin(&mut log, &configured(&[("alice", 1)])).unwrap();
        assert_eq!(log.0.len(), 2);
    }

    #[test]
    fn a_revoked_key_stays_revoked_and_accepts_nobody() {
        let mut log = Memory::default();
        assert!(matches!(revoke(&mut log, key(1).public().fingerprint()), Err(Unenrolled::Nothing)));
        pin(&mut log, &configured(&[("alice", 1), ("bob", 2)])).unwrap();
        let alices = key(1).public().fingerprint();
        revoke(&mut log, alices).unwrap();
        assert_eq!(pin(&mut log, &configured(&[("alice", 1)])).unwrap(), Revoked::from([alices]));
        let wider = configured(&[("alice", 1), ("mallory", 3)]);
        let refused = accept(&mut log, &wider, &key(1), "me", Timestamp::EPOCH);
        assert!(matches!(refused, Err(Unenrolled::Refused(EnrolmentError::RevokedKey(_)))), "{refused:?}");
    }

    #[test]
    fn a_vouched_key_counts_only_once_somebody_else_has_signed_it() {
        use crate::encoding::soft::Soft;
        use crate::model::{EnrolledKey, Hardware};
        let with = |name: &str| {
            let mut principals = configured(&[("alice", 1), ("bob", 2)]).roster.principals().clone();
            let token = Soft::p256(3, "gate.acme.com").public().clone();
            let vouched = EnrolledKey { hardware: Some(Hardware::Vouched), ..token.into() };
            principals.get_mut(name).unwrap().keys.push(vouched);
            Configured { roster: Roster::new(principals, SelfApproval::Never).unwrap(), ..configured(&[]) }
        };
        let mut log = Memory::default();
        assert!(matches!(pin(&mut log, &with("alice")), Err(Unenrolled::Unvouched { name, .. }) if name == "alice"));
        assert!(first(&mut log, &with("alice")).unwrap().is_none() && log.0.is_empty());
        pin(&mut log, &configured(&[("alice", 1), ("bob", 2)])).unwrap();
        assert!(matches!(pin(&mut log, &with("alice")), Err(Unenrolled::Wider(_))));
        let own = accept(&mut log, &with("alice"), &key(1), "mine", Timestamp::EPOCH);
        assert!(matches!(own, Err(Unenrolled::Refused(EnrolmentError::OwnHardware(_)))), "{own:?}");
        let (by, changes) = accept(&mut log, &with("alice"), &key(2), "I saw it", Timestamp::EPOCH).unwrap();
        assert_eq!((by.as_str(), changes.len()), ("bob", 2));
        pin(&mut log, &with("alice")).unwrap();
    }

    #[test]
    fn an_own_key_added_to_the_configuration_counts_for_nothing() {
        let mut log = Memory::default();
        pin(&mut log, &configured(&[("alice", 1)])).unwrap();
        let wider = configured(&[("alice", 1), ("mallory", 3)]);
        assert!(matches!(pin(&mut log, &wider), Err(Unenrolled::Wider(_))));
        let at = Timestamp::EPOCH;
        let refused = accept(&mut log, &wider, &key(3), "me", at);
        assert!(matches!(refused, Err(Unenrolled::Refused(EnrolmentError::UnknownKey(_)))), "{refused:?}");
        let (by, changes) = accept(&mut log, &wider, &key(1), "joined", at).unwrap();
        assert_eq!((by.as_str(), changes.len()), ("alice", 2));
        pin(&mut log, &wider).unwrap();
        assert!(matches!(accept(&mut log, &wider, &key(1), "again", at), Err(Unenrolled::Nothing)));
    }
}
