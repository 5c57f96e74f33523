//! `gate policy replay`: a changed policy against what the audit log holds. Every recorded subject is classified again from
//! its recorded invocation; refuses to guess: what the log does not hold enough of is counted apart.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::audit::{Kind, Record};
use crate::encoding::json::{Value, canonical, strict};
use crate::model::{Digest, Effect, Finding, Request, Subject, Text, Timestamp};
use crate::policy::{Circumstances, Layer, Policy, Source};

use super::classify::{Wanted, classified};
use super::recalled::{Missing, Recalled};

/// The variable that stands for what was masked; nothing sets it, so it may be anything.
const HIDDEN: &str = "GATE_HIDDEN";

/// A decision that would be another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// The record.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// Its type.
    pub kind: Kind,
    /// The command, as people may see it.
    pub command: String,
    /// What was decided.
    pub before: Effect,
    /// What would be decided now.
    pub after: Effect,
    /// Rules that stop it now and did not.
    pub gained: Vec<String>,
    /// Rules that stopped it and do not any more.
    pub lost: Vec<String>,
}

/// A record that cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreplayed {
    /// The record.
    pub seq: u64,
    /// Why not.
    pub why: String,
}

/// What a changed policy would change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Replayed {
    /// How many decisions were made again.
    pub replayed: u64,
    /// Those that would be others, in order.
    pub flips: Vec<Flip>,
    /// Those that could not be made again.
    pub unreplayed: Vec<Unreplayed>,
}

/// A replay under way: every record of the log is shown to it, in order.
#[derive(Debug)]
pub struct Replay {
    /// The changed policy, without the rules of repositories: those are taken as they were.
    sources: Vec<Source>,
    /// That of whoever replays: records do not name the requester's.
    home: Option<PathBuf>,
    since: Option<Timestamp>,
    /// The files of repositories in each recorded policy.
    projects: BTreeMap<Digest, Vec<Source>>,
    policies: BTreeMap<Digest, Result<Policy, String>>,
    replayed: Replayed,
}

impl Replay {
    /// A replay with these files of the system and the user.
    #[must_use]
    pub fn new(sources: Vec<Source>, home: Option<PathBuf>, since: Option<Timestamp>) -> Self {
        let (projects, policies) = (BTreeMap::new(), BTreeMap::new());
        Self { sources, home, since, projects, policies, replayed: Replayed::default() }
    }

    /// The next record.
    pub fn record(&mut self, record: &Record) {
        match record.kind {
            Kind::Policy => self.policy(record),
            Kind::Run | Kind::Request | Kind::Refuse => {
                if self.since.is_none_or(|since| record.time >= since)
                    && let Some(subject) = subject(record)
                {
                    match subject.and_then(|subject| self.again(record, &subject)) {
                        Ok(flip) => {
                            self.replayed.replayed += 1;
                            self.replayed.flips.extend(flip);
                        }
                        Err(why) => self.replayed.unreplayed.push(Unreplayed { seq: record.seq, why }),
                    }
                }
            }
            Kind::Genesis
            | Kind::Verdict
            | Kind::Outcome
            | Kind::Grant
            | Kind::Key
            | Kind::Segment
            | Kind::Anchor
            | Kind::Repair
            | Kind::Clock
            | Kind::Erase => {}
        }
    }

    /// What came of it.
    #[must_use]
    pub fn finish(self) -> Replayed {
        self.replayed
    }

    fn policy(&mut self, record: &Record) {
        let Some(digest) = record.parsed::<Digest>("policy") else { return };
        let files = record.members.get("text").and_then(|text| text.get("policy")?.get("files")?.as_array());
        let project = |file: &Value| {
            let text = |name: &str| file.get(name).and_then(Value::as_str).map(str::to_owned);
            (text("layer")? == Layer::Project.name()).then_some(Source {
                layer: Layer::Project,
                file: text("file")?,
                text: text("text")?,
            })
        };
        self.projects.insert(digest, files.into_iter().flatten().filter_map(project).collect());
    }

    fn again(&mut self, record: &Record, subject: &Subject) -> Result<Option<Flip>, String> {
        let projects = self.projects.get(&subject.policy).ok_or("its policy is not in the log")?;
        let sources = &self.sources;
        let policy = self.policies.entry(subject.policy).or_insert_with(|| {
            let all = sources.iter().chain(projects).cloned().collect();
            Policy::load(all)
                .map_err(|error| format!("with its repository's rules the policy has a fault: {}", error.message()))
        });
        let policy = policy.as_ref().map_err(Clone::clone)?;
        let wanted = wanted(subject, self.home.as_deref())?;
        let requester: Vec<String> = subject.requester.principals.iter().map(|claim| claim.principal.clone()).collect();
        let circumstances = Circumstances {
            requester: &requester,
            directory: &wanted.directory,
            home: self.home.as_deref(),
            today: record.time,
            host: &record.host,
        };
        let mut recalled = Recalled::new(&subject.seen.answers);
        let mut judgement = classified(&wanted, policy, &recalled, &circumstances).judgement;
        if let Some(again) = recalled.again() {
            recalled = again;
            judgement = classified(&wanted, policy, &recalled, &circumstances).judgement;
        }
        let (before, after) = (decided(&subject.seen.findings), judgement.decision.effect());
        match recalled.missing() {
            // What is not known is judged by the worst that it may be: if even that is allowed, so is the rest.
            Some(missing @ (Missing::Context | Missing::Script))
                if (before, after) != (Effect::Allow, Effect::Allow) =>
            {
                return Err(missing.why().to_owned());
            }
            Some(missing) if before != after => return Err(missing.why().to_owned()),
            Some(_) | None if before == after => return Ok(None),
            Some(_) | None => {}
        }
        let (old, new) = (stopping(&subject.seen.findings), stopping(&judgement.findings));
        let without = |some: &[String], others: &[String]| {
            some.iter().filter(|rule| !others.contains(rule)).cloned().collect::<Vec<_>>()
        };
        Ok(Some(Flip {
            seq: record.seq,
            time: record.time,
            kind: record.kind,
            command: shown(&subject.invocation.arguments),
            before,
            after,
            gained: without(&new, &old),
            lost: without(&old, &new),
        }))
    }
}

