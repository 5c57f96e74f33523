//! Tests of answering: what is shown is what is signed, and who would be refused signs nothing.

use std::cell::RefCell;

use super::*;
use crate::approval::trial::{CREATED, clause, key, person, request, requester, roster, time};
use crate::approval::{Circumstances, judge};
use crate::encoding::openssh::PrivateKey;
use crate::encoding::sshsig;
use crate::model::{Apart, Moment, PublicKey, Request};

/// Minutes since the request was made.
struct At(u64);

impl Clock for At {
    fn now(&self) -> Moment {
        Moment { wall: time(CREATED).plus(Duration::from_mins(self.0)), boottime: 0, boot: "boot".into() }
    }
}

struct Postbox {
    bytes: Vec<u8>,
    reads: RefCell<usize>,
    answers: RefCell<Vec<Vec<u8>>>,
}

impl Requests for Postbox {
    fn bytes(&self, _: RequestId) -> Result<Vec<u8>, Failure> {
        *self.reads.borrow_mut() += 1;
        Ok(self.bytes.clone())
    }

    fn apart(&self, _: u32) -> Apart {
        Apart::Key
    }

    fn answer(&self, _: RequestId, verdict: &[u8]) -> Result<(), Failure> {
        self.answers.borrow_mut().push(verdict.to_vec());
        Ok(())
    }
}

/// Says yes with this reason, or leaves; remembers what was shown.
struct Human(Option<&'static str>, Vec<Screen>);

impl Approver for Human {
    fn confirm(&mut self, screen: &Screen, _: Answer) -> Result<Option<String>, Failure> {
        self.1.push(screen.clone());
        Ok(self.0.map(str::to_owned))
    }
}

struct Key(PrivateKey, usize);

impl Signer for Key {
    fn public(&self) -> &PublicKey {
        self.0.public()
    }

    fn is_protected(&self) -> bool {
        true
    }

    fn sign(&mut self, namespace: &str, message: &[u8]) -> Result<String, Failure> {
        self.1 += 1;
        Ok(sshsig::sign(&self.0, namespace, message))
    }
}

struct Scene {
    request: Request,
    seed: u8,
    minutes: u64,
    human: Option<&'static str>,
}

fn scene() -> Scene {
    let asks = requester(&[("bob", "uid")]);
    let request = request(asks, vec![clause(&["approvers"], 1)], "rm -rf /srv/data");
    Scene { request, seed: 1, minutes: 1, human: Some("looked at it") }
}

impl Scene {
    fn people() -> Roster {
        roster(&[
            ("alice", person(&[1], &["approvers"], &[])),
            ("bob", person(&[2, 4], &["approvers"], &["bob"])),
            ("carol", person(&[3], &["sre"], &[])),
        ])
    }

    /// What came of it, what was shown, how often was signed, what lies in the queue.
    fn play(&self, decision: Answer) -> (Result<Answered, AnswerError>, Vec<Screen>, usize, Vec<Vec<u8>>) {
        let bytes = canonical(&self.request).unwrap();
        let requests = Postbox { bytes, reads: RefCell::new(0), answers: RefCell::default() };
        let (mut human, mut signer) = (Human(self.human, Vec::new()), Key(key(self.seed), 0));
        let (roster, revoked, record) = (Self::people(), BTreeSet::new(), key(9).public().fingerprint());
        let mut desk = Desk {
            clock: &At(self.minutes),
            requests: &requests,
            approver: &mut human,
            signer: &mut signer,
            roster: &roster,
            revoked: &revoked,
            record_key: Some(&record),
        };
        let done = answer(&mut desk, self.request.id, decision);
        assert_eq!(*requests.reads.borrow(), 1, "the request is read once");
        (done, human.1, signer.1, requests.answers.take())
    }
}

#[test]
fn an_answer_is_signed_over_what_was_shown_and_counts_on_the_host_that_runs() {
    let scene = scene();
    let (done, shown, signed, answers) = scene.play(Answer::Approve);
    let done = done.unwrap();
    assert_eq!((done.approver.as_str(), signed, answers.len()), ("alice", 1, 1));
    let received = Received::read(&canonical(&scene.request).unwrap()).unwrap();
    assert_eq!(shown[0].digest, received.digest().short());
    assert_eq!((done.request, done.verdict), (received.digest(), Digest::of(&answers[0])));
    let (roster, revoked, record) = (Scene::people(), BTreeSet::new(), key(9).public().fingerprint());
    let circumstances = Circumstances {
        roster: &roster,
        revoked: &revoked,
        record_key: &record,
        log: scene.request.head.log,
        elapsed: Duration::from_mins(1),
        apart: Apart::Key,
        passphrase: false,
    };
    let accepted = judge(&received, &answers[0], &circumstances, &[]).unwrap();
    assert_eq!((accepted.decision, accepted.reason.as_str()), (Answer::Approve, "looked at it"));
}

#[test]
fn who_would_be_refused_is_shown_nothing_and_signs_nothing() {
    let refused: [(u8, u64, &str); 6] = [
        (2, 1, "the request comes from an account that `bob` claims (uid 1000), and nobody approves their own request"),
        (4, 1, "the request comes from an account that `bob` claims (uid 1000), and nobody approves their own request"),
        (3, 1, "`carol` is in none of the groups that may answer: approvers"),
        (7, 1, "is not enrolled here"),
        (9, 1, "is this machine's record key"),
        (1, 15, "the request expired at"),
    ];
    for (seed, minutes, words) in refused {
        let (done, shown, signed, answers) = Scene { seed, minutes, ..scene() }.play(Answer::Approve);
        let fault = done.unwrap_err().to_string();
        assert!(fault.contains(words), "{fault}");
        assert_eq!((shown.len(), signed, answers.len()), (0, 0, 0), "{words}");
    }
}

#[test]
fn who_leaves_signs_nothing() {
    let (done, shown, signed, answers) = Scene { human: None, ..scene() }.play(Answer::Deny);
    assert!(matches!(done, Err(AnswerError::Left)));
    assert_eq!((shown.len(), signed, answers.len()), (1, 0, 0));
}

#[test]
fn a_request_under_another_id_is_not_answered() {
    let mut scene = scene();
    let id = scene.request.id;
    scene.request.id = RequestId::new(time(CREATED), &[2; 10]);
    let bytes = canonical(&scene.request).unwrap();
    let requests = Postbox { bytes, reads: RefCell::new(0), answers: RefCell::default() };
    let (roster, revoked) = (Scene::people(), BTreeSet::new());
    let (mut human, mut signer) = (Human(Some(""), Vec::new()), Key(key(1), 0));
    let mut desk = Desk {
        clock: &At(1),
        requests: &requests,
        approver: &mut human,
        signer: &mut signer,
        roster: &roster,
        revoked: &revoked,
        record_key: None,
    };
    let fault = answer(&mut desk, id, Answer::Approve).unwrap_err();
    assert!(matches!(fault, AnswerError::OtherRequest(other) if other == scene.request.id));
}
