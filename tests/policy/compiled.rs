//! The compiled form of a policy is never stale, never believed where somebody else could have written it, and never in
//! the way.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::support::Sandbox;

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
    let Ok(entries) = fs::read_dir(sandbox.gate_home().join("cache/policies")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
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
