//! Attacks on a gate that waits. Each is refused in words of its own, the wait goes on, and nothing runs until an honest
//! answer comes.

use std::time::Duration;

use super::Desk;
use crate::support::{Ran, Sandbox};
use gate::model::{Answer, Timestamp};

/// What an attacker puts into the queue.
type Forged = fn(&Desk) -> Vec<u8>;

#[test]
fn hostile_answers_are_refused_in_their_own_words_and_the_wait_goes_on() {
    let table: [(Forged, &str); 9] = [
        (
            |desk| desk.signed(desk.statement("mallory", Answer::Approve), "mallory", "gate-verdict"),
            "is not enrolled here",
        ),
        (
            |desk| desk.signed(desk.statement("alice", Answer::Approve), "mallory", "gate-verdict"),
            "the statement names the key",
        ),
        (
            |desk| {
                let mut statement = desk.statement("carol", Answer::Approve);
                statement.approver = "alice".into();
                desk.signed(statement, "carol", "gate-verdict")
            },
            "the statement is by `alice`, but the key belongs to `carol`",
        ),
        (
            |desk| desk.signed(desk.statement("carol", Answer::Approve), "carol", "gate-verdict"),
            "`carol` is in none of the groups that may answer: approvers",
        ),
        (
            |desk| desk.signed(desk.statement("alice", Answer::Approve), "alice", "gate-grant"),
            "the signature was made for `gate-grant`, not for `gate-verdict`",
        ),
        (
            |desk| {
                let mut statement = desk.statement("alice", Answer::Approve);
                statement.request = gate::model::Digest::of(b"another request");
                desk.signed(statement, "alice", "gate-verdict")
            },
            "the verdict answers another request",
        ),
        (
            |desk| {
                let mut statement = desk.statement("alice", Answer::Approve);
                statement.expires = statement.at;
                desk.signed(statement, "alice", "gate-verdict")
            },
            "the verdict expired at",
        ),
        (
            |desk| {
                let mut statement = desk.statement("alice", Answer::Approve);
                statement.at = later(statement.at, 3600);
                desk.signed(statement, "alice", "gate-verdict")
            },
            "more than 5 minutes outside of",
        ),
        (|_| b"{\"yes\":true}".to_vec(), "the verdict cannot be read"),
    ];
    let desk = Desk::new();
    let waiting = desk.start();
    let id = desk.request().received.request().id;
    for (forged, words) in table {
        desk.queue().answer(id, &forged(&desk)).unwrap();
        waiting.wait_for_stderr(words);
    }
    assert_eq!(waiting.stdout(), "", "nothing ran");
    desk.answers("alice", Answer::Approve).unwrap();
    let ran = waiting.wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("it ran\n", Ran::exited(0).status), "{ran:?}");
}

fn later(time: Timestamp, seconds: u64) -> Timestamp {
    time.plus(Duration::from_secs(seconds))
}

#[test]
fn an_answer_to_an_earlier_request_for_the_same_command_is_refused() {
    let desk = Desk::new();
    let first = desk.start();
    let verdict = desk.signed(desk.statement("alice", Answer::Approve), "alice", "gate-verdict");
    desk.queue().answer(desk.request().received.request().id, &verdict).unwrap();
    assert_eq!(first.wait().stdout, "it ran\n");
    let second = desk.start();
    desk.queue().answer(desk.request().received.request().id, &verdict).unwrap();
    second.wait_for_stderr("the verdict answers another request");
    assert_eq!(second.stdout(), "");
}

#[test]
fn an_edited_request_file_is_signed_in_vain() {
    let desk = Desk::new();
    let waiting = desk.start();
    let queued = desk.request();
    let id = queued.received.request().id;
    let harmless = String::from_utf8(queued.bytes).unwrap().replace("it ran", "harmless");
    desk.sandbox.write(format!("gate/requests/{id}.request"), harmless);
    // Written in place, the file stays locked, so that it looks alive; alice is shown and signs what it says now.
    desk.answers("alice", Answer::Approve).unwrap();
    waiting.wait_for_stderr("the verdict answers another request");
    assert_eq!(waiting.stdout(), "", "nothing ran");
}

#[test]
fn another_home_does_not_replace_the_principals_of_the_system() {
    let sandbox = Sandbox::new();
    let (system, own) = (sandbox.ssh_key("system", "").line, sandbox.ssh_key("own", "").line);
    let principals = |key: &str| format!("principals:\n  me: {{keys: [{key}], groups: [approvers]}}\n");
    sandbox.write("etc/config.yaml", principals(&system));
    sandbox.write("gate/config.yaml", principals(&own));
    let call = sandbox.gate(["--", "sh", "-c", "\"$CMD\" it ran"]).env("CMD", "echo");
    let ran = call.etc_gate(sandbox.root().join("etc")).run();
    assert_eq!((ran.stdout.as_str(), ran.status), ("", Ran::exited(78).status), "{ran:?}");
    let words = "`principals` is said by /etc/gate/config.yaml, which this file cannot replace";
    assert!(ran.stderr.contains(words), "{ran:?}");
}
