//! The examples inside the rules, run through the whole pipeline in an empty world: a rule proves what it catches and
//! what it leaves alone, evasions included.

use std::path::{Path, PathBuf};

use crate::model::{Fact, Question, Timestamp};
use crate::policy::{Circumstances, Policy};
use crate::ports::Facts;

use super::classify::{Wanted, classified};

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
struct Empty;

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
            if fires_on(policy, &rule, line) != fires {
                examined.broken.push(Broken { rule: rule.clone(), line: line.clone(), fires });
            }
        }
    }
    examined
}

fn fires_on(policy: &Policy, rule: &str, line: &str) -> bool {
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
    classified.judgement.findings.iter().any(|finding| finding.rule == rule)
}
