//! The compiled form of a policy is never stale, never believed where somebody else could have written it, and never in
//! the way.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::support::{Sandbox, Status, wait_until};

const RULE: &str = "gate: 1\nname: acme\ntools: [{program: frob}]\nrules:\n  \
    - {id: a, when: {tool: frob}, class: destroy, why: it frobs, examples: {match: [frob], skip: [ls]}}\n";

fn policy(sandbox: &Sandbox, effect: &str) -> PathBuf {
    let text = format!("{RULE}matrix: {{destroy: {effect}}}\n");
    sandbox.write("gate/policies/acme.yaml", text)
}

fn decision(sandbox: &Sandbox) -> String {
    let ran = sandbox.gate(["explain", "--json", "--", "frob", "x"]).run();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    value["decision"].as_str().unwrap().to_owned()
}

fn compiled(sandbox: &Sandbox) -> Vec<PathBuf> {
    kept(sandbox, "compiled")
}

fn kept(sandbox: &Sandbox, kind: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(sandbox.gate_home().join("cache/policies")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == kind)).collect()
}

/// Decides until the state of the policy's files is kept, which is once they were not written a moment ago.
fn seen(sandbox: &Sandbox, decided: &str) -> PathBuf {
    let known = kept(sandbox, "seen");
    wait_until("the state of the files", || {
        assert_eq!(decision(sandbox), decided);
        kept(sandbox, "seen").into_iter().find(|path| !known.contains(path))
    })
}

fn sandbox() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    policy(&sandbox, "ask ");
    assert_eq!(decision(&sandbox), "ask");
    let [file] = compiled(&sandbox).try_into().unwrap();
    (sandbox, file)
}

#[test]
fn a_source_that_changed_at_the_same_size_and_time_is_noticed() {
    let (sandbox, _) = sandbox();
    let source = policy(&sandbox, "ask ");
    let time = fs::metadata(&source).unwrap().modified().unwrap();
    policy(&sandbox, "deny");
    fs::File::options().append(true).open(&source).unwrap().set_modified(time).unwrap();
    assert_eq!(decision(&sandbox), "deny");
    assert_eq!(compiled(&sandbox).len(), 2);
}

#[test]
fn a_damaged_cut_or_foreign_file_is_rebuilt() {
    let (sandbox, file) = sandbox();
    let good = fs::read(&file).unwrap();
    let mut damaged = good.clone();
    damaged[100] ^= 1;
    for bad in [damaged, good[..150].to_vec(), Vec::new(), b"#!/bin/sh\n".to_vec()] {
        fs::write(&file, &bad).unwrap();
        assert_eq!(decision(&sandbox), "ask");
        assert_eq!(fs::read(&file).unwrap(), good, "written again as it was");
    }
}

#[test]
fn damage_among_the_rules_that_are_looked_at_loses_none_of_them() {
    let (sandbox, file) = sandbox();
    let good = fs::read(&file).unwrap();
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for bad in [damaged, good[..good.len() - 1].to_vec()] {
        fs::write(&file, &bad).unwrap();
        assert_eq!(decision(&sandbox), "ask");
    }
}

#[test]
fn a_file_of_another_policy_under_this_name_is_not_taken() {
    let (sandbox, strict) = sandbox();
    policy(&sandbox, "allow");
    assert_eq!(decision(&sandbox), "allow");
    let lax = compiled(&sandbox).into_iter().find(|path| *path != strict).unwrap();
    policy(&sandbox, "ask ");
    fs::copy(&lax, &strict).unwrap();
    assert_eq!(decision(&sandbox), "ask");
}

