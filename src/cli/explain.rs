//! `gate explain`: what gate sees in a command and would decide.

use std::io::Write as _;

use clap::Args;

use crate::actions::classify::{Contexts, Wanted, classified_with};
use crate::actions::explain::{Explained, ExplainedFinding, Explanation, explained};
use crate::host::facts::LocalFacts;
use crate::model::{Apart, Effect, Grade, Shown, quoted};
use crate::policy::Circumstances;
use crate::ports::Clock as _;

use super::failure::Complaint;
use super::output;
use super::split::Named;
use super::surroundings::Surroundings;

/// Show what gate sees in a command and would decide; runs and writes nothing
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The command and its arguments, after `--`, or `-c SCRIPT`
    #[arg(last = true, value_name = "COMMAND")]
    words: Vec<std::ffi::OsString>,
}

/// Explains a command.
pub fn run(arguments: &Arguments, named: Option<Named>) -> Result<(), Complaint> {
    let surroundings = Surroundings::explained()?;
    let wanted = super::run::wanted(named, None, surroundings.directory.clone())?;
    let explanation = explanation(&wanted, &surroundings);
    let text = if arguments.json { output::json(&explanation)? } else { shown(&explanation) };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}

fn explanation(wanted: &Wanted, surroundings: &Surroundings) -> Explanation {
    let circumstances = Circumstances {
        requester: &surroundings.requesters,
        directory: &wanted.directory,
        home: surroundings.home.as_deref(),
        today: crate::host::clock::HostClock.now().wall,
        host: &surroundings.host,
    };
    let classified = classified_with(wanted, &surroundings.policy, &LocalFacts, &circumstances, Contexts::All);
    explained(&classified, surroundings.policy.digest())
}

/// The explanation as people read it: the verdict, each finding under the words that made it, the commands, the rest.
fn shown(explanation: &Explanation) -> String {
    let mut lines = vec![verdict(explanation)];
    for finding in &explanation.findings {
        lines.push(String::new());
        lines.extend(finding_lines(finding, explanation));
    }
    lines.push(String::new());
    lines.push("commands found:".to_owned());
    for command in &explanation.commands {
        lines.push(format!("  {}", command_line(command)));
    }
    if !explanation.unresolved.is_empty() {
        lines.push("not known before it runs:".to_owned());
        for unresolved in &explanation.unresolved {
            let whose = unresolved.command.and_then(|index| explanation.commands.get(index));
            let whose = whose.map(|command| format!(" ({})", quoted(&command.arguments))).unwrap_or_default();
            lines.push(format!("  {}: {}{whose}", unresolved.kind.name(), Shown::text(&unresolved.why)));
        }
    }
    let join = |words: Vec<&str>| words.join(", ");
    if !explanation.labels.is_empty() {
        let mut labels: Vec<&str> = explanation.labels.iter().map(|label| label.name()).collect();
        labels.extend(explanation.tags.iter().map(String::as_str));
        lines.push(format!("data: {}", join(labels)));
    }
    if !explanation.contexts.is_empty() {
        let contexts = explanation.contexts.iter().map(|context| Shown::text(context).to_string());
        lines.push(format!("lands in: {}", contexts.collect::<Vec<_>>().join(", ")));
    }
    for answered in explanation.answers.iter().filter(|answered| answered.answer.starts_with("unknown: ")) {
        lines.push(format!("  {}: {}", answered.question, answered.answer));
    }
    if !explanation.environments.is_empty() {
        lines.push(format!("environments: {}", join(explanation.environments.iter().map(String::as_str).collect())));
    }
    if let Some(clauses) = &explanation.requirement {
        lines.push("needs:".to_owned());
        for clause in clauses {
            lines.push(format!("  {}", clause_line(clause)));
        }
        if let Some(within) = explanation.within {
            lines.push(format!("  within {within}"));
        }
    }
    lines.extend(explanation.notices.iter().map(|notice| format!("note: {notice}")));
    lines.push(format!("policy: {}", explanation.policy));
    lines.push(String::new());
    lines.join("\n")
}

