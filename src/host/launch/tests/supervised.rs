//! As a child: signals reach the command once, and gate lives as long as it.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::*;

/// Answers TERM, USR1, HUP, WINCH and CONT with a line in `heard`, and ends after `done`.
const LISTENER: &str = r#"
for s in TERM USR1 USR2 HUP INT QUIT WINCH CONT ALRM; do trap "echo $s >>heard" $s; done
echo $$ >pid
while ! test -e done; do sleep 0.01; done
exit 3
"#;

fn started(stage: &Stage, command: &mut Command) -> (Child, Pid) {
    let child = command.stdout(Stdio::null()).spawn().unwrap();
    let pid = stage.wait_for("pid").trim().parse().unwrap();
    (child, Pid::from_raw(pid).unwrap())
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[test]
fn a_signal_sent_to_gate_reaches_the_command() {
    let stage = Stage::new();
    // The test is in gate's process group, as the shell of a script is: `kill $!` there means the command.
    let (mut gate, command) = started(&stage, &mut stage.play("supervise", &["sh", "-c", LISTENER]));
    assert_ne!(pid(&gate), command);
    for (signal, name) in [
        (Signal::TERM, "TERM"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::WINCH, "WINCH"),
        (Signal::CONT, "CONT"),
        (Signal::ALARM, "ALRM"),
    ] {
        let _ = fs::remove_file(stage.path("heard"));
        kill_process(pid(&gate), signal).unwrap();
        assert_eq!(stage.wait_for("heard"), format!("{name}\n"));
    }
    fs::write(stage.path("done"), "").unwrap();
    assert_eq!(gate.wait().unwrap().code(), Some(3));
}

#[test]
fn a_signal_is_passed_on_whatever_thread_it_hits() {
    let stage = Stage::new();
    let (mut gate, _) = started(&stage, &mut stage.play("thread thread supervise", &["sh", "-c", LISTENER]));
    for _ in 0..50 {
        let _ = fs::remove_file(stage.path("heard"));
        kill_process(pid(&gate), Signal::USR1).unwrap();
        assert_eq!(stage.wait_for("heard"), "USR1\n");
    }
    fs::write(stage.path("done"), "").unwrap();
    assert_eq!(gate.wait().unwrap().code(), Some(3));
}

#[test]
fn what_the_command_sends_to_its_group_is_not_sent_back() {
    let stage = Stage::new();
    let script = r#"
        trap "echo INT >>heard" INT
        kill -INT 0
        i=0; while test $i -lt 30; do sleep 0.01; i=$((i+1)); done
        cat heard
    "#;
    let mut gate = stage.play("supervise", &["sh", "-c", script]);
    std::os::unix::process::CommandExt::process_group(&mut gate, 0);
    let output = gate.output().unwrap();
    assert_eq!(text(&output.stdout).lines().filter(|line| *line == "INT").count(), 1);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn gate_ends_with_the_command_after_a_signal_to_both() {
    let stage = Stage::new();
    let mut gate = stage.play("supervise", &["sh", "-c", "echo $$ >pid; exec sleep 60"]);
    std::os::unix::process::CommandExt::process_group(&mut gate, 0);
    let (mut gate, command) = started(&stage, &mut gate);
    kill_process_group(pid(&gate), Signal::TERM).unwrap();
    assert_eq!(gate.wait().unwrap().signal(), Some(15));
    assert!(rustix::process::test_kill_process(command).is_err(), "the command outlived gate");
}

#[test]
fn a_stopped_command_stops_gate_and_goes_on_with_it() {
    let stage = Stage::new();
    let (mut gate, command) = started(&stage, &mut stage.play("supervise", &["sh", "-c", LISTENER]));
    kill_process(command, Signal::STOP).unwrap();
    let state = |pid: Pid| {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    };
    eventually("gate stops", || (state(pid(&gate)) == 'T').then_some(()));
    kill_process(pid(&gate), Signal::CONT).unwrap();
    eventually("the command goes on", || (state(command) != 'T').then_some(()));
    fs::write(stage.path("done"), "").unwrap();
    assert_eq!(gate.wait().unwrap().code(), Some(3));
}

#[test]
fn the_command_gets_no_descriptor_that_nobody_approved() {
    let stage = Stage::new();
    let list = ["sh", "-c", "ls /proc/$$/fd"];
    assert_eq!(text(&stage.run("leak supervise", &list).stdout), "0\n1\n2\n");
    assert!(text(&stage.run("leak exec", &list).stdout).lines().count() > 3, "in place everything is passed on");
}

#[test]
fn a_signal_before_the_command_is_there_means_that_it_never_runs() {
    let stage = Stage::new();
    let mut gate = stage.play("guard meet heard supervise", &["sh", "-c", "echo >ran"]);
    let mut gate = gate.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    stage.wait_for("ready");
    kill_process(pid(&gate), Signal::INT).unwrap();
    fs::write(stage.path("go"), "").unwrap();
    assert_eq!(gate.wait().unwrap().code(), Some(130));
    assert!(!stage.path("ran").exists());
}

#[test]
fn a_wait_ends_by_the_signals_that_may_end_it() {
    let stage = Stage::new();
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15), (Signal::HUP, 1)] {
        let _ = fs::remove_file(stage.path("ready"));
        let mut gate = stage.play("watch", &["true"]).stdout(Stdio::null()).spawn().unwrap();
        stage.wait_for("ready");
        kill_process(pid(&gate), signal).unwrap();
        assert_eq!(gate.wait().unwrap().code(), Some(number));
    }
    // Ignored at the start: only the other signal is seen.
    let _ = fs::remove_file(stage.path("ready"));
    let line = format!("trap '' HUP; exec env {}", stage.shell("watch", &["true"]));
    let mut gate = Command::new("sh").arg("-c").arg(line).stdout(Stdio::null()).spawn().unwrap();
    stage.wait_for("ready");
    kill_process(pid(&gate), Signal::HUP).unwrap();
    kill_process(pid(&gate), Signal::TERM).unwrap();
    assert_eq!(gate.wait().unwrap().code(), Some(15));
}

#[test]
fn input_that_was_taken_is_what_the_command_reads() {
    let stage = Stage::new();
    let file = stage.write("input", "first");
    let mut gate = stage.play("stdin meet supervise", &["sh", "-c", "cat; echo; readlink /proc/self/fd/0"]);
    let gate = gate.stdin(fs::File::open(&file).unwrap()).stdout(Stdio::piped()).spawn().unwrap();
    stage.wait_for("ready");
    fs::write(&file, "other").unwrap();
    fs::write(stage.path("go"), "").unwrap();
    let output = gate.wait_with_output().unwrap();
    assert_eq!(text(&output.stdout).strip_prefix("\nrunning 1 test\n").unwrap(), "first\n/memfd:stdin (deleted)\n");
}
