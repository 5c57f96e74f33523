//! `--status FILE`: how it went, apart from the command's own exit code.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{POLICY, records};
use crate::support::{Ran, Sandbox, Status};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\nexit 77\n");
    sandbox
}

fn status(sandbox: &Sandbox) -> Value {
    let text = sandbox.read("work/status");
    assert_eq!((text.lines().count(), text.ends_with('\n')), (1, true), "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_allowed_command_leaves_no_code_for_it_took_gates_place() {
    let sandbox = sandbox();
    let ran = sandbox.gate(["--status", "status", "--", "./frob", "show"]).run();
    assert_eq!(ran, Ran::exited(77), "the command's own 77");
    let status = status(&sandbox);
    let record = status["record"].as_str().unwrap();
    assert!(record.starts_with("sha256:") && record.len() == 71, "{record}");
    let expected = json!({"code": null, "decision": "allow", "ran": true, "reasons": [], "record": record,
                          "request": null, "state": "allowed"});
    assert_eq!(status, expected);
}

#[test]
fn a_denied_command_is_told_from_a_command_that_says_77() {
    let sandbox = sandbox();
    let ran = sandbox.gate(["--status=status", "--", "./frob", "wipe"]).run();
    assert_eq!(ran.status, Status::Exited(77));
    let status = status(&sandbox);
    assert_eq!(
        (&status["state"], &status["decision"], &status["ran"]),
        (&json!("denied"), &json!("deny"), &json!(false))
    );
    assert!(status["reasons"][0].as_str().unwrap().contains("it wipes"), "{status}");
}

#[test]
fn a_supervised_command_leaves_its_code_or_signal() {
    let sandbox = sandbox();
    sandbox.write("gate/config.yaml", "outcome: always\n");
    sandbox.script("kill-me", "#!/bin/sh\nkill -9 $$\n");
    for (script, ended, code) in [("./frob", Ran::exited(77), 77), ("./kill-me", Ran::killed(9), 137)] {
        assert_eq!(sandbox.gate(["--status", "status", "--", script]).run(), ended);
        let status = status(&sandbox);
        assert_eq!((&status["state"], &status["ran"], &status["code"]), (&json!("ended"), &json!(true), &json!(code)));
        assert_eq!(records(&sandbox).pop().unwrap()["type"], "outcome");
    }
}

#[test]
fn whatever_else_kept_it_from_running_is_broken() {
    let sandbox = sandbox();
    let broken = |sandbox: &Sandbox, words: &[&str], code: i32, why: &str| {
        let ran = sandbox.gate(["--status", "status", "--"].iter().chain(words)).run();
        assert_eq!(ran.status, Status::Exited(code), "{ran:?}");
        let status = status(sandbox);
        assert_eq!(
            (&status["state"], &status["ran"], &status["code"]),
            (&json!("broken"), &json!(false), &Value::Null)
        );
        assert!(status["reasons"][0].as_str().unwrap().contains(why), "{status}");
    };
    broken(&sandbox, &["nosuch"], 127, "not found");
    broken(&sandbox, &["/etc/passwd"], 126, "not executable");
    broken(&sandbox, &["./frob", "send"], 78, "enrolled");
    fs::remove_file(sandbox.gate_home().join("log")).unwrap();
    broken(&sandbox, &["true"], 74, "log");
    sandbox.write("gate/policies/site.yaml", "nope: 1\n");
    broken(&sandbox, &["true"], 78, "site.yaml");
}

#[test]
fn a_request_that_is_left_waiting_is_named() {
    let sandbox = sandbox();
    let alice = sandbox.ssh_key("alice", "").line;
    sandbox.write("gate/config.yaml", format!("principals:\n  alice: {{keys: [{alice}], groups: [approvers]}}\n"));
    let ran = sandbox.gate(["--no-wait", "--status", "status", "--", "./frob", "send"]).run();
    assert_eq!(ran.status, Status::Exited(75), "{ran:?}");
    let status = status(&sandbox);
    let request = records(&sandbox).into_iter().find(|record| record["type"] == "request").unwrap();
    assert_eq!(
        (&status["state"], &status["request"], &status["ran"]),
        (&json!("waiting"), &request["id"], &json!(false))
    );
}

#[test]
fn an_inherited_descriptor_gets_each_state_and_the_command_does_not_get_it() {
    let sandbox = sandbox();
    let gate = env!("CARGO_BIN_EXE_gate");
    let line = format!("exec 7>status; {gate} --status fd:7 -- ls /proc/self/fd");
    let ran = sandbox.call("/bin/bash", ["-c", &line]).run();
    assert_eq!((ran.status, ran.stdout.contains('7')), (Status::Exited(0), false), "{ran:?}");
    assert_eq!(status(&sandbox)["state"], "allowed");
    let line = format!("{gate} --status fd:7 -- ./frob wipe 7>&1 >/dev/null 2>&1 | cat");
    let ran = sandbox.call("/bin/bash", ["-c", &line]).run();
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["state"], "denied");
}

#[test]
fn a_place_that_could_be_somebody_elses_is_refused_and_nothing_runs() {
    let sandbox = sandbox();
    assert_eq!(sandbox.gate(["--", "true"]).run(), Ran::exited(0));
    sandbox.write("work/precious", "precious");
    symlink("precious", sandbox.work().join("link")).unwrap();
    symlink("nothing", sandbox.work().join("dangling")).unwrap();
    fs::hard_link(sandbox.work().join("precious"), sandbox.work().join("second")).unwrap();
    fs::create_dir(sandbox.work().join("folder")).unwrap();
    symlink(sandbox.gate_home(), sandbox.work().join("way-in")).unwrap();
    let inside = sandbox.gate_home().join("audit/000000000000.jsonl");
    let log = fs::read(&inside).unwrap();
    let new = sandbox.gate_home().join("policies/new.yaml");
    for (place, why) in [
        ("link", "not a regular file"),
        ("dangling", "not a regular file"),
        ("second", "more than one name"),
        ("folder", "not a regular file"),
        ("/dev/null", "not a regular file"),
        (inside.to_str().unwrap(), "among gate's own files"),
        (new.to_str().unwrap(), "among gate's own files"),
        ("way-in/config.yaml", "among gate's own files"),
        ("fd:1", "a number from 3"),
        ("fd:99", "not a descriptor"),
        ("fd:-1", "a number from 3"),
        ("nowhere/status", "no such file"),
    ] {
        let ran = sandbox.gate(["--status", place, "--", "touch", "ran"]).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(64), ""), "{place}: {ran:?}");
        assert!(ran.stderr.contains(why), "{place}: {ran:?}");
    }
    assert!(!sandbox.work().join("ran").exists() && !sandbox.work().join("nothing").exists() && !new.exists());
    assert_eq!(sandbox.read("work/precious"), "precious");
    assert_eq!(fs::read(&inside).unwrap(), log);
    let ran =
        sandbox.gate(["--status", "precious", "--", "touch", "ran"]).user("nobody").env("GATE_HOME", "/nonexistent");
    let ran = ran.run();
    assert_eq!(ran.status, Status::Exited(78), "{ran:?}");
    assert_eq!(sandbox.read("work/precious"), "precious");
}
