//! The attacks on tokens and passkeys; what their answers are worth, and by whose word.

use super::trial::{Attempt, attempt, clause, key, log};
use super::witnesses::by_server;
use super::*;
use crate::encoding::json::canonical;
use crate::encoding::soft::{Soft, TOUCHED, VERIFIED, client, other_form};
use crate::model::{
    Answer, Clause, Digest, EnrolledKey, Grade, Hardware, Proof, ProofKind, SelfApproval, Statement, Verdict,
};

const PAGE: &str = "https://gate.acme.com";
pub(super) const SERVER: u8 = 50;

/// The usual attempt, where alice has this token as well and answers with it, and a server may vouch.
pub(super) fn with(soft: &Soft, hardware: Option<Hardware>) -> Attempt {
    let mut attempt = attempt();
    let mut principals = attempt.roster.principals().clone();
    let enrolled = EnrolledKey { hardware, ..soft.public().clone().into() };
    principals.get_mut("alice").unwrap().keys.push(enrolled);
    let roster = Roster::new(principals, SelfApproval::Never).unwrap();
    attempt.roster = roster.with_witness(key(SERVER).public().clone()).unwrap();
    attempt.statement.key = soft.public().fingerprint();
    attempt
}

pub(super) fn vouched() -> Attempt {
    let mut attempt = with(&passkey(), Some(Hardware::Vouched));
    attempt.statement.key = key(SERVER).public().fingerprint();
    attempt
}

pub(super) fn passkey() -> Soft {
    Soft::p256(7, "gate.acme.com")
}

pub(super) fn bytes(statement: &Statement, proof: Proof) -> Vec<u8> {
    canonical(&Verdict { statement: statement.clone(), proof }).unwrap()
}

fn challenge(statement: &Statement) -> [u8; 32] {
    *Digest::of(&canonical(statement).unwrap()).bytes()
}

fn answered(soft: &Soft, client: &str, flags: u8) -> Proof {
    let [authenticator_data, client_data, signature] = soft.assertion(client, flags, 9);
    Proof::Webauthn { authenticator_data, client_data, signature }
}

/// An honest answer of a passkey.
pub(super) fn on_page(soft: &Soft, statement: &Statement, flags: u8) -> Vec<u8> {
    bytes(statement, answered(soft, &client(&challenge(statement), PAGE), flags))
}

pub(super) fn by_ssh(soft: &Soft, statement: &Statement, flags: u8) -> Vec<u8> {
    let signature = soft.sshsig("gate-verdict", &canonical(statement).unwrap(), flags, 9);
    bytes(statement, Proof::Sshsig { signature })
}

impl Attempt {
    pub(super) fn hears(&self, verdict: &[u8]) -> Result<Accepted, Refusal> {
        self.with(|received, circumstances| judge(received, verdict, circumstances, &self.earlier))
    }
}

pub(super) fn graded(grade: Grade) -> Vec<Clause> {
    vec![Clause { grade, ..clause(&["approvers"], 1) }]
}

#[test]
fn what_an_answer_of_a_token_is_worth_hangs_on_its_flags_and_on_how_its_key_was_enrolled() {
    use Grade::{Signed, Touched, Verified};
    let (vouched, attested) = (Some(Hardware::Vouched), Some(Hardware::Attested));
    const COPIED: u8 = 0x1d;
    let ssh = [
        ("ssh:gate", vouched, VERIFIED, Verified),
        ("ssh:gate", attested, VERIFIED, Verified),
        ("ssh:gate-acme", vouched, VERIFIED, Verified),
        ("ssh:gateway", vouched, VERIFIED, Touched),
        ("ssh:", vouched, VERIFIED, Touched),
        ("ssh:gate", vouched, TOUCHED, Touched),
        ("ssh:gate", vouched, 0, Signed),
        ("ssh:gate", vouched, 0x04, Signed),
        ("ssh:gate", None, VERIFIED, Signed),
        ("ssh:gate", None, 0, Signed),
    ];
    let page = [
        ("gate.acme.com", vouched, VERIFIED, Verified),
        ("gate.acme.com", attested, VERIFIED, Verified),
        ("gate.acme.com", vouched, TOUCHED, Touched),
        ("gate.acme.com", vouched, COPIED, Verified),
        ("gate.acme.com", attested, COPIED, Signed),
        ("gate.acme.com", None, VERIFIED, Signed),
    ];
    for make in [Soft::p256, Soft::ed25519] {
        for (application, hardware, flags, grade) in ssh.into_iter().chain(page) {
            let soft = make(7, application);
            let attempt = with(&soft, hardware);
            let ssh = application.starts_with("ssh:");
            let verdict = if ssh { by_ssh } else { on_page }(&soft, &attempt.statement, flags);
            let accepted = attempt.hears(&verdict).unwrap();
            let proof = if ssh { ProofKind::Sshsig } else { ProofKind::Webauthn };
            let found = (accepted.grade, accepted.proof, accepted.counter, accepted.principal.as_str());
            assert_eq!(found, (grade, proof, Some(9), "alice"), "{application} {hardware:?} {flags}");
            assert_eq!(accepted.digest, Digest::of(&verdict));
            // What was promised before anybody signed is never less than what came of it.
            let fingerprint = soft.public().fingerprint();
            let asked = attempt.needing(graded(grade));
            let early = asked.with(|received, known| {
                let Circumstances { roster, revoked, record_key, elapsed, apart, passphrase, .. } = *known;
                let record_key = Some(record_key);
                let answering = Answering { roster, revoked, record_key, elapsed, apart, passphrase };
                may_answer(received, &fingerprint, Answer::Approve, &answering)
            });
            assert_eq!(early, Ok("alice".into()));
        }
    }
}

