//! The sandbox itself, tested: a helper that hides a failure would hide it in every test that leans on it.

use std::fs;

use rustix::process::Signal;

use crate::support::{Ran, Sandbox, Status, missing, program, wait_until};

const SH: &str = "/bin/sh";

#[test]
fn every_program_the_tests_need_is_installed() {
    assert_eq!(missing(), [], "left: program and package that are missing; tests/run installs them");
}

#[test]
#[should_panic(expected = "`no-such-program` is not in tests/support/programs")]
fn a_program_that_is_not_listed_is_a_failure() {
    program("no-such-program");
}

#[test]
fn nothing_of_the_environment_comes_in() {
    let sandbox = Sandbox::new();
    let ran = sandbox.call(program("env"), ["-u", "PATH"]).env("A", "b").without_env("TMPDIR").run();
    let expected = format!(
        "A=b\nGATE_HOME={}\nHOME={}\nXDG_RUNTIME_DIR={}\n",
        sandbox.gate_home().display(),
        sandbox.home().display(),
        sandbox.root().join("run").display()
    );
    let mut lines: Vec<&str> = ran.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!((lines.join("\n") + "\n", ran.status), (expected, Status::Exited(0)));
}

#[test]
fn outputs_end_and_stdin_are_seen_as_one_whole() {
    let sandbox = Sandbox::new();
    let call = sandbox.call(SH, ["-c", "cat; pwd; echo wrong >&2; exit 3"]).stdin("in\n");
    let expected = Ran::exited(3).out(&format!("in\n{}\n", sandbox.work().display())).err("wrong\n");
    assert_eq!(call.run(), expected);
    assert_eq!(sandbox.call(SH, ["-c", "kill -TERM $$"]).run(), Ran::killed(15));
    assert_ne!(call.run(), Ran::exited(3));
    assert_eq!(
        sandbox.call("pwd", [""; 0]).within(sandbox.home()).run().stdout.trim_end(),
        sandbox.home().to_str().unwrap()
    );
}

#[test]
fn files_and_scripts_are_written_where_they_are_run() {
    let sandbox = Sandbox::new();
    let script = sandbox.script("tool", "#!/bin/sh\necho \"$1\" > ../made\n");
    assert_eq!(sandbox.call(script, ["x"]).run(), Ran::exited(0));
    assert_eq!(sandbox.read("made"), "x\n");
}

#[test]
fn the_binary_runs_in_the_sandbox() {
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["--no-such-option"]).run();
    assert!(matches!(ran.status, Status::Exited(_)), "{ran:?}");
}

#[test]
fn a_program_in_the_background_is_heard_answered_and_signalled() {
    let sandbox = Sandbox::new();
    let script = "trap 'echo got; kill $!; exit 7' USR1; read line; echo \"$line\" >&2; sleep 1000 & echo ready; wait";
    let mut running = sandbox.call(SH, ["-c", script]).start_with_open_stdin();
    running.write("hello\n");
    running.wait_for_stderr("hello\n");
    running.wait_for_stdout("ready\n");
    running.signal(Signal::USR1);
    running.wait_for_stdout("got\n");
    assert_eq!((running.stdout(), running.stderr()), ("ready\ngot\n".to_owned(), "hello\n".to_owned()));
    running.close_stdin();
    assert_eq!(running.wait(), Ran::exited(7).out("ready\ngot\n").err("hello\n"));
}

#[test]
fn a_program_left_running_is_killed_with_all_it_started() {
    let sandbox = Sandbox::new();
    let running = sandbox.call(SH, ["-c", "sleep 1000 & echo $!; wait"]).start();
    running.wait_for_stdout("\n");
    let inner = running.stdout().trim().to_owned();
    let outer = running.id();
    drop(running);
    // The leader may also be gone before.
    let orphan = sandbox.call(SH, ["-c", "sleep 1000 >/dev/null 2>&1 & echo $!"]).start();
    orphan.wait_for_stdout("\n");
    let lonely = orphan.stdout();
    wait_until("the leader's end", || gone(&orphan.id().to_string()).then_some(()));
    drop(orphan);
    for id in [lonely.trim().to_owned(), outer.to_string(), inner] {
        wait_until("the end of the process", || gone(&id).then_some(()));
    }
}

/// Ended, or ended and not yet waited for by whoever inherited it.
fn gone(id: &str) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

