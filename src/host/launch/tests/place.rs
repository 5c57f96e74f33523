//! In place: the command is what gate was.

use std::os::unix::process::ExitStatusExt;

use super::*;

/// Both ways to run must agree on these.
const WAYS: [&str; 2] = ["exec", "supervise"];

#[test]
fn every_exit_code_passes_through() {
    let stage = Stage::new();
    for code in (0..=255).step_by(5).chain([1, 77, 126, 127, 254]) {
        for way in WAYS {
            let output = stage.run(way, &["sh", "-c", &format!("exit {code}")]);
            assert_eq!(output.status.code(), Some(code), "{way}");
        }
    }
}

#[test]
fn every_signal_that_ends_the_command_ends_gate() {
    let stage = Stage::new();
    // Those that stop or are ignored by default do not end anything; 32 and 33 belong to the C library.
    let harmless = [17, 18, 19, 20, 21, 22, 23, 28, 32, 33];
    for signal in (1..=64).filter(|signal| !harmless.contains(signal)) {
        for way in WAYS {
            let output = stage.run(way, &["sh", "-c", &format!("ulimit -c 0; kill -{signal} $$; sleep 5")]);
            assert_eq!(output.status.signal(), Some(signal), "{way}");
            assert!(!output.status.core_dumped());
        }
    }
}

#[test]
fn the_process_stays_the_same() {
    let stage = Stage::new();
    let child = stage.play("exec", &["sh", "-c", "echo $$ >pid"]).stdout(std::process::Stdio::null()).spawn();
    let mut child = child.unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(stage.wait_for("pid").trim(), child.id().to_string());
}

#[test]
fn arguments_and_environment_arrive_byte_by_byte() {
    let stage = Stage::new();
    let odd = OsString::from_vec((1..=255).collect());
    let words: Vec<OsString> = ["sh", "-c", "printf '%s|' \"$0\" \"$@\" \"$ODD\"", "", "a b", "\u{1b}[2J"]
        .iter()
        .map(OsString::from)
        .chain([odd.clone()])
        .collect();
    let want: Vec<u8> = [b"|a b|\x1b[2J|".as_slice(), odd.as_bytes(), b"|", odd.as_bytes(), b"|"].concat();
    for way in WAYS {
        let output = stage.play(way, &words).env("ODD", &odd).output().unwrap();
        assert_eq!(output.stdout.strip_prefix(HARNESS).unwrap(), want, "{way}");
    }
}

#[test]
fn a_mebibyte_of_arguments_arrives() {
    let stage = Stage::new();
    let words: Vec<String> =
        ["sh", "-c", "echo $# ${#9}", "x"].map(str::to_owned).into_iter().chain(vec!["w".repeat(1023); 1024]).collect();
    for way in WAYS {
        assert_eq!(text(&stage.run(way, &words).stdout), "1024 1023\n", "{way}");
    }
}