fn verdict(explanation: &Explanation) -> String {
    let count = |effect| explanation.findings.iter().filter(|f| f.effect == effect && f.waived.is_none()).count();
    let findings = |count: usize| if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
    match explanation.decision {
        Effect::Allow => "allow: it runs at once, and is recorded".to_owned(),
        Effect::Ask => format!("ask: it waits for other people ({})", findings(count(Effect::Ask))),
        Effect::Deny => format!("deny: it never runs ({})", findings(count(Effect::Deny))),
    }
}

fn command_line(command: &Explained) -> String {
    let mut way: Vec<String> = command.via.iter().map(|step| Shown::text(step).to_string()).collect();
    way.push(quoted(&command.arguments));
    let mut line = way.join(" › ");
    let notes = [
        (!command.described, "grammar unknown"),
        (command.remote, "elsewhere"),
        (command.privileged, "more rights"),
        (command.dry_run, "changes nothing"),
    ];
    let notes: Vec<&str> = notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note).collect();
    if !notes.is_empty() {
        line.push_str(&format!("   [{}]", notes.join(", ")));
    }
    line
}

fn finding_lines(finding: &ExplainedFinding, explanation: &Explanation) -> Vec<String> {
    let waived = finding.waived.as_ref().map(|why| format!(" (waived: {})", Shown::text(why))).unwrap_or_default();
    let mut lines = vec![format!(
        "{}: {}{waived}  [{}, {}]",
        finding.effect.name(),
        Shown::text(&finding.why),
        finding.rule,
        finding.class.name()
    )];
    let command = finding.command.and_then(|index| explanation.commands.get(index));
    if let Some(command) = command {
        lines.extend(underlined(command, &finding.indexes));
        if !command.via.is_empty() {
            let way: Vec<String> = command.via.iter().map(|step| Shown::text(step).to_string()).collect();
            lines.push(format!("  reached through {}", way.join(" › ")));
        }
    }
    if let Some(instead) = &finding.instead {
        lines.push(format!("  instead: {}", Shown::text(instead)));
    }
    lines
}

/// The command, and under it marks below the words that made a rule fire.
fn underlined(command: &Explained, indexes: &[usize]) -> Vec<String> {
    let (mut words, mut marks) = (String::from("  | "), String::from("  | "));
    for (index, argument) in command.arguments.iter().enumerate() {
        let word = crate::model::quoted_word(argument.as_ref());
        let width = word.chars().count();
        let mark = if indexes.contains(&index) { "^" } else { " " };
        words.push_str(&word);
        words.push(' ');
        marks.push_str(&mark.repeat(width));
        marks.push(' ');
    }
    let words = words.trim_end().to_owned();
    if indexes.is_empty() { vec![words] } else { vec![words, marks.trim_end().to_owned()] }
}

/// A clause in words: `2 of data-owners, graded touched`.
pub fn clause_line(clause: &crate::model::Clause) -> String {
    let groups: Vec<String> = clause.from.iter().map(|group| Shown::text(group).to_string()).collect();
    let mut line = match (clause.each, groups.len()) {
        (true, 2..) => format!("{} of each of {}", clause.count, groups.join(", ")),
        _ => format!("{} of {}", clause.count, groups.join(" or ")),
    };
    match clause.grade {
        Grade::Asserted => line.push_str(", asserted by a server at least"),
        Grade::Signed => {}
        Grade::Touched => line.push_str(", with a hardware key that was touched"),
        Grade::Verified => line.push_str(", with a hardware key, touched and unlocked"),
    }
    match clause.apart {
        Apart::Key => {}
        Apart::Account => line.push_str(", from another account"),
        Apart::Host => line.push_str(", from another host"),
    }
    line
}
