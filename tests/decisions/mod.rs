//! Commands and what a sensible engineer expects the built-in policy to decide, as data: files of lines
//! `{id, argv, cwd, expect, class, evasion, why}`, where `expect` is `allow`, `approve` or `deny-or-approve`. The test
//! prints what is stopped, by class and by evasion.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gate::actions::classify::{Wanted, classified};
use gate::model::{Effect, Fact, Question, Timestamp};
use gate::policy::{Circumstances, Policy};
use gate::ports::Facts;

/// What a row is about, and where it comes from.
const FILES: [(&str, &str); 14] = [
    ("sample-commands", include_str!("sample-commands.jsonl")),
    ("files", include_str!("files.jsonl")),
    ("clouds", include_str!("clouds.jsonl")),
    ("code", include_str!("code.jsonl")),
    ("wrapped", include_str!("wrapped.jsonl")),
    ("terminal", include_str!("terminal.jsonl")),
    ("made", include_str!("made.jsonl")),
    ("ordinary", include_str!("ordinary.jsonl")),
    ("neighbours-infra", include_str!("neighbours-infra.jsonl")),
    ("neighbours-system", include_str!("neighbours-system.jsonl")),
    // Written when the rules stood: at first sight 97.8 % of its risky rows were stopped, and 0.4 % of the others.
    ("unseen", include_str!("unseen.jsonl")),
    // And again, after what those had taught: 99.2 % and none.
    ("unseen-again", include_str!("unseen-again.jsonl")),
    // And a third time, with more evasions: 98.7 % and 0.3 %.
    ("unseen-third", include_str!("unseen-third.jsonl")),
    // And a fourth time, after another set that is not kept: 99.3 % and 0.9 %.
    ("unseen-fourth", include_str!("unseen-fourth.jsonl")),
];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    argv: Vec<String>,
    expect: Expected,
    cwd: Option<PathBuf>,
    class: String,
    evasion: String,
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
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
    fn answer(&self, question: &Question) -> Fact {
        match question {
            Question::Script(_) => Fact::Absent,
            Question::Context(_) | Question::Data(_) | Question::Program(_) => Fact::Unknown("not there".to_owned()),
        }
    }
}

fn decided(policy: &Policy, row: &Row) -> Effect {
    let directory = row.cwd.as_deref().unwrap_or(Path::new("/home/dev"));
    effect(policy, row.argv.iter().map(OsString::from).collect(), directory, Vec::new())
}

/// What a policy decides about a command of the user `dev`.
pub fn effect(
    policy: &Policy,
    arguments: Vec<OsString>,
    directory: &Path,
    environment: Vec<(OsString, OsString)>,
) -> Effect {
    let wanted = Wanted { arguments, script: false, directory: directory.to_owned(), environment };
    let circumstances = Circumstances {
        requester: &[],
        directory,
        home: Some(Path::new("/home/dev")),
        today: Timestamp::EPOCH,
        host: "host",
    };
    classified(&wanted, policy, &Nowhere, &circumstances).judgement.decision.effect()
}

/// How many of how many.
#[derive(Default)]
struct Share {
    hit: usize,
    all: usize,
}

impl Share {
    fn count(&mut self, hit: bool) {
        self.all += 1;
        self.hit += usize::from(hit);
    }

    fn percent(&self) -> f64 {
        if self.all == 0 { 0.0 } else { self.hit as f64 * 100.0 / self.all as f64 }
    }
}

/// What is stopped, of the risky rows and of the ordinary ones.
#[derive(Default)]
struct Tally {
    risky: Share,
    ordinary: Share,
}

#[derive(Default)]
struct Report {
    all: Tally,
    met: Share,
    classes: BTreeMap<String, Tally>,
    evasions: BTreeMap<String, Tally>,
    failures: String,
}

impl Report {
    fn count(&mut self, row: &Row, effect: Effect) {
        let stopped = effect != Effect::Allow;
        let class = self.classes.entry(row.class.clone()).or_default();
        let evasion = self.evasions.entry(row.evasion.clone()).or_default();
        for tally in [&mut self.all, class, evasion] {
            let share = if row.expect == Expected::Allow { &mut tally.ordinary } else { &mut tally.risky };
            share.count(stopped);
        }
        self.met.count(row.expect.met_by(effect));
        if !row.expect.met_by(effect) {
            let Row { id, argv, class, evasion, why, expect, .. } = row;
            let effect = effect.name();
            writeln!(self.failures, "  {id} {effect}, not {expect:?} ({class}, {evasion}): {argv:?} ({why})").unwrap();
        }
    }

    fn text(&self) -> String {
        let share = |share: &Share| format!("{}/{} {:5.1} %", share.hit, share.all, share.percent());
        let line = |name: &str, tally: &Tally| {
            format!("{name:16} {:>16} {:>18}\n", share(&tally.risky), share(&tally.ordinary))
        };
        let mut text = format!("{} of {} rows as expected\n", self.met.hit, self.met.all);
        writeln!(text, "{:16} {:>16} {:>18}", "", "risky stopped", "ordinary stopped").unwrap();
        text += &line("all", &self.all);
        text.extend(self.classes.iter().chain(&self.evasions).map(|(name, tally)| line(name, tally)));
        text + &self.failures
    }
}

fn rows() -> Vec<(&'static str, Row)> {
    let mut rows = Vec::new();
    for (name, text) in FILES {
        for (number, line) in text.lines().enumerate() {
            let row = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}.jsonl:{}: {error}", number + 1));
            rows.push((name, row));
        }
    }
    rows
}

#[test]
fn commands_are_decided_as_an_engineer_expects() {
    let policy = Policy::built_in();
    let mut whole = Report::default();
    let mut sample = Report::default();
    for (file, row) in rows() {
        let effect = decided(&policy, &row);
        whole.count(&row, effect);
        if file == "sample-commands" {
            sample.count(&row, effect);
        }
    }
    let text = whole.text();
    println!("{text}");
    assert_eq!(sample.met.hit, sample.met.all, "the sample of commands:\n{}", sample.failures);
    assert!(whole.all.risky.percent() >= 97.0 && whole.all.ordinary.percent() <= 1.0, "{text}");
    for (evasion, tally) in &whole.evasions {
        assert!(tally.risky.percent() >= 93.0, "{evasion}: {text}");
    }
}
