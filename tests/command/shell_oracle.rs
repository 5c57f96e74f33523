//! The oracle: random scripts run in the installed bash, in a PATH of stubs that only write down how they were called.
//! A command that ran must have been found by the parser, or the script must have been called unresolved.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use gate::command::shell::{Dialect, Known, Parser, Piece, Script, Shuck, Word};

use super::oracle_script::{Dice, script};

const SCRIPTS: u64 = 900;
const STUBS: &[&str] = &["a", "b", "n", "rm", "ls", "cat"];

/// A stub appends its name and arguments to the log; `b` fails and `n` succeeds twice.
const STUB: &str = r#"#!/bin/sh
line=${0##*/}
for word do line="$line|$word"; done
printf '%s\0' "$line" >> "$ORACLE_LOG"
case ${0##*/} in
    b) exit 1 ;;
    n) printf x >> "$ORACLE_LOG.n"; read -r count < "$ORACLE_LOG.n"; [ ${#count} -le 2 ] ;;
esac
"#;

fn stubs(directory: &Path) {
    for name in STUBS {
        let path = directory.join(name);
        fs::write(&path, STUB).expect("write a stub");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("make a stub executable");
    }
}

/// Every call of a stub while bash ran the script.
fn ran(stubs: &Path, work: &Path, text: &str) -> Vec<Vec<String>> {
    let log = work.join("log");
    // The output ends only when the last process started in the background does.
    Command::new("/usr/bin/timeout")
        .args(["-s", "KILL", "10", "/bin/bash", "-c", text, "zero"])
        .env_clear()
        .env("PATH", stubs)
        .env("HOME", work)
        .env("FUNCNEST", "20")
        .env("ORACLE_LOG", &log)
        .current_dir(work)
        .stdin(Stdio::null())
        .output()
        .expect("run bash");
    let log = fs::read(&log).unwrap_or_default();
    log.split(|byte| *byte == 0)
        .filter(|line| !line.is_empty())
        .map(|line| String::from_utf8_lossy(line).split('|').map(str::to_owned).collect())
        .collect()
}

fn fits(pieces: &[Piece], text: &str) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Text(constant), rest @ ..] => text.strip_prefix(constant.as_str()).is_some_and(|text| fits(rest, text)),
        [Piece::Hole(_), rest @ ..] => (0..=text.len()).filter_map(|at| text.get(at..)).any(|text| fits(rest, text)),
    }
}

/// Whether a command as found may be a call as it ran.
fn covers(words: &[Word], call: &[String]) -> bool {
    match (words, call) {
        ([], []) => true,
        ([word, rest @ ..], _) if word.many => (0..=call.len()).any(|taken| covers(rest, &call[taken..])),
        ([word, rest @ ..], [text, more @ ..]) => {
            let fits = match &word.text {
                Known::Exact(known) => known == text,
                Known::Pattern(pieces) => fits(pieces, text),
            };
            fits && covers(rest, more)
        }
        _ => false,
    }
}

fn missed(script: &Script, calls: &[Vec<String>]) -> Vec<Vec<String>> {
    let found = |call: &[String]| {
        script.commands.iter().any(|command| {
            let words = command.words.as_slice();
            let inner = matches!(words.first().and_then(|word| word.text.exact()), Some("command" | "builtin"));
            covers(words, call) || inner && covers(&words[1..], call)
        })
    };
    calls.iter().filter(|call| !found(call)).cloned().collect()
}

/// What a run over many scripts came to.
#[derive(Default)]
struct Tally {
    clean: u64,
    calls: u64,
    wrong: String,
}

/// Makes and runs the scripts of some seeds, by as many workers as there are processors.
fn compared(seeds: std::ops::RangeInclusive<u64>) -> Tally {
    let place = tempfile::tempdir().expect("a directory for the stubs");
    stubs(place.path());
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) as u64;
    let (first, last) = seeds.into_inner();
    let place = &place;
    let work = move |worker: u64| {
        let mut tally = Tally::default();
        for seed in (first + worker..=last).step_by(usize::try_from(workers).expect("a few workers")) {
            let text = script(&mut Dice::new(seed));
            let Ok(read) = Shuck.parse(&text, Dialect::Bash, Some(&[Word::constant("zero")])) else { continue };
            if !read.unresolved.is_empty() {
                continue;
            }
            let work = tempfile::tempdir().expect("a directory to run in");
            let called = ran(place.path(), work.path(), &text);
            tally.clean += 1;
            tally.calls += called.len() as u64;
            for call in missed(&read, &called) {
                tally.wrong += &format!("--- seed {seed}: ran {call:?}, not found in\n{text}\n");
            }
        }
        tally
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
        running.into_iter().map(|worker| worker.join().expect("a worker that ends")).fold(
            Tally::default(),
            |mut all, one| {
                all.clean += one.clean;
                all.calls += one.calls;
                all.wrong += &one.wrong;
                all
            },
        )
    })
}

#[test]
fn no_command_runs_that_was_neither_found_nor_flagged() {
    let Tally { clean, calls, wrong } = compared(1..=SCRIPTS);
    assert!(wrong.is_empty(), "{wrong}");
    // Were everything refused or flagged, the test above would say nothing.
    assert!(clean > SCRIPTS / 7 && calls > 100, "only {clean} scripts were clean, with {calls} calls");
}

/// `cargo oracle`: as many scripts again as it takes to trust the few above.
#[test]
#[ignore = "takes many minutes"]
fn no_command_of_twenty_thousand_scripts_runs_unseen() {
    let Tally { clean, calls, wrong } = compared(1_000_001..=1_020_000);
    println!("20000 scripts, {clean} of them run, {calls} commands; missed:\n{wrong}");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(clean > 3000 && calls > 4000, "only {clean} scripts were clean, with {calls} calls");
}