#[test]
fn a_terminal_is_the_programs_own() {
    let sandbox = Sandbox::new();
    let script = "test -t 0 && test -t 1 && test -t 2 && echo all; printf 'name? ' > /dev/tty; read name < /dev/tty; \
                  echo \"hello $name\"; cut -d' ' -f6 /proc/$$/stat; trap 'stty size; kill $!; exit 5' WINCH; \
                  sleep 1000 & echo on; wait";
    let terminal = sandbox.call(SH, ["-c", script]).on_terminal();
    terminal.wait_for("all\r\n");
    terminal.wait_for("name? ");
    terminal.write("mira\r");
    terminal.wait_for("hello mira\r\n");
    terminal.wait_for(&format!("{}\r\n", terminal.id()));
    terminal.wait_for("on\r\n");
    terminal.resize(10, 20);
    terminal.wait_for("10 20");
    let (screen, status) = terminal.wait();
    assert_eq!((screen.matches("hello mira").count(), status), (1, Status::Exited(5)));
}

#[test]
fn control_c_and_signals_reach_a_program_on_a_terminal() {
    let sandbox = Sandbox::new();
    let terminal = sandbox.call(SH, ["-c", "echo on; exec cat"]).on_terminal();
    terminal.wait_for("on");
    terminal.write("\x03");
    assert_eq!(terminal.wait(), ("on\r\n^C".to_owned(), Status::Killed(2)));
    let terminal = sandbox.call("cat", [""; 0]).on_terminal();
    terminal.signal(Signal::TERM);
    assert_eq!((terminal.screen().as_str(), terminal.wait().1), ("", Status::Killed(15)));
}

#[test]
fn etc_gate_is_this_tests_alone() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("system/config.yaml", "version: 1\n");
    let there = fs::exists("/etc/gate").unwrap();
    let call = sandbox
        .call(SH, ["-c", "cat /etc/gate/config.yaml; stat -c '%U %a' /etc/gate; test -s /etc/passwd; echo $PATH"]);
    let ran = call.etc_gate(file.parent().unwrap()).env("PATH", "/usr/bin:/bin").run();
    assert_eq!(ran, Ran::exited(0).out("version: 1\nroot 755\n/usr/bin:/bin\n"));
    assert_eq!(fs::exists("/etc/gate").unwrap(), there, "the machine's own /etc was touched");
}

#[test]
fn a_small_disk_gets_full_and_a_read_only_one_refuses() {
    let sandbox = Sandbox::new();
    let fill = "head -c 100000 /dev/zero > gate/x; echo $?; stat -c %s gate/x";
    let call = sandbox.call(SH, ["-c", fill]).within(sandbox.root());
    assert_eq!(call.run(), Ran::exited(0).out("0\n100000\n"));
    let full = call.clone().small_disk(sandbox.gate_home(), 16).run();
    assert_eq!((full.stdout.as_str(), full.stderr.contains("No space left")), ("1\n16384\n", true), "{full:?}");
    let refused = call.read_only(sandbox.gate_home()).run();
    assert!(refused.stderr.contains("Read-only file system"), "{refused:?}");
}

#[test]
#[should_panic(expected = "the mounts of this call could not be made")]
fn a_mount_that_fails_is_no_refusal_of_the_program() {
    let sandbox = Sandbox::new();
    let _ = sandbox.call("true", [""; 0]).small_disk(sandbox.root().join("not-there"), 16).run();
}

#[test]
fn another_user_has_none_of_roots_rights() {
    let sandbox = Sandbox::new();
    let ran = sandbox.call(SH, ["-c", "id -un; cat ../gate/x"]).user("nobody").run();
    assert_eq!((ran.stdout.as_str(), ran.stderr.contains("Permission denied")), ("nobody\n", true), "{ran:?}");
}

#[test]
fn keys_are_made_by_openssh() {
    let sandbox = Sandbox::new();
    let open = sandbox.ssh_key("mira", "");
    let locked = sandbox.ssh_key("jonas", "correct horse");
    assert_ne!(open.line, locked.line);
    assert!(open.line.starts_with("ssh-ed25519 ") && open.line.ends_with(" mira"), "{}", open.line);
    assert_eq!(fs::read_to_string(&open.public).unwrap().trim_end(), open.line);
    let opens = |passphrase: &str| {
        let call = sandbox.call(program("ssh-keygen"), ["-y", "-P", passphrase, "-f"]).arg(&locked.private);
        call.run().status == Status::Exited(0)
    };
    assert_eq!((opens("correct horse"), opens("")), (true, false));
    assert!(sandbox.ssh_key_of("ecdsa", "other", "").line.starts_with("ecdsa-sha2-nistp256 "));
}
