//! What decides is broken: 78 at once, with the place and what to do, and nothing ran.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};

use super::POLICY;
use crate::support::{Call, Ran, Sandbox, Status};

/// Nothing ran, nothing was made, and the message has these parts.
#[track_caller]
fn refused(sandbox: &Sandbox, call: &Call, parts: &[&str]) {
    let ran = call.run();
    assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(78), ""), "{ran:?}");
    assert!(ran.stderr.starts_with("gate: "), "{ran:?}");
    assert!(ran.stderr.len() < 2000, "a message for people: {} bytes", ran.stderr.len());
    for part in parts {
        assert!(ran.stderr.contains(part), "`{part}` is not said: {ran:?}");
    }
    assert!(!sandbox.work().join("ran").exists());
    assert!(!sandbox.gate_home().join("audit").exists(), "{ran:?}");
}

fn touch(sandbox: &Sandbox) -> Call {
    sandbox.gate(["--", "touch", "ran"])
}

#[test]
fn a_configuration_that_is_no_file_or_no_text() {
    let sandbox = Sandbox::new();
    let config = sandbox.gate_home().join("config.yaml");
    fs::create_dir(&config).unwrap();
    refused(&sandbox, &touch(&sandbox), &["config.yaml", "is a directory, not a file"]);
    fs::remove_dir(&config).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &config, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    refused(&sandbox, &touch(&sandbox), &["config.yaml", "is a pipe, not a file"]);
    fs::remove_file(&config).unwrap();
    fs::write(&config, b"host: \xff\n").unwrap();
    refused(&sandbox, &touch(&sandbox), &["config.yaml", "not UTF-8"]);
    fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &config).unwrap();
    refused(&sandbox, &touch(&sandbox), &["config.yaml", "is a device, not a file"]);
}

#[test]
fn a_configuration_with_a_fault_shows_line_and_hint() {
    let sandbox = Sandbox::new();
    for (text, parts) in [
        ("host: a\nprincipal:\n  alice: {}\n", &["config.yaml:2:1", "principal:", "did you mean `principals`"][..]),
        ("host: a\nhost: b\n", &["config.yaml:2:1", "host: b"]),
        ("host: [\n", &["config.yaml:"]),
        ("outcome: sometimes\n", &["config.yaml:1:10", "outcome: sometimes"]),
    ] {
        sandbox.write("gate/config.yaml", text);
        refused(&sandbox, &touch(&sandbox), parts);
    }
}

#[test]
fn a_policy_with_a_fault_shows_line_and_hint() {
    let sandbox = Sandbox::new();
    for (text, parts) in [
        ("gate: 1\nname: site\nruls: []\n".to_owned(), &["site.yaml:3:1", "ruls: []", "did you mean `rules`"][..]),
        (POLICY.replace("{tool: frob, command: wipe}", "{tool: frbo, command: wipe}"), &["site.yaml:6:", "frbo"]),
        (POLICY.replace("id: send", "id: wipe"), &["site.yaml:7:", "wipe"]),
        ("gate: 1\nname: site\nrules: [\n".to_owned(), &["site.yaml:"]),
        ("gate: 1\n\tname: site\n".to_owned(), &["site.yaml:", "found a tab"]),
        ("gate: 99\nname: site\n".to_owned(), &["site.yaml:1:"]),
        (String::new(), &["site.yaml"]),
    ] {
        sandbox.write("gate/policies/site.yaml", text);
        refused(&sandbox, &touch(&sandbox), parts);
    }
}

