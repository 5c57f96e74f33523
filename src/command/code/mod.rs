//! Inline code of other languages than the shell: taken apart into names, strings and comments, and looked through for
//! what reaches out of the program. Commands and paths in it that are constant are read like any other; what is not
//! followed is unresolved. Nothing found means quiet, not proven harmless.

mod acts;
mod cloud;
mod effects;
mod expression;
mod handed;
mod language;
mod lexer;
mod loops;
mod mongo;
mod quoted;
mod scan;
mod scope;
mod shellish;
mod small;
mod stream;
#[cfg(test)]
mod table;
#[cfg(test)]
mod table_small;
mod tcl;
mod value;

use effects::Effect;
use language::Language;

use super::reading::{Place, Reader, Surroundings};
use super::sql;
use crate::model::{Role, Touch, UnresolvedKind, Word};

/// Longest code that is read.
const MAX_BYTES: usize = 64 * 1024;

/// Reads the code that the command at `index` runs.
pub(super) fn read(reader: &mut Reader<'_>, text: &Word, index: usize, place: &Place) {
    let Some(code) = text.text() else {
        return reader.unresolved(UnresolvedKind::Code, Some(index), "code that is not known before it runs");
    };
    if code.len() > MAX_BYTES {
        return reader.unresolved(UnresolvedKind::Code, Some(index), "more code than is read");
    }
    let name = reader.reading.commands.get(index).and_then(|command| command.name.clone()).unwrap_or_default();
    for effect in found(code, &name) {
        apply(reader, effect, index, place);
    }
}

/// Reads code of the language that a program reads, which runs as part of the command at `index`.
pub(super) fn read_as(reader: &mut Reader<'_>, code: &str, program: &str, index: usize, place: &Place) {
    if code.len() > MAX_BYTES {
        return reader.unresolved(UnresolvedKind::Code, Some(index), "more code than is read");
    }
    for effect in found(code, program) {
        apply(reader, effect, index, place);
    }
}

fn found(code: &str, program: &str) -> Vec<Effect> {
    match Language::of_program(program) {
        Language::Awk => stream::awk(code),
        Language::Sed => stream::sed(code),
        Language::Tcl => tcl::tcl(code, 0),
        Language::Vim => small::vim(code),
        Language::Gdb => small::gdb(code),
        Language::Jq => small::jq(code),
        Language::PowerShell => shellish::powershell(code),
        language => effects::effects(code, language, program.starts_with("mongo")),
    }
}

fn apply(reader: &mut Reader<'_>, effect: Effect, index: usize, place: &Place) {
    let touch = |role: Role, word: Word| Touch { role, word, index: None, recursive: false };
    match effect {
        Effect::Reach(name) => {
            reader.unresolved(UnresolvedKind::Code, Some(index), &format!("code that uses {name}"));
        }
        Effect::Shell(code) => reader.script(&code, "sh", &[], place),
        Effect::Argv(words) => {
            reader.words(words, Surroundings::default(), place);
        }
        Effect::Read(word) => touched(reader, index, touch(Role::Source, word)),
        Effect::Write(word) => touched(reader, index, touch(Role::Writes, word)),
        Effect::Sql(word) => {
            let verbs = sql::verbs(&word);
            does(reader, index, &verbs);
            if let Some(command) = reader.reading.commands.get_mut(index) {
                command.tables.extend(sql::stated(&word, None));
            }
        }
        Effect::Does(verb) => does(reader, index, &[verb]),
    }
}

fn touched(reader: &mut Reader<'_>, index: usize, touch: Touch) {
    if let Some(command) = reader.reading.commands.get_mut(index) {
        command.touches.push(touch);
    }
}

fn does(reader: &mut Reader<'_>, index: usize, verbs: &[&'static str]) {
    if let Some(command) = reader.reading.commands.get_mut(index) {
        command.sql.extend(verbs);
        command.sql.sort_unstable();
        command.sql.dedup();
    }
}
