//! Each forgery is refused at its own record and in its own words.

use super::ledger::{Ledger, Question, RECORD_KEY, alice, enrolled, policy, verdict};
use crate::approval::Roster;
use crate::approval::trial::{after, clause, key, person, requester, roster};
use crate::audit::Kind;
use crate::encoding::json::{Value, json};
use crate::model::{Answer, Digest, Fingerprint, LogHead};

#[test]
fn an_approved_run_without_a_verdict() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let run = ledger.approve(&question, &[]);
    assert_eq!(ledger.only_fault(), (run, "it was approved without a single verdict".into()));
}

#[test]
fn a_verdict_that_was_taken_out_of_the_log() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = alice(&question);
    let run = ledger.approve(&question, &[&verdict]);
    let words = format!("no record before this one holds the verdict {} on its request", Digest::of(&verdict));
    assert_eq!(ledger.only_fault(), (run, words));
}

#[test]
fn a_verdict_that_stands_behind_its_run() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = alice(&question);
    let run = ledger.approve(&question, &[&verdict]);
    ledger.hear(&question, &verdict);
    assert_eq!(ledger.only_fault().0, run);
}

#[test]
fn a_verdict_by_the_requester() {
    let mut ledger = Ledger::begun();
    let mut question = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
    question.request.subject.requester = requester(&[("bob", "uid")]);
    let question = Question::of(question.request);
    ledger.ask(&question);
    let verdict = verdict(&question, "bob", 3, Answer::Approve, after(5));
    let heard = ledger.hear(&question, &verdict);
    ledger.approve(&question, &[&verdict]);
    let faults = ledger.faults();
    let words = "the request comes from an account that `bob` claims (uid 1000), and nobody approves their own request";
    let expected =
        format!("record {heard} (segment 000000000000, line 4, verdict): the verdict does not count: {words}");
    assert_eq!(faults[0], expected);
    // And the run that stands on it has no verdict that counts.
    assert!(faults[1].contains("holds the verdict"), "{faults:#?}");
}

#[test]
fn an_owner_answering_for_their_agent_where_the_record_does_not_say_how() {
    let mut ledger = Ledger::bare();
    let agent = crate::model::Principal { owner: Some("bob".into()), ..Default::default() };
    let principals = [("bob", person(&[3], &["approvers"], &["bob"])), ("agent:claude", agent)];
    let people = crate::approval::trial::people(&principals);
    ledger.policy = ledger.enrol(&crate::approval::Roster::new(people, crate::model::SelfApproval::Agents).unwrap());
    let mut question = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
    question.request.subject.requester = requester(&[("bob", "uid"), ("agent:claude", "GATE_AGENT")]);
    let question = Question::of(question.request);
    ledger.ask(&question);
    let verdict = verdict(&question, "bob", 3, Answer::Approve, after(5));
    let heard = ledger.hear(&question, &verdict);
    let (seq, words) = ledger.only_fault();
    assert_eq!(seq, heard);
    assert!(words.contains("`bob` owns the agent that asks"), "{words}");
}

#[test]
fn an_exception_that_the_record_hides() {
    let mut ledger = Ledger::begun();
    let mut question = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
    question.request.subject.requester = requester(&[("account:deploy@build01", "uid")]);
    let question = Question::of(question.request);
    ledger.ask(&question);
    let heard = ledger.hear(&question, &alice(&question));
    assert_eq!(ledger.only_fault(), (heard, "the member `exception` is not that of its verdict".into()));
}

#[test]
fn a_verdict_on_another_request() {
    let mut ledger = Ledger::begun();
    let harmless = ledger.asked("ls");
    let question = ledger.asked("rm -rf /");
    let verdict = alice(&harmless);
    let heard = ledger.hear(&question, &verdict);
    ledger.approve(&question, &[&verdict]);
    let faults = ledger.examined().faults;
    assert_eq!(faults[0].seq, heard);
    assert_eq!(faults[0].what.to_string(), "the verdict does not count: the verdict answers another request");
    assert_eq!(faults.len(), 2);
}

