//! In place: process, exit code, descriptors, limits and environment are those that the command would have without gate.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use crate::support::{Ran, Sandbox, Status};

#[test]
fn the_command_is_the_process_that_gate_was() {
    let sandbox = Sandbox::new();
    sandbox.script("look", "#!/bin/sh\necho $$; readlink /proc/$$/exe; cat /proc/$$/stat\n");
    let running = sandbox.gate(["--", "./look"]).start();
    let id = running.id().to_string();
    let ran = running.wait();
    assert_eq!(ran.status, Status::Exited(0));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let shell = std::fs::canonicalize("/bin/sh").unwrap();
    assert_eq!(lines[..2], [id.as_str(), shell.to_str().unwrap()]);
    // Its parent is this test: nothing of gate stands between.
    let parent = lines[2].rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap();
    assert_eq!(parent, std::process::id().to_string());
    assert_eq!(ran.stderr, "");
}

#[test]
fn every_exit_code_is_the_commands() {
    let sandbox = Sandbox::new();
    for code in 0..=255 {
        let ran = sandbox.gate(["--", "/bin/sh", "-c", &format!("exit {code}")]).run();
        assert_eq!(ran, Ran::exited(code));
    }
}

#[test]
fn stdin_belongs_to_the_command() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.gate(["--", "cat"]).stdin("x").run(), Ran::exited(0).out("x"));
    // Two commands on one pipe: gate reads nothing ahead, not even before it makes its key and its log.
    let gate = env!("CARGO_BIN_EXE_gate");
    let line = format!("{gate} -- head -c 3; echo; {gate} -c 'read line; echo \"<$line>\"'; cat");
    let fresh = Sandbox::new();
    let ran = fresh.call("/bin/bash", ["-c", &line]).stdin("onetwo\nthree").run();
    assert_eq!(ran, Ran::exited(0).out("one\n<two>\nthree"));
}

#[test]
fn only_the_commands_own_words_are_on_its_outputs() {
    let sandbox = Sandbox::new();
    for _ in 0..2 {
        let ran = sandbox.gate(["--reason", "because", "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 5"]).run();
        assert_eq!(ran, Ran::exited(5).out("out\n").err("err\n"));
    }
}

#[test]
fn the_environment_is_passed_as_it_is() {
    let sandbox = Sandbox::new();
    let odd = OsString::from_vec((1..=255).collect());
    let with = |program: &str| {
        let mut words = if program.is_empty() { vec![] } else { vec![program, "--"] };
        words.extend(["/usr/bin/env", "-0"]);
        let call = sandbox.call(words[0], &words[1..]).env("ODD", &odd).env("EMPTY", "").env("EQUALS", "a=b=");
        call.env("BASH_FUNC_f%%", "() {  echo f\n}").env("a.b c", "d").env("GATE_OTHER", "1")
    };
    let bytes = |program: &str| {
        let output = with(program).command().stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    let plain = bytes("");
    assert!(plain.len() > 300);
    assert_eq!(bytes(env!("CARGO_BIN_EXE_gate")), plain);
}

#[test]
fn nothing_of_the_process_is_changed() {
    let sandbox = Sandbox::new();
    let look = "ls -l /proc/self/fd | sed 's/.*[0-9] \\([0-9]* ->\\)/\\1/' | sed 's/\\[.*//; s/proc.*//; s/^total.*//'; \
                umask; pwd; cat /proc/self/limits; nice; cat /proc/self/oom_score_adj; \
                grep -E '^(Groups|Sig(Blk|Ign)|Cap|NoNewPrivs|Seccomp:|Cpus_allowed|THP)' /proc/self/status; \
                cut -d' ' -f5,6,8 /proc/self/stat; cat /proc/self/coredump_filter; cat /proc/self/timerslack_ns";
    let look = sandbox.script("look", &format!("#!/bin/sh\n{look}\n"));
    let line = |before: &str| {
        let surroundings = "umask 027; ulimit -c 64; ulimit -n 333; exec 5</etc/passwd 7>/dev/null; cd /usr/lib";
        let line = format!("{surroundings}; exec setsid -w nice -n 3 {before}{}", look.display());
        let ran = sandbox.call("/bin/bash", ["-c", &line]).run();
        assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""), "{line}");
        // The one line of numbers that differ between any two processes: process group and session.
        ran.stdout.lines().filter(|line| !line.ends_with(" -1")).map(str::to_owned).collect::<Vec<_>>()
    };
    let gate = format!("{} -- ", env!("CARGO_BIN_EXE_gate"));
    let plain = line("");
    assert!(plain.len() > 25, "{plain:#?}");
    assert_eq!(line(&gate), plain);
    // And once more with key and log in place, by the other way through the program.
    assert_eq!(line(&gate), plain);
}

#[test]
fn a_closed_descriptor_stays_closed() {
    let sandbox = Sandbox::new();
    let gate = env!("CARGO_BIN_EXE_gate");
    let line = format!("exec {gate} -- /bin/sh -c 'ls /proc/$$/fd >list' <&- 2>&-");
    assert_eq!(sandbox.call("/bin/bash", ["-c", &line]).run(), Ran::exited(0));
    let list = sandbox.read("work/list");
    let numbers: Vec<&str> = list.lines().collect();
    assert!(!numbers.contains(&"0") && !numbers.contains(&"2"), "{numbers:?}");
}

#[test]
fn a_command_started_by_many_names_sees_its_own() {
    let sandbox = Sandbox::new();
    sandbox.script("script", "#!/bin/sh\necho \"$0\"\n");
    let full = sandbox.work().join("script");
    for name in ["./script", full.to_str().unwrap(), "../work/script"] {
        assert_eq!(sandbox.gate(["--", name]).run(), Ran::exited(0).out(&format!("{name}\n")));
    }
    let path = format!("{}:/usr/bin:/bin", sandbox.work().display());
    let ran = sandbox.gate(["--", "script"]).env("PATH", path).run();
    assert_eq!(ran, Ran::exited(0).out(&format!("{}\n", full.display())));
    // An empty entry of PATH is the current directory.
    assert_eq!(sandbox.gate(["--", "script"]).env("PATH", ":/usr/bin:/bin").run().status, Status::Exited(0));
}

#[test]
fn gate_is_found_by_no_name_of_its_own() {
    // Whatever argv[0] says, gate is gate: it must not be talked into being something else, nor fall over none.
    let sandbox = Sandbox::new();
    for name in ["", "-gate", "sh", "\u{1b}[2J"] {
        let mut command = sandbox.gate(["--", "echo", "ran"]).command();
        let output = command.arg0(name).stdout(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"ran\n".as_slice()), "{name:?}");
    }
}