#[test]
fn a_token_of_software_that_nobody_vouched_for_is_not_touched_whatever_it_says() {
    for (soft, make) in
        [(Soft::ed25519(7, "ssh:gate"), by_ssh as fn(&Soft, &Statement, u8) -> Vec<u8>), (passkey(), on_page)]
    {
        let attempt = with(&soft, None).needing(graded(Grade::Touched));
        let refusal = attempt.hears(&make(&soft, &attempt.statement, VERIFIED)).unwrap_err();
        assert_eq!(refusal, Refusal::Grade { is: Grade::Signed, needed: Grade::Touched });
        let attempt = with(&soft, Some(Hardware::Vouched)).needing(graded(Grade::Touched));
        assert!(attempt.hears(&make(&soft, &attempt.statement, TOUCHED)).is_ok());
        let attempt = with(&soft, Some(Hardware::Vouched)).needing(graded(Grade::Verified));
        let refusal = attempt.hears(&make(&soft, &attempt.statement, TOUCHED)).unwrap_err();
        assert_eq!(refusal, Refusal::Grade { is: Grade::Touched, needed: Grade::Verified }, "UV that nobody set");
    }
}

#[test]
fn every_attack_on_a_passkey_is_refused_with_its_own_words() {
    let soft = passkey();
    let honest = with(&soft, Some(Hardware::Vouched));
    let statement = &honest.statement;
    let said = client(&challenge(statement), PAGE);
    let fingerprint = soft.public().fingerprint();
    let broken = |text: &str| format!("the passkey's answer does not count: {text}");
    let other = Statement { reason: "another reason".into(), ..statement.clone() };
    let replayed = Statement { request: Digest::of(b"another request"), ..statement.clone() };
    let mallory = Soft::p256(66, "gate.acme.com");
    let bobs = Statement { approver: "bob".into(), ..statement.clone() };
    let unknown = Statement { key: mallory.public().fingerprint(), ..statement.clone() };
    let own = Statement { key: key(1).public().fingerprint(), ..statement.clone() };
    let text = |verdict: Vec<u8>| String::from_utf8(verdict).unwrap();
    let table: Vec<(&str, Vec<u8>, String)> = vec![
        (
            "forged by another key",
            bytes(statement, answered(&mallory, &said, VERIFIED)),
            format!("the signature is not one of {fingerprint} over this statement"),
        ),
        (
            "a key that nobody enrolled",
            on_page(&mallory, &unknown, VERIFIED),
            format!("the key {} is not enrolled here", mallory.public().fingerprint()),
        ),
        (
            "somebody else's name",
            on_page(&soft, &bobs, VERIFIED),
            "the statement is by `bob`, but the key belongs to `alice`".into(),
        ),
        (
            "replayed to another request",
            on_page(&soft, &replayed, VERIFIED),
            "the verdict answers another request".into(),
        ),
        (
            "the challenge of another statement",
            bytes(statement, answered(&soft, &client(&challenge(&other), PAGE), VERIFIED)),
            broken("the passkey answered another challenge"),
        ),
        (
            "a proof moved to another statement",
            text(on_page(&soft, statement, VERIFIED)).replace("old data", "new data").into_bytes(),
            broken("the passkey answered another challenge"),
        ),
        (
            "another page",
            bytes(statement, answered(&soft, &client(&challenge(statement), "https://evil.com"), VERIFIED)),
            broken("the passkey answered on `https://evil.com`, where it may not"),
        ),
        (
            "a page below that nobody enrolled",
            bytes(statement, answered(&soft, &client(&challenge(statement), "https://a.gate.acme.com"), VERIFIED)),
            broken("the passkey answered on `https://a.gate.acme.com`, where it may not"),
        ),
        (
            "another host",
            bytes(statement, answered(&Soft::p256(7, "acme.com"), &said, VERIFIED)),
            broken("the authenticator's data are for another host than `gate.acme.com`"),
        ),
        (
            "nobody there",
            on_page(&soft, statement, 0x04),
            broken("nobody touched the authenticator (its flag UP is not set)"),
        ),
        (
            "an enrolment",
            bytes(statement, answered(&soft, &said.replace(".get", ".create"), VERIFIED)),
            broken("the client's data are of type `webauthn.create`, not `webauthn.get`"),
        ),
        (
            "inside of another page",
            bytes(statement, answered(&soft, &said.replace("false", "true"), VERIFIED)),
            broken("the passkey answered inside of a page of somebody else"),
        ),
        (
            "a key that is no passkey",
            bytes(&own, answered(&soft, &client(&challenge(&own), PAGE), VERIFIED)),
            broken("the key is no passkey"),
        ),
        (
            "a passkey that signs as OpenSSH does",
            by_ssh(&soft, statement, VERIFIED),
            format!("the key {fingerprint} is a passkey, which answers on its web page and signs nothing else"),
        ),
        (
            "another base64",
            text(on_page(&soft, statement, VERIFIED)).replace("\",\"client_data", "=\",\"client_data").into_bytes(),
            broken("`authenticator_data` is not base64url without padding, or too long"),
        ),
    ];
    assert!(honest.hears(&on_page(&soft, statement, VERIFIED)).is_ok());
    for (attack, verdict, words) in table {
        match honest.hears(&verdict) {
            Ok(accepted) => panic!("{attack}: counted as {accepted:?}"),
            Err(refusal) => assert_eq!(refusal.to_string(), words, "{attack}"),
        }
    }
    let mut revoked = with(&soft, Some(Hardware::Vouched));
    revoked.revoked.insert(fingerprint);
    assert_eq!(revoked.hears(&on_page(&soft, statement, VERIFIED)), Err(Refusal::RevokedKey(fingerprint)));
    for (member, words) in [("extra", "unknown field `extra`"), ("signature", "twice")] {
        let verdict = text(on_page(&soft, statement, VERIFIED));
        let more = verdict.replace("\"kind\":\"webauthn\"", &format!("\"{member}\":\"\",\"kind\":\"webauthn\""));
        assert!(matches!(honest.hears(more.as_bytes()), Err(Refusal::Form(_))), "{member}: {words}");
    }
}

