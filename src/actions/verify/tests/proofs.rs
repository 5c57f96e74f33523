//! Answers of tokens, passkeys and servers, judged again from the log alone: what they are worth there is what the principals
//! of then make of them, not what a record says.

use super::ledger::{Ledger, Question, enrolled};
use crate::approval::trial::{after, clause, key};
use crate::approval::{Roster, WITNESS_NAMESPACE};
use crate::audit::Kind;
use crate::encoding::json::{Value, canonical, json};
use crate::encoding::soft::{Soft, TOUCHED, VERIFIED, client};
use crate::encoding::sshsig::sign;
use crate::model::{
    Answer, Clause, Digest, EnrolledKey, Grade, Hardware, Proof, ProofKind, SelfApproval, Statement, Verdict,
    VerdictType, Witness, WitnessType,
};

const SERVER: u8 = 50;

fn passkey() -> Soft {
    Soft::p256(7, "gate.acme.com")
}

/// Everybody, and alice's passkey; a server may vouch.
fn people(hardware: Option<Hardware>) -> Roster {
    let mut principals = enrolled().principals().clone();
    let enrolled = EnrolledKey { hardware, ..passkey().public().clone().into() };
    principals.get_mut("alice").unwrap().keys.push(enrolled);
    let roster = Roster::new(principals, SelfApproval::Never).unwrap();
    roster.with_witness(key(SERVER).public().clone()).unwrap()
}

fn begun(hardware: Option<Hardware>, grade: Grade) -> Ledger {
    let mut ledger = Ledger::bare();
    ledger.policy = ledger.enrol(&people(hardware));
    ledger.grade = grade;
    ledger
}

fn ask(ledger: &mut Ledger, grade: Grade) -> Question {
    let question = ledger.question("rm x", vec![Clause { grade, ..clause(&["approvers"], 1) }]);
    ledger.ask(&question);
    question
}

fn statement(question: &Question, key: &crate::model::PublicKey) -> Statement {
    Statement {
        kind: VerdictType::V1,
        request: question.digest,
        decision: Answer::Approve,
        approver: "alice".into(),
        key: key.fingerprint(),
        at: after(30),
        expires: after(600),
        reason: String::new(),
    }
}

fn touched(question: &Question, flags: u8, counter: u32) -> Vec<u8> {
    let statement = statement(question, passkey().public());
    let challenge = *Digest::of(&canonical(&statement).unwrap()).bytes();
    let said = client(&challenge, "https://gate.acme.com");
    let [authenticator_data, client_data, signature] = passkey().assertion(&said, flags, counter);
    canonical(&Verdict { statement, proof: Proof::Webauthn { authenticator_data, client_data, signature } }).unwrap()
}

fn witnessed(question: &Question) -> Vec<u8> {
    let statement = statement(question, key(SERVER).public());
    let digest = Digest::of(&canonical(&statement).unwrap());
    let (how, subject) = ("slack".into(), "T1/U1".into());
    let witness = Witness { kind: WitnessType::V1, statement: digest, how, subject, at: after(31) };
    let signature = sign(&key(SERVER), WITNESS_NAMESPACE, &canonical(&witness).unwrap());
    canonical(&Verdict { statement, proof: Proof::Witness { witness, signature } }).unwrap()
}

fn run(ledger: &mut Ledger, question: &Question, verdict: &[u8]) {
    ledger.hear(question, verdict);
    ledger.approve(question, &[verdict]);
}

#[test]
fn passkeys_and_servers_are_proven_again_and_counted() {
    let mut ledger = begun(Some(Hardware::Attested), Grade::Verified);
    let question = ask(&mut ledger, Grade::Verified);
    run(&mut ledger, &question, &touched(&question, VERIFIED, 3));
    ledger.grade = Grade::Asserted;
    let question = ask(&mut ledger, Grade::Asserted);
    run(&mut ledger, &question, &witnessed(&question));
    let examined = ledger.examined();
    assert!(examined.is_consistent(), "{:#?}", examined.faults);
    let proofs = [((ProofKind::Webauthn, Grade::Verified), 1), ((ProofKind::Witness, Grade::Asserted), 1)];
    assert_eq!(examined.tally.proofs, proofs.into());
    let told = json!([
        {"count": 1, "grade": "verified", "proof": "webauthn"}, {"count": 1, "grade": "asserted", "proof": "witness"},
    ]);
    assert_eq!(examined.json()["proofs"], told);
}

