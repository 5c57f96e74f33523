//! What is shown and handed out: lists, screens, and the exact bytes that `ssh-keygen` checks.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::Scene;
use crate::support::{Ran, Status, program};

#[test]
fn requests_are_listed_oldest_first_with_all_that_scripts_need() {
    let scene = Scene::new();
    assert_eq!(scene.sandbox.gate(["requests"]).run(), Ran::exited(0).out("no request waits for an answer\n"));
    assert!(scene.requests().is_empty());
    let (first, one) = scene.ask(&["--reason", "cleaning"]);
    let (second, two) = scene.ask(&[]);
    let listed = scene.requests();
    assert_eq!(listed.iter().map(|request| request["id"].as_str().unwrap()).collect::<Vec<_>>(), [&one, &two]);
    for member in ["digest", "created", "expires", "requester", "command", "requirement", "answers"] {
        assert!(!listed[0][member].is_null(), "{member}");
    }
    assert_eq!(listed[0]["command"], "rm -rf victim");
    assert_eq!(listed[0]["requester"]["reason"], "cleaning");
    assert_eq!(listed[0]["requirement"][0]["from"][0], "approvers");
    let shown = scene.sandbox.gate(["requests"]).run().stdout;
    assert!(shown.find(&one).unwrap() < shown.find(&two).unwrap(), "{shown}");
    drop((first, second));
}

#[test]
fn a_verdict_is_one_that_ssh_keygen_accepts() {
    let scene = Scene::new();
    let (gate, id) = scene.ask(&[]);
    assert_eq!(scene.answer("approve", &id, &scene.alice, "w\u{142}a\u{15b}nie").status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
    let part = |part: &str| {
        let ran = scene.sandbox.gate(["show", &id, "--verdict", "1", part]).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        ran.stdout
    };
    let statement = part("--statement");
    assert!(statement.starts_with('{') && statement.ends_with('}'), "no newline is added: {statement}");
    let signature = scene.sandbox.write("signature", part("--signature"));
    let allowed = scene.sandbox.write("allowed", format!("alice {}\n", scene.alice.line));
    let verify = |statement: &str, namespace: &str| {
        let call = scene.sandbox.call(program("ssh-keygen"), ["-Y", "verify", "-I", "alice", "-n", namespace, "-f"]);
        call.arg(&allowed).arg("-s").arg(&signature).stdin(statement).run().status
    };
    assert_eq!(verify(&statement, "gate-verdict"), Status::Exited(0));
    assert_ne!(verify(&statement, "gate-grant"), Status::Exited(0));
    assert_ne!(verify(&statement.replace("approve", "deny"), "gate-verdict"), Status::Exited(0));
    let none = scene.sandbox.gate(["show", &id, "--verdict", "2", "--statement"]).run();
    assert_eq!(none, Ran::exited(64).err("gate: there is no answer 2: the request has 1\n"));
}

#[test]
fn an_id_is_a_whole_one() {
    let scene = Scene::new();
    let (gate, id) = scene.ask(&[]);
    for other in [&id[..8], "../../config", "", &id.to_uppercase(), "01980f3a-0000-7000-8000-000000000001"] {
        for verb in ["show", "approve", "withdraw"] {
            let ran = scene.alone(&[verb, other]).run();
            assert_eq!(ran.status, Status::Exited(64), "{verb} {other}: {ran:?}");
        }
    }
    assert_eq!(scene.requests().len(), 1);
    drop(gate);
}

#[test]
fn nothing_in_a_command_acts_on_the_terminal_of_who_reads_it() {
    let scene = Scene::new();
    let hostile = "a\x1b[2J\x1b[1;1H\u{202e}\u{200b}\r\n  expires        never";
    let bytes = OsString::from_vec(b"\xff\x9b31m".to_vec());
    let gate = scene.asking(&["--reason", "\x1b]0;owned\x07"]).arg(hostile).arg(bytes).start();
    gate.wait_for_stderr("waiting until");
    let id = super::request(&gate.stderr());
    let terminal = scene.sandbox.gate(["approve", "--key", scene.alice.private.to_str().unwrap()]).on_terminal();
    terminal.wait_for("Approve it? [y/N] ");
    let screen = terminal.screen();
    terminal.write("n\r");
    let listed = scene.sandbox.gate(["requests"]).run().stdout;
    let shown = scene.sandbox.gate(["show", &id]).run().stdout;
    for text in [gate.stderr(), screen, listed, shown] {
        let unseen = |letter: char| letter.is_control() && !"\r\n".contains(letter);
        assert!(!text.contains(|letter| unseen(letter) || "\u{202e}\u{200b}\u{fffd}".contains(letter)), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("  expires        never")), "{text}");
    }
    drop(gate);
}
