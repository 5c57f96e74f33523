//! `gate explain`: what gate sees and would decide, as one value that people and programs can be shown. It runs, writes
//! and needs nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;

use serde::Serialize;

use crate::model::{
    ActionClass, Answered, Clause, Command, DataLabel, Decision, Digest, Effect, Origin, Shown, Span, Unresolved,
    lookalikes,
};
use crate::secrets::{Secret, in_words, merged};

use super::classify::{Classified, Wanted};
use super::subject::secrets_of;

/// What gate sees and would decide.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// `allow`, `ask` or `deny`.
    pub decision: Effect,
    /// One line for each reason of a denial.
    pub reasons: Vec<String>,
    /// The commands found.
    pub commands: Vec<Explained>,
    /// The rules that fired.
    pub findings: Vec<ExplainedFinding>,
    /// What could not be found out.
    pub unresolved: Vec<Unresolved>,
    /// The kinds of act.
    pub classes: BTreeSet<ActionClass>,
    /// The strictest label of what is touched.
    pub label: Option<DataLabel>,
    /// All labels of what is touched.
    pub labels: BTreeSet<DataLabel>,
    /// The tags of what is touched.
    pub tags: BTreeSet<String>,
    /// Where it lands.
    pub environments: BTreeSet<String>,
    /// The contexts that were found, as a policy writes them; `KIND:?` where it may be any.
    pub contexts: BTreeSet<String>,
    /// What was looked up on this host.
    pub answers: Vec<Answered>,
    /// All clauses that must be met, or nothing.
    pub requirement: Option<Vec<Clause>>,
    /// How long a request would live.
    pub within: Option<Span>,
    /// The digest of the policy.
    pub policy: Digest,
    /// What people should know about the policy.
    pub notices: Vec<String>,
    /// Words that are not what they look like.
    pub lookalikes: Vec<Lookalike>,
    /// The command line as it was typed, argument by argument.
    #[serde(skip)]
    pub typed: Vec<Typed>,
}

/// A word that is not what it looks like.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Lookalike {
    /// The argument, from 0.
    pub argument: usize,
    /// What is in it.
    pub what: String,
}

/// An argument as it was typed.
#[derive(Debug)]
pub struct Typed {
    /// All of it.
    pub text: OsString,
    /// What of it must not be shown.
    pub secrets: Vec<Secret>,
}

/// A command as it is shown.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The tool or the program's file name, if it is known.
    pub program: Option<String>,
    /// All words, secrets masked, what is not known as `$NAME`, `$(…)` or its pattern.
    pub arguments: Vec<String>,
    /// The way that led to it, outermost first.
    pub via: Vec<String>,
    /// Whether gate knows the program's grammar.
    pub described: bool,
    /// Whether it runs on another host or in a container.
    pub remote: bool,
    /// Whether it has more rights than the caller.
    pub privileged: bool,
    /// Whether it changes nothing.
    pub dry_run: bool,
    /// The contexts it lands in.
    pub contexts: Vec<String>,
    /// Whether each word is known, every byte of it.
    #[serde(skip)]
    pub known: Vec<bool>,
    /// Where its words stand in the invocation.
    #[serde(skip)]
    pub origins: Vec<Option<Origin>>,
}

/// A finding as it is shown.
#[derive(Debug, Serialize)]
pub struct ExplainedFinding {
    /// The rule.
    pub rule: String,
    /// The kind of act.
    pub class: ActionClass,
    /// What it leads to.
    pub effect: Effect,
    /// Why the rule exists.
    pub why: String,
    /// A safer form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// The command (index).
    pub command: Option<usize>,
    /// The words that made it fire.
    pub words: Vec<String>,
    /// Their indexes among the command's words.
    #[serde(skip)]
    pub indexes: Vec<usize>,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
}

