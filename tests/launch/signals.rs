//! Signals: what ends the command ends what the caller waits for, and dispositions are those gate was started with.

use rustix::process::Signal;

use crate::support::{Ran, Sandbox, Status};

/// Those that stop a process or are ignored by default end nothing; 32 and 33 belong to the C library.
const HARMLESS: [i32; 10] = [17, 18, 19, 20, 21, 22, 23, 28, 32, 33];

/// The program under test, and the one built as for a release where there is one: the profiles differ in how a panic and
/// the standard library's start are compiled, and dispositions are set there.
fn builds() -> Vec<String> {
    let release = concat!(env!("CARGO_MANIFEST_DIR"), "/target/release/gate");
    let builds = [env!("CARGO_BIN_EXE_gate"), release];
    builds.into_iter().filter(|path| std::path::Path::new(path).is_file()).map(str::to_owned).collect()
}

#[test]
fn every_signal_that_ends_the_command_is_what_the_caller_sees() {
    let sandbox = Sandbox::new();
    // In a file: with `-c` the rules would see the `kill`, and ask.
    sandbox.script("end", "#!/bin/sh\nulimit -c 0; kill -$1 $$; sleep 30\n");
    for signal in (1..=64).filter(|signal| !HARMLESS.contains(signal)) {
        assert_eq!(sandbox.gate(["--", "./end", &signal.to_string()]).run(), Ran::killed(signal));
    }
}

#[test]
fn a_shell_sees_the_signal_as_its_number_beyond_128() {
    let sandbox = Sandbox::new();
    sandbox.script("end", "#!/bin/sh\nkill -$1 $$\n");
    let gate = env!("CARGO_BIN_EXE_gate");
    for signal in [1, 2, 9, 13, 15] {
        let line = format!("{gate} -- ./end {signal}; echo $?");
        let ran = sandbox.call("/bin/sh", ["-c", &line]).run();
        assert_eq!(ran.stdout, format!("{}\n", 128 + signal), "{ran:?}");
    }
}

#[test]
fn a_signal_sent_to_gate_meets_the_command() {
    let sandbox = Sandbox::new();
    let script = "trap 'echo term; exit 3' TERM; trap 'echo usr' USR1; echo up; while :; do sleep 0.01; done";
    let running = sandbox.gate(["--", "/bin/sh", "-c", script]).start();
    running.wait_for_stdout("up");
    running.signal(Signal::USR1);
    running.wait_for_stdout("usr");
    running.signal(Signal::TERM);
    assert_eq!(running.wait(), Ran::exited(3).out("up\nusr\nterm\n"));
    let running = sandbox.gate(["--", "/bin/sh", "-c", "echo up; exec sleep 60"]).start();
    running.wait_for_stdout("up");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().status, Status::Killed(9));
}

/// The mask of a line of `/proc/self/status`, without the C library's own two.
fn mask(status: &str, name: &str) -> u64 {
    let digits = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t")).unwrap();
    u64::from_str_radix(digits, 16).unwrap() & !(3 << 31)
}

#[test]
fn sigpipe_is_as_gate_found_it() {
    let sandbox = Sandbox::new();
    for gate in builds() {
        for (before, ignored) in [("--default-signal=PIPE", false), ("--ignore-signal=PIPE", true)] {
            for way in ["-- cat /proc/self/status", "-c 'exec cat /proc/self/status'"] {
                let line = format!("exec env {before} {gate} {way}");
                let ran = sandbox.call("/bin/bash", ["-c", &line]).run();
                assert_eq!(mask(&ran.stdout, "SigIgn") & 1 << 12 != 0, ignored, "{line}: {ran:?}");
            }
        }
    }
}

#[test]
fn a_pipe_that_nobody_reads_ends_the_command_as_without_gate() {
    let sandbox = Sandbox::new();
    for gate in builds() {
        let line = format!("{gate} -- yes | head -n 1; echo ${{PIPESTATUS[0]}}");
        assert_eq!(sandbox.call("/bin/bash", ["-c", &line]).run(), Ran::exited(0).out("y\n141\n"), "{gate}");
    }
}

#[test]
fn signals_ignored_or_blocked_at_start_stay_so_and_others_do_not() {
    let sandbox = Sandbox::new();
    let masks = |before: &str, gate: &str| {
        let line = format!("exec env {before} {gate} cat /proc/self/status");
        let ran = sandbox.call("/bin/sh", ["-c", &line]).run();
        assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""), "{line}");
        ["SigIgn", "SigBlk", "SigCgt", "SigPnd", "ShdPnd"].map(|name| mask(&ran.stdout, name))
    };
    for gate in builds() {
        let gate = format!("{gate} --");
        for before in [
            "",
            "--ignore-signal=HUP",
            "--ignore-signal=INT,QUIT,TERM,TSTP,CHLD,WINCH",
            "--block-signal=HUP,USR1,CHLD",
            "--ignore-signal=PIPE --block-signal=PIPE",
        ] {
            assert_eq!(masks(before, &gate), masks(before, ""), "{before}");
        }
    }
}

#[test]
fn a_command_that_is_to_outlive_its_terminal_does() {
    let sandbox = Sandbox::new();
    sandbox.script("hang-up", "#!/bin/sh\nkill -HUP $$; echo alive\n");
    let line = format!("nohup {} -- ./hang-up 2>&1", env!("CARGO_BIN_EXE_gate"));
    let ran = sandbox.call("/bin/sh", ["-c", &line]).run();
    assert_eq!((ran.status, ran.stdout.ends_with("alive\n")), (Status::Exited(0), true), "{ran:?}");
}

#[test]
fn a_child_that_gate_was_born_with_is_no_hindrance() {
    // A shell that execs gate leaves it children it never started; they must neither be waited for nor be taken away.
    let sandbox = Sandbox::new();
    let line = format!(
        "(sleep 3; exit 9) >/dev/null 2>&1 & child=$!; exec {} -- /bin/bash -c 'ls /proc/$$/task/$$/children >/dev/null; \
         read -r children </proc/$$/task/$$/children; [ \"${{children% }}\" = '\"$child\"' ] && echo kept'",
        env!("CARGO_BIN_EXE_gate")
    );
    let ran = sandbox.call("/bin/bash", ["-c", &line]).run();
    assert_eq!(ran, Ran::exited(0).out("kept\n"));
}
