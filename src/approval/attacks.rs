//! The attacks on an approval, each refused with words of its own. What a verdict is up against stands in one table, so
//! that a missing line is seen.

use super::trial::{Attempt, CREATED, Edit, after, attempt, clause, key, log, time};
use super::*;
use crate::encoding::json::canonical;
use crate::model::{Answer, Apart, Clause, Digest, Grade, LogId, SelfApproval, Text};

#[test]
fn an_honest_approval_counts() {
    let accepted = attempt().judged().unwrap();
    assert_eq!((accepted.principal.as_str(), accepted.grade, accepted.exception), ("alice", Grade::Signed, None));
    assert_eq!(accepted.digest, Digest::of(&attempt().verdict()));
}

#[test]
fn every_attack_is_refused_with_its_own_words() {
    let fingerprint = |seed: u8| key(seed).public().fingerprint();
    let change = |change: fn(&mut Attempt)| {
        let mut attempt = attempt();
        change(&mut attempt);
        attempt
    };
    let own = |text: &str| format!("{text}, and nobody approves their own request");
    let table: Vec<(&str, Attempt, String)> = vec![
        ("the same principal", attempt().asked_by(&[("alice", "token")]), own("`alice` is asking")),
        (
            "a second key of the same person",
            attempt().asked_by(&[("alice", "token")]).by("alice", 2),
            own("`alice` is asking"),
        ),
        (
            "an account the approver claims",
            attempt().asked_by(&[("alice", "uid")]),
            own("the request comes from an account that `alice` claims (uid 1000)"),
        ),
        (
            "an account the approver claims by now",
            attempt().asked_by(&[("account:alice@build07", "uid")]),
            own("the request comes from an account that `alice` claims (alice@build07)"),
        ),
        (
            "an account behind sudo",
            attempt().asked_by(&[("bob", "ancestor"), ("alice", "SUDO_UID")]),
            own("the request comes from an account that `alice` claims (uid 1000)"),
        ),
        ("a request of nobody", attempt().asked_by(&[]), own("`alice` is asking")),
        (
            "an agent approves",
            attempt().asked_by(&[("carol", "uid")]).by("agent:claude", 9),
            "`agent:claude` is not a person: agents and pipelines ask, people answer".into(),
        ),
        (
            "the machine's record key",
            change(|attempt| attempt.record_key = 1),
            format!("the key {} is this machine's record key: a machine approves nothing", fingerprint(1)),
        ),
        (
            "an edited request file",
            change(|attempt| attempt.request.subject.invocation.arguments.push(Text::Plain("/".into()))),
            "the verdict answers another request".into(),
        ),
        (
            "a verdict for another command",
            change(|attempt| attempt.request.subject.invocation.arguments = vec![Text::Plain("mkfs".into())]),
            "the verdict answers another request".into(),
        ),
        (
            "an expired verdict",
            change(|attempt| attempt.elapsed = 601),
            format!("the verdict expired at {}", after(600)),
        ),
        (
            "an expired request",
            change(|attempt| {
                attempt.elapsed = 900;
                attempt.statement.expires = after(100_000);
            }),
            format!("the request expired at {}", after(900)),
        ),
        (
            "a verdict made before the request",
            change(|attempt| attempt.statement.at = time("2026-11-22T09:54:59.999999Z")),
            format!(
                "the verdict says it was made at 2026-11-22T09:54:59.999999Z, more than 5 minutes outside of {CREATED} to {}",
                after(60)
            ),
        ),
        (
            "a verdict from the future",
            change(|attempt| attempt.statement.at = after(361)),
            format!(
                "the verdict says it was made at {}, more than 5 minutes outside of {CREATED} to {}",
                after(361),
                after(60)
            ),
        ),
        ("an unknown key", attempt().by("alice", 77), format!("the key {} is not enrolled here", fingerprint(77))),
        (
            "a revoked key",
            change(|attempt| {
                attempt.revoked.insert(key(1).public().fingerprint());
            }),
            format!("the key {} is revoked", fingerprint(1)),
        ),
        (
            "somebody else's name",
            attempt().by("bob", 1),
            "the statement is by `bob`, but the key belongs to `alice`".into(),
        ),
        (
            "a key that is not the signer's",
            change(|attempt| attempt.signer = 3),
            format!("the statement names the key {}, but {} signed it", fingerprint(1), fingerprint(3)),
        ),
        (
            "another namespace",
            change(|attempt| attempt.namespace = "git"),
            "the signature was made for `git`, not for `gate-verdict`".into(),
        ),
        (
            "a statement of another type",
            change(|attempt| attempt.edit = |text| text.replace("gate.verdict.v1", "gate.grant.v1")),
            "not a verdict: the statement's type is `gate.grant.v1`".into(),
        ),
        (
            "another kind of proof",
            change(|attempt| attempt.edit = |text| text.replace("\"kind\":\"sshsig\"", "\"kind\":\"trustme\"")),
            "proofs of kind `trustme` are not known here".into(),
        ),
        (
            "a changed decision",
            change(|attempt| attempt.edit = |text| text.replace("old data", "new data")),
            format!("the signature is not one of {} over this statement", fingerprint(1)),
        ),
        (
            "another machine's log",
            change(|attempt| attempt.log = LogId::new([8; 16])),
            format!("the request belongs to the log {}, not to {}", log(), LogId::new([8; 16])),
        ),
        (
            "somebody without a say",
            attempt().by("carol", 4),
            "`carol` is in none of the groups that may answer: approvers".into(),
        ),
        (
            "too low a grade",
            attempt().needing(vec![Clause { grade: Grade::Touched, ..clause(&["approvers"], 1) }]),
            "the verdict is graded `signed`, and at least `touched` is needed".into(),
        ),
        (
            "the requester's own account where another is needed",
            attempt().needing(vec![Clause { apart: Apart::Account, ..clause(&["approvers"], 1) }]),
            "the verdict came from the requester's own account, and it must come from another account".into(),
        ),
        (
            "the same approval twice",
            change(|attempt| attempt.earlier = vec![attempt.judged().unwrap()]),
            "`alice` has approved already, and one person counts once".into(),
        ),
        (
            "two keys of one person as two people",
            {
                let mut second = attempt().by("alice", 2);
                second.earlier = vec![attempt().judged().unwrap()];
                second
            },
            "`alice` has approved already: a second key is not a second person".into(),
        ),
    ];
    for (attack, attempt, words) in table {
        match attempt.judged() {
            Ok(accepted) => panic!("{attack}: counted as {accepted:?}"),
            Err(refusal) => assert_eq!(refusal.to_string(), words, "{attack}"),
        }
    }
}