#[test]
fn a_verdict_borrowed_from_another_request_by_its_digest() {
    let mut ledger = Ledger::begun();
    let harmless = ledger.asked("ls");
    let verdict = alice(&harmless);
    ledger.hear(&harmless, &verdict);
    let question = ledger.asked("rm -rf /");
    let run = ledger.approve(&question, &[&verdict]);
    let (seq, words) = ledger.only_fault();
    assert_eq!(seq, run);
    assert!(words.contains("holds the verdict"), "{words}");
}

#[test]
fn one_person_twice_where_two_are_needed() {
    for (name, second) in [("the same key", 1), ("a second key", 2)] {
        let mut ledger = Ledger::begun();
        let question = ledger.question("rm x", vec![clause(&["approvers"], 2)]);
        ledger.ask(&question);
        let one = alice(&question);
        let other = verdict(&question, "alice", second, Answer::Approve, after(40));
        ledger.now = 60;
        ledger.hear(&question, &one);
        ledger.hear(&question, &other);
        let run = ledger.approve(&question, &[&one, &other]);
        let (seq, words) = ledger.only_fault();
        assert_eq!(seq, run, "{name}");
        assert!(words.contains("`alice` has approved already"), "{name}: {words}");
    }
}

#[test]
fn one_verdict_where_two_are_needed() {
    let mut ledger = Ledger::begun();
    let question = ledger.question("rm x", vec![clause(&["approvers"], 2)]);
    ledger.ask(&question);
    let run = ledger.approved(&question);
    let words = "the verdicts do not meet the requirement: missing 1 more of approvers";
    assert_eq!(ledger.only_fault(), (run, words.into()));
}

#[test]
fn somebody_who_is_in_no_group_that_may_answer() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = verdict(&question, "carol", 4, Answer::Approve, after(5));
    let heard = ledger.hear(&question, &verdict);
    let words = "the verdict does not count: `carol` is in none of the groups that may answer: approvers";
    assert_eq!(ledger.only_fault(), (heard, words.into()));
}

#[test]
fn a_key_that_was_not_enrolled_then() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    // Enrolled afterwards, which changes nothing about this request.
    let mut later = vec![("mallory", person(&[66], &["approvers"], &[]))];
    later.push(("alice", person(&[1], &["approvers"], &[])));
    ledger.enrol(&roster(&later));
    let verdict = verdict(&question, "mallory", 66, Answer::Approve, after(5));
    let heard = ledger.hear(&question, &verdict);
    let words = format!("the verdict does not count: the key {} is not enrolled here", key(66).public().fingerprint());
    assert_eq!(ledger.only_fault(), (heard, words));
}

#[test]
fn the_record_key_as_an_approver() {
    let mut ledger = Ledger::bare();
    ledger.policy = ledger.enrol(&roster(&[("machine", person(&[RECORD_KEY], &["approvers"], &[]))]));
    let question = ledger.asked("rm x");
    let verdict = verdict(&question, "machine", RECORD_KEY, Answer::Approve, after(5));
    let heard = ledger.hear(&question, &verdict);
    let (seq, words) = ledger.only_fault();
    assert_eq!(seq, heard);
    assert!(words.ends_with("is this machine's record key: a machine approves nothing"), "{words}");
}

/// A `key` record: who may answer from here on, and the keys that are revoked.
fn pinned(roster: &Roster, revoked: &[u8], enrolment: Value) -> Value {
    let revoked: Vec<Fingerprint> = revoked.iter().map(|seed| key(*seed).public().fingerprint()).collect();
    json!({"change": "first", "text": {"enrolment": enrolment, "revoked": revoked, "roster": serde_json::to_value(roster).unwrap()}})
}

#[test]
fn a_revoked_key() {
    let mut ledger = Ledger::begun();
    ledger.push(Kind::Key, pinned(&enrolled(), &[1], Value::Null));
    let question = ledger.asked("rm x");
    let heard = ledger.hear(&question, &alice(&question));
    let (seq, words) = ledger.only_fault();
    assert_eq!(seq, heard);
    assert!(words.ends_with("is revoked"), "{words}");
}