#[test]
fn a_policy_that_is_too_much_is_refused_before_it_is_read() {
    let sandbox = Sandbox::new();
    let large = format!("gate: 1\nname: site\n# {}\n", "x".repeat(10 << 20));
    sandbox.write("gate/policies/site.yaml", large);
    refused(&sandbox, &touch(&sandbox), &["site.yaml", "bytes, more than"]);
    // Each line ten times the one before: 10^9 nodes if it were followed.
    let mut bomb = "gate: 1\nname: &a0 [x]\n".to_owned();
    for level in 1..10 {
        let line: Vec<String> = (0..10).map(|_| format!("*a{}", level - 1)).collect();
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", line.join(", ")));
    }
    sandbox.write("gate/policies/site.yaml", bomb);
    refused(&sandbox, &touch(&sandbox), &["site.yaml"]);
    let deep = format!("gate: 1\nname: site\nrules: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    sandbox.write("gate/policies/site.yaml", deep);
    refused(&sandbox, &touch(&sandbox), &["site.yaml"]);
    let wide = format!("gate: 1\nname: site\nrules: [{}]\n", "{},".repeat(300_000));
    sandbox.write("gate/policies/site.yaml", wide);
    refused(&sandbox, &touch(&sandbox), &["site.yaml"]);
}

#[test]
fn a_policy_that_may_not_be_read_is_not_skipped() {
    let sandbox = Sandbox::new();
    let policy = sandbox.write("gate/policies/site.yaml", POLICY);
    let config = sandbox.write("gate/config.yaml", "");
    for folder in [sandbox.gate_home(), sandbox.gate_home().join("policies")] {
        chown(folder, Some(65534), Some(65534)).unwrap();
    }
    for path in [&policy, &config] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        refused(&sandbox, &touch(&sandbox).user("nobody"), &[path.to_str().unwrap(), "permission denied"]);
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let folder = sandbox.gate_home().join("policies");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
    refused(&sandbox, &touch(&sandbox).user("nobody"), &[folder.to_str().unwrap(), "permission denied"]);
    // A folder that is a file is no folder without policies.
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies", "");
    refused(&sandbox, &touch(&sandbox), &["policies"]);
}

#[test]
fn a_project_policy_with_a_fault_stops_there_and_not_elsewhere() {
    let sandbox = Sandbox::new();
    sandbox.write("work/project/.git/HEAD", "");
    sandbox.write("work/project/.gate/own.yaml", "gate: 1\nname: own\nnope: 1\n");
    let below = sandbox.write("work/project/src/main", "");
    refused(&sandbox, &touch(&sandbox).within(below.parent().unwrap()), &[".gate/own.yaml:3:1", "nope"]);
    assert_eq!(touch(&sandbox).run(), Ran::exited(0));
}

#[test]
fn a_gate_home_that_is_none() {
    let sandbox = Sandbox::new();
    let missing = sandbox.root().join("missing");
    refused(
        &sandbox,
        &touch(&sandbox).env("GATE_HOME", &missing),
        &["GATE_HOME", "does not exist", "hint: mkdir -m 700"],
    );
    assert!(!missing.exists());
    refused(&sandbox, &touch(&sandbox).env("GATE_HOME", "gate"), &["GATE_HOME", "`gate`", "not an absolute path"]);
    let file = sandbox.write("work/file", "");
    refused(&sandbox, &touch(&sandbox).env("GATE_HOME", &file), &["GATE_HOME", "not a directory"]);
    // Set to nothing is not set.
    let ran = touch(&sandbox).env("GATE_HOME", "").run();
    assert_eq!(ran, Ran::exited(0));
    assert!(
        sandbox.home().join(".local/state/gate/audit").is_dir() && sandbox.home().join(".config/gate/log").is_file()
    );
}

#[test]
fn a_place_with_escape_sequences_in_its_name_is_shown_without_them() {
    let sandbox = Sandbox::new();
    let nasty = sandbox.root().join("a\u{1b}[2J\u{202e}b");
    let inert = |call: &Call, code: i32| {
        let ran = call.run();
        assert_eq!(ran.status, Status::Exited(code), "{ran:?}");
        let bad = ran.stderr.chars().find(|&c| (c.is_control() && c != '\n') || c == '\u{202e}');
        assert_eq!(bad, None, "{ran:?}");
        assert!(ran.stderr.contains("a\\e[2J\\u{202E}b"), "{ran:?}");
    };
    let call = touch(&sandbox).env("GATE_HOME", &nasty);
    inert(&call, 78);
    fs::create_dir(&nasty).unwrap();
    for (file, text, code) in [("config.yaml", "nope: 1\n", 78), ("policies/x.yaml", "nope: 1\n", 78), ("log", "x", 74)]
    {
        let file = sandbox.write(nasty.join(file), text);
        inert(&call, code);
        fs::remove_file(file).unwrap();
    }
    fs::create_dir(nasty.join("config.yaml")).unwrap();
    inert(&call, 78);
}

#[test]
fn a_home_that_is_missing_is_looked_up() {
    let sandbox = Sandbox::new();
    // Whatever the password database names as nobody's home, nobody can make none of it: no log, no run.
    let call = touch(&sandbox).without_env("GATE_HOME").without_env("HOME").user("nobody");
    let ran = call.run();
    assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(74), ""), "{ran:?}");
    assert!(ran.stderr.contains("/.local/state/gate"), "{ran:?}");
    // And none at all for a number without an account.
    let words = ["--reuid=54321", "--clear-groups", "--", env!("CARGO_BIN_EXE_gate"), "--", "touch", "ran"];
    let call = sandbox.call(crate::support::program("setpriv"), words).without_env("GATE_HOME").without_env("HOME");
    refused(&sandbox, &call, &["54321", "set GATE_HOME"]);
}