#[test]
fn a_requester_s_own_passkey_answers_nothing() {
    for claims in [[("alice", "token")], [("alice", "uid")]] {
        let soft = passkey();
        let own = with(&soft, Some(Hardware::Attested)).asked_by(&claims);
        let refusal = own.hears(&on_page(&soft, &own.statement, VERIFIED)).unwrap_err();
        assert!(matches!(refusal, Refusal::OwnRequest(_) | Refusal::OwnAccount { .. }), "{refusal}");
        let own = vouched().asked_by(&claims);
        let refusal = own.hears(&by_server(&own.statement)).unwrap_err();
        assert!(matches!(refusal, Refusal::OwnRequest(_) | Refusal::OwnAccount { .. }), "{refusal}");
    }
}

#[test]
fn the_other_form_of_an_ecdsa_signature_is_the_same_person_and_counts_once() {
    let soft = passkey();
    let mut honest = with(&soft, Some(Hardware::Vouched));
    let statement = honest.statement.clone();
    let said = client(&challenge(&statement), PAGE);
    let Proof::Webauthn { authenticator_data, client_data, signature } = answered(&soft, &said, VERIFIED) else {
        panic!()
    };
    let first = Proof::Webauthn {
        authenticator_data: authenticator_data.clone(),
        client_data: client_data.clone(),
        signature: signature.clone(),
    };
    let second = Proof::Webauthn { authenticator_data, client_data, signature: other_form(&signature) };
    let (first, second) = (bytes(&statement, first), bytes(&statement, second));
    assert_ne!(first, second);
    honest.earlier = vec![honest.hears(&first).unwrap()];
    assert_eq!(honest.hears(&second), Err(Refusal::Repeated("alice".into())));
    honest.earlier.clear();
    assert!(honest.hears(&second).is_ok(), "tokens give either form");
}

#[test]
fn a_passkey_and_a_key_of_one_person_are_one_person() {
    let soft = passkey();
    let mut attempt = with(&soft, Some(Hardware::Vouched));
    let passkeys = attempt.hears(&on_page(&soft, &attempt.statement, VERIFIED)).unwrap();
    attempt.earlier = vec![passkeys];
    assert_eq!(attempt.by("alice", 1).judged(), Err(Refusal::SecondKey("alice".into())));
}

#[test]
fn no_answer_for_another_log_counts_whatever_proves_it() {
    let soft = passkey();
    let mut other = with(&soft, Some(Hardware::Vouched));
    other.log = crate::model::LogId::new([8; 16]);
    let refusal = other.hears(&on_page(&soft, &other.statement, VERIFIED)).unwrap_err();
    assert_eq!(refusal, Refusal::OtherLog { expected: other.log, found: log() });
}
