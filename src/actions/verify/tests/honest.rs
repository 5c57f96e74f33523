//! What an honest log says, no more and no less.

use super::ledger::{Ledger, RECORD_KEY, alice, log, verdict};
use crate::actions::verify::papers::Deciding;
use crate::actions::verify::{Expected, Wrong};
use crate::approval::trial::{after, clause, key, person, requester, roster};
use crate::audit::{Kind, Mode, Record};
use crate::encoding::json::json;
use crate::model::{Answer, SelfApproval};
use crate::ports::{Configured, Outcome};

#[test]
fn an_approved_run_with_all_its_papers_is_proven_and_anchored() {
    let mut ledger = Ledger::begun();
    ledger.allowed(json!([]), &[]);
    let question = ledger.asked("rm -rf /srv/data");
    ledger.now = 40;
    let run = ledger.approved(&question);
    ledger.ended(run);
    let examined = ledger.examined();
    assert!(examined.is_consistent(), "{:#?}", examined.faults);
    let anchor = examined.anchor.clone().unwrap();
    // The request is record 3, so that alice saw records 0 to 2.
    assert_eq!((anchor.size, anchor.approver.as_str(), anchor.key), (3, "alice", key(1).public().fingerprint()));
    assert_eq!((anchor.at, anchor.request), (after(30), question.request.id));
    assert_eq!(examined.unanchored(), 4);
    let tally = &examined.tally;
    assert_eq!((tally.allowed, tally.approved, tally.outcomes, tally.requests, tally.verdicts), (1, 1, 1, 1, 1));
    assert_eq!((tally.own_agents, tally.unclaimed, tally.waived), (0, 0, 0));
    assert_eq!(tally.modes.get(&Mode::Wrapper), Some(&7));
}

#[test]
fn papers_may_stand_in_earlier_segments_and_in_blobs() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked(&"long ".repeat(20_000));
    ledger.rotate();
    let run = ledger.approved(&question);
    ledger.ended(run);
    assert_eq!(ledger.faults(), Vec::<String>::new());
}

#[test]
fn without_an_answer_nothing_is_anchored() {
    let mut ledger = Ledger::begun();
    ledger.asked("rm x");
    let examined = ledger.examined();
    assert_eq!((examined.anchor.clone(), examined.unanchored()), (None, 3));
}

#[test]
fn a_denial_vouches_for_the_history_as_an_approval_does() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    ledger.hear(&question, &verdict(&question, "alice", 1, Answer::Deny, after(10)));
    let why = json!({"id": question.request.id, "policy": ledger.policy, "reasons": ["no"],
        "request": question.digest, "why": "denied"});
    ledger.push(Kind::Refuse, why);
    let examined = ledger.examined();
    assert!(examined.is_consistent(), "{:#?}", examined.faults);
    assert_eq!(examined.anchor.unwrap().size, 2);
}

#[test]
fn both_self_approval_exceptions_are_counted() {
    let mut ledger = Ledger::bare();
    let agent = crate::model::Principal { owner: Some("bob".into()), ..Default::default() };
    let principals = [("bob", person(&[3], &["approvers"], &["bob"])), ("agent:claude", agent)];
    let owned = crate::approval::Roster::new(crate::approval::trial::people(&principals), SelfApproval::Agents);
    ledger.policy = ledger.enrol(&owned.unwrap());
    for (claims, exception) in [
        (vec![("bob", "uid"), ("agent:claude", "GATE_AGENT")], "agent"),
        (vec![("account:deploy@build01", "uid")], "unclaimed"),
    ] {
        let mut question = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
        question.request.subject.requester = requester(&claims);
        let question = super::ledger::Question::of(question.request);
        ledger.ask(&question);
        let verdict = verdict(&question, "bob", 3, Answer::Approve, after(5));
        ledger.hear_as(&question, &verdict, &json!(exception));
        ledger.approve(&question, &[&verdict]);
    }
    let examined = ledger.examined();
    assert!(examined.is_consistent(), "{:#?}", examined.faults);
    assert_eq!((examined.tally.own_agents, examined.tally.unclaimed), (1, 1));
}

