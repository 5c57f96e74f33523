//! The examples inside the rules, run through the whole pipeline in an empty world: a rule proves what it catches and
//! what it leaves alone, evasions included.

use std::path::{Path, PathBuf};

use crate::model::{Fact, Question, Shown, Timestamp};
use crate::policy::{Circumstances, Policy};
use crate::ports::Facts;

use super::classify::{Wanted, classified};

/// An example or a case, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// What it belongs to: a rule's id, or a file of cases.
    pub suite: String,
    /// What it is called there.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The line, from 1, where that is known.
    pub line: Option<usize>,
    /// The command, with nothing in it that acts on a terminal.
    pub command: String,
    /// What should come of it.
    pub expected: String,
    /// What came of it.
    pub got: String,
    /// Whether that is the same.
    pub holds: bool,
    /// The rules that stopped it.
    pub rules: Vec<String>,
    /// Why that is expected, if somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// An example that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Broken {
    /// The rule.
    pub rule: String,
    /// The line of sh.
    pub line: String,
    /// Whether the rule should fire on it.
    pub fires: bool,
}

/// How many examples there are, and which of them do not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Examined {
    /// How many rules.
    pub rules: usize,
    /// How many lines.
    pub lines: usize,
    /// Those that do not hold.
    pub broken: Vec<Broken>,
}

/// A world in which nothing can be looked up.
pub(super) struct Empty;

impl Facts for Empty {
    fn answer(&self, _: &Question) -> Fact {
        Fact::Unknown("a script that is not there".to_owned())
    }
}

/// Runs the examples of the rules that `chosen` says.
#[must_use]
pub fn examined(policy: &Policy, chosen: &dyn Fn(&str) -> bool) -> Examined {
    let mut examined = Examined::default();
    for (rule, examples) in policy.examples() {
        if !chosen(&rule) {
            continue;
        }
        examined.rules += 1;
        let matching = examples.matching.iter().map(|line| (line, true));
        for (line, fires) in matching.chain(examples.skip.iter().map(|line| (line, false))) {
            examined.lines += 1;
            if fired(policy, line).contains(&rule) != fires {
                examined.broken.push(Broken { rule: rule.clone(), line: line.clone(), fires });
            }
        }
    }
    examined
}

/// The same, one by one, each with its place.
#[must_use]
pub fn checked(policy: &Policy, chosen: &dyn Fn(&str) -> bool) -> Vec<Checked> {
    let places = policy.places();
    let mut all = Vec::new();
    for (rule, examples) in policy.examples().into_iter().filter(|(rule, _)| chosen(rule)) {
        let matching = examples.matching.iter().map(|line| (line, true));
        for (example, fires) in matching.chain(examples.skip.iter().map(|line| (line, false))) {
            let rules = fired(policy, example);
            let got = rules.contains(&rule);
            let said = |fires: bool| if fires { "fires" } else { "does not fire" }.to_owned();
            let (file, line) = places.of(&rule, example);
            all.push(Checked {
                suite: rule.clone(),
                name: format!("{} {example}", if fires { "match:" } else { "skip:" }),
                file,
                line,
                command: Shown::text(example).to_string(),
                expected: said(fires),
                got: said(got),
                holds: got == fires,
                rules,
                why: None,
            });
        }
    }
    all
}

/// The rules that fire on a line of sh.
fn fired(policy: &Policy, line: &str) -> Vec<String> {
    let wanted = Wanted {
        arguments: vec!["sh".into(), "-c".into(), line.into()],
        script: true,
        directory: PathBuf::from("/work"),
        environment: Vec::new(),
    };
    let circumstances = Circumstances {
        requester: &[],
        directory: &wanted.directory,
        home: Some(Path::new("/home/user")),
        today: Timestamp::EPOCH,
        host: "host",
    };
    let classified = classified(&wanted, policy, &Empty, &circumstances);
    classified.judgement.findings.into_iter().map(|finding| finding.rule).collect()
}
