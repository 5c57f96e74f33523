//! Cases: commands with the decision that somebody expects of a policy, as data, JSON lines or YAML. Each is classified in
//! a world in which nothing can be looked up; refuses a case that it does not understand.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::encoding::json::lenient;
use crate::encoding::yaml::{self, Placed};
use crate::model::{Effect, Shown, Timestamp};
use crate::policy::{Circumstances, Policy};

use super::classify::{Classified, Wanted, classified};
use super::examples::{Checked, Empty};

/// Where a case runs that does not say it, and the home of its requester.
const HOME: &str = "/home/dev";

/// A command, and what is expected of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    /// All arguments …
    #[serde(default)]
    argv: Option<Vec<String>>,
    /// … or a line of sh.
    #[serde(default)]
    line: Option<String>,
    #[serde(default)]
    cwd: Option<PathBuf>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    expect: Expected,
    /// Rules that must fire.
    #[serde(default)]
    rules: Vec<String>,
    /// For people, and for tallies of their own.
    #[serde(default, rename = "class")]
    _class: Option<String>,
    #[serde(default, rename = "evasion")]
    _evasion: Option<String>,
    #[serde(default)]
    why: Option<String>,
}

/// The decision that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Expected {
    Allow,
    #[serde(alias = "approve")]
    Ask,
    Deny,
    #[serde(alias = "ask-or-deny")]
    DenyOrApprove,
}

impl Expected {
    const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
            Self::DenyOrApprove => "ask or deny",
        }
    }

    fn is_met_by(self, effect: Effect) -> bool {
        match self {
            Self::Allow => effect == Effect::Allow,
            Self::Ask => effect == Effect::Ask,
            Self::Deny => effect == Effect::Deny,
            Self::DenyOrApprove => effect != Effect::Allow,
        }
    }
}

/// A file of cases that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CaseError(String);

/// The cases of a file, each with its outcome; a name that ends with `.yaml` or `.yml` says that it is YAML, else each
/// line is an object of JSON.
///
/// # Errors
/// At the first case that is not understood.
pub fn checked(policy: &Policy, name: &str, text: &str) -> Result<Vec<Checked>, CaseError> {
    let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    let cases = if yaml { from_yaml(name, text)? } else { from_lines(name, text)? };
    cases.iter().map(|(line, case)| case.checked(policy, name, *line)).collect()
}

fn from_yaml(name: &str, text: &str) -> Result<Vec<(usize, Written)>, CaseError> {
    let cases: Vec<Placed<Written>> = yaml::read(name, text).map_err(|error| CaseError(error.to_string()))?;
    Ok(cases.into_iter().map(|case| (case.line(), case.value)).collect())
}

fn from_lines(name: &str, text: &str) -> Result<Vec<(usize, Written)>, CaseError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let case = |(index, line): (usize, &str)| match lenient(line) {
        Ok(case) => Ok((index + 1, case)),
        Err(error) => Err(CaseError(format!("{}:{}: {error}", Shown::text(name), index + 1))),
    };
    lines.map(case).collect()
}