fn answering<'a>(known: &Circumstances<'a>) -> Answering<'a> {
    let Circumstances { roster, revoked, record_key, elapsed, apart, passphrase, .. } = *known;
    Answering { roster, revoked, record_key: Some(record_key), elapsed, apart, passphrase }
}

#[test]
fn who_would_be_refused_is_told_before_signing_with_the_same_words() {
    let asked: [(Attempt, u8); 6] = [
        (attempt().asked_by(&[("alice", "uid")]), 1),
        (attempt().asked_by(&[("alice", "token")]), 2),
        (attempt().by("carol", 4), 4),
        (attempt().by("alice", 77), 77),
        (attempt().needing(vec![Clause { grade: Grade::Verified, ..clause(&["approvers"], 1) }]), 1),
        (attempt().asked_by(&[("carol", "uid")]).by("agent:claude", 9), 9),
    ];
    for (attempt, seed) in asked {
        let early = attempt.with(|received, circumstances| {
            may_answer(received, &key(seed).public().fingerprint(), Answer::Approve, &answering(circumstances))
        });
        assert_eq!(early.unwrap_err(), attempt.judged().unwrap_err());
    }
    let attempt = attempt();
    let early = attempt.with(|received, circumstances| {
        may_answer(received, &key(1).public().fingerprint(), Answer::Approve, &answering(circumstances))
    });
    assert_eq!(early.unwrap(), "alice");
}

#[test]
fn a_member_that_is_unknown_or_has_a_second_spelling_is_refused() {
    let edits: [(Edit, &str); 5] = [
        (|text| text.replace("{\"proof\"", "{\"extra\":1,\"proof\""), "unknown field `extra`"),
        (|text| text.replace("\"approver\":", "\"also\":1,\"approver\":"), ""),
        (|text| text.replace(",\"statement\"", ", \"statement\""), "not canonical JSON"),
        (|text| format!("{text}\n"), "not canonical JSON"),
        (|text| text.replace("\"reason\"", "\"raison\""), "unknown field `raison`"),
    ];
    for (edit, words) in edits {
        let refusal = Attempt { edit, ..attempt() }.judged().unwrap_err();
        assert!(matches!(refusal, Refusal::Form(_)) && refusal.to_string().contains(words), "{refusal}");
    }
    let large = Attempt { edit: |text| format!("{text}{}", " ".repeat(LARGEST_VERDICT)), ..attempt() };
    assert_eq!(large.judged().unwrap_err(), Refusal::TooLarge { limit: LARGEST_VERDICT });
}

