//! No durable record, no run: whatever is wrong with the log, the command does not run, the exit code is 74, and what was
//! recorded is still there.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::many::report;
use crate::support::{Ran, Sandbox, Status};

/// A sandbox whose log has two runs.
fn begun() -> Sandbox {
    let sandbox = Sandbox::new();
    for word in ["one", "two"] {
        assert_eq!(sandbox.gate(["--", "true", word]).run(), Ran::exited(0));
    }
    sandbox
}

/// Every file below a folder with its content.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap_or_default();
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

#[track_caller]
fn refused(ran: &Ran, place: &str) {
    assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(74), ""), "{ran:?}");
    assert!(ran.stderr.starts_with("gate: ") && ran.stderr.contains(place), "`{place}` is not named: {ran:?}");
}

#[test]
fn a_log_that_is_not_what_it_was_runs_nothing_and_is_left_as_it_is() {
    type Damage = fn(&Path);
    let damages: [(&str, &str, Damage); 11] = [
        ("the key is gone", "keys/record", |home| fs::remove_file(home.join("keys/record")).unwrap()),
        ("the key is another", "keys/record", |home| {
            let other = begun();
            fs::copy(other.gate_home().join("keys/record"), home.join("keys/record")).unwrap();
        }),
        ("the key is garbage", "keys/record", |home| fs::write(home.join("keys/record"), "x").unwrap()),
        ("the key is a folder", "keys/record", |home| {
            fs::remove_file(home.join("keys/record")).unwrap();
            fs::create_dir(home.join("keys/record")).unwrap();
        }),
        ("the log is gone", "audit", |home| fs::remove_dir_all(home.join("audit")).unwrap()),
        ("the records are gone", "audit", |home| fs::remove_file(home.join("audit/000000000000.jsonl")).unwrap()),
        ("the pin is gone", "/log", |home| fs::remove_file(home.join("log")).unwrap()),
        ("the pin is garbage", "/log", |home| fs::write(home.join("log"), "{}").unwrap()),
        ("the pin names another log", "audit", |home| {
            let other = begun();
            fs::copy(other.gate_home().join("log"), home.join("log")).unwrap();
            fs::copy(other.gate_home().join("keys/record"), home.join("keys/record")).unwrap();
        }),
        ("the last record is edited", "000000000000.jsonl", |home| {
            let path = home.join("audit/000000000000.jsonl");
            let text = fs::read_to_string(&path).unwrap().replace("\"two\"", "\"owt\"");
            fs::write(&path, text).unwrap();
        }),
        ("an earlier sync failed", "broken", |home| fs::write(home.join("audit/broken"), "").unwrap()),
    ];
    for (what, place, damage) in damages {
        let sandbox = begun();
        damage(&sandbox.gate_home());
        let before = content(&sandbox.gate_home());
        for _ in 0..2 {
            let ran = sandbox.gate(["--", "touch", "ran"]).run();
            assert_eq!(ran.status, Status::Exited(74), "{what}: {ran:?}");
            refused(&ran, place);
        }
        assert!(!sandbox.work().join("ran").exists(), "{what}");
        let mut after = content(&sandbox.gate_home());
        // A writer leaves its hint in the lock's file, and may make that file.
        after.retain(|(path, _)| !path.ends_with("audit/lock"));
        let before: Vec<_> = before.into_iter().filter(|(path, _)| !path.ends_with("audit/lock")).collect();
        assert_eq!(after, before, "{what}");
    }
}