/// The subject of a record that has one.
pub(super) fn subject(record: &Record) -> Option<Result<Subject, String>> {
    let read = |value: &Value| canonical(value).map_err(|error| error.to_string());
    if let Some(value) = record.members.get("subject") {
        return Some(read(value).and_then(|bytes| strict(&bytes).map_err(|error| error.to_string())));
    }
    let value = record.members.get("request").filter(|_| record.kind == Kind::Request)?;
    let request = read(value).and_then(|bytes| strict::<Request>(&bytes).map_err(|error| error.to_string()));
    Some(request.map(|request| request.subject))
}

/// What findings come to.
pub(super) fn decided(findings: &[Finding]) -> Effect {
    let counting = findings.iter().filter(|finding| finding.waived.is_none());
    counting.map(|finding| finding.effect).max().unwrap_or(Effect::Allow)
}

fn stopping(findings: &[Finding]) -> Vec<String> {
    let counting = findings.iter().filter(|finding| finding.waived.is_none() && finding.effect > Effect::Allow);
    let mut rules: Vec<String> = counting.map(|finding| finding.rule.clone()).collect();
    rules.sort();
    rules.dedup();
    rules
}

fn shown(arguments: &[Text]) -> String {
    let word = |text: &Text| match text {
        Text::Plain(text) => crate::model::quoted_word(OsStr::new(text)),
        Text::Bytes(bytes) => crate::model::quoted_word(OsStr::from_bytes(bytes)),
        Text::Masked { .. } | Text::Parts(_) => text.to_string(),
    };
    arguments.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// What was wanted, as far as the record says it. Where words are masked it becomes a script in which variables that
/// nothing sets stand for them, so that they are unknown words.
fn wanted(subject: &Subject, home: Option<&Path>) -> Result<Wanted, String> {
    let invocation = &subject.invocation;
    let directory = PathBuf::from(known(&invocation.directory.path).ok_or("its directory is masked")?);
    let shown = invocation.environment.shown.iter();
    let shown = shown.filter_map(|variable| Some((known(&variable.name)?, known(&variable.value)?)));
    let mut environment: Vec<(OsString, OsString)> = shown.collect();
    if !environment.iter().any(|(name, _)| name == "HOME") {
        environment.extend(home.map(|home| ("HOME".into(), home.into())));
    }
    let arguments: Option<Vec<OsString>> = invocation.arguments.iter().map(known).collect();
    let script = is_script(subject);
    let (arguments, script) = match (arguments, script) {
        (Some(arguments), script) => (arguments, script),
        (None, true) => {
            let texts = invocation.arguments.iter().map(|text| OsString::from(code(text)));
            (texts.collect(), true)
        }
        (None, false) => {
            let words: Vec<String> = invocation.arguments.iter().map(word).collect();
            (vec!["sh".into(), "-c".into(), words.join(" ").into()], true)
        }
    };
    Ok(Wanted { arguments, script, directory, environment })
}

/// Whether it was shell text (`gate -c`): then the shell itself is not among the commands that were found.
fn is_script(subject: &Subject) -> bool {
    let arguments = &subject.invocation.arguments;
    let dash = arguments.get(1).is_some_and(|word| *word == Text::Plain("-c".to_owned()));
    let count = arguments.len();
    dash && !subject.seen.commands.iter().any(|command| command.via.is_empty() && command.arguments.len() == count)
}

fn known(text: &Text) -> Option<OsString> {
    match text {
        Text::Plain(text) => Some(text.into()),
        Text::Bytes(bytes) => Some(OsString::from_vec(bytes.clone())),
        Text::Masked { .. } | Text::Parts(_) => None,
    }
}

/// A word of sh.
fn word(text: &Text) -> String {
    match text {
        Text::Plain(text) => format!("'{}'", text.replace('\'', "'\\''")),
        Text::Bytes(bytes) => format!("'{}'", String::from_utf8_lossy(bytes).replace('\'', "'\\''")),
        Text::Masked { .. } => format!("\"${HIDDEN}\""),
        Text::Parts(parts) => parts.iter().map(word).collect(),
    }
}

/// Shell code with what is masked as a variable.
fn code(text: &Text) -> String {
    match text {
        Text::Plain(text) => text.clone(),
        Text::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Text::Masked { .. } => format!("${{{HIDDEN}}}"),
        Text::Parts(parts) => parts.iter().map(code).collect(),
    }
}
