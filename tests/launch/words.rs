//! Words: any bytes, any number, none.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::Stdio;

use crate::record::records;
use crate::support::{Ran, Sandbox, Status};

#[test]
fn words_that_are_no_text_arrive_and_are_recorded_byte_by_byte() {
    let sandbox = Sandbox::new();
    let odd = OsString::from_vec((1..=255).collect());
    let call = sandbox.gate(["--", "printf", "%s|"]).arg(&odd).arg("").arg("a b\n");
    let output = call.command().stdout(Stdio::piped()).output().unwrap();
    assert_eq!(output.stdout, [odd.as_bytes(), b"||a b\n|"].concat());
    let run = records(&sandbox).pop().unwrap();
    let arguments = &run["subject"]["invocation"]["arguments"];
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD.encode(odd.as_bytes());
    assert_eq!(*arguments, serde_json::json!(["printf", "%s|", {"b64": base64}, "", "a b\n"]));
}

#[test]
fn a_mebibyte_of_words_arrives_and_is_recorded() {
    let sandbox = Sandbox::new();
    let words = vec!["w".repeat(1023); 1024];
    let call = sandbox.gate(["--", "/bin/sh", "-c", "echo $# ${#9}", "sh"]);
    let call = words.iter().fold(call, |call, word| call.arg(word));
    assert_eq!(call.run(), Ran::exited(0).out("1024 1023\n"));
    let run = records(&sandbox).pop().unwrap();
    let whole = run["subject"]["invocation"]["arguments"].as_array().unwrap();
    assert_eq!((run["type"].as_str(), whole.len()), (Some("run"), 1028));
}

#[test]
fn more_words_than_the_system_takes_run_nothing_and_are_said() {
    // gate itself was started with them, so nothing but its own additions could be too much; it has none.
    let sandbox = Sandbox::new();
    let word = "w".repeat(100 * 1024);
    let call = (0..15).fold(sandbox.gate(["--", "/bin/sh", "-c", "echo $#", "sh"]), |call, _| call.arg(&word));
    assert_eq!(call.run(), Ran::exited(0).out("15\n"));
}

#[test]
fn an_empty_call_is_a_wrong_call() {
    let sandbox = Sandbox::new();
    let none = Ran::exited(64).err("gate: no command is given\nhint: gate -- COMMAND [ARG]…\n");
    assert_eq!(sandbox.gate([""; 0]).run(), none);
    let after = Ran::exited(64).err("gate: no command stands after `--`\nhint: gate -- COMMAND [ARG]…\n");
    assert_eq!(sandbox.gate(["--"]).run(), after);
    assert_eq!(sandbox.gate(["--reason", "x", "--"]).run(), after);
    let empty = Ran::exited(64).err("gate: the name of the program is empty\nhint: gate -- COMMAND [ARG]…\n");
    assert_eq!(sandbox.gate(["--", ""]).run(), empty);
    assert_eq!(sandbox.gate(["--", "", "x"]).run(), empty);
    let script = Ran::exited(64).err("gate: no script stands after `-c`\nhint: gate -c 'SCRIPT' [NAME [ARG]…]\n");
    assert_eq!(sandbox.gate(["-c"]).run(), script);
    // Not even a key was made for them.
    assert_eq!(std::fs::read_dir(sandbox.gate_home()).unwrap().count(), 0);
}

#[test]
fn a_command_without_the_dashes_is_told_where_they_go() {
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["aws", "s3", "rm", "s3://a b/"]).run();
    let error = "gate: `aws` is not a command of gate\nhint: gate -- aws s3 rm 's3://a b/'\n";
    assert_eq!(ran, Ran::exited(64).err(error));
    let ran = sandbox.gate(["ls", "--", "x"]).run();
    assert_eq!(ran, Ran::exited(64).err("gate: `ls` is not a command of gate\nhint: gate -- ls -- x\n"));
}

#[test]
fn what_stands_after_the_dashes_is_never_gates() {
    let sandbox = Sandbox::new();
    for word in ["explain", "requests", "--help", "--", "-c", "--status", "approve"] {
        sandbox.script(word, "#!/bin/sh\necho \"mine: $*\"\n");
        let path = format!("{}:/usr/bin:/bin", sandbox.work().display());
        let ran = sandbox.gate(["--", word, "--version"]).env("PATH", path).run();
        assert_eq!(ran, Ran::exited(0).out("mine: --version\n"), "{word}");
    }
}

#[test]
fn an_unknown_option_is_a_wrong_call_and_runs_nothing() {
    let sandbox = Sandbox::new();
    for words in [&["--nope", "--", "touch", "ran"][..], &["--within", "soon", "--", "touch", "ran"], &["--resume"]] {
        let ran = sandbox.gate(words).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (Status::Exited(64), ""), "{ran:?}");
        assert!(ran.stderr.starts_with("gate: "), "{ran:?}");
    }
    assert!(!sandbox.work().join("ran").exists());
}

#[test]
fn escape_sequences_do_not_reach_the_terminal() {
    let sandbox = Sandbox::new();
    let nasty = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{202e}evil\u{200b}\u{9b}31m";
    for words in [&["--", nasty][..], &[nasty, "x"], &["--status", nasty, "--", nasty], &["--", "/etc/passwd", nasty]] {
        let ran = sandbox.gate(words).run();
        assert_ne!(ran.status, Status::Exited(0));
        let bad = ran.stderr.chars().find(|&c| (c.is_control() && c != '\n') || "\u{202e}\u{200b}".contains(c));
        assert_eq!(bad, None, "{ran:?}");
    }
    // To the command they go as they are.
    assert_eq!(sandbox.gate(["--", "printf", "%s", nasty]).run(), Ran::exited(0).out(nasty));
}
