//! Approvals from end to end: a real gate waits, and answers come through its queue, honest and hostile ones.

mod attacks;
pub mod desk;
mod hardware;

use desk::Desk;

use crate::support::{Ran, Sandbox, program, wait_until};
use gate::host::queue::State;
use gate::model::Answer;

#[test]
fn an_approval_runs_the_command_and_a_denial_does_not() {
    let desk = Desk::new();
    let waiting = desk.start();
    desk.answers("alice", Answer::Approve).unwrap();
    let ran = waiting.wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("it ran\n", Ran::exited(0).status), "{ran:?}");
    let waiting = desk.start();
    desk.answers("alice", Answer::Deny).unwrap();
    let ran = waiting.wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("", Ran::exited(77).status), "{ran:?}");
    assert!(ran.stderr.contains("looked at it"), "the reason is shown: {ran:?}");
    assert_eq!(std::fs::read_dir(desk.sandbox.gate_home().join("requests")).unwrap().count(), 0);
}

#[test]
fn openssh_verifies_a_verdict() {
    let desk = Desk::new();
    let waiting = desk.start();
    let (statement, signature) = desk.verdict("alice", Answer::Approve);
    let sandbox = &desk.sandbox;
    sandbox.write("work/statement.sig", &signature);
    let key = sandbox.read("keys/alice.pub");
    sandbox.write("work/allowed", format!("alice namespaces=\"gate-verdict\" {key}"));
    let verify = |namespace: &str, text: &str| {
        let words = ["-Y", "verify", "-f", "allowed", "-I", "alice", "-n", namespace, "-s", "statement.sig"];
        sandbox.call(program("ssh-keygen"), words).stdin(text).run()
    };
    let good = verify("gate-verdict", &statement);
    assert!(good.stdout.starts_with("Good \"gate-verdict\" signature for alice"), "{good:?}");
    assert_ne!(verify("gate-grant", &statement).status, Ran::exited(0).status);
    assert_ne!(verify("gate-verdict", &statement.replace("approve", "deny")).status, Ran::exited(0).status);
    drop(waiting);
}

#[test]
fn a_withdrawn_request_ends_with_77() {
    let desk = Desk::new();
    let waiting = desk.start();
    let id = desk.request().received.request().id;
    assert_eq!(desk.queue().withdraw(id).unwrap(), State::Waiting);
    let ran = waiting.wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("", Ran::exited(77).status), "{ran:?}");
}

#[test]
fn a_request_whose_gate_was_killed_is_seen_to_be_gone() {
    let desk = Desk::new();
    let waiting = desk.start();
    let id = desk.request().received.request().id;
    waiting.signal(rustix::process::Signal::KILL);
    waiting.wait();
    wait_until("the lock to be released", || (desk.queue().read(id).unwrap().state == State::Gone).then_some(()));
    let fault = desk.answers_to(id, "alice", Answer::Approve).unwrap_err();
    assert!(fault.ends_with("its process is gone"), "{fault}");
}

#[test]
fn what_nobody_can_meet_is_refused_at_once() {
    let sandbox = Sandbox::new();
    let call = sandbox.gate(["--", "sh", "-c", "\"$CMD\" it ran"]).env("CMD", "echo");
    let nobody = call.run();
    assert_eq!((nobody.stdout.as_str(), nobody.status), ("", Ran::exited(78).status), "{nobody:?}");
    let key = sandbox.ssh_key("root", "").line;
    sandbox.write(
        "gate/config.yaml",
        format!("principals:\n  me: {{keys: [{key}], groups: [approvers], accounts: [root]}}\n"),
    );
    let alone = call.run();
    assert_eq!((alone.stdout.as_str(), alone.status), ("", Ran::exited(78).status), "{alone:?}");
    assert!(alone.stderr.contains("nobody in approvers can approve but `me`, who is asking"), "{alone:?}");
}