#[test]
fn a_server_s_word_anchors_nothing() {
    let mut ledger = begun(None, Grade::Asserted);
    let question = ask(&mut ledger, Grade::Asserted);
    run(&mut ledger, &question, &witnessed(&question));
    let examined = ledger.examined();
    assert!(examined.is_consistent() && examined.anchor.is_none(), "{:#?}", examined.anchor);
}

#[test]
fn a_grade_that_the_principals_of_then_do_not_give() {
    for (hardware, flags, claimed) in [
        (None, VERIFIED, Grade::Verified),
        (None, VERIFIED, Grade::Touched),
        (Some(Hardware::Attested), TOUCHED, Grade::Verified),
    ] {
        let mut ledger = begun(hardware, claimed);
        let question = ask(&mut ledger, Grade::Signed);
        let heard = ledger.hear(&question, &touched(&question, flags, 3));
        assert_eq!(ledger.only_fault(), (heard, "the member `grade` is not that of its verdict".into()));
    }
}

#[test]
fn a_proof_of_another_kind_than_the_record_says() {
    let mut ledger = begun(Some(Hardware::Attested), Grade::Verified);
    let question = ask(&mut ledger, Grade::Verified);
    let verdict = touched(&question, VERIFIED, 3);
    ledger.hear(&question, &verdict);
    let mut run = question.run(&[&verdict]);
    run["verdicts"][0]["proof"] = json!("sshsig");
    run["verdicts"][0]["grade"] = json!("verified");
    let run = ledger.push_using(run, question.request.id);
    assert_eq!(ledger.only_fault(), (run, "the member `verdicts` is not that of the verdict's own record".into()));
}

#[test]
fn a_server_s_word_where_somebody_had_to_sign() {
    let mut ledger = begun(None, Grade::Asserted);
    let question = ask(&mut ledger, Grade::Signed);
    let heard = ledger.hear(&question, &witnessed(&question));
    let words = "the verdict does not count: the verdict is graded `asserted`, and at least `signed` is needed";
    assert_eq!(ledger.only_fault(), (heard, words.into()));
}

#[test]
fn a_server_that_nobody_enrolled_then() {
    let mut ledger = Ledger::begun();
    ledger.grade = Grade::Asserted;
    let question = ask(&mut ledger, Grade::Asserted);
    ledger.hear(&question, &witnessed(&question));
    let (_, words) = ledger.only_fault();
    assert!(words.ends_with("no approval server is enrolled here"), "{words}");
}

#[test]
fn a_key_that_nobody_vouched_for_among_the_first_principals() {
    let mut ledger = Ledger::bare();
    let roster = serde_json::to_value(people(Some(Hardware::Vouched))).unwrap();
    let members = json!({"change": "first", "text": {"enrolment": Value::Null, "revoked": [], "roster": roster}});
    let seq = ledger.push(Kind::Key, members);
    let words = format!(
        "nobody had vouched for the key {} of `alice`: these are the first principals of the log",
        passkey().public().fingerprint()
    );
    assert_eq!(ledger.only_fault(), (seq, words));
}

#[test]
fn a_key_that_nobody_vouched_for_where_no_principals_are_pinned_at_all() {
    let mut ledger = begun(Some(Hardware::Vouched), Grade::Verified);
    let question = ledger.question("rm x", vec![clause(&["approvers"], 1)]);
    let asked = ledger.ask(&question);
    let (seq, words) = ledger.only_fault();
    assert!(seq == asked && words.starts_with("nobody had vouched for the key"), "{words}");
}

#[test]
fn a_count_that_does_not_rise_is_told_and_refuses_nothing() {
    let told = |counters: &[u32]| {
        let mut ledger = begun(Some(Hardware::Attested), Grade::Verified);
        for counter in counters {
            let question = ask(&mut ledger, Grade::Verified);
            let verdict = touched(&question, VERIFIED, *counter);
            ledger.hear(&question, &verdict);
            run(&mut ledger, &question, &verdict);
        }
        let examined = ledger.examined();
        assert!(examined.is_consistent(), "{:#?}", examined.faults);
        examined.tally.fallen.iter().map(|fallen| (fallen.before, fallen.counter)).collect::<Vec<_>>()
    };
    assert_eq!(told(&[1, 2, 5]), []);
    assert_eq!(told(&[0, 0, 0]), [], "a token that does not count");
    assert_eq!(told(&[5, 5, 6]), [(5, 5)]);
    assert_eq!(told(&[5, 3, 4]), [(5, 3)]);
}