/// Explains a classification.
#[must_use]
pub fn explained(wanted: &Wanted, classified: &Classified, policy: Digest) -> Explanation {
    let commands: Vec<Explained> = classified.reading.commands.iter().map(command).collect();
    let judgement = &classified.judgement;
    let findings = judgement.findings.iter().map(|finding| {
        let shown = finding.command.and_then(|index| commands.get(index));
        let word = |index: &usize| shown.and_then(|command| command.arguments.get(*index)).cloned();
        ExplainedFinding {
            rule: finding.rule.clone(),
            class: finding.class,
            effect: finding.effect,
            why: finding.why.clone(),
            instead: finding.instead.clone(),
            command: finding.command,
            words: finding.words.iter().filter_map(word).collect(),
            indexes: finding.words.clone(),
            waived: finding.waived.clone(),
        }
    });
    let mut findings: Vec<ExplainedFinding> = findings.collect();
    findings.sort_by_key(|finding| (finding.waived.is_some(), std::cmp::Reverse(finding.effect)));
    let (requirement, within, reasons) = match &judgement.decision {
        Decision::Allow => (None, None, Vec::new()),
        Decision::Ask(requirement) => (Some(requirement.clauses.clone()), Some(requirement.within), Vec::new()),
        Decision::Deny(reasons) => (None, None, reasons.clone()),
    };
    Explanation {
        decision: judgement.decision.effect(),
        reasons,
        findings,
        unresolved: classified.reading.unresolved.clone(),
        classes: judgement.classes.clone(),
        label: judgement.label,
        labels: judgement.labels.clone(),
        tags: judgement.tags.clone(),
        environments: judgement.environments.clone(),
        contexts: commands.iter().flat_map(|command| command.contexts.iter().cloned()).collect(),
        answers: classified.answered.clone(),
        requirement,
        within,
        policy,
        notices: judgement.notices.clone(),
        lookalikes: lookalikes_in(wanted),
        typed: typed(wanted, classified),
        commands,
    }
}

fn lookalikes_in(wanted: &Wanted) -> Vec<Lookalike> {
    let texts = wanted.arguments.iter().enumerate();
    let remarks = texts.flat_map(|(argument, text)| {
        lookalikes(&text.to_string_lossy()).into_iter().map(move |what| Lookalike { argument, what })
    });
    remarks.collect()
}

fn typed(wanted: &Wanted, classified: &Classified) -> Vec<Typed> {
    let secrets = secrets_of(wanted, &classified.reading.commands);
    let texts = wanted.arguments.iter().cloned().zip(secrets);
    texts.map(|(text, secrets)| Typed { text, secrets: merged(secrets) }).collect()
}

fn command(command: &Command) -> Explained {
    Explained {
        program: command.name.clone(),
        arguments: shown_words(command),
        via: command.via.iter().map(ToString::to_string).collect(),
        described: command.described,
        remote: command.remote.is_some(),
        privileged: command.privileged,
        dry_run: command.dry_run,
        contexts: command.contexts.iter().map(ToString::to_string).collect(),
        known: command.words.iter().map(crate::model::Word::is_known).collect(),
        origins: command.words.iter().map(crate::model::Word::origin).collect(),
    }
}

/// The words of a command as people may see them: secrets hidden. What is not UTF-8 is shown as `\xFF`.
fn shown_words(command: &Command) -> Vec<String> {
    let known: Vec<Option<&str>> = command.words.iter().map(crate::model::Word::text).collect();
    let mut secrets = in_words(&known);
    for secret in &command.secrets {
        if let Some(length) =
            known.get(secret.word).copied().flatten().map(str::len).filter(|length| secret.from < *length)
        {
            let range = secret.from..length;
            secrets.push((secret.word, crate::secrets::Secret { range, kind: secret.kind }));
        }
    }
    let words = command.words.iter().enumerate().map(|(index, word)| {
        let text = word.display();
        let Some(text) = text.to_str() else { return Shown::os(&text).to_string() };
        let mine = secrets.iter().filter(|(owner, _)| *owner == index).map(|(_, secret)| secret.clone());
        let mut shown = text.to_owned();
        for secret in merged(mine.collect()).into_iter().rev() {
            if shown.is_char_boundary(secret.range.start) && shown.is_char_boundary(secret.range.end) {
                shown.replace_range(secret.range, &format!("‹{} hidden›", secret.kind));
            }
        }
        shown
    });
    words.collect()
}
