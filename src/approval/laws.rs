//! Laws that hold for every requirement and every set of answers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::trial::{key, person, roster, time};
use super::*;
use crate::model::{Answer, Apart, Clause, Digest, Grade, ProofKind};

const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
const GROUPS: [&str; 3] = ["approvers", "owners", "sre"];

/// Each person's groups, as bits.
fn enrolled(members: &[u8]) -> Roster {
    let groups =
        |bits: u8| GROUPS.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1).map(|(_, group)| *group);
    let named: Vec<_> = PEOPLE
        .iter()
        .zip(members)
        .zip(1..)
        .map(|((name, bits), seed)| (*name, person(&[seed], &groups(*bits).collect::<Vec<_>>(), &[])))
        .collect();
    roster(&named)
}

fn answer(person: usize, grade: bool, seed: u8) -> Accepted {
    Accepted {
        principal: PEOPLE[person].into(),
        key: key(seed).public().fingerprint(),
        grade: if grade { Grade::Touched } else { Grade::Signed },
        proof: ProofKind::Sshsig,
        counter: None,
        apart: Apart::Key,
        decision: Answer::Approve,
        reason: String::new(),
        expires: time("2026-11-22T10:00:00.000000Z"),
        exception: None,
        digest: Digest::of(&[u8::try_from(person).unwrap(), seed]),
    }
}

fn clauses() -> impl Strategy<Value = Vec<Clause>> {
    let one = (1_u8..8, 1_u32..4, any::<bool>(), any::<bool>()).prop_map(|(bits, count, each, touched)| Clause {
        from: GROUPS
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1)
            .map(|(_, group)| (*group).into())
            .collect(),
        count,
        each,
        grade: if touched { Grade::Touched } else { Grade::Signed },
        apart: Apart::Key,
    });
    prop::collection::vec(one, 1..4)
}

fn answers() -> impl Strategy<Value = Vec<Accepted>> {
    let one = (0_usize..5, any::<bool>(), 1_u8..4).prop_map(|(person, grade, seed)| answer(person, grade, seed));
    prop::collection::vec(one, 0..8)
}

/// Tries every way of giving each person at most one group of a clause.
fn met_by_trying(clause: &Clause, accepted: &[Accepted], roster: &Roster) -> bool {
    let people: Vec<&str> = accepted
        .iter()
        .filter(|answer| answer.grade >= clause.grade)
        .map(|answer| answer.principal.as_str())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let count = clause.count as usize;
    if !clause.each {
        return people.iter().filter(|person| roster.is_member(person, &clause.from)).count() >= count;
    }
    let choices = clause.from.len() + 1;
    (0..choices.pow(u32::try_from(people.len()).unwrap())).any(|mut code| {
        let mut seats = vec![0; clause.from.len()];
        for person in &people {
            let choice = code % choices;
            code /= choices;
            if let Some(group) = clause.from.get(choice)
                && roster.principal(person).unwrap().groups.contains(group)
            {
                seats[choice] += 1;
            }
        }
        seats.iter().all(|seat| *seat >= count)
    })
}

