//! `gate tour` shows real processes, checks what it says, and leaves nothing behind.

use std::path::Path;

use crate::support::{Ran, Sandbox, Status};

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

/// Nothing of the tour stays, whatever became of it.
fn left_nothing(sandbox: &Sandbox) {
    for folder in ["run", "home", "gate", "work"] {
        assert!(is_empty(&sandbox.root().join(folder)), "{folder} is not empty");
    }
}

fn in_order(ran: &Ran, parts: &[&str]) {
    let mut rest = ran.stdout.as_str();
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else {
            panic!("`{part}` is not shown, or not in its place: {ran:?}");
        };
        rest = behind;
    }
}

#[test]
fn a_newcomer_sees_every_step_happen_and_nothing_is_left() {
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["tour"]).run();
    assert_eq!((ran.stderr.as_str(), ran.status), ("", Status::Exited(0)), "{ran:?}");
    in_order(
        &ran,
        &[
            "\n$ gate key new --name alice --no-passphrase\nmade ",
            "\n$ gate init --principal alice@example.com --key gate/keys/alice.pub --group approvers\nwrote ",
            "\n$ gate -- echo hello\nhello\n",
            "\n$ gate -- rm -rf /\ngate: denied by policy: gate/files.delete-root",
            "\n$ gate -- rm -r reports\n",
            "gate: waiting until ",
            "\n$ gate requests\n",
            "waiting\n    rm -r reports\n",
            "\n$ gate approve ",
            " --key gate/keys/alice --yes --reason 'old reports'\napproved ",
            "gate: approved by alice@example.com: old reports\n",
            "\nThe folder `reports` is removed.\n",
            "\n$ gate audit verify\n",
            "\nconsistent: ",
            "\nanchored: up to record 4, by `alice@example.com`",
            "\n$ gate audit verify copy\n",
            "\nNOT consistent: 1 fault\n",
            "line 4, ",
            "the signature does not fit the body",
            "\nNext, as yourself:\n  gate init ",
        ],
    );
    assert!(!ran.stdout.contains("stand-in for rm ran"), "{ran:?}");
    left_nothing(&sandbox);
}

#[test]
fn whatever_the_rules_of_the_machine_say_the_tour_removes_nothing_of_it() {
    for (rules, shown, fault) in [
        (
            "packs: {files: off}\nmatrix: {execute: allow, destroy: allow}\n",
            "the stand-in for rm ran, and removed nothing\n",
            "ended with 0, not 77",
        ),
        ("packs: {files: off}\n", "gate: waiting until ", "waits for an answer"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("system/policies/acme.yaml", format!("gate: 1\nname: acme\n{rules}"));
        let ran = sandbox.gate(["tour"]).etc_gate(sandbox.root().join("system")).run();
        assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
        in_order(&ran, &["\n$ gate -- rm -rf /\n", shown]);
        assert!(ran.stderr.contains(&format!("the tour went otherwise: `gate -- rm -rf /` {fault}")), "{ran:?}");
        left_nothing(&sandbox);
    }
}

#[test]
fn without_a_place_for_its_folder_the_tour_does_not_begin() {
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["tour"]).env("TMPDIR", sandbox.root().join("gone")).run();
    assert_eq!((ran.stdout.as_str(), ran.status), ("", Status::Exited(78)), "{ran:?}");
    assert!(ran.stderr.starts_with("gate: the tour's folder cannot be made: "), "{ran:?}");
    left_nothing(&sandbox);
}