#[test]
fn what_others_can_write_is_rebuilt_and_refuses_nothing() {
    let (sandbox, file) = sandbox();
    let old = || fs::File::options().append(true).open(&file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let rebuilt = || fs::metadata(&file).unwrap().modified().unwrap() != SystemTime::UNIX_EPOCH;
    old();
    assert_eq!(decision(&sandbox), "ask");
    assert!(!rebuilt(), "what is trusted is left alone");
    for mode in [0o620, 0o602, 0o666] {
        old();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(decision(&sandbox), "ask");
        assert!(rebuilt(), "{mode:o}");
    }
    old();
    chown(&file, Some(65_534), None).unwrap();
    assert_eq!(decision(&sandbox), "ask");
    assert!(rebuilt(), "another's file");
}

#[test]
fn a_cache_that_cannot_be_written_only_costs_time() {
    let sandbox = Sandbox::new();
    policy(&sandbox, "deny");
    sandbox.write("gate/cache", "a file where the folder should be");
    assert_eq!(decision(&sandbox), "deny");
    assert!(compiled(&sandbox).is_empty());
}

#[test]
fn a_policy_whose_examples_fail_is_not_kept() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/acme.yaml", RULE.replace("skip: [ls]", "skip: [frob]"));
    for _ in 0..2 {
        let ran = sandbox.gate(["explain", "--", "ls"]).run();
        assert!(ran.stderr.contains("rule acme/a fires on the example it should skip"), "{ran:?}");
    }
    assert!(compiled(&sandbox).is_empty());
}

#[test]
fn a_source_that_changed_after_its_state_was_kept_is_noticed() {
    let (sandbox, _) = sandbox();
    let source = policy(&sandbox, "ask ");
    seen(&sandbox, "ask");
    let time = fs::metadata(&source).unwrap().modified().unwrap();
    policy(&sandbox, "deny");
    fs::File::options().append(true).open(&source).unwrap().set_modified(time).unwrap();
    assert_eq!(decision(&sandbox), "deny", "same name, size and time");
    fs::remove_file(&source).unwrap();
    assert_eq!(decision(&sandbox), "allow");
    policy(&sandbox, "ask ");
    assert_eq!(decision(&sandbox), "ask");
    sandbox.write(
        "gate/policies/more.yaml",
        RULE.replace("acme\ntools: [{program: frob}]", "more").replace("class:", "effect: deny, class:"),
    );
    assert_eq!(decision(&sandbox), "deny", "one file more");
}

#[test]
fn a_kept_state_that_others_can_write_or_that_is_torn_is_not_believed() {
    let sandbox = Sandbox::new();
    policy(&sandbox, "allow");
    let lax = fs::read(seen(&sandbox, "allow")).unwrap();
    policy(&sandbox, "ask ");
    let strict = seen(&sandbox, "ask");
    let own = fs::read(&strict).unwrap();
    assert!(own.len() == 32 && own != lax);
    // What only this account and root can write is believed, as its rules are.
    fs::write(&strict, &lax).unwrap();
    assert_eq!(decision(&sandbox), "allow");
    for mode in [0o620, 0o602] {
        fs::write(&strict, &lax).unwrap();
        fs::set_permissions(&strict, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(decision(&sandbox), "ask", "{mode:o}");
        fs::set_permissions(&strict, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(&strict, &lax).unwrap();
    chown(&strict, Some(65_534), None).unwrap();
    assert_eq!(decision(&sandbox), "ask");
    fs::remove_file(&strict).unwrap();
    for torn in [&lax[..31], &[]] {
        fs::write(&strict, torn).unwrap();
        assert_eq!(decision(&sandbox), "ask");
    }
}

#[test]
fn the_record_holds_the_text_of_a_policy_that_was_not_read_to_decide() {
    let (sandbox, _) = sandbox();
    seen(&sandbox, "ask");
    sandbox.gate(["--", "true"]).run();
    let shown = sandbox.gate(["audit", "verify"]).run();
    assert_eq!(shown.status, Status::Exited(0), "{shown:?}");
    let shown = sandbox.gate(["audit", "show", "--json"]).run();
    assert!(shown.stdout.contains("why: it frobs"), "{shown:?}");
}
