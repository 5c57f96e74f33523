//! Tests of who is enrolled: what fits together, what can be met, what widens, and who accepts that.

use std::collections::{BTreeMap, BTreeSet};

use super::trial::{CREATED, attempt, clause, key, log, people, person, requester, time};
use super::*;
use crate::encoding::json::canonical;
use crate::encoding::soft::Soft;
use crate::encoding::sshsig::sign;
use crate::model::{Apart, Claim, Clause, Digest, EnrolledKey, Grade, Hardware, LogId, Principal, Proof, SelfApproval};

/// A passkey of gate's page, of software like all here.
fn token(hardware: Option<Hardware>) -> EnrolledKey {
    EnrolledKey { hardware, ..Soft::ed25519(70, "gate.acme.com").public().clone().into() }
}

#[test]
fn a_key_that_becomes_hardware_or_answers_on_another_page_widens() {
    let roster = |key: EnrolledKey| {
        let alice = Principal { keys: vec![key], ..person(&[], &["approvers"], &[]) };
        super::trial::roster(&[("alice", alice)])
    };
    let changes = |old: &EnrolledKey, new: &EnrolledKey| {
        let changes = widening(&roster(old.clone()), &roster(new.clone()));
        changes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (plain, vouched, attested) = (token(None), token(Some(Hardware::Vouched)), token(Some(Hardware::Attested)));
    let key = plain.key.fingerprint();
    assert_eq!(changes(&plain, &vouched), [format!("the key {key} of `alice` is now `vouched`")]);
    assert_eq!(changes(&vouched, &attested), [format!("the key {key} of `alice` is now `attested`")]);
    assert_eq!(changes(&attested, &plain), [""; 0]);
    let pages = |pages: &[&str]| {
        let origins = pages.iter().map(|page| page.parse().unwrap()).collect();
        EnrolledKey { origins, ..plain.clone() }
    };
    let (same, more) =
        (pages(&["https://gate.acme.com"]), pages(&["https://gate.acme.com", "https://a.gate.acme.com"]));
    assert_eq!(changes(&plain, &same), [""; 0]);
    let words = format!("the passkey {key} of `alice` may now answer on https://a.gate.acme.com");
    assert_eq!(changes(&plain, &more), [words]);
    assert_eq!(changes(&more, &plain), [""; 0]);
    assert_eq!(unvouched(&roster(vouched)), Some(("alice", key)), "the first principals are signed by nobody");
    assert_eq!((unvouched(&roster(plain)), unvouched(&roster(attested))), (None, None));
}

#[test]
fn a_server_that_may_vouch_widens_and_is_nobody_else() {
    let old = attempt().roster;
    let server = |seed: u8| old.clone().with_witness(key(seed).public().clone());
    let new = server(50).unwrap();
    let fingerprint = key(50).public().fingerprint();
    assert_eq!(widening(&old, &new), [Change::Witness(fingerprint)]);
    assert_eq!(
        widening(&new, &server(51).unwrap()),
        [Change::Witness(key(51).public().fingerprint())],
        "another server is another word"
    );
    assert_eq!(widening(&new, &old), []);
    let fault = server(1).unwrap_err().to_string();
    assert!(fault.ends_with("of the approval server is also a key of `alice`"), "{fault}");
    let fault = old.clone().with_witness(token(None).key).unwrap_err().to_string();
    assert!(fault.ends_with("claims to be in a token, which answers for nobody"), "{fault}");
    let text = canonical(&new).unwrap();
    let enrolled: Enrolled = crate::encoding::json::strict(&text).unwrap();
    assert_eq!(Roster::try_from(enrolled), Ok(new));
    assert!(!String::from_utf8(canonical(&old).unwrap()).unwrap().contains("witness"));
}

#[test]
fn principals_that_do_not_fit_together_are_refused() {
    let agent = |owner: Option<&str>| Principal { owner: owner.map(str::to_owned), ..person(&[], &[], &[]) };
    let with = |key: EnrolledKey| Principal { keys: vec![key], ..person(&[], &[], &[]) };
    let plain = |hardware| EnrolledKey { hardware, ..key(1).public().clone().into() };
    let paged = |key: EnrolledKey, page: &str| EnrolledKey { origins: [page.parse().unwrap()].into(), ..key };
    let table: [(&[(&str, Principal)], &str); 15] = [
        (&[("a", with(plain(Some(Hardware::Vouched))))], "is in no token, so that `hardware` says nothing of it"),
        (&[("a", with(plain(Some(Hardware::Attested))))], "is in no token"),
        (&[("a", with(paged(plain(None), "https://a.com")))], "is no passkey, so that `origins` say nothing of it"),
        (
            &[("a", with(paged(token(None), "https://acme.com")))],
            "is made for `gate.acme.com`, and `https://acme.com` is neither there nor below",
        ),
        (&[("a", with(paged(token(None), "http://localhost")))], "is neither there nor below"),
        (&[("a", person(&[1], &[], &[])), ("b", person(&[1], &[], &[]))], "is claimed by `a` and by `b`"),
        (&[("a", person(&[1, 1], &[], &[]))], "stands there twice"),
        (
            &[("a", person(&[], &[], &["x"])), ("b", person(&[], &[], &["x@build01"]))],
            "the account `x@build01` is claimed by `a` and by `b`",
        ),
        (&[("account:x@y", person(&[], &[], &[]))], "stand for accounts that nobody claims"),
        (&[("a\u{202e}b", person(&[], &[], &[]))], "is no name for a principal"),
        (&[("", person(&[], &[], &[]))], "is no name for a principal"),
        (&[("a", person(&[], &["x y"], &[]))], "is no name for a group"),
        (&[("agent:x", agent(None))], "needs an `owner`"),
        (&[("agent:x", agent(Some("a")))], "is not a person enrolled here"),
        (&[("a", agent(Some("a")))], "which only an agent"),
    ];
    for (principals, words) in table {
        let fault = Roster::new(people(principals), SelfApproval::Never).unwrap_err();
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn an_account_is_called_by_whoever_claims_it() {
    let roster = attempt().roster;
    let seen = |name: &str, source| SeenAccount { name: name.into(), source };
    let accounts = [seen("bob", "ancestor"), seen("alice", "login"), seen("bob", "SUDO_UID")];
    let named = |claims: Vec<Claim>| -> Vec<String> {
        claims.into_iter().map(|claim| format!("{} {}", claim.principal, claim.source)).collect()
    };
    assert_eq!(named(roster.claims(&accounts, "build01", None)), ["bob ancestor", "alice login"]);
    assert_eq!(
        named(roster.claims(&accounts, "build02", Some("agent:claude"))),
        ["account:bob@build02 ancestor", "alice login", "agent:claude GATE_AGENT"]
    );
    assert_eq!(roster.claims(&accounts, "build01", Some("alice")).len(), 2, "no agent, no claim");
    assert_eq!(roster.claims(&accounts, "build01", Some("agent:none")).len(), 2, "not enrolled, no claim");
    let requesters = roster.requesters(&requester(&[("account:alice@build09", "uid")]));
    assert_eq!(requesters.into_iter().collect::<Vec<_>>(), ["account:alice@build09", "alice"]);
}

#[test]
fn what_nobody_can_meet_is_refused_at_once() {
    let (revoked, record_key) = (BTreeSet::from([key(4).public().fingerprint()]), key(200).public().fingerprint());
    let roster = attempt().roster;
    let ask = |clauses: &[Clause], asks: &str, roster: &Roster, reach| {
        meetable(clauses, roster, &requester(&[(asks, "uid")]), &revoked, &record_key, reach)
    };
    let near =
        |clauses: &[Clause], asks: &str| ask(clauses, asks, &roster, Apart::Key).map_err(|fault| fault.to_string());
    assert_eq!(near(&[clause(&["approvers"], 2)], "agent:claude"), Ok(()));
    assert_eq!(near(&[clause(&["approvers"], 1)], "alice"), Ok(()));
    assert_eq!(near(&[], "alice"), Err("the requirement names nobody who could answer".into()));
    assert_eq!(near(&[clause(&["dba"], 1)], "alice"), Err("nobody is enrolled in dba".into()));
    assert_eq!(
        near(&[clause(&["approvers"], 2)], "alice"),
        Err("2 people of approvers must approve, and 1 can".into())
    );
    let each = Clause { each: true, ..clause(&["approvers", "sre"], 2) };
    assert_eq!(near(&[each], "alice"), Err("2 people of approvers, sre must approve, and 1 can".into()));
    let touched = Clause { grade: Grade::Touched, ..clause(&["approvers"], 1) };
    assert_eq!(
        near(&[touched], "alice"),
        Err("answers of approvers must be graded `touched`, and the keys enrolled reach `signed`".into())
    );
    let apart = [Clause { apart: Apart::Account, ..clause(&["approvers"], 1) }];
    assert_eq!(
        near(&apart, "alice"),
        Err(
            "answers of approvers must come from another account, and only the requester's own account can answer here"
                .into()
        )
    );
    assert_eq!(ask(&apart, "alice", &roster, Apart::Account), Ok(()));
    let nobody = Roster::default();
    assert_eq!(ask(&apart, "alice", &nobody, Apart::Key), Err(Unmeetable::NobodyEnrolled));
    let alone = super::trial::roster(&[
        ("alice", person(&[1], &["approvers"], &["alice"])),
        ("carol", person(&[4], &["sre"], &[])),
    ]);
    let fault = ask(&[clause(&["approvers"], 1)], "alice", &alone, Apart::Key).unwrap_err();
    assert_eq!(fault.to_string(), "nobody in approvers can approve but `alice`, who is asking");
    let fault = ask(&[clause(&["sre"], 1)], "alice", &alone, Apart::Key).unwrap_err();
    assert_eq!(fault.to_string(), "nobody in sre has a key that can be checked and is not revoked");
}

#[test]
fn what_hardware_keys_can_prove_is_known_before_anybody_is_asked() {
    let of =
        |application: &str, hardware| EnrolledKey { hardware, ..Soft::p256(71, application).public().clone().into() };
    let (revoked, record_key) = (BTreeSet::new(), key(200).public().fingerprint());
    let ask = |key: Option<EnrolledKey>, grade, count, server: bool| {
        let alice = Principal { keys: key.into_iter().collect(), ..person(&[], &["approvers"], &[]) };
        let roster = super::trial::roster(&[("alice", alice), ("bob", person(&[3], &["approvers"], &[]))]);
        let roster = if server { roster.with_witness(super::trial::key(50).public().clone()).unwrap() } else { roster };
        let clause = Clause { grade, ..clause(&["approvers"], count) };
        let asks = requester(&[("carol", "uid")]);
        meetable(&[clause], &roster, &asks, &revoked, &record_key, Apart::Key).map_err(|fault| fault.to_string())
    };
    let (gate, logins) = (of("ssh:gate", Some(Hardware::Vouched)), of("ssh:", Some(Hardware::Vouched)));
    let page = of("gate.acme.com", Some(Hardware::Attested));
    for (key, grade) in [(&gate, Grade::Verified), (&page, Grade::Verified), (&logins, Grade::Touched)] {
        assert_eq!(ask(Some(key.clone()), grade, 1, false), Ok(()));
    }
    let low = |needed: &str, best: &str| {
        Err(format!("answers of approvers must be graded `{needed}`, and the keys enrolled reach `{best}`"))
    };
    assert_eq!(ask(Some(logins), Grade::Verified, 1, false), low("verified", "touched"));
    assert_eq!(ask(Some(of("ssh:gate", None)), Grade::Touched, 1, false), low("touched", "signed"));
    assert_eq!(
        ask(None, Grade::Signed, 2, true),
        Err("2 people of approvers must approve, graded `signed`, and the keys of 1 reach that".into())
    );
    assert_eq!(ask(None, Grade::Asserted, 2, true), Ok(()), "the server may say who it was");
    assert_eq!(ask(None, Grade::Asserted, 2, false), Err("2 people of approvers must approve, and 1 can".into()));
    assert_eq!(
        ask(Some(gate), Grade::Touched, 2, true),
        Err("2 people of approvers must approve, graded `touched`, and the keys of 1 reach that".into())
    );
}

#[test]
fn what_widens_an_enrolment_is_found_and_what_narrows_is_not() {
    let old = attempt().roster;
    let changed = |change: fn(&mut BTreeMap<String, Principal>)| {
        let mut principals = old.principals().clone();
        change(&mut principals);
        let new = Roster::new(principals, SelfApproval::Never).unwrap();
        widening(&old, &new).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let own_key = changed(|all| {
        all.insert("mallory".into(), person(&[66], &["approvers"], &[]));
    });
    let expected = format!("`mallory` has the new key {}", key(66).public().fingerprint());
    assert_eq!(own_key, [expected.as_str(), "`mallory` is a new member of `approvers`"]);
    let second = changed(|all| all.get_mut("alice").unwrap().keys.push(person(&[66], &[], &[]).keys[0].clone()));
    assert_eq!(second, [format!("`alice` has the new key {}", key(66).public().fingerprint())]);
    let joined = changed(|all| {
        all.get_mut("carol").unwrap().groups.insert("approvers".into());
    });
    assert_eq!(joined, ["`carol` is a new member of `approvers`"]);
    let left = changed(|all| {
        all.get_mut("alice").unwrap().accounts.clear();
    });
    assert_eq!(left, ["`alice` no longer claims the account `alice`"]);
    let one_host = changed(|all| all.get_mut("alice").unwrap().accounts = BTreeSet::from(["alice@b".parse().unwrap()]));
    assert_eq!(one_host, ["`alice` no longer claims the account `alice`"]);
    let owner = changed(|all| all.get_mut("agent:claude").unwrap().owner = Some("alice".into()));
    assert_eq!(owner, ["`agent:claude` is now owned by `alice`"]);
    let gone = changed(|all| {
        all.remove("agent:claude");
    });
    assert_eq!(gone, ["`agent:claude` is no longer owned by `bob`"]);
    let hardware = changed(|all| all.get_mut("alice").unwrap().keys.push(token(Some(Hardware::Vouched))));
    let fingerprint = token(None).key.fingerprint();
    let expected = [
        format!("`alice` has the new key {fingerprint}"),
        format!("the key {fingerprint} of `alice` is now `vouched`"),
    ];
    assert_eq!(hardware, expected, "whoever signs sees that they vouch");
    for narrows in [
        (|all| {
            all.remove("alice");
        }) as fn(&mut BTreeMap<String, Principal>),
        |all| {
            all.get_mut("alice").unwrap().keys.pop();
        },
        |all| all.get_mut("bob").unwrap().groups.clear(),
        |all| {
            all.get_mut("alice").unwrap().accounts.insert("root".parse().unwrap());
        },
        |_| {},
    ] {
        assert_eq!(changed(narrows), [""; 0]);
    }
    let loose = Roster::new(old.principals().clone(), SelfApproval::Agents).unwrap();
    assert_eq!(widening(&old, &loose), [Change::SelfApproval]);
    assert_eq!(widening(&loose, &old), []);
    assert_eq!(widening(&Roster::default(), &old).len(), 11);
}

/// Who accepts, with which key, in which namespace, and what they change in the statement.
type Acceptance = (&'static str, u8, &'static str, fn(&mut EnrolStatement));

#[test]
fn a_wider_enrolment_counts_once_somebody_enrolled_signed_it() {
    let old = attempt().roster;
    let mut principals = old.principals().clone();
    principals.insert("dave".into(), person(&[66], &["approvers"], &[]));
    principals.insert("erin".into(), person(&[67], &[], &[]));
    let new = Roster::new(principals.clone(), SelfApproval::Never).unwrap();
    principals.get_mut("alice").unwrap().keys.push(token(Some(Hardware::Vouched)));
    let vouched = Roster::new(principals, SelfApproval::Never).unwrap();
    let (revoked, record_key) = (BTreeSet::from([key(2).public().fingerprint()]), key(200).public().fingerprint());
    let pinned = Pinned { roster: &old, revoked: &revoked, record_key: &record_key, log: log() };
    let accept = |(approver, seed, namespace, change): Acceptance, new: &Roster| {
        let mut statement = EnrolStatement {
            kind: EnrolType::V1,
            log: log(),
            from: old.digest().unwrap(),
            to: new.digest().unwrap(),
            approver: approver.into(),
            key: key(seed).public().fingerprint(),
            at: time(CREATED),
            reason: String::new(),
        };
        change(&mut statement);
        let signature = sign(&key(seed), namespace, &canonical(&statement).unwrap());
        let bytes = canonical(&Enrolment { statement, proof: Proof::Sshsig { signature } }).unwrap();
        accept_enrolment(&bytes, &pinned, new).map_err(|fault| fault.to_string())
    };
    let same: fn(&mut EnrolStatement) = |_| {};
    assert_eq!(accept(("alice", 1, "gate-enrol", same), &new), Ok("alice".into()));
    assert_eq!(accept(("bob", 3, "gate-enrol", same), &vouched), Ok("bob".into()));
    let table: [(Acceptance, &Roster, &str); 10] = [
        (("dave", 66, "gate-enrol", same), &new, "was not enrolled before the change"),
        (("alice", 2, "gate-enrol", same), &new, "is revoked"),
        (("alice", 200, "gate-enrol", same), &new, "record key: a machine enrols nobody"),
        (("bob", 1, "gate-enrol", same), &new, "the enrolment is by `bob`, but the key belongs to `alice`"),
        (("alice", 1, "gate-verdict", same), &new, "made for `gate-verdict`, not for `gate-enrol`"),
        (("agent:claude", 9, "gate-enrol", same), &new, "only a person in a group"),
        (("alice", 1, "gate-enrol", same), &vouched, "cannot vouch for the hardware of their own key"),
        (("alice", 1, "gate-enrol", |all| all.log = LogId::new([9; 16])), &new, "not this machine's"),
        (("alice", 1, "gate-enrol", |all| all.from = Digest::ZERO), &new, "starts from other principals"),
        (("alice", 1, "gate-enrol", |all| all.to = Digest::ZERO), &new, "accepts other principals"),
    ];
    for (acceptance, new, words) in table {
        let fault = accept(acceptance, new).unwrap_err();
        assert!(fault.contains(words), "{fault}");
    }
}
