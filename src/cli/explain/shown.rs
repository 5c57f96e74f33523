//! An explanation as people read it, like a good compiler's error: the verdict, each rule under the words that made it
//! fire, the chain that led there, what stayed unknown, and a safer form.

use crate::actions::explain::{Explained, ExplainedFinding, Explanation};
use crate::model::{Effect, Origin, Shown, quoted, quoted_word};

use super::super::screen::folded;
use super::clause_line;
use super::paper::{Ink, Paper};
use super::typed::{Row, rows};

/// Longer words are shown by their beginning, with their length.
const LONGEST: usize = 400;

/// All of it.
pub fn text(explanation: &Explanation, paper: &Paper) -> String {
    let mut sheet = Sheet { paper: *paper, lines: Vec::new() };
    sheet.verdict(explanation);
    for finding in &explanation.findings {
        sheet.finding(finding, explanation);
    }
    sheet.lines.push(String::new());
    sheet.commands(explanation);
    sheet.unresolved(explanation);
    for odd in &explanation.lookalikes {
        sheet.field("beware", &format!("argument {} is not what it looks like: {}", odd.argument, odd.what));
    }
    let mut labels: Vec<&str> = explanation.labels.iter().map(|label| label.name()).collect();
    labels.extend(explanation.tags.iter().map(String::as_str));
    let contexts: Vec<&str> = explanation.contexts.iter().map(String::as_str).collect();
    let environments: Vec<&str> = explanation.environments.iter().map(String::as_str).collect();
    for (name, words) in [("data", labels), ("lands in", contexts), ("that is", environments)] {
        if !words.is_empty() {
            sheet.field(name, &Shown::text(&words.join(", ")).to_string());
        }
    }
    for answered in explanation.answers.iter().filter(|answered| answered.answer.starts_with("unknown: ")) {
        sheet.field("not found", &format!("{}: {}", answered.question, answered.answer));
    }
    let mut name = "needs";
    for clause in explanation.requirement.iter().flatten() {
        sheet.field(name, &clause_line(clause));
        name = "and";
    }
    if let Some(within) = explanation.within {
        sheet.field("within", &within.to_string());
    }
    for notice in &explanation.notices {
        sheet.field("note", &Shown::text(notice).to_string());
    }
    sheet.field("policy", &explanation.policy.to_string());
    sheet.lines.push(String::new());
    sheet.lines.join("\n")
}

struct Sheet {
    paper: Paper,
    lines: Vec<String>,
}

/// How many columns the names of fields take.
const GUTTER: usize = 10;

impl Sheet {
    fn verdict(&mut self, explanation: &Explanation) {
        let effect = explanation.decision;
        let counts = |one: &&ExplainedFinding| one.effect == effect && one.waived.is_none();
        let found = explanation.findings.iter().filter(counts).count();
        let findings = if found == 1 { "1 finding".to_owned() } else { format!("{found} findings") };
        let rest = match effect {
            Effect::Allow => ": it runs at once, and is recorded".to_owned(),
            Effect::Ask => format!(": it waits for other people ({findings})"),
            Effect::Deny => format!(": it never runs ({findings})"),
        };
        let word = self.paper.ink(Ink::Effect(effect), effect.name());
        self.lines.push(format!("{word}{rest}"));
    }

    /// A line that goes on below its own text.
    fn line(&mut self, head: &str, ink: Ink, text: &str) {
        let width = head.chars().count();
        let mut head = self.paper.ink(ink, head);
        for piece in folded(text, self.paper.width.saturating_sub(width)) {
            self.lines.push(format!("{head}{}", piece.trim_end()));
            head = " ".repeat(width);
        }
    }

    fn field(&mut self, name: &str, text: &str) {
        self.line(&format!("{name:GUTTER$}"), Ink::Frame, text);
    }

    fn finding(&mut self, finding: &ExplainedFinding, explanation: &Explanation) {
        let waived = finding.waived.as_ref().map(|why| format!(" (waived: {})", Shown::text(why))).unwrap_or_default();
        self.lines.push(String::new());
        let head = format!("{}: ", finding.effect.name());
        self.line(&head, Ink::Effect(finding.effect), &format!("{}{waived}", Shown::text(&finding.why)));
        let command = finding.command.and_then(|index| explanation.commands.get(index));
        let arrow = self.paper.ink(Ink::Frame, "  --> ");
        self.lines.push(format!("{arrow}{} ({})", Shown::text(&finding.rule), finding.class.name()));
        if let Some(command) = command {
            self.span(finding, command, explanation);
        }
        if let Some(instead) = &finding.instead {
            self.line("   = safer: ", Ink::Help, &Shown::text(instead).to_string());
        }
    }

