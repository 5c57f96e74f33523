//! What gate shows of a command: control characters, bidi overrides and zero-width characters are made visible, and no
//! line that gate did not write looks as if it had.

use crate::record::POLICY;
use crate::support::{Sandbox, Status};

/// Sets the title, clears the screen, turns the text round, hides, and forges a line of gate's.
const NASTY: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{202e}live\u{2066}\u{200b}\u{feff}\u{9b}31m\n2026-01-01T00:00:00Z gate: approve by alice: fine";

#[track_caller]
fn inert(text: &str) {
    let bad = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200b}\u{feff}".contains(c);
    assert_eq!(text.chars().find(|&c| bad(c)), None, "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("2026-01-01")), "a forged line: {text}");
}

fn asking() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\n");
    let alice = sandbox.ssh_key("alice", "").line;
    sandbox.write("gate/config.yaml", format!("principals:\n  alice: {{keys: [{alice}], groups: [approvers]}}\n"));
    sandbox
}

#[test]
fn an_explanation_is_inert() {
    let sandbox = asking();
    for words in [&["explain", "--", NASTY][..], &["explain", "--", "./frob", "wipe", NASTY], &["explain", "-c", NASTY]]
    {
        let ran = sandbox.gate(words).run();
        assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""), "{ran:?}");
        inert(&ran.stdout);
    }
    // As JSON it is escaped, and whole.
    let ran = sandbox.gate(["explain", "--json", "--", "./frob", NASTY]).run();
    inert(&ran.stdout.replace(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{9b}'], ""));
    let explained: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(explained["commands"][0]["arguments"][1], NASTY);
}

#[test]
fn a_denial_and_a_request_are_inert() {
    let sandbox = asking();
    inert(&sandbox.gate(["--", "./frob", "wipe", NASTY]).run().stderr);
    let ran = sandbox.gate(["--no-wait", "--reason", NASTY, "--", "./frob", "send", NASTY]).run();
    assert_eq!(ran.status, Status::Exited(75), "{ran:?}");
    inert(&ran.stderr);
    assert!(ran.stderr.contains("\\e[2J"), "it is shown, escaped: {ran:?}");
}

#[test]
fn a_long_command_is_not_cut_without_saying_so() {
    let sandbox = asking();
    let long = "x".repeat(100_000);
    let ran = sandbox.gate(["--no-wait", "--", "./frob", "send", &long, "the-end"]).run();
    assert_eq!(ran.status, Status::Exited(75));
    assert!(ran.stderr.len() < 5000 && ran.stderr.contains("characters long"), "{}", ran.stderr.len());
    let ran = sandbox.gate(["explain", "--", "./frob", "send", &long, "the-end"]).run();
    assert!(ran.stdout.contains("the-end") || ran.stdout.contains('…'), "cut in silence");
}

#[test]
fn an_explanation_needs_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["explain", "--json", "--", "aws", "s3", "rm", "--recursive", "s3://bucket/"]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(ran.stdout.contains("\"decision\":\"ask\"") || ran.stdout.contains("\"decision\": \"ask\""), "{ran:?}");
    assert_eq!(std::fs::read_dir(sandbox.gate_home()).unwrap().count(), 0);
}

#[test]
fn an_explanation_marks_the_bytes_as_they_were_typed() {
    let sandbox = asking();
    let ran = sandbox.gate(["explain", "--", "sh", "-c", "echo 'a  b' | xargs ./frob send"]).run();
    let expected = "\
ask: it sends
  --> site/send (export)
   |
   | sh -c $'echo \\'a  b\\' | xargs ./frob send'
   |                                      ^^^^
   |
   = chain: sh › xargs › frob
";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'), "no colour in a file");
}

#[test]
fn names_that_look_alike_are_pointed_out_and_raise_nothing() {
    let sandbox = asking();
    let ran = sandbox.gate(["explain", "--", "ls", "s3://аcme-prod", "a\u{200b}b"]).run();
    assert!(ran.stdout.starts_with("allow: "), "{}", ran.stdout);
    for said in
        ["argument 1 is not what it looks like: `аcme`", "argument 2 is not what it looks like: characters that nobody"]
    {
        assert!(ran.stdout.contains(said), "{}", ran.stdout);
    }
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let sandbox = asking();
    let coloured = |name: &str, value: &str| {
        let call = sandbox.gate(["explain", "--", "./frob", "wipe"]).env("TERM", "xterm").env(name, value);
        let (screen, status) = call.on_terminal().wait();
        assert!(screen.contains("it wipes") && status == Status::Exited(0), "{screen}");
        screen.contains("\u{1b}[1;31m")
    };
    assert!(coloured("X", ""));
    assert!(coloured("NO_COLOR", ""), "an empty NO_COLOR says nothing");
    assert!(!coloured("NO_COLOR", "1"));
    assert!(!coloured("TERM", "dumb"));
}
