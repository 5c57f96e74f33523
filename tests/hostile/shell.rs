//! Scripts made to be read wrongly, or not at all: whatever cannot be followed is asked about, and gate does not fall.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::{Sandbox, Status};

/// Asked about wherever it is seen.
const WIPE: &str = "rm -rf /srv/data";

#[track_caller]
fn decision(sandbox: &Sandbox, words: &[&str]) -> String {
    explained(sandbox, words)["decision"].as_str().unwrap().to_owned()
}

#[track_caller]
fn explained(sandbox: &Sandbox, words: &[&str]) -> serde_json::Value {
    let ran = sandbox.gate(["explain", "--json"].iter().chain(words)).run();
    let start = words.last().unwrap().chars().take(80).collect::<String>();
    assert_eq!(ran.status, Status::Exited(0), "{start}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_command_is_seen_however_deep_it_lies() {
    let sandbox = Sandbox::new();
    type Nested = fn(usize) -> String;
    let forms: [(&str, Nested); 22] = [
        ("subshell", |n| format!("{}{WIPE}{}", "(".repeat(n), ")".repeat(n))),
        ("group", |n| format!("{}{WIPE};{}", "{ ".repeat(n), " }".repeat(n))),
        ("substitution", |n| format!("echo {}{WIPE}{}", "$(".repeat(n), ")".repeat(n))),
        ("quoted", |n| format!("echo {}{WIPE}{}", "\"$(".repeat(n), ")\"".repeat(n))),
        ("if", |n| format!("{}{WIPE};{}", "if true; then ".repeat(n), " fi;".repeat(n))),
        ("for", |n| format!("{}{WIPE};{}", "for i in a; do ".repeat(n), " done;".repeat(n))),
        ("case", |n| format!("{}{WIPE}{}", "case x in x) ".repeat(n), ";; esac".repeat(n))),
        ("parameter", |n| format!("echo {}$({WIPE}){}", "${a:-".repeat(n), "}".repeat(n))),
        ("quoted parameter", |n| format!("echo {}$({WIPE}){}", "\"${a:-".repeat(n), "}\"".repeat(n))),
        ("arithmetic", |n| format!("echo $(({}$({WIPE}){}))", "(".repeat(n), ")".repeat(n))),
        ("not", |n| format!("{}{WIPE}", "! ".repeat(n))),
        ("time", |n| format!("{}{WIPE}", "time ".repeat(n))),
        ("time not", |n| format!("{}{WIPE}", "time ! ".repeat(n))),
        ("coproc", |n| format!("{}{WIPE}", "coproc ".repeat(n))),
        ("eval", |n| format!("{}{WIPE}", "eval ".repeat(n))),
        ("command", |n| format!("{}{WIPE}", "command ".repeat(n))),
        ("env", |n| format!("{}{WIPE}", "env ".repeat(n))),
        ("pipe", |n| format!("{}{WIPE}", "true | ".repeat(n))),
        ("and", |n| format!("{}{WIPE}", "true && ".repeat(n))),
        ("then", |n| format!("{}{WIPE}", "true; ".repeat(n))),
        ("braces", |n| format!("echo {}b{}; {WIPE}", "{a,".repeat(n), "}".repeat(n))),
        ("test", |n| format!("[[ {}x ]] && {WIPE}", "! ".repeat(n))),
    ];
    for (name, form) in forms {
        for n in [1, 2, 3, 49, 50, 400, 2500] {
            for shell in ["sh", "bash"] {
                let script = form(n);
                assert_ne!(decision(&sandbox, &["--", shell, "-c", &script]), "allow", "{name}, {n} deep, {shell}");
            }
        }
    }
}

#[test]
fn more_than_is_followed_is_asked_about() {
    let sandbox = Sandbox::new();
    assert_eq!(decision(&sandbox, &["-c", &"true;".repeat(10_000)]), "ask", "10,000 commands");
    assert_eq!(decision(&sandbox, &["-c", &format!("echo {}", "x ".repeat(60_000))]), "ask", "a script of 120 KiB");
    let words = ["env"; 5000];
    assert_eq!(decision(&sandbox, &[&["--"], &words[..], &["true"]].concat()), "ask", "5,000 wrappers");
    // Every `eval` has all words after it once more.
    let words: String = (0..8000).map(|nth| format!(" w{nth}")).collect();
    assert_eq!(
        decision(&sandbox, &["-c", &format!("{}{words}", "eval ".repeat(12))]),
        "ask",
        "8,000 words in 12 evals"
    );
    let padded = format!("{}{words}; {WIPE}", "eval ".repeat(12));
    assert_eq!(decision(&sandbox, &["-c", &padded]), "ask", "a command after too many words");
    // A megabyte of plain words is no script, and is followed.
    let word = "w".repeat(100_000);
    let words = [word.as_str(); 10];
    assert_eq!(decision(&sandbox, &[&["--", "echo"], &words[..]].concat()), "allow");
}

#[test]
fn no_bytes_bring_an_explanation_down() {
    let sandbox = Sandbox::new();
    // Shell grammar is where a reader can go wrong, so most of it is that; the seed is fixed, so a failure comes again.
    let piece = prop_oneof![
        4 => proptest::sample::select(&[
            "(", ")", "{", "}", "$(", "`", "\"", "'", "\\", "$", "${", "<<A\n", "A\n", ";", "&", "|", "&&", "<", ">", "<(", "((",
            "))", "[[", "]]", "[", "]", "*", "?", "~", "=", "!", "#", "\n", " ", "if ", "then ", "fi ", "case ", "in ", "esac ",
            "for ", "do ", "done ", "f() ", "time ", "eval ", "$'", "$\"", "@(", "{a,b}", "${a:-", "${a//", "$((", ";;", "&>", "|&",
        ][..]).prop_map(|text| text.as_bytes().to_vec()),
        2 => "[a-z/.-]{1,6}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(1_u8..=255, 1..4),
    ];
    let text = proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&text, |bytes| {
        use std::os::unix::ffi::OsStringExt as _;
        let word = std::ffi::OsString::from_vec(bytes);
        for words in [&["explain", "-c"][..], &["explain", "--json", "--", "bash", "-c"], &["explain", "--", "x"]] {
            let ran = sandbox.gate(words).arg(&word).run();
            prop_assert_eq!(ran.status, Status::Exited(0), "{:?}: {}", word, ran.stderr);
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_known_program_under_another_name_is_seen_as_what_it_is() {
    let sandbox = Sandbox::new();
    let work = sandbox.work();
    std::os::unix::fs::symlink("/bin/rm", work.join("tidy")).unwrap();
    // A harmless name, and a link to a link.
    std::os::unix::fs::symlink("tidy", work.join("ls")).unwrap();
    for name in ["./tidy", "./ls", "../work/tidy"] {
        let explained = explained(&sandbox, &["--", name, "-rf", "/srv/shop"]);
        assert_eq!(explained["decision"], "ask", "{name}: {explained}");
        assert!(explained["findings"].to_string().contains("gate/files.delete-tree"), "{name}: {explained}");
    }
    // The project's own programs run as before.
    sandbox.script("run-tests.sh", "#!/bin/sh\n");
    assert_eq!(explained(&sandbox, &["--", "./run-tests.sh", "-rf", "/srv/shop"])["decision"], "allow");
}