#[test]
fn a_request_of_another_type_or_with_an_unknown_member_is_refused() {
    let text = String::from_utf8(canonical(&attempt().request).unwrap()).unwrap();
    let other = text.replace("gate.request.v1", "gate.request.v2");
    assert_eq!(Received::read(other.as_bytes()), Err(RequestError::Type("gate.request.v2".into())));
    for bad in [
        text.replace("{\"created\"", "{\"also\":1,\"created\""),
        text.replace("\"uid\":1000", "\"reason\":null,\"uid\":1000"),
        text.replace("\"uid\":1000", "\"uid\":1000.0"),
        format!("{text} "),
    ] {
        assert!(matches!(Received::read(bad.as_bytes()), Err(RequestError::Form(_))), "{bad}");
    }
    let large = vec![b' '; LARGEST_REQUEST + 1];
    assert_eq!(Received::read(&large), Err(RequestError::TooLarge { limit: LARGEST_REQUEST }));
}

#[test]
fn an_account_that_nobody_claims_is_approved_and_marked() {
    let accepted = attempt().asked_by(&[("account:shared@build01", "uid")]).judged().unwrap();
    assert_eq!(accepted.exception, Some(Exception::Unclaimed));
}

#[test]
fn an_owner_answers_for_an_agent_under_their_account_only_where_that_is_allowed_and_proven() {
    let asked = || attempt().asked_by(&[("bob", "uid"), ("agent:claude", "GATE_AGENT")]).by("bob", 3);
    assert!(matches!(asked().judged(), Err(Refusal::OwnAccount { .. })));
    let agents = Roster::new(attempt().roster.principals().clone(), SelfApproval::Agents).unwrap();
    let allowed = |passphrase| Attempt { roster: agents.clone(), passphrase, ..asked() };
    assert_eq!(allowed(false).judged().unwrap_err(), Refusal::AgentUnproven("bob".into()));
    assert_eq!(allowed(true).judged().unwrap().exception, Some(Exception::Agent));
    let no_agent = attempt().asked_by(&[("bob", "uid")]).by("bob", 3);
    let no_agent = Attempt { roster: agents.clone(), passphrase: true, ..no_agent };
    assert!(matches!(no_agent.judged(), Err(Refusal::OwnAccount { .. })), "a person is no agent");
    let named = attempt().asked_by(&[("bob", "token"), ("agent:claude", "GATE_AGENT")]).by("bob", 3);
    let named = Attempt { roster: agents, passphrase: true, ..named };
    assert!(matches!(named.judged(), Err(Refusal::OwnRequest(_))), "an agent beside a person is no excuse");
}

#[test]
fn an_agent_under_an_account_of_its_own_is_answered_by_its_owner() {
    assert_eq!(attempt().by("bob", 3).judged().unwrap().exception, None);
}

#[test]
fn a_denial_counts_from_anyone_entitled_whatever_its_grade() {
    let strict = vec![Clause { grade: Grade::Verified, apart: Apart::Host, ..clause(&["approvers"], 2) }];
    let mut denial = attempt().needing(strict.clone());
    denial.statement.decision = Answer::Deny;
    let accepted = denial.judged().unwrap();
    let standing = standing(&strict, &[accepted], &denial.roster);
    assert_eq!(standing, Standing::Denied { by: "alice".into(), reason: "old data".into() });
    let mut stranger = attempt().by("carol", 4);
    stranger.statement.decision = Answer::Deny;
    assert!(matches!(stranger.judged(), Err(Refusal::NotEntitled { .. })));
    let mut own = attempt().asked_by(&[("alice", "uid")]);
    own.statement.decision = Answer::Deny;
    assert!(matches!(own.judged(), Err(Refusal::OwnAccount { .. })), "who asks withdraws");
}

#[test]
fn a_second_answer_from_farther_away_adds_something() {
    let mut second = attempt();
    second.earlier = vec![attempt().judged().unwrap()];
    second.apart = Apart::Account;
    assert_eq!(second.judged().unwrap().apart, Apart::Account);
}
