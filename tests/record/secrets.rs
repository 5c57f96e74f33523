//! Secrets are masked before they are hashed, shown or recorded; salted commitments let their owner prove them later.

use std::fs;
use std::path::Path;

use gate::encoding::json::canonical;
use gate::model::Digest;
use serde_json::Value;

use super::{POLICY, records};
use crate::support::{Sandbox, Status};

const SECRETS: [&str; 6] = [
    "hunter2hunter2",
    "pa55w0rdInUrl",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "AKIAIOSFODNN7EXAMPLE",
    "b3arerT0kenOfMine99",
    "variableSecret42",
];

/// Words and a variable with every secret in them.
fn words() -> Vec<String> {
    let [flag, url, github, aws, header, _] = SECRETS;
    ["--password", flag, &format!("--api-key={flag}"), &format!("https://me:{url}@example.com/path"), github, aws]
        .into_iter()
        .map(str::to_owned)
        .chain(["-H".to_owned(), format!("Authorization: Bearer {header}"), "target.txt".to_owned()])
        .collect()
}

/// Each file below a folder in which any of the secrets stands.
fn spilled(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.extend(
                SECRETS.iter().filter(|secret| text.contains(**secret)).map(|s| format!("{}: {s}", path.display())),
            );
        }
    }
    found
}

#[test]
fn an_allowed_command_leaves_no_secret_anywhere() {
    let sandbox = Sandbox::new();
    let call = words().iter().fold(sandbox.gate(["--", "true"]), |call, word| call.arg(word));
    let ran = call.env("MY_PASSWORD", SECRETS[5]).env("GITHUB_TOKEN", SECRETS[2]).run();
    assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""));
    assert_eq!(spilled(&sandbox.gate_home()), [""; 0]);
    let run = records(&sandbox).pop().unwrap().to_string();
    // Neither verb nor target is hidden, and neither is whose password it was.
    for shown in ["\"true\"", "target.txt", "example.com/path", "--password", "https://me:"] {
        assert!(run.contains(shown), "{shown} is hidden: {run}");
    }
}

#[test]
fn a_command_that_is_not_found_or_denied_leaves_none_either() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\n");
    for first in [&["nosuch"][..], &["./frob", "wipe"]] {
        let gate = sandbox.gate(["--status", "status", "--"].iter().chain(first));
        let ran = words().iter().fold(gate, |call, word| call.arg(word)).run();
        assert_ne!(ran.status, Status::Exited(0));
        assert!(!SECRETS.iter().any(|secret| ran.stderr.contains(secret)), "{ran:?}");
        assert_eq!(spilled(&sandbox.gate_home()), [""; 0]);
        assert_eq!(spilled(&sandbox.work()), [""; 0]);
    }
    let gate = sandbox.gate(["explain", "--", "./frob", "send"]);
    let ran = words().iter().fold(gate, |call, word| call.arg(word)).run();
    assert_eq!(ran.status, Status::Exited(0));
}

#[test]
fn a_request_holds_commitments_that_the_disclosures_open() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\n");
    let alice = sandbox.ssh_key("alice", "").line;
    sandbox.write("gate/config.yaml", format!("principals:\n  alice: {{keys: [{alice}], groups: [approvers]}}\n"));
    let gate = sandbox.gate(["--no-wait", "--", "./frob", "send"]).env("MY_PASSWORD", SECRETS[5]);
    let ran = words().iter().fold(gate, |call, word| call.arg(word)).run();
    assert_eq!(ran.status, Status::Exited(75), "{ran:?}");
    assert!(!SECRETS.iter().any(|secret| ran.stderr.contains(secret)), "{ran:?}");
    let spilled = spilled(&sandbox.gate_home());
    assert!(!spilled.is_empty() && spilled.iter().all(|place| place.contains("/disclosures/")), "{spilled:#?}");
    // Every masked value of the request is opened by its salt and value, and by no other.
    let request = records(&sandbox).into_iter().find(|record| record["type"] == "request").unwrap();
    let file = sandbox.gate_home().join("disclosures").join(format!("{}.json", request["id"].as_str().unwrap()));
    let disclosures: Vec<Value> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let mut opened = 0;
    for disclosure in &disclosures {
        let commit =
            Digest::of(&canonical(&(&disclosure["salt"], &disclosure["pointer"], &disclosure["value"])).unwrap());
        let place = disclosure["pointer"].as_str().unwrap();
        let masked = request["request"]["subject"].pointer(place).unwrap_or_else(|| panic!("nothing at {place}"));
        let committed = masked["commit"].as_str().or(masked.as_str()).unwrap_or_else(|| panic!("{place}: {masked}"));
        assert_eq!(committed, commit.to_string(), "{place}");
        opened += 1;
    }
    // The rest of the environment is one commitment without an object of its own.
    assert_eq!(masked(&request["request"]["subject"]) + 1, opened, "each commitment is opened once: {disclosures:#?}");
    let values = serde_json::to_string(&disclosures).unwrap();
    // The rest of the environment is committed to as a whole, by its digest.
    for secret in &SECRETS[..5] {
        assert!(values.contains(secret), "{secret} cannot be disclosed");
    }
    let salts: std::collections::BTreeSet<&str> = disclosures.iter().map(|one| one["salt"].as_str().unwrap()).collect();
    assert!(
        salts.len() == disclosures.len() && salts.iter().all(|salt| salt.len() == 64),
        "a salt of its own for each"
    );
}

/// How many commitments stand in a value.
fn masked(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            usize::from(members.contains_key("commit")) + members.values().map(masked).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(masked).sum(),
        _ => 0,
    }
}
