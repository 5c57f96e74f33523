//! The attacks with the word of a server, which proves nobody and must be the pinned one's.

use std::collections::BTreeMap;

use super::proofs::{SERVER, by_ssh, bytes, graded, vouched, with};
use super::trial::{Attempt, after, attempt, key, time};
use super::*;
use crate::encoding::json::canonical;
use crate::encoding::soft::{Soft, TOUCHED, VERIFIED};
use crate::encoding::sshsig::sign;
use crate::model::{Apart, Digest, Grade, Hardware, Proof, ProofKind, SelfApproval, Statement, Witness, WitnessType};

fn witness(statement: &Statement) -> Witness {
    let digest = Digest::of(&canonical(statement).unwrap());
    let (how, subject) = ("oidc".into(), "https://id.acme.com|alice".into());
    Witness { kind: WitnessType::V1, statement: digest, how, subject, at: after(31) }
}

fn seen(statement: &Statement, witness: Witness, by: u8, namespace: &str) -> Vec<u8> {
    let signature = sign(&key(by), namespace, &canonical(&witness).unwrap());
    bytes(statement, Proof::Witness { witness, signature })
}

/// An honest word of the server.
pub(super) fn by_server(statement: &Statement) -> Vec<u8> {
    seen(statement, witness(statement), SERVER, WITNESS_NAMESPACE)
}

#[test]
fn a_server_s_word_is_asserted_and_serves_no_clause_that_wants_more() {
    let attempt = vouched().needing(graded(Grade::Asserted));
    let accepted = attempt.hears(&by_server(&attempt.statement)).unwrap();
    let found = (accepted.grade, accepted.proof, accepted.principal.as_str(), accepted.counter);
    assert_eq!(found, (Grade::Asserted, ProofKind::Witness, "alice", None));
    assert_eq!(standing(&graded(Grade::Asserted), std::slice::from_ref(&accepted), &attempt.roster), Standing::Met);
    assert_ne!(standing(&graded(Grade::Signed), &[accepted], &attempt.roster), Standing::Met);
    for needed in [Grade::Signed, Grade::Touched, Grade::Verified] {
        let attempt = vouched().needing(graded(needed));
        let refusal = attempt.hears(&by_server(&attempt.statement)).unwrap_err();
        assert_eq!(refusal, Refusal::Grade { is: Grade::Asserted, needed });
    }
}

