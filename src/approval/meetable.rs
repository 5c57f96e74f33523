//! Whether the enrolled people, less the requester, could ever meet a requirement. What they can't is refused at once and
//! never waited for.

use std::collections::{BTreeMap, BTreeSet};

use super::own::{Standpoint, standpoint};
use super::refusal::apart_name;
use super::roster::Roster;
use super::standing::{Missing, lacks};
use crate::encoding::token;
use crate::model::{Apart, Clause, EnrolledKey, Fingerprint, Grade, Principal, PublicKey, Requester};

/// Why nobody can ever meet a requirement (78).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unmeetable {
    /// A requirement without a clause.
    #[error("the requirement names nobody who could answer")]
    NoClause,
    /// Nobody at all.
    #[error("nobody is enrolled who could approve")]
    NobodyEnrolled,
    /// Groups without anybody.
    #[error("nobody is enrolled in {0}")]
    EmptyGroup(String),
    /// The group has people, but they are the ones who ask.
    #[error("nobody in {groups} can approve but `{requester}`, who is asking")]
    OnlyRequester {
        /// The groups.
        groups: String,
        /// Who asks.
        requester: String,
    },
    /// The people have no key whose signature counts.
    #[error("nobody in {0} has a key that can be checked and is not revoked")]
    NoKey(String),
    /// Too few people.
    #[error("{needed} people of {groups} must approve, and {found} can")]
    TooFew {
        /// How many must.
        needed: u32,
        /// How many can.
        found: usize,
        /// Of which groups.
        groups: String,
    },
    /// No key proves as much.
    #[error("answers of {groups} must be graded `{}`, and the keys enrolled reach `{}`", .grade.word(), .best.word())]
    Grade {
        /// What is needed.
        grade: Grade,
        /// What the best of them prove, as they are enrolled.
        best: Grade,
        /// Of which groups.
        groups: String,
    },
    /// Too few people whose keys prove as much.
    #[error("{needed} people of {groups} must approve, graded `{}`, and the keys of {found} reach that", .grade.word())]
    TooFewOfGrade {
        /// How many must.
        needed: u32,
        /// How many can.
        found: usize,
        /// What is needed.
        grade: Grade,
        /// Of which groups.
        groups: String,
    },
    /// No way leads as far.
    #[error("answers of {groups} must come from {}, and only {} can answer here", apart_name(*.apart), apart_name(*.reach))]
    Apart {
        /// What is needed.
        apart: Apart,
        /// How far answers can come from.
        reach: Apart,
        /// Of which groups.
        groups: String,
    },
}

/// Checks that all clauses can be met by somebody. `reach` is how far apart answers can come from at most: `account`
/// where other accounts can write into the queue, `host` where a remote is enrolled.
///
/// # Errors
/// The first clause that can't, and what it lacks.
pub fn meetable(
    clauses: &[Clause],
    roster: &Roster,
    requester: &Requester,
    revoked: &BTreeSet<Fingerprint>,
    record_key: &Fingerprint,
    reach: Apart,
) -> Result<(), Unmeetable> {
    if clauses.is_empty() {
        return Err(Unmeetable::NoClause);
    }
    if roster.people().next().is_none() {
        return Err(Unmeetable::NobodyEnrolled);
    }
    let others: BTreeSet<&str> =
        roster.people().map(|(name, _)| name).filter(|name| !is_own(roster, requester, name)).collect();
    let best = |principal: &Principal| {
        let counts = |enrolled: &&EnrolledKey| {
            let key = enrolled.key.fingerprint();
            token::usable(&enrolled.key).is_ok() && !revoked.contains(&key) && key != *record_key
        };
        let own = principal.keys.iter().filter(counts).map(super::proof::reach).max();
        let server = roster.witness().map(PublicKey::fingerprint);
        own.or_else(|| server.filter(|key| !revoked.contains(key) && key != record_key).map(|_| Grade::Asserted))
    };
    let able: BTreeMap<&str, Grade> =
        others.iter().filter_map(|name| Some((*name, best(roster.principal(name)?)?))).collect();
    clauses.iter().try_for_each(|clause| check(clause, roster, requester, &others, &able, reach))
}

fn check(
    clause: &Clause,
    roster: &Roster,
    requester: &Requester,
    others: &BTreeSet<&str>,
    able: &BTreeMap<&str, Grade>,
    reach: Apart,
) -> Result<(), Unmeetable> {
    let named = |missing: &[Missing]| {
        let groups: BTreeSet<&str> = missing.iter().flat_map(|one| &one.from).map(String::as_str).collect();
        groups.into_iter().collect::<Vec<_>>().join(", ")
    };
    let everybody: BTreeSet<&str> = roster.people().map(|(name, _)| name).collect();
    let present = |people: &BTreeSet<&str>, missing: &[Missing]| {
        people.iter().filter(|name| missing.iter().any(|one| roster.is_member(name, &one.from))).count()
    };
    let enough: BTreeSet<&str> =
        able.iter().filter(|(_, grade)| **grade >= clause.grade).map(|(name, _)| *name).collect();
    let (able, grades): (BTreeSet<&str>, _) = (able.keys().copied().collect(), able);
    let missing = lacks(clause, &able, roster);
    let groups = named(&missing);
    if let Some(first) = missing.first() {
        let found = present(&able, std::slice::from_ref(first));
        if present(&everybody, &missing) == 0 {
            return Err(Unmeetable::EmptyGroup(groups));
        }
        if present(others, &missing) == 0 {
            let asks = requester.principals.first().map(|claim| claim.principal.clone()).unwrap_or_default();
            return Err(Unmeetable::OnlyRequester { groups, requester: asks });
        }
        if present(&able, &missing) == 0 {
            return Err(Unmeetable::NoKey(groups));
        }
        return Err(Unmeetable::TooFew { needed: clause.count.max(1), found, groups });
    }
    if let Some(first) = lacks(clause, &enough, roster).first() {
        let (grade, groups) = (clause.grade, first.from.join(", "));
        let found = present(&enough, std::slice::from_ref(first));
        let best = grades.iter().filter(|(name, _)| roster.is_member(name, &first.from)).map(|(_, grade)| *grade).max();
        return Err(match best {
            Some(best) if found == 0 => Unmeetable::Grade { grade, best, groups },
            Some(_) | None => Unmeetable::TooFewOfGrade { needed: clause.count.max(1), found, grade, groups },
        });
    }
    let groups = clause.from.join(", ");
    if clause.apart > reach {
        return Err(Unmeetable::Apart { apart: clause.apart, reach, groups });
    }
    Ok(())
}

fn is_own(roster: &Roster, requester: &Requester, name: &str) -> bool {
    match standpoint(roster, requester, name) {
        Standpoint::OwnRequest | Standpoint::OwnAccount(_) => true,
        Standpoint::Other | Standpoint::Unknown | Standpoint::OwnAgent => false,
    }
}