#[test]
fn a_revoked_key_that_is_in_use_again() {
    let mut ledger = Ledger::begun();
    ledger.push(Kind::Key, pinned(&enrolled(), &[1], Value::Null));
    let seq = ledger.push(Kind::Key, pinned(&enrolled(), &[], Value::Null));
    assert_eq!(ledger.only_fault(), (seq, "a key that was revoked before is in use again".to_owned()));
}

#[test]
fn people_let_in_by_nobody_who_was_there_before() {
    let mut ledger = Ledger::begun();
    ledger.push(Kind::Key, pinned(&enrolled(), &[], Value::Null));
    let mut wider = enrolled().principals().clone();
    wider.insert("mallory".into(), person(&[66], &["approvers"], &[]));
    let wider = Roster::new(wider, crate::model::SelfApproval::Never).unwrap();
    let seq = ledger.push(Kind::Key, pinned(&wider, &[], Value::Null));
    let (at, words) = ledger.only_fault();
    assert_eq!(at, seq);
    assert!(words.starts_with("more people may answer from here on (`mallory` has the new key"), "{words}");
}

#[test]
fn a_request_to_other_principals_than_the_pinned_ones() {
    let mut ledger = Ledger::begun();
    ledger.push(Kind::Key, pinned(&roster(&[("bob", person(&[2], &["approvers"], &[]))]), &[], Value::Null));
    ledger.asked("rm x");
    let (_, words) = ledger.only_fault();
    assert!(words.starts_with("it was asked by other principals"), "{words}");
}

#[test]
fn a_policy_record_with_other_principals_than_its_digest_stands_for() {
    let mut ledger = Ledger::bare();
    let (digest, _) = policy(&enrolled());
    let (_, forged) = policy(&roster(&[("mallory", person(&[66], &["approvers"], &[]))]));
    let seq = ledger.push(Kind::Policy, json!({"policy": digest, "text": forged}));
    let words = format!("the text is not the one that the digest {digest} stands for");
    assert_eq!(ledger.only_fault(), (seq, words));
}

#[test]
fn a_second_policy_record_does_not_change_what_the_first_one_says() {
    let mut ledger = Ledger::begun();
    let (_, forged) = policy(&roster(&[("mallory", person(&[66], &["approvers"], &[]))]));
    let policy = ledger.policy;
    let seq = ledger.push(Kind::Policy, json!({"policy": policy, "text": forged}));
    let question = ledger.asked("rm x");
    ledger.approved(&question);
    assert_eq!(ledger.only_fault().0, seq);
}

#[test]
fn a_policy_record_that_was_taken_out() {
    let mut ledger = Ledger::bare();
    (ledger.policy, _) = policy(&enrolled());
    let question = ledger.asked("rm x");
    ledger.approved(&question);
    let examined = ledger.examined();
    let first = examined.first().unwrap();
    let words = format!("no record before this one holds the policy {}", ledger.policy);
    assert_eq!((first.seq, first.what.to_string()), (1, words));
    assert!(examined.faults.iter().any(|fault| fault.seq == 3), "the run is not proven either");
}

#[test]
fn a_line_left_out_with_everything_after_it_signed_anew() {
    let mut ledger = Ledger::begun();
    ledger.allowed(json!([]), &[]);
    let question = ledger.asked("rm x");
    ledger.approved(&question);
    assert_eq!(ledger.faults(), Vec::<String>::new());
    // alice signed a head with the record of the allowed command in it.
    let examined = ledger.without(2).examined();
    let first = examined.first().unwrap();
    let words = "the head that this request names (size 3) is not the head of this history";
    assert_eq!((first.seq, first.what.to_string()), (2, words.into()));
    assert_eq!(examined.anchor, None);
}

