//! `gate policy replay` and `gate policy list --unused --noisy`: what the audit log says about rules, offline.

use gate::model::Answer;

use crate::approval::desk::Desk;
use crate::support::{Ran, Sandbox, Status};

const POLICY: &str = "gate: 1\nname: acme\ntools:\n  - {program: frob, depth: 1, value-flags: [--password]}\nrules:\n  \
    - {id: wipe, when: {tool: frob, command: wipe}, class: destroy, effect: deny, why: it wipes}\n  \
    - {id: never, when: {tool: frob, command: explode}, class: destroy, effect: deny, why: it explodes}\n";

fn site() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/acme.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\n");
    let status = |words: &[&str]| sandbox.gate([&["--", "./frob"], words].concat()).run().status;
    assert_eq!(status(&["wipe", "x"]), Status::Exited(77));
    assert_eq!(status(&["show", "x"]), Status::Exited(0));
    assert_eq!(status(&["show", "--password", "hunter2hunter2"]), Status::Exited(0));
    sandbox
}

fn replayed(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.gate(["policy", "replay"].iter().chain(arguments)).run()
}

#[test]
fn the_same_policy_changes_nothing() {
    let ran = replayed(&site(), &["--fail-on-change"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (Status::Exited(0), "3 decisions replayed, 0 would change\n"),
        "{ran:?}"
    );
}

#[test]
fn every_decision_that_flips_is_listed_with_the_rules_that_came_and_went() {
    let sandbox = site();
    let changed = POLICY.replace("command: wipe", "command: show, flags: --password").replace("id: wipe", "id: shown");
    sandbox.write("work/new/a.yaml", changed);
    let ran = replayed(&sandbox, &["--policy", "new"]);
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].ends_with("refuse   deny → allow   ./frob wipe x"), "{ran:?}");
    assert_eq!(lines[1], "        lost acme/wipe");
    assert!(lines[2].ends_with("run      allow → deny   ./frob show --password ‹flag hidden›"), "{ran:?}");
    assert_eq!(lines[3], "        gained acme/shown");
    assert_eq!(lines[4], "3 decisions replayed, 2 would change (1 allow → deny, 1 deny → allow)");
    let ran = replayed(&sandbox, &["--policy", "new/a.yaml", "--json", "--fail-on-change"]);
    assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["flips"][1]["gained"], serde_json::json!(["acme/shown"]));
    let ran = replayed(&sandbox, &["--policy", "new", "--since", "2100-01-01"]);
    assert_eq!(ran.stdout, "0 decisions replayed, 0 would change\n");
}

#[test]
fn a_policy_on_top_joins_the_users_own() {
    let sandbox = site();
    let other = "gate: 1\nname: other\nrules:\n  - {id: show, when: {tool: frob, command: show}, class: read, effect: ask, why: x}\n";
    sandbox.write("work/other.yaml", other);
    let ran = replayed(&sandbox, &["--policy", "other.yaml", "--on-top"]);
    assert!(ran.stdout.ends_with("3 decisions replayed, 2 would change (2 allow → ask)\n"), "{ran:?}");
    let alone = replayed(&sandbox, &["--policy", "other.yaml"]);
    assert_eq!(alone.status, Status::Exited(78), "frob is described by the user's own: {alone:?}");
    assert!(alone.stderr.contains("no tool describes `frob`"), "{alone:?}");
}

#[test]
fn what_the_log_does_not_hold_is_not_guessed() {
    let sandbox = site();
    sandbox.write("work/inner.sh", "./frob show\n");
    assert_eq!(sandbox.gate(["--", "sh", "inner.sh"]).run().status, Status::Exited(0));
    let strict = POLICY.replace("tools:", "matrix: {execute: deny}\ntools:");
    sandbox.write("work/new.yaml", strict);
    let ran = replayed(&sandbox, &["--policy", "new.yaml"]);
    assert!(ran.stdout.contains("not replayed: record"), "{ran:?}");
    assert!(ran.stdout.contains("it depends on what a file held"), "{ran:?}");
}

#[test]
fn rules_that_never_fired_and_rules_that_cry_wolf_are_listed_with_counts() {
    let desk = Desk::new();
    let policy = "gate: 1\nname: acme\nrules:\n  - {id: wolf, when: {tool: sh}, class: destroy, why: it is a shell}\n  \
                  - {id: never, when: {tool: git, command: push}, class: publish, why: others see it}\n";
    desk.sandbox.write("gate/policies/acme.yaml", policy);
    let list = |arguments: &[&str]| desk.sandbox.gate(["policy", "list"].iter().chain(arguments)).run().stdout;
    for answer in [Answer::Approve, Answer::Approve, Answer::Approve] {
        assert!(!desk_noisy(&list), "too few to say");
        let waiting = desk.start();
        desk.answers("alice", answer).unwrap();
        waiting.wait();
    }
    let noisy = list(&["--noisy"]);
    assert!(noisy.contains("fired 3, asked 3, approved 3, denied 0, waived 0"), "{noisy}");
    assert_eq!(noisy.lines().count(), 1, "{noisy}");
    let unused = list(&["--unused"]);
    assert!(unused.contains("acme/never") && !unused.contains("acme/wolf"), "{unused}");
    let waiting = desk.start();
    desk.answers("alice", Answer::Deny).unwrap();
    waiting.wait();
    assert!(!desk_noisy(&list), "one of four was denied");
    let counts: serde_json::Value = serde_json::from_str(&list(&["--since", "1d", "--json"])).unwrap();
    let wolf = counts.as_array().unwrap().iter().find(|rule| rule["id"] == "acme/wolf").unwrap();
    assert_eq!((&wolf["counts"]["asked"], &wolf["counts"]["denied"]), (&4.into(), &1.into()));
}

fn desk_noisy(list: &dyn Fn(&[&str]) -> String) -> bool {
    list(&["--noisy"]).contains("acme/wolf")
}
