//! Many gates on one log, and gates that are killed: every command that ran has its record, and the chain is whole.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use gate::audit::{Note, Report};
use gate::host::log::{read_pin, verify};

use super::{kinds, records};
use crate::support::{Ran, Running, Sandbox};

/// As `gate audit verify` judges it, against the pin.
pub fn report(sandbox: &Sandbox) -> Report {
    let pin = read_pin(&sandbox.gate_home().join("log")).unwrap();
    verify(&sandbox.gate_home().join("audit"), pin, Vec::new(), Duration::from_secs(10), &mut |_| {}).unwrap()
}

/// The words of all commands that a run record cleared.
fn cleared(sandbox: &Sandbox) -> Vec<String> {
    let runs = records(sandbox).into_iter().filter(|record| record["type"] == "run");
    runs.map(|run| run["subject"]["invocation"]["arguments"].to_string()).collect()
}

#[test]
fn eight_gates_at_once_make_one_whole_log() {
    // On an empty home, so that they race for key, genesis and policy too; each record is a whole process of its own.
    const EACH: usize = 1000;
    const AT_ONCE: usize = 100;
    let sandbox = Sandbox::new();
    for from in (0..EACH).step_by(AT_ONCE) {
        let numbers = format!("$(seq {from} {})", from + AT_ONCE - 1);
        let line = format!("for i in {numbers}; do {} -- true $0 $i || exit; done", env!("CARGO_BIN_EXE_gate"));
        let loops: Vec<Running> =
            (0..8).map(|number: u8| sandbox.call("/bin/bash", ["-c", &line, &number.to_string()]).start()).collect();
        for running in loops {
            let ran = thread::spawn(move || running.wait()).join().unwrap();
            assert_eq!(ran, Ran::exited(0));
        }
    }
    let cleared = cleared(&sandbox);
    let different: BTreeSet<&String> = cleared.iter().collect();
    assert_eq!((cleared.len(), different.len()), (8 * EACH, 8 * EACH), "a record for each run, and no two for one");
    let report = report(&sandbox);
    assert!(report.is_consistent() && report.is_pinned() && report.notes.is_empty(), "{report:#?}");
    // Those that came first at the same time each recorded the policy; later ones saw that it is there.
    let others: Vec<String> = kinds(&sandbox).into_iter().filter(|kind| kind != "run").collect();
    assert!(
        others[0] == "genesis" && others[1..].iter().all(|kind| kind == "policy") && others.len() <= 9,
        "{others:?}"
    );
}

#[test]
fn a_gate_killed_at_any_moment_never_ran_what_it_did_not_record() {
    let sandbox = Sandbox::new();
    let run = |number: u32| {
        let marker = format!("echo {number} >>{}/ran", sandbox.work().display());
        sandbox.gate(["--", "/bin/sh", "-c", &marker]).start()
    };
    // Kills spread over the time that a run takes here, from its first instruction to beyond its end.
    let begun = Instant::now();
    for number in 0..5 {
        assert_eq!(run(number).wait(), Ran::exited(0));
    }
    let one = begun.elapsed() / 5;
    let mut killed = 0;
    for number in 5..155 {
        let running = run(number);
        thread::sleep(one * (number * 37 % 120) / 100);
        running.signal(rustix::process::Signal::KILL);
        killed += u32::from(running.wait() != Ran::exited(0));
    }
    assert_eq!(run(155).wait(), Ran::exited(0), "whatever was torn, the next run repairs it");
    let report = report(&sandbox);
    assert!(report.is_consistent(), "{report:#?}");
    let cleared = cleared(&sandbox);
    let ran = sandbox.read("work/ran");
    for number in ran.lines() {
        let marker = format!("echo {number} >>");
        assert!(cleared.iter().any(|words| words.contains(&marker)), "command {number} ran without a record");
    }
    // The kills hit: some commands did not run, some ran, and the first and the last did.
    assert!(killed > 20 && ran.lines().count() > 10, "{killed} of 150 killed; ran:\n{ran}");
    assert!(ran.starts_with("0\n") && ran.ends_with("\n155\n"), "{ran}");
}

#[test]
fn a_gate_killed_while_it_makes_its_log_is_no_hindrance_to_the_next() {
    let begun = Instant::now();
    assert_eq!(Sandbox::new().gate(["--", "true"]).run(), Ran::exited(0));
    let one = begun.elapsed();
    for part in 0..40 {
        let sandbox = Sandbox::new();
        let running = sandbox.gate(["--", "true"]).start();
        thread::sleep(one * part / 40);
        running.signal(rustix::process::Signal::KILL);
        drop(running.wait());
        assert_eq!(sandbox.gate(["--", "true"]).run(), Ran::exited(0), "killed after {part}/40 of a first run");
        let report = report(&sandbox);
        assert!(report.is_consistent() && report.is_pinned(), "{report:#?}");
    }
}

#[test]
fn a_torn_last_line_is_repaired_by_the_next_run() {
    let sandbox = Sandbox::new();
    for word in ["one", "two"] {
        assert_eq!(sandbox.gate(["--", "true", word]).run(), Ran::exited(0));
    }
    let segment = sandbox.gate_home().join("audit/000000000000.jsonl");
    let whole = fs::read(&segment).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    // Cut in the middle: the record never counted, so its bytes are kept apart and a repair says so.
    fs::write(&segment, &whole[..last + 100]).unwrap();
    assert_eq!(sandbox.gate(["--", "true", "three"]).run(), Ran::exited(0));
    assert_eq!(kinds(&sandbox)[2..], ["run", "repair", "run"]);
    let torn: Vec<_> =
        fs::read_dir(sandbox.gate_home().join("audit/torn")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(torn.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>(), [&whole[last..last + 100]]);
    let report = report(&sandbox);
    assert!(report.is_consistent(), "{report:#?}");
    assert!(matches!(report.notes[..], [Note::TornRepaired { seq: 3, .. }]), "{report:#?}");
    // Cut by its line end alone: the record is whole and stays.
    let whole = fs::read(&segment).unwrap();
    fs::write(&segment, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(sandbox.gate(["--", "true", "four"]).run(), Ran::exited(0));
    assert_eq!(kinds(&sandbox)[2..], ["run", "repair", "run", "run"]);
    assert!(self::report(&sandbox).is_consistent());
}