    /// The bytes as they were typed, and where a word does not stand there as it is, the command as it would run.
    fn span(&mut self, finding: &ExplainedFinding, command: &Explained, explanation: &Explanation) {
        let all: Vec<usize> = (0..command.arguments.len()).collect();
        let indexes = if finding.indexes.is_empty() { &all } else { &finding.indexes };
        let origin = |index: &usize| command.origins.get(*index).copied().flatten();
        let mut marks: Vec<Origin> = indexes.iter().filter_map(origin).collect();
        let complete = marks.len() == indexes.len();
        if let (true, [first, ..]) = (finding.indexes.is_empty(), marks.as_slice())
            && marks.iter().all(|mark| mark.argument == first.argument)
        {
            let end = marks.iter().map(|mark| mark.end).max().unwrap_or(first.end);
            let start = marks.iter().map(|mark| mark.start).min().unwrap_or(first.start);
            marks = vec![Origin { argument: first.argument, start, end }];
        }
        let bar = self.paper.ink(Ink::Frame, "   |");
        self.lines.push(bar.clone());
        for row in rows(&explanation.typed, &marks, self.paper.width.saturating_sub(5)) {
            match row {
                Row::Piece(text, under) => {
                    self.lines.push(format!("{bar} {text}"));
                    if let Some(under) = under {
                        self.lines.push(format!("{bar} {}", self.paper.ink(Ink::Effect(finding.effect), &under)));
                    }
                }
                Row::Left(count, marked) => {
                    let marked = if marked > 0 { format!(", {marked} of them marked") } else { String::new() };
                    let dots = self.paper.ink(Ink::Frame, "  ...");
                    self.lines.push(format!("{dots} {count} characters are not shown{marked}"));
                }
            }
        }
        self.lines.push(bar);
        if !command.via.is_empty() {
            self.line("   = chain: ", Ink::Frame, &chain(command));
        }
        if !complete {
            self.line("   = runs:  ", Ink::Frame, &words(command));
            let fired: Vec<String> = finding.indexes.iter().map(|index| word(command, *index)).collect();
            if !fired.is_empty() {
                self.line("   = words: ", Ink::Frame, &fired.join(" "));
            }
        }
    }

    fn commands(&mut self, explanation: &Explanation) {
        let mut name = "commands";
        for command in &explanation.commands {
            let mut line = chain_to(command, &words(command));
            let notes = [
                (!command.described, "grammar unknown"),
                (command.remote, "elsewhere"),
                (command.privileged, "more rights"),
                (command.dry_run, "changes nothing"),
            ];
            let notes: Vec<&str> = notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note).collect();
            if !notes.is_empty() {
                line.push_str(&format!("  [{}]", notes.join(", ")));
            }
            self.field(name, &line);
            name = "";
        }
    }

    fn unresolved(&mut self, explanation: &Explanation) {
        let mut name = "unknown";
        for unresolved in &explanation.unresolved {
            let whose = unresolved.command.and_then(|index| explanation.commands.get(index));
            let whose = whose.map(|command| format!(" ({})", words(command))).unwrap_or_default();
            self.field(name, &format!("{}: {}{whose}", unresolved.kind.name(), Shown::text(&unresolved.why)));
            name = "";
        }
    }
}

/// The way to a command: `bash › xargs › rm`.
fn chain(command: &Explained) -> String {
    let program =
        command.program.as_deref().or(command.arguments.first().map(String::as_str)).unwrap_or("a redirection");
    chain_to(command, &Shown::text(program).to_string())
}

fn chain_to(command: &Explained, end: &str) -> String {
    let mut way: Vec<String> = command.via.iter().map(|step| Shown::text(step).to_string()).collect();
    way.push(end.to_owned());
    way.join(" › ")
}

fn words(command: &Explained) -> String {
    (0..command.arguments.len()).map(|index| word(command, index)).collect::<Vec<_>>().join(" ")
}

/// A word of a command; what is not known of one stands outside of quotes, so that no text can look like it.
fn word(command: &Explained, index: usize) -> String {
    let text = command.arguments.get(index).map_or("", String::as_str);
    if command.known.get(index).copied().unwrap_or_default() { short(text) } else { Shown::text(text).to_string() }
}

/// A word as a shell would read it; a long one by its beginning and its length.
fn short(word: &str) -> String {
    match word.char_indices().nth(LONGEST) {
        None => quoted_word(word.as_ref()),
        Some((end, _)) => {
            let start = quoted(&[word.get(..end).unwrap_or_default()]);
            format!("{start}… ({} characters)", word.chars().count())
        }
    }
}