#[test]
fn a_head_with_a_wrong_root() {
    let mut ledger = Ledger::begun();
    let mut question = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
    question.request.head = LogHead { root: Digest::of(b"another history"), ..question.request.head };
    let question = Question::of(question.request);
    let seq = ledger.ask(&question);
    ledger.approved(&question);
    let examined = ledger.examined();
    let first = examined.first().unwrap();
    let words = "the head that this request names (size 2) is not the head of this history";
    assert_eq!((first.seq, first.what.to_string()), (seq, words.into()));
    assert_eq!(examined.anchor, None);
}

#[test]
fn one_request_in_two_runs() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = alice(&question);
    ledger.hear(&question, &verdict);
    let first = ledger.approve(&question, &[&verdict]);
    // Under another name for what it uses up, so that only the papers tell.
    let second = ledger.push(Kind::Run, question.run(&[&verdict]));
    let id = question.request.id;
    assert_eq!(ledger.only_fault(), (second, format!("the request {id} was used before, by record {first}")));
}

#[test]
fn a_run_that_uses_up_another_request_than_its_own() {
    let mut ledger = Ledger::begun();
    let other = ledger.asked("ls");
    let question = ledger.asked("rm x");
    let verdict = alice(&question);
    ledger.hear(&question, &verdict);
    let run = ledger.push_using(question.run(&[&verdict]), other.request.id);
    assert_eq!(ledger.only_fault(), (run, "it does not use up the request it names".into()));
}

#[test]
fn a_run_before_its_request() {
    let mut ledger = Ledger::begun();
    let mut question = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
    let verdict = alice(&question);
    let run = ledger.approve(&question, &[&verdict]);
    question.request.head = ledger.head();
    ledger.ask(&Question::of(question.request));
    let words = format!("no record before this one holds the request {}", question.digest);
    assert_eq!(ledger.only_fault(), (run, words));
}

#[test]
fn a_run_after_a_denial_or_an_end() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let denial = verdict(&question, "bob", 3, Answer::Deny, after(5));
    // bob owns the agent, whose request is not his own: he may say no.
    let at = ledger.hear(&question, &denial);
    let run = ledger.approved(&question);
    assert_eq!(ledger.only_fault(), (run, format!("`bob` had denied it (record {at})")));

    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = alice(&question);
    ledger.hear(&question, &verdict);
    let (id, policy) = (question.request.id, ledger.policy);
    let refusal =
        json!({"id": id, "policy": policy, "reasons": ["late"], "request": question.digest, "why": "expired"});
    let at = ledger.push(Kind::Refuse, refusal);
    let run = ledger.approve(&question, &[&verdict]);
    assert_eq!(ledger.only_fault(), (run, format!("the request {id} had ended (expired, record {at})")));
}

#[test]
fn a_run_after_its_time() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    ledger.now = 40;
    let verdict = alice(&question);
    ledger.hear(&question, &verdict);
    ledger.now = 620;
    let run = ledger.approve(&question, &[&verdict]);
    assert_eq!(ledger.only_fault(), (run, format!("the verdict of `alice` had expired at {}", after(600))));
}

#[test]
fn a_verdict_after_its_time() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    ledger.now = 1000;
    let heard = ledger.hear(&question, &verdict(&question, "alice", 1, Answer::Approve, after(990)));
    let words = format!("the verdict does not count: the request expired at {}", after(900));
    assert_eq!(ledger.only_fault(), (heard, words));
}

#[test]
fn a_verdict_made_long_before_the_request() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let early = "2026-11-22T09:00:00.000000Z".parse().unwrap();
    let heard = ledger.hear(&question, &verdict(&question, "alice", 1, Answer::Approve, early));
    let (seq, words) = ledger.only_fault();
    assert_eq!(seq, heard);
    assert!(words.contains("more than 5 minutes outside"), "{words}");
}