#[test]
fn more_than_the_system_takes_is_said() {
    let stage = Stage::new();
    let words: Vec<String> = [String::from("true")].into_iter().chain(vec!["w".repeat(100_000); 40]).collect();
    for way in WAYS {
        let output = stage.run(way, &words);
        assert_eq!(output.status.code(), Some(126), "{way}");
        let error = text(&output.stderr);
        assert!(error.contains("more than this system lets a command have") && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn sigpipe_is_as_it_was() {
    let stage = Stage::new();
    let status = "grep -E 'SigIgn' /proc/self/status";
    for way in WAYS {
        let ask = stage.shell(way, &["sh", "-c", status]);
        for (before, ignored) in [("", false), ("trap '' PIPE; ", true)] {
            let output = Command::new("sh").arg("-c").arg(format!("{before}exec env {ask}")).output().unwrap();
            let mask = text(&output.stdout).split_whitespace().last().unwrap();
            let mask = u64::from_str_radix(mask, 16).unwrap();
            assert_eq!(mask & 1 << (libc::SIGPIPE - 1) != 0, ignored, "{way} {before} {mask:x}");
        }
    }
}

#[test]
fn ignored_signals_stay_ignored_and_others_default() {
    let stage = Stage::new();
    for way in WAYS {
        let ask = stage.shell(way, &["grep", "-E", "Sig(Ign|Blk|Cgt)", "/proc/self/status"]);
        let plain = |line: &str| {
            let line = format!("trap '' HUP INT TSTP; exec env --ignore-signal=CHLD {line}");
            let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
            let out = text(&output.stdout).to_owned();
            let masks = out.lines().filter_map(|line| line.strip_prefix("Sig")?.split_once(":\t"));
            // 32 and 33 belong to the C library, which may have set them while it started.
            let mask = |digits: &str| u64::from_str_radix(digits, 16).unwrap() & !(3 << 31);
            let masks: Vec<String> = masks.map(|(name, digits)| format!("{name} {:x}", mask(digits))).collect();
            assert_eq!(masks.len(), 3, "{out}");
            masks
        };
        assert_eq!(plain(&ask), plain("grep -E 'Sig(Ign|Blk|Cgt)' /proc/self/status"), "{way}");
    }
}

#[test]
fn a_closed_descriptor_stays_closed() {
    let stage = Stage::new();
    for way in WAYS {
        let ask = stage.shell(way, &["sh", "-c", "ls -l /proc/$$/fd >list"]);
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("cd {}; exec env {ask} <&- 2>&-", stage.root.path().display()))
            .output()
            .unwrap();
        assert!(output.status.success());
        let list = stage.wait_for("list");
        fs::remove_file(stage.path("list")).unwrap();
        let numbers: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().nth(8)).collect();
        assert!(numbers.contains(&"1") && !numbers.contains(&"0") && !numbers.contains(&"2"), "{way}: {list}");
    }
}

#[test]
fn what_env_says_by_its_code_gate_says_too() {
    let stage = Stage::new();
    stage.write("no-interpreter", "#!/nowhere/sh\n");
    stage.write("text", "echo \"$0 $1\"\n");
    stage.write("binary", b"\x7fELF\x02\x01\x01garbage");
    stage.write("empty", "");
    for words in [&["./no-interpreter"][..], &["./text", "one"], &["./binary"], &["./empty"]] {
        let env = Command::new("env").args(words).current_dir(stage.root.path()).output().unwrap();
        for way in WAYS {
            let output = stage.run(way, words);
            assert_eq!(output.status.code(), env.status.code(), "{way} {words:?}");
            assert_eq!(text(&output.stdout), text(&env.stdout), "{way} {words:?}");
        }
    }
}

#[test]
fn a_script_sees_the_name_it_was_called_by() {
    let stage = Stage::new();
    stage.write("script", "#!/bin/sh\necho \"$0\"\n");
    let full = stage.path("script");
    let full = full.to_str().unwrap();
    for way in WAYS {
        assert_eq!(text(&stage.run(way, &["./script"]).stdout), "./script\n", "{way}");
        assert_eq!(text(&stage.run(way, &[full]).stdout), format!("{full}\n"), "{way}");
    }
}

#[test]
fn a_program_that_someone_writes_is_busy() {
    let stage = Stage::new();
    let program = stage.copy("/bin/true", "busy");
    let writer = fs::OpenOptions::new().append(true).open(&program).unwrap();
    for way in WAYS {
        let output = stage.run(way, &["./busy"]);
        assert_eq!(output.status.code(), Some(126), "{way}");
        assert!(text(&output.stderr).ends_with("text file busy\n"), "{}", text(&output.stderr));
    }
    drop(writer);
    assert_eq!(stage.run("exec", &["./busy"]).status.code(), Some(0));
}

#[test]
fn the_core_limit_of_gate_is_not_the_commands() {
    let stage = Stage::new();
    for way in WAYS {
        let ask = stage.shell(&format!("undumpable {way}"), &["bash", "-c", "ulimit -Sc; ulimit -Hc"]);
        let line = format!("ulimit -Sc 64; ulimit -Hc 128; exec env {ask}");
        let output = Command::new("bash").arg("-c").arg(line).output().unwrap();
        assert!(text(&output.stdout).ends_with("64\n128\n"), "{way}: {}", text(&output.stdout));
    }
}