#[test]
fn waived_findings_are_counted() {
    let mut ledger = Ledger::begun();
    let finding = json!({"class": "export", "command": 0, "effect": "ask", "environments": [], "labels": [],
        "rule": "gate/x", "tags": [], "waived": "SEC-114", "why": "it leaves", "words": []});
    ledger.allowed(json!([finding]), &["gate/x"]);
    let examined = ledger.examined();
    assert!(examined.is_consistent(), "{:#?}", examined.faults);
    assert_eq!(examined.tally.waived, 1);
}

#[test]
fn a_resumed_request_may_hold_the_same_verdict_twice() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = alice(&question);
    ledger.hear(&question, &verdict);
    ledger.now = 50;
    ledger.hear(&question, &verdict);
    ledger.approve(&question, &[&verdict]);
    assert_eq!(ledger.faults(), Vec::<String>::new());
}

#[test]
fn a_turn_at_the_lock_just_over_the_end_is_no_fault() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    ledger.now = 605;
    // The verdict lives for 600 seconds; the host looked at its clock before it waited for its turn.
    let run = ledger.approved(&question);
    ledger.ended(run);
    assert_eq!(ledger.faults(), Vec::<String>::new());
}

#[test]
fn who_is_enrolled_later_changes_nothing_about_earlier_runs() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    ledger.approved(&question);
    ledger.policy = ledger.enrol(&roster(&[("mallory", person(&[66], &["approvers"], &[]))]));
    let second = ledger.asked("rm y");
    let verdict = verdict(&second, "mallory", 66, Answer::Approve, after(1));
    ledger.hear(&second, &verdict);
    ledger.approve(&second, &[&verdict]);
    assert_eq!(ledger.faults(), Vec::<String>::new());
}

#[test]
fn without_a_pin_the_expected_log_and_key_take_its_place() {
    let ledger = Ledger::begun();
    let key = key(RECORD_KEY).public().fingerprint();
    assert!(ledger.examined().pinned);
    assert!(!ledger.examined_as(None, None).pinned);
    let examined = ledger.examined_as(None, Some(Expected { log: log(), key }));
    assert!(examined.pinned && examined.is_consistent());
    let other = crate::model::LogId::new([8; 16]);
    let stranger = crate::approval::trial::key(1).public().fingerprint();
    for (expected, words) in [
        (Expected { log: other, key }, format!("the log is {} and not the one that is expected", log())),
        (Expected { log: log(), key: stranger }, format!("the log's key is {key} and not the one that is expected")),
    ] {
        let examined = ledger.examined_as(None, Some(expected));
        assert!(!examined.pinned);
        assert_eq!(examined.first().unwrap().what.to_string(), words);
    }
}

#[test]
fn the_digest_of_a_policy_record_is_the_one_that_requests_name() {
    let roster = super::ledger::enrolled();
    let written = crate::encoding::json::canonical(&roster).unwrap();
    let configured = Configured {
        policy: crate::policy::Policy::built_in(),
        roster,
        host: "build01".into(),
        requester: requester(&[]),
        outcome: Outcome::Asked,
        reach: crate::model::Apart::Key,
        shared: None,
        remote: None,
        settings: json!({"host": "build01", "roster": crate::encoding::json::strict_value(&written).unwrap()}),
    };
    let digest = configured.digest().unwrap();
    let mut ledger = Ledger::bare();
    ledger.push(Kind::Policy, json!({"policy": digest, "text": configured.text().unwrap()}));
    let (mut record, _) = Record::read(&ledger.lines[1]).unwrap();
    record.members.insert("text".into(), configured.text().unwrap());
    assert_eq!(Deciding::read(&digest, &record).map(|deciding| deciding.roster), Ok(configured.roster));
    let other = crate::model::Digest::of(b"other");
    assert_eq!(Deciding::read(&other, &record).map(|deciding| deciding.roster), Err(Wrong::PolicyText(other)));
}