#[test]
fn a_run_that_names_another_approver_than_its_verdict() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = alice(&question);
    ledger.hear(&question, &verdict);
    for (member, value) in [("approver", json!("carol")), ("grade", json!("verified")), ("apart", json!("host"))] {
        let mut ledger = Ledger::begun();
        ledger.ask(&question);
        ledger.hear(&question, &verdict);
        let mut run = question.run(&[&verdict]);
        run["verdicts"][0][member] = value;
        let seq = ledger.push_using(run, question.request.id);
        assert_eq!(ledger.only_fault(), (seq, "the member `verdicts` is not that of the verdict's own record".into()));
    }
}

#[test]
fn a_changed_verdict() {
    let mut ledger = Ledger::begun();
    let question = ledger.asked("rm x");
    let verdict = String::from_utf8(alice(&question)).unwrap().replace("as agreed", "whatever");
    let heard = ledger.hear(&question, verdict.as_bytes());
    let (seq, words) = ledger.only_fault();
    assert_eq!(seq, heard);
    assert!(words.starts_with("the verdict does not count: the signature is not one of SHA256:"), "{words}");
}

#[test]
fn an_allowed_run_that_its_own_findings_do_not_allow() {
    let finding = |waived: Value| {
        let mut finding = json!({"class": "export", "command": 0, "effect": "ask", "environments": [], "labels": [],
            "rule": "gate/x", "tags": [], "why": "it leaves", "words": []});
        if !waived.is_null() {
            finding["waived"] = waived;
        }
        json!([finding])
    };
    let mut ledger = Ledger::begun();
    let run = ledger.allowed(finding(Value::Null), &[]);
    assert_eq!(ledger.only_fault(), (run, "it was allowed although `gate/x` does not allow it".into()));

    let mut ledger = Ledger::begun();
    let run = ledger.allowed(finding(json!("SEC-114")), &[]);
    assert_eq!(ledger.only_fault(), (run, "the member `waived` is not that of its findings".into()));
}

#[test]
fn an_allowed_run_judged_by_no_policy_there_is() {
    let mut ledger = Ledger::bare();
    let run = ledger.allowed(json!([]), &[]);
    let words = format!("no record before this one holds the policy {}", ledger.policy);
    assert_eq!(ledger.only_fault(), (run, words));
}

#[test]
fn an_outcome_of_nothing_and_one_too_many() {
    let mut ledger = Ledger::begun();
    let run = ledger.allowed(json!([]), &[]);
    ledger.ended(run);
    let twice = ledger.ended(run);
    assert_eq!(ledger.only_fault(), (twice, format!("the outcome of record {run} was recorded before")));

    let mut ledger = Ledger::begun();
    let run = ledger.allowed(json!([]), &[]);
    let named = json!({"digest": Digest::of(b"another"), "seq": run});
    let seq = ledger.push(Kind::Outcome, json!({"code": 0, "milliseconds": 1, "run": named}));
    assert_eq!(ledger.only_fault(), (seq, format!("record {run} is not the run it names")));
}

#[test]
fn one_id_for_two_requests() {
    let mut ledger = Ledger::begun();
    let first = ledger.asked("ls");
    let mut second = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
    second.request.id = first.request.id;
    let seq = ledger.ask(&Question::of(second.request));
    let id = first.request.id;
    assert_eq!(ledger.only_fault(), (seq, format!("the request {id} was recorded before")));
}

#[test]
fn a_repair_gives_up_on_what_stands_in_the_damage_and_on_nothing_before_or_behind() {
    let mut ledger = Ledger::begun();
    let before = ledger.asked("rm x");
    let behind = ledger.asked("rm y");
    let forged_before = ledger.approve(&before, &[]);
    let repair = ledger.damaged_and_repaired();
    let forged_behind = ledger.approve(&behind, &[]);
    let examined = ledger.examined();
    let found: Vec<_> = examined.faults.iter().map(|fault| (fault.seq, fault.acknowledged)).collect();
    assert_eq!(found, [(forged_before, None), (repair - 1, Some(repair)), (forged_behind, None)]);
    // The segment that the repair opens is told from its record.
    let last = examined.faults.last().unwrap();
    assert_eq!((last.segment, last.line), (repair, 2));
}