proptest! {
    #[test]
    fn the_order_of_answers_never_matters(
        (clauses, members, answers, shuffled) in (clauses(), prop::collection::vec(0_u8..8, 5), answers())
            .prop_flat_map(|(clauses, members, answers)| {
                (Just(clauses), Just(members), Just(answers.clone()), Just(answers).prop_shuffle())
            })
    ) {
        let roster = enrolled(&members);
        prop_assert_eq!(standing(&clauses, &answers, &roster), standing(&clauses, &shuffled, &roster));
    }

    #[test]
    fn a_requirement_is_met_exactly_when_some_way_of_counting_people_meets_it(
        clauses in clauses(), members in prop::collection::vec(0_u8..8, 5), answers in answers()
    ) {
        let roster = enrolled(&members);
        let tried = clauses.iter().all(|clause| met_by_trying(clause, &answers, &roster));
        prop_assert_eq!(standing(&clauses, &answers, &roster) == Standing::Met, tried);
    }

    #[test]
    fn more_answers_never_unmeet_a_requirement_and_a_denial_always_ends_it(
        clauses in clauses(), members in prop::collection::vec(0_u8..8, 5), answers in answers(), more in answers()
    ) {
        let roster = enrolled(&members);
        let mut all = answers.clone();
        all.extend(more);
        if standing(&clauses, &answers, &roster) == Standing::Met {
            prop_assert_eq!(standing(&clauses, &all, &roster), Standing::Met);
        }
        all.push(Accepted { decision: Answer::Deny, ..answer(0, false, 9) });
        let denied = matches!(standing(&clauses, &all, &roster), Standing::Denied { .. });
        prop_assert!(denied);
    }

    #[test]
    fn as_many_people_are_needed_as_the_largest_count_whatever_their_keys(
        clauses in clauses(), members in prop::collection::vec(0_u8..8, 5), answers in answers()
    ) {
        let people: BTreeSet<&str> = answers.iter().map(|answer| answer.principal.as_str()).collect();
        let largest = clauses.iter().map(|clause| clause.count).max().unwrap_or(0) as usize;
        if people.len() < largest {
            prop_assert_ne!(standing(&clauses, &answers, &enrolled(&members)), Standing::Met);
        }
    }
}

#[test]
fn every_way_four_people_can_stand_in_three_groups_is_counted_right() {
    let from = GROUPS.iter().map(|group| (*group).to_owned()).collect();
    let clause = Clause { from, count: 1, each: true, grade: Grade::Signed, apart: Apart::Key };
    let everybody: Vec<Accepted> = (0..4).map(|person| answer(person, false, 1)).collect();
    for members in 0..8_u32.pow(4) {
        let bits: Vec<u8> = (0..4).map(|person| u8::try_from(members >> (3 * person) & 7).unwrap()).collect();
        let roster = enrolled(&bits);
        let tried = met_by_trying(&clause, &everybody, &roster);
        let clauses = std::slice::from_ref(&clause);
        assert_eq!(standing(clauses, &everybody, &roster) == Standing::Met, tried, "{bits:?}");
    }
}

#[test]
fn a_requirement_without_a_clause_or_a_group_is_never_met() {
    let roster = enrolled(&[7; 5]);
    let everybody: Vec<Accepted> = (0..5).map(|person| answer(person, true, 1)).collect();
    assert_eq!(standing(&[], &everybody, &roster), Standing::Missing(vec![]));
    for (from, count) in [(vec![], 1), (vec![], 0), (vec!["sre".to_owned()], u32::MAX)] {
        let clause = Clause { from, count, each: true, grade: Grade::Signed, apart: Apart::Key };
        assert!(matches!(standing(&[clause], &everybody, &roster), Standing::Missing(_)));
    }
    let nobody = Clause { from: vec!["sre".into()], count: 0, each: false, grade: Grade::Signed, apart: Apart::Key };
    assert!(matches!(standing(&[nobody], &[], &roster), Standing::Missing(_)), "a count of 0 asks for one");
}

#[test]
fn one_person_may_serve_two_clauses_and_not_one_clause_twice() {
    let roster = enrolled(&[7, 1, 0, 0, 0]);
    let clause = |from: &[&str], each| Clause {
        from: from.iter().map(|group| (*group).to_owned()).collect(),
        count: 1,
        each,
        grade: Grade::Signed,
        apart: Apart::Key,
    };
    let (alice, bob) = (answer(0, false, 1), answer(1, false, 2));
    let two = [clause(&["approvers"], false), clause(&["owners"], false)];
    assert_eq!(standing(&two, std::slice::from_ref(&alice), &roster), Standing::Met);
    let each = [clause(&["approvers", "owners"], true)];
    let Standing::Missing(missing) = standing(&each, std::slice::from_ref(&alice), &roster) else { panic!() };
    assert_eq!(missing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1 more of owners"]);
    assert_eq!(standing(&each, &[alice, bob], &roster), Standing::Met, "alice makes room for bob");
}
