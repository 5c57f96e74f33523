//! What cannot be started, or may not: an exit code, a sentence, a record, and nothing ran.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::record::{POLICY, kinds, records};
use crate::support::{Ran, Sandbox, Status};

#[test]
fn a_program_that_is_not_there_is_127_with_a_record() {
    let sandbox = Sandbox::new();
    for name in ["nosuch", "./nosuch", "/nowhere/nosuch"] {
        let ran = sandbox.gate(["--", name, "x"]).run();
        assert_eq!(ran, Ran::exited(127).err(&format!("gate: `{name}`: not found\n")));
        let refuse = records(&sandbox).pop().unwrap();
        assert_eq!((refuse["type"].as_str(), refuse["why"].as_str()), (Some("refuse"), Some("not-executable")));
        assert_eq!(refuse["subject"]["invocation"]["arguments"], serde_json::json!([name, "x"]));
    }
}

#[test]
fn a_program_that_cannot_be_executed_is_126_with_a_record() {
    let sandbox = Sandbox::new();
    sandbox.write("work/plain", "#!/bin/sh\necho ran\n");
    fs::create_dir(sandbox.work().join("folder")).unwrap();
    for name in ["./plain", "./folder", "/"] {
        let ran = sandbox.gate(["--", name]).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(126), ""), "{ran:?}");
        let name = name.trim_start_matches("./");
        assert!(ran.stderr.contains(&format!("{name}`: ")) && ran.stderr.lines().count() == 1, "{ran:?}");
        assert_eq!(records(&sandbox).pop().unwrap()["type"], "refuse");
    }
}

#[test]
fn a_program_that_only_fails_when_it_starts_leaves_an_outcome() {
    let sandbox = Sandbox::new();
    sandbox.script("no-interpreter", "#!/nowhere/sh\n");
    let env = sandbox.call("/usr/bin/env", ["./no-interpreter"]).run();
    let ran = sandbox.gate(["--", "./no-interpreter"]).run();
    assert_eq!(ran.status, env.status);
    assert!(ran.stderr.ends_with("no-interpreter`: the interpreter that it names is not found\n"), "{ran:?}");
    assert_eq!(kinds(&sandbox)[2..], ["run", "outcome"], "the log says that it was cleared, and that it did not run");
}

#[test]
fn a_script_without_a_first_line_runs_as_env_runs_it() {
    let sandbox = Sandbox::new();
    for (name, text) in [("text", "echo \"$0 $1\"; exit 4\n"), ("empty", ""), ("binary", "\u{7f}ELF\u{2}\u{1}\u{1}x")] {
        sandbox.script(name, text);
        let word = format!("./{name}");
        let env = sandbox.call("/usr/bin/env", [&word, "one"]).run();
        let ran = sandbox.gate(["--", &word, "one"]).run();
        assert_eq!((&ran.stdout, ran.status), (&env.stdout, env.status), "{name}: {ran:?}");
    }
}

#[test]
fn what_a_rule_denies_is_77_with_a_record_and_does_not_run() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\ntouch ran\n");
    let ran = sandbox.gate(["--", "./frob", "wipe"]).run();
    let error = "gate: denied by policy: site/wipe: it wipes\n\
                 hint: this is final; `gate explain -- …` shows the rule and what to do instead\n";
    assert_eq!(ran.status, Status::Exited(77), "{ran:?}");
    assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", error.lines().count()), "{ran:?}");
    assert!(ran.stderr.contains("it wipes"), "{ran:?}");
    assert!(!sandbox.work().join("ran").exists());
    let refuse = records(&sandbox).pop().unwrap();
    assert_eq!((refuse["type"].as_str(), refuse["why"].as_str()), (Some("refuse"), Some("denied")));
}

#[test]
fn what_nobody_can_answer_is_78_at_once_and_does_not_run() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\ntouch ran\n");
    for words in
        [&["--", "./frob", "send"][..], &["-c", "echo x | ./frob send"], &["--no-wait", "--", "./frob", "send"]]
    {
        let ran = sandbox.gate(words).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(78), ""), "{ran:?}");
        assert!(ran.stderr.contains("hint: ") && ran.stderr.contains("gate init"), "{ran:?}");
    }
    assert!(!sandbox.work().join("ran").exists());
}

#[test]
fn what_cannot_run_is_said_before_anybody_is_looked_for() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", POLICY);
    let ran = sandbox.gate(["--", "./frob", "send"]).run();
    assert_eq!(ran, Ran::exited(127).err("gate: `./frob`: not found\n"));
    assert_eq!(records(&sandbox).pop().unwrap()["why"], "not-executable");
}

#[test]
fn a_directory_that_is_gone_is_said() {
    let sandbox = Sandbox::new();
    let line = format!("mkdir gone; cd gone; rmdir ../gone; exec {} -- touch /tmp/never", env!("CARGO_BIN_EXE_gate"));
    let ran = sandbox.call("/bin/sh", ["-c", &line]).run();
    assert_eq!(ran.status, Status::Exited(78), "{ran:?}");
    assert!(ran.stderr.contains("current directory") && ran.stderr.contains("hint: cd "), "{ran:?}");
}

#[test]
fn a_program_that_may_be_run_and_not_read_runs() {
    let sandbox = Sandbox::new();
    let program = sandbox.work().join("secret-program");
    fs::copy("/bin/echo", &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o111)).unwrap();
    // As somebody who is not root, whom nothing hinders from reading.
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let home = sandbox.root().join("other");
    fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(65534), Some(65534)).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let ran = sandbox.gate(["--", "./secret-program", "ran"]).env("GATE_HOME", &home).user("nobody").run();
    assert_eq!(ran, Ran::exited(0).out("ran\n"));
}