impl Written {
    fn checked(&self, policy: &Policy, file: &str, line: usize) -> Result<Checked, CaseError> {
        let (arguments, script): (Vec<OsString>, bool) = match (&self.argv, &self.line) {
            (Some(argv), None) if !argv.is_empty() => (argv.iter().map(OsString::from).collect(), false),
            (None, Some(line)) => (["sh", "-c", line].map(OsString::from).into(), true),
            _ => {
                let message = "a case has either `argv`, a list of words, or `line`";
                return Err(CaseError(format!("{}:{line}: {message}", Shown::text(file))));
            }
        };
        let wanted = Wanted {
            arguments,
            script,
            directory: self.cwd.clone().unwrap_or_else(|| PathBuf::from(HOME)),
            environment: self.env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        };
        let circumstances = Circumstances {
            requester: &[],
            directory: &wanted.directory,
            home: Some(Path::new(HOME)),
            today: Timestamp::EPOCH,
            host: "host",
        };
        let classified = classified(&wanted, policy, &Empty, &circumstances);
        let effect = classified.judgement.decision.effect();
        let silent = self.rules.iter().filter(|rule| !fired(&classified, rule));
        let silent: Vec<&str> = silent.map(String::as_str).collect();
        let mut got = effect.name().to_owned();
        if !silent.is_empty() {
            got.push_str(&format!(", and {} does not fire", silent.join(", ")));
        }
        let command = match &self.line {
            Some(line) => Shown::text(line).to_string(),
            None => crate::model::quoted(&wanted.arguments),
        };
        let rules = classified.judgement.findings.iter().filter(|finding| finding.effect > Effect::Allow);
        Ok(Checked {
            suite: file.to_owned(),
            name: self.id.clone(),
            file: file.to_owned(),
            line: Some(line),
            command,
            expected: self.expect.name().to_owned(),
            got,
            holds: self.expect.is_met_by(effect) && silent.is_empty(),
            rules: rules.map(|finding| finding.rule.clone()).collect(),
            why: self.why.clone(),
        })
    }
}

fn fired(classified: &Classified, rule: &str) -> bool {
    classified.judgement.findings.iter().any(|finding| finding.rule == rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, text: &str) -> Result<Vec<Checked>, String> {
        checked(&Policy::built_in(), name, text).map_err(|error| error.to_string())
    }

    #[test]
    fn both_forms_say_where_each_case_stands_and_what_came_of_it() {
        let lines = "{\"id\":\"a\",\"argv\":[\"ls\"],\"expect\":\"allow\",\"class\":\"benign\"}\n\n\
                     {\"id\":\"b\",\"line\":\"\\\"$X\\\" \\ud83d\\ude00\",\"expect\":\"deny\",\"why\":\"x\"}\n";
        let cases = outcome("x.jsonl", lines).unwrap();
        let seen = |case: &Checked| (case.name.clone(), case.line, case.holds, case.got.clone());
        assert_eq!(seen(&cases[0]), ("a".to_owned(), Some(1), true, "allow".to_owned()));
        assert_eq!(seen(&cases[1]), ("b".to_owned(), Some(3), false, "ask".to_owned()));
        assert_eq!(cases[1].rules, ["gate/unresolved.program"]);
        let yaml = "- {id: a, argv: [ls], expect: allow}\n- id: b\n  line: '\"$X\"'\n  expect: approve\n  \
                    rules: [gate/unresolved.program, gate/nosuch]\n";
        let cases = outcome("x.yaml", yaml).unwrap();
        let expected = ("b".to_owned(), Some(2), false, "ask, and gate/nosuch does not fire".to_owned());
        assert_eq!(seen(&cases[1]), expected);
    }

    #[test]
    fn a_case_that_is_not_understood_is_refused_with_its_place() {
        for (name, text, said) in [
            ("x.jsonl", "{\"id\":\"a\"}", "x.jsonl:1: missing field `expect`"),
            ("x.jsonl", "\n{\"id\":\"a\",\"expect\":\"allow\"}", "x.jsonl:2: a case has either"),
            ("x.jsonl", "{\"id\":\"a\",\"argv\":[],\"expect\":\"allow\"}", "a case has either"),
            ("x.jsonl", "{\"id\":\"a\",\"argv\":[\"x\"],\"line\":\"x\",\"expect\":\"allow\"}", "a case has either"),
            ("x.jsonl", "{\"id\":\"a\",\"argv\":[\"x\"],\"expect\":\"alow\"}", "unknown variant `alow`"),
            ("x.jsonl", "{\"id\":\"a\",\"argv\":[\"x\"],\"expcet\":\"allow\"}", "unknown field `expcet`"),
            ("x.yaml", "- {id: a, argv: [x], expect: alow}", "did you mean `allow`?"),
        ] {
            let error = outcome(name, text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