#[test]
fn a_log_behind_a_link_is_refused() {
    let sandbox = begun();
    let audit = sandbox.gate_home().join("audit");
    let elsewhere = sandbox.root().join("elsewhere");
    fs::rename(&audit, &elsewhere).unwrap();
    symlink(&elsewhere, &audit).unwrap();
    let before = content(&elsewhere);
    refused(&sandbox.gate(["--", "touch", "ran"]).run(), "audit");
    assert!(!sandbox.work().join("ran").exists());
    assert_eq!(content(&elsewhere), before);
    // Also on first use, when somebody laid the link before gate came.
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.root().join("elsewhere")).unwrap();
    symlink(sandbox.root().join("elsewhere"), sandbox.gate_home().join("audit")).unwrap();
    refused(&sandbox.gate(["--", "touch", "ran"]).run(), "audit");
    assert_eq!(fs::read_dir(sandbox.root().join("elsewhere")).unwrap().count(), 0);
}

#[test]
fn a_full_disk_runs_nothing_and_with_room_again_gate_goes_on() {
    let sandbox = Sandbox::new();
    let gate = env!("CARGO_BIN_EXE_gate");
    let script = format!(
        "{gate} -- echo one && head -c 10M /dev/zero >$GATE_HOME/fill; while {gate} -- true; do :; done; \
         {gate} -- touch ran; echo $?; \
         {gate} -c 'touch ran'; echo $?; rm $GATE_HOME/fill; {gate} -- echo two; echo $?; \
         cp -r $GATE_HOME/. kept"
    );
    let call = sandbox.call("/bin/bash", ["-c", &script]).small_disk(sandbox.gate_home(), 1024);
    let ran = call.run();
    assert_eq!(ran.stdout, "one\n74\n74\ntwo\n0\n", "{ran:?}");
    assert!(ran.stderr.contains("disk full") || ran.stderr.contains("no space left"), "{ran:?}");
    assert!(!sandbox.work().join("ran").exists());
    // What the small disk held, looked at from here.
    fs::remove_dir_all(sandbox.gate_home()).unwrap();
    fs::rename(sandbox.work().join("kept"), sandbox.gate_home()).unwrap();
    let report = report(&sandbox);
    assert!(report.is_consistent(), "{report:#?}");
}

#[test]
fn a_disk_too_small_for_a_log_runs_nothing() {
    let sandbox = Sandbox::new();
    for kib in [4, 8, 12, 16, 24, 32, 48] {
        let ran = sandbox.gate(["--", "touch", "ran"]).small_disk(sandbox.gate_home(), kib).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(74), ""), "{kib}: {ran:?}");
        assert!(!sandbox.work().join("ran").exists());
    }
}

#[test]
fn a_read_only_log_runs_nothing() {
    let sandbox = begun();
    let before = content(&sandbox.gate_home());
    for place in ["", "audit"] {
        let ran = sandbox.gate(["--", "touch", "ran"]).read_only(sandbox.gate_home().join(place)).run();
        refused(&ran, "audit");
        assert!(ran.stderr.contains("read-only file system"), "{ran:?}");
    }
    assert!(!sandbox.work().join("ran").exists());
    assert_eq!(content(&sandbox.gate_home()), before);
}

#[test]
fn a_lock_that_somebody_keeps_runs_nothing_after_ten_seconds() {
    let sandbox = begun();
    let lock = fs::File::open(sandbox.gate_home().join("audit/lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    refused(&sandbox.gate(["--", "touch", "ran"]).run(), "audit/lock");
    assert!(!sandbox.work().join("ran").exists());
    drop(lock);
    assert_eq!(sandbox.gate(["--", "touch", "ran"]).run(), Ran::exited(0));
    assert!(sandbox.work().join("ran").exists() && report(&sandbox).is_consistent());
}

#[test]
fn a_home_that_cannot_be_written_runs_nothing() {
    let sandbox = Sandbox::new();
    // Root's own, readable by all; who asks is nobody.
    fs::set_permissions(sandbox.gate_home(), fs::Permissions::from_mode(0o755)).unwrap();
    let ran = sandbox.gate(["--", "touch", "/tmp/never"]).user("nobody").run();
    assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(74), ""), "{ran:?}");
    assert!(ran.stderr.contains("permission denied"), "{ran:?}");
}
