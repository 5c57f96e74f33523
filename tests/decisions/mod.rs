//! Commands and what a sensible engineer expects the built-in policy to decide, as data: `sample-commands.jsonl`, one
//! `{id, argv, cwd, expect}` a line, where `expect` is `allow`, `approve` or `deny-or-approve`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use gate::actions::classify::{Wanted, classified};
use gate::model::{Effect, Fact, Question, Timestamp};
use gate::policy::{Circumstances, Policy};
use gate::ports::Facts;

const SAMPLE: &str = include_str!("sample-commands.jsonl");

#[derive(serde::Deserialize)]
struct Row {
    id: String,
    argv: Vec<OsArgument>,
    expect: Expected,
    cwd: Option<PathBuf>,
    why: String,
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct OsArgument(String);

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Expected {
    Allow,
    Approve,
    DenyOrApprove,
}

impl Expected {
    fn met_by(self, effect: Effect) -> bool {
        match self {
            Self::Allow => effect == Effect::Allow,
            Self::Approve => effect == Effect::Ask,
            Self::DenyOrApprove => effect != Effect::Allow,
        }
    }
}

/// A world in which no file can be read.
struct Nowhere;

impl Facts for Nowhere {
    fn answer(&self, _: &Question) -> Fact {
        Fact::Unknown("not there".to_owned())
    }
}

fn decided(policy: &Policy, row: &Row) -> Effect {
    let wanted = Wanted {
        arguments: row.argv.iter().map(|argument| OsString::from(&argument.0)).collect(),
        script: false,
        directory: row.cwd.clone().unwrap_or_else(|| PathBuf::from("/home/dev")),
        environment: Vec::new(),
    };
    let circumstances = Circumstances {
        requester: &[],
        directory: &wanted.directory,
        home: Some(std::path::Path::new("/home/dev")),
        today: Timestamp::EPOCH,
        host: "host",
    };
    classified(&wanted, policy, &Nowhere, &circumstances).judgement.decision.effect()
}

#[test]
fn the_sample_of_commands_is_decided_as_an_engineer_expects() {
    let policy = Policy::built_in();
    let rows: Vec<Row> = SAMPLE.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (mut stopped, mut risky, mut false_positives, mut ordinary, mut met) = (0, 0, 0, 0, 0);
    let mut report = String::new();
    for row in &rows {
        let effect = decided(&policy, row);
        if row.expect == Expected::Allow {
            ordinary += 1;
            false_positives += usize::from(effect != Effect::Allow);
        } else {
            risky += 1;
            stopped += usize::from(effect != Effect::Allow);
        }
        if row.expect.met_by(effect) {
            met += 1;
        } else {
            let argv: Vec<&str> = row.argv.iter().map(|argument| argument.0.as_str()).collect();
            writeln!(report, "  {} {}: {argv:?} ({})", row.id, effect.name(), row.why).unwrap();
        }
    }
    println!(
        "{met} of {} as expected; recall {stopped} of {risky}, false positives {false_positives} of {ordinary}\n{report}",
        rows.len()
    );
    assert_eq!(false_positives, 0, "ordinary commands are asked about:\n{report}");
    assert!(met >= 50, "only {met} of {} are decided as expected:\n{report}", rows.len());
}