#[test]
fn every_attack_with_a_server_s_word_is_refused_with_its_own_words() {
    let honest = vouched().needing(graded(Grade::Asserted));
    let statement = &honest.statement;
    let word = || witness(statement);
    let server = key(SERVER).public().fingerprint();
    let named = |approver: &str| Statement { approver: approver.into(), ..statement.clone() };
    let (mallory, nobody, agent) =
        (Statement { key: key(66).public().fingerprint(), ..statement.clone() }, named("zoe"), named("agent:claude"));
    let alices = Statement { key: key(1).public().fingerprint(), ..statement.clone() };
    let machine = Statement { key: key(200).public().fingerprint(), ..statement.clone() };
    let plain = |by: u8, namespace: &str| {
        bytes(statement, Proof::Sshsig { signature: sign(&key(by), namespace, &canonical(statement).unwrap()) })
    };
    let table: Vec<(&str, Vec<u8>, String)> = vec![
        (
            "another key, named honestly",
            seen(&mallory, witness(&mallory), 66, WITNESS_NAMESPACE),
            format!(
                "the key {} vouches for this answer, and it is not that of the approval server enrolled here",
                key(66).public().fingerprint()
            ),
        ),
        (
            "another key, in the server's name",
            seen(statement, word(), 66, WITNESS_NAMESPACE),
            format!("the statement names the key {server}, but {} signed it", key(66).public().fingerprint()),
        ),
        (
            "the word of a person for themselves",
            seen(&alices, witness(&alices), 1, WITNESS_NAMESPACE),
            format!(
                "the key {} vouches for this answer, and it is not that of the approval server enrolled here",
                key(1).public().fingerprint()
            ),
        ),
        (
            "the machine's word",
            seen(&machine, witness(&machine), 200, WITNESS_NAMESPACE),
            format!(
                "the key {} is this machine's record key: a machine approves nothing",
                key(200).public().fingerprint()
            ),
        ),
        ("the server signs as a person", plain(SERVER, NAMESPACE), format!("the key {server} is not enrolled here")),
        (
            "a word in the namespace of verdicts",
            seen(statement, word(), SERVER, NAMESPACE),
            "the signature was made for `gate-verdict`, not for `gate-witness`".into(),
        ),
        (
            "a verdict in the namespace of words",
            plain(SERVER, WITNESS_NAMESPACE),
            "the signature was made for `gate-witness`, not for `gate-verdict`".into(),
        ),
        (
            "about another statement",
            seen(statement, Witness { statement: Digest::of(b"other"), ..word() }, SERVER, WITNESS_NAMESPACE),
            "the server vouches for another statement".into(),
        ),
        (
            "moved to another person",
            String::from_utf8(by_server(statement))
                .unwrap()
                .replace("\"approver\":\"alice\"", "\"approver\":\"bob\"")
                .into_bytes(),
            "the server vouches for another statement".into(),
        ),
        (
            "about somebody who is nobody here",
            seen(&nobody, witness(&nobody), SERVER, WITNESS_NAMESPACE),
            "`zoe` is not enrolled here".into(),
        ),
        (
            "about an agent",
            seen(&agent, witness(&agent), SERVER, WITNESS_NAMESPACE),
            "`agent:claude` is not a person: agents and pipelines ask, people answer".into(),
        ),
        (
            "changed afterwards",
            String::from_utf8(by_server(statement)).unwrap().replace("oidc", "odic").into_bytes(),
            format!("the signature is not one of {server} over this statement"),
        ),
        (
            "of another time",
            seen(statement, Witness { at: time("2026-11-22T09:54:00.000000Z"), ..word() }, SERVER, WITNESS_NAMESPACE),
            format!(
                "the verdict says it was made at 2026-11-22T09:54:00.000000Z, more than 5 minutes outside of {} to {}",
                after(0),
                after(60)
            ),
        ),
        (
            "of another type",
            String::from_utf8(by_server(statement)).unwrap().replace("gate.witness.v1", "gate.verdict.v1").into_bytes(),
            "the verdict cannot be read: unknown variant `gate.verdict.v1`, expected `gate.witness.v1`".into(),
        ),
    ];
    assert!(honest.hears(&by_server(statement)).is_ok());
    for (attack, verdict, words) in table {
        match honest.hears(&verdict) {
            Ok(accepted) => panic!("{attack}: counted as {accepted:?}"),
            Err(refusal) => assert_eq!(refusal.to_string(), words, "{attack}"),
        }
    }
    let mut nobody = attempt().needing(graded(Grade::Asserted));
    nobody.statement.key = server;
    assert_eq!(nobody.hears(&by_server(&nobody.statement)), Err(Refusal::NoWitness));
    let mut revoked = vouched().needing(graded(Grade::Asserted));
    revoked.revoked.insert(server);
    assert_eq!(revoked.hears(&by_server(&revoked.statement)), Err(Refusal::RevokedKey(server)));
}

#[test]
fn a_touch_lets_an_owner_answer_for_their_agent_and_a_server_s_word_does_not() {
    let soft = Soft::ed25519(7, "ssh:gate");
    let asked = |hardware| {
        let base = with(&soft, hardware).asked_by(&[("alice", "uid"), ("agent:claude", "GATE_AGENT")]);
        let mut principals: BTreeMap<_, _> = base.roster.principals().clone();
        principals.get_mut("agent:claude").unwrap().owner = Some("alice".into());
        let roster = Roster::new(principals, SelfApproval::Agents).unwrap();
        let roster = roster.with_witness(key(SERVER).public().clone()).unwrap();
        Attempt { roster, ..base }.needing(graded(Grade::Asserted))
    };
    let touched = asked(Some(Hardware::Vouched));
    let accepted = touched.hears(&by_ssh(&soft, &touched.statement, TOUCHED)).unwrap();
    assert_eq!((accepted.exception, accepted.apart), (Some(Exception::Agent), Apart::Key));
    let unproven = Err(Refusal::AgentUnproven("alice".into()));
    assert_eq!(touched.hears(&by_ssh(&soft, &touched.statement, 0)), unproven);
    let software = asked(None);
    assert_eq!(software.hears(&by_ssh(&soft, &software.statement, VERIFIED)), unproven);
    let mut word = asked(Some(Hardware::Vouched));
    word.statement.key = key(SERVER).public().fingerprint();
    word.passphrase = true;
    assert_eq!(word.hears(&by_server(&word.statement)), unproven, "nobody typed anything for a server");
}
