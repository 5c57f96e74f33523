//! A second parser of bash, which knows nothing of gate: each simple command of plain words that it finds, and that would
//! run, gate must have found too, unless it says that something stayed unresolved.
//!
//! Only where both speak of the same: bodies of functions run when called and as often as called, `[[ ]]` and assignments
//! run nothing, words with quotes or expansions are compared by nobody here.

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use brush_parser::ast::{
    AndOr, Command, CommandPrefixOrSuffixItem as Item, CompoundCommand, CompoundList, Program, SimpleCommand,
};
use brush_parser::{Parser, ParserOptions, SourceInfo};
use gate::command::Reading;

/// Longest script, and deepest nesting, that the other parser is given: it takes exponential time of some.
const LONGEST: usize = 600;
const DEEPEST: usize = 8;

/// Programs that are nothing to a shell itself.
const PROGRAMS: [&str; 12] = ["rm", "ls", "cat", "aws", "git", "curl", "kubectl", "cp", "mv", "dd", "chmod", "docker"];

/// Compares what both see in a script for bash.
pub fn agrees(text: &str, reading: &Reading) {
    if !reading.unresolved.is_empty() || !is_common(text) {
        return;
    }
    let found: BTreeSet<Vec<&str>> = reading
        .commands
        .iter()
        .filter_map(|command| command.words.iter().map(gate::model::Word::text).collect())
        .collect();
    for words in others(text).unwrap_or_default() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(found.contains(&words), "{words:?} is not seen in {text:?}, only {found:?}");
    }
}

/// Whether a text holds nothing of which the two need not say the same.
fn is_common(text: &str) -> bool {
    let opening = text.bytes().filter(|byte| b"({`$\"'".contains(byte)).count();
    // What changes how the rest is read or whether it runs.
    let changing =
        ["alias", "exit", "return", "exec", "set ", "shopt", "break", "continue", "trap", "function", "()", "coproc"];
    text.len() <= LONGEST
        && opening <= DEEPEST
        && text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
        && !changing.iter().any(|word| text.contains(word))
}

/// The simple commands that the other parser finds; none where it refuses the text, or fails itself.
fn others(text: &str) -> Option<Vec<Vec<String>>> {
    let program = catch_unwind(|| {
        let options = ParserOptions::default();
        Parser::new(text.as_bytes(), &options).parse_program().ok()
    });
    let program: Program = program.ok()??;
    let mut found = Vec::new();
    program.complete_commands.iter().for_each(|list| listed(list, &mut found));
    Some(found)
}

fn listed(list: &CompoundList, found: &mut Vec<Vec<String>>) {
    for item in &list.0 {
        let more = item.0.additional.iter().map(|more| match more {
            AndOr::And(pipeline) | AndOr::Or(pipeline) => pipeline,
        });
        for pipeline in std::iter::once(&item.0.first).chain(more) {
            pipeline.seq.iter().for_each(|command| commanded(command, found));
        }
    }
}

fn commanded(command: &Command, found: &mut Vec<Vec<String>>) {
    match command {
        Command::Simple(simple) => found.extend(plain(simple)),
        Command::Compound(compound, _) => compounded(compound, found),
        Command::Function(_) | Command::ExtendedTest(..) => {}
    }
}

fn compounded(compound: &CompoundCommand, found: &mut Vec<Vec<String>>) {
    match compound {
        CompoundCommand::BraceGroup(group) => listed(&group.list, found),
        CompoundCommand::Subshell(subshell) => listed(&subshell.list, found),
        CompoundCommand::ForClause(clause) => listed(&clause.body.list, found),
        CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
            listed(&clause.0, found);
            listed(&clause.1.list, found);
        }
        CompoundCommand::IfClause(clause) => {
            listed(&clause.condition, found);
            listed(&clause.then, found);
            for other in clause.elses.iter().flatten() {
                other.condition.iter().for_each(|condition| listed(condition, found));
                listed(&other.body, found);
            }
        }
        CompoundCommand::CaseClause(clause) => {
            clause.cases.iter().filter_map(|case| case.cmd.as_ref()).for_each(|list| listed(list, found));
        }
        CompoundCommand::ArithmeticForClause(clause) => listed(&clause.body.list, found),
        CompoundCommand::Arithmetic(_) | CompoundCommand::Coprocess(_) => {}
    }
}

/// A command of plain words for a program that no shell has itself.
fn plain(simple: &SimpleCommand) -> Option<Vec<String>> {
    let mut words = vec![simple.word_or_name.as_ref()?.value.clone()];
    for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
        match item {
            Item::Word(word) | Item::AssignmentWord(_, word) => words.push(word.value.clone()),
            Item::IoRedirect(_) => {}
            Item::ProcessSubstitution(..) => return None,
        }
    }
    let literal = |word: &String| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:,".contains(&byte))
    };
    (PROGRAMS.contains(&words.first()?.as_str()) && words.iter().all(literal)).then_some(words)
}
