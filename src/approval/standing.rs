//! Whether the answers so far meet the requirement. A person counts once in a clause and may serve in several; the order
//! of answers never matters.

use std::collections::BTreeSet;
use std::fmt;

use super::judge::Accepted;
use super::refusal::apart_name;
use super::roster::Roster;
use crate::model::{Answer, Apart, Clause, Grade};

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Standing {
    /// Every clause is met.
    Met,
    /// What is still missing, clause by clause.
    Missing(Vec<Missing>),
    /// Somebody entitled said no: who, and why. That ends the request.
    Denied {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

/// What one clause still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// How many people more.
    pub people: usize,
    /// Of which groups, any of them.
    pub from: Vec<String>,
    /// How they must be proven, at least.
    pub grade: Grade,
    /// How far apart their answer must come from, at least.
    pub apart: Apart,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { people, from, grade, apart } = self;
        write!(f, "{people} more of {}", from.join(", "))?;
        if *grade > Grade::Signed {
            write!(f, ", graded {}", grade.word())?;
        }
        if *apart > Apart::Key { write!(f, ", from {}", apart_name(*apart)) } else { Ok(()) }
    }
}

/// Where a request with these clauses stands after these answers. A requirement without a clause is never met.
pub fn standing(clauses: &[Clause], accepted: &[Accepted], roster: &Roster) -> Standing {
    let denial = accepted.iter().filter(|answer| answer.decision == Answer::Deny).min_by_key(|answer| answer.digest);
    if let Some(denial) = denial {
        return Standing::Denied { by: denial.principal.clone(), reason: denial.reason.clone() };
    }
    let missing: Vec<Missing> =
        clauses.iter().flat_map(|clause| lacks(clause, &serving(clause, accepted), roster)).collect();
    if missing.is_empty() && !clauses.is_empty() { Standing::Met } else { Standing::Missing(missing) }
}

/// The people whose approval is good enough for a clause; what they are members of is looked at later.
fn serving<'a>(clause: &Clause, accepted: &'a [Accepted]) -> BTreeSet<&'a str> {
    let enough = |answer: &&Accepted| {
        answer.decision == Answer::Approve && answer.grade >= clause.grade && answer.apart >= clause.apart
    };
    accepted.iter().filter(enough).map(|answer| answer.principal.as_str()).collect()
}

/// What these people leave open of a clause.
pub(super) fn lacks(clause: &Clause, people: &BTreeSet<&str>, roster: &Roster) -> Vec<Missing> {
    let missing = |people, from| Missing { people, from, grade: clause.grade, apart: clause.apart };
    // A clause that asks for nobody would be met by nothing.
    let count = usize::try_from(clause.count).unwrap_or(usize::MAX).max(1);
    let groups: BTreeSet<&String> = clause.from.iter().collect();
    if clause.each && groups.len() > 1 {
        let found = spread(&groups, count, people, roster);
        let open = groups.into_iter().zip(found).filter(|(_, found)| *found < count);
        return open.map(|(group, found)| missing(count - found, vec![group.clone()])).collect();
    }
    let found = people.iter().filter(|person| roster.is_member(person, &clause.from)).count();
    if found < count { vec![missing(count - found, clause.from.clone())] } else { Vec::new() }
}

/// How many people each group gets when everybody stands for one group only and as many places as possible are filled
/// (Kuhn's augmenting paths).
fn spread(groups: &BTreeSet<&String>, count: usize, people: &BTreeSet<&str>, roster: &Roster) -> Vec<usize> {
    let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
    let mut places: Vec<Vec<&str>> = vec![Vec::new(); groups.len()];
    for person in people {
        seat(person, &groups, count, roster, &mut places, &mut vec![false; groups.len()]);
    }
    places.iter().map(Vec::len).collect()
}

/// Finds a place for somebody, moving others on where that makes room.
fn seat<'a>(
    person: &'a str,
    groups: &[&str],
    count: usize,
    roster: &Roster,
    places: &mut Vec<Vec<&'a str>>,
    tried: &mut Vec<bool>,
) -> bool {
    for (at, group) in groups.iter().enumerate() {
        let Some(visited) = tried.get_mut(at) else { continue };
        let member = roster.principal(person).is_some_and(|principal| principal.groups.contains(*group));
        if *visited || !member {
            continue;
        }
        *visited = true;
        let sitting = places.get(at).cloned().unwrap_or_default();
        let room = if sitting.len() < count {
            true
        } else {
            let moved = sitting.into_iter().find(|other| seat(other, groups, count, roster, places, tried));
            moved.is_some_and(|moved| {
                if let Some(place) = places.get_mut(at) {
                    place.retain(|other| *other != moved);
                }
                true
            })
        };
        if room {
            if let Some(place) = places.get_mut(at) {
                place.push(person);
            }
            return true;
        }
    }
    false
}
