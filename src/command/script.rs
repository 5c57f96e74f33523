//! Shell code inside an invocation: every simple command of it, placed where it stands, with its directory followed
//! through `cd` as far as that is certain.

use std::ops::Range;

use crate::model::{Hole, Origin, Piece, Stdin, UnresolvedKind, Via, Word};

use super::exports::{Exports, is_certain};
use super::reading::{Place, Reader, Surroundings};
use super::shell::{self, Dialect, Script, Simple};

/// A redirection of one command.
#[derive(Debug)]
pub(super) struct Redirected {
    pub target: Word,
    pub writes: bool,
}

/// Reads shell text and everything in it.
pub(super) fn read(reader: &mut Reader<'_>, text: &Word, shell_name: &str, positional: &[Word], place: &Place) {
    let dialect = Dialect::of_program(shell_name).unwrap_or(Dialect::Bash);
    let (code, whole) = constant(text);
    if !whole {
        reader.unresolved(UnresolvedKind::Code, None, "shell code that is not known before it runs");
    }
    let Some(code) = code else {
        reader.unresolved(UnresolvedKind::Code, None, "shell code that is not UTF-8");
        return;
    };
    let bound: Vec<shell::Word> = positional.iter().map(to_shell).collect();
    let script = match reader.parser.parse(&code, dialect, Some(&bound)) {
        Ok(script) => script,
        Err(error) => {
            reader.unresolved(UnresolvedKind::Code, None, &format!("shell code that cannot be read: {error}"));
            return;
        }
    };
    let source = Source { text: &code, origin: text.origin().filter(|_| whole) };
    commands(reader, &script, &source, place);
}

/// The text of a word with every hole replaced by a variable that nothing sets, and whether there was none.
fn constant(word: &Word) -> (Option<String>, bool) {
    let mut text = String::new();
    let mut whole = true;
    for piece in word.pieces() {
        match piece {
            Piece::Text(known) => match known.to_str() {
                Some(known) => text.push_str(known),
                None => return (None, false),
            },
            Piece::Hole(_) => {
                whole = false;
                text.push_str("${__gate_unknown}");
            }
        }
    }
    (Some(text), whole)
}

struct Source<'a> {
    text: &'a str,
    origin: Option<Origin>,
}

impl Source<'_> {
    /// Where a part of the text stands in the invocation: exactly, where the text stands there byte for byte.
    fn origin(&self, span: Option<&Range<usize>>) -> Option<Origin> {
        let origin = self.origin?;
        match span {
            Some(span) if origin.end - origin.start == self.text.len() && span.end <= self.text.len() => {
                Some(Origin { start: origin.start + span.start, end: origin.start + span.end, ..origin })
            }
            _ => Some(origin),
        }
    }
}

fn commands(reader: &mut Reader<'_>, script: &Script, source: &Source<'_>, place: &Place) {
    let offset = reader.reading.commands.len();
    let mut indexes: Vec<Option<usize>> = Vec::with_capacity(script.commands.len());
    let mut directory = place.directory.clone();
    let mut exports = Exports::new(reader, place);
    for simple in &script.commands {
        let mut inner = place.clone();
        inner.directory = directory.clone();
        exports.apply(&mut inner);
        inner.via.extend(simple.via.iter().map(via));
        if script.fork_bomb.as_ref().is_some_and(|bomb| bomb.start <= simple.span.start && simple.span.end <= bomb.end)
        {
            inner.via.push(Via::Shell("fork-bomb".to_owned()));
        }
        let words: Vec<Word> = simple.words.iter().map(|word| from_shell(word, source)).collect();
        directory = directory_after(simple, &words, directory);
        let around = surroundings(simple, source);
        exports.note(simple, &words, &around.environment);
        let sources = matches!(words.first().and_then(Word::text), Some("source" | "."));
        reader.exported.clear();
        indexes.push(reader.words(words, around, &inner));
        if sources {
            exports.sourced(&reader.exported, is_certain(simple));
        }
    }
    reader.exported = exports.changes;
    if script.commands.is_empty() && script.fork_bomb.is_some() {
        let place = place.under(Via::Shell("fork-bomb".to_owned()));
        reader.words(vec![Word::exact(source.text).at(source.origin)], Surroundings::default(), &place);
    }
    // Neighbours in a pipeline are known by their place in the script; inner commands stand between them by now.
    for (simple, index) in script.commands.iter().zip(&indexes) {
        let Some(command) = index.and_then(|index| reader.reading.commands.get_mut(index)) else { continue };
        let found = |neighbour: Option<usize>| neighbour.and_then(|at| indexes.get(at).copied().flatten());
        command.pipe_from = found(simple.pipe_from);
        command.pipe_to = found(simple.pipe_to);
    }
    for unresolved in &script.unresolved {
        let kind = match unresolved.kind {
            shell::UnresolvedKind::Program => UnresolvedKind::Program,
            shell::UnresolvedKind::Code | shell::UnresolvedKind::Cap => UnresolvedKind::Code,
        };
        // A program that is not known is said again by the command itself, where one was found.
        let told = kind == UnresolvedKind::Program
            && reader.reading.unresolved.iter().any(|known| known.kind == kind && known.command >= Some(offset));
        if !told {
            reader.unresolved(kind, None, unresolved.why);
        }
    }
}

fn surroundings(simple: &Simple, source: &Source<'_>) -> Surroundings {
    let mut redirects = Vec::new();
    for redirect in &simple.redirects {
        let writes = match redirect.kind {
            shell::RedirectKind::Read => false,
            shell::RedirectKind::Write
            | shell::RedirectKind::Append
            | shell::RedirectKind::Clobber
            | shell::RedirectKind::ReadWrite => true,
            shell::RedirectKind::DuplicateInput
            | shell::RedirectKind::DuplicateOutput
            | shell::RedirectKind::HereDocument
            | shell::RedirectKind::HereString => continue,
        };
        redirects.push(Redirected { target: from_shell(&redirect.target, source), writes });
    }
    let stdin = match &simple.stdin {
        shell::Stdin::Inherited => Stdin::Inherited,
        shell::Stdin::Pipe => Stdin::Pipe,
        shell::Stdin::Here(word) => Stdin::Text(from_shell(word, source).text().map(str::to_owned)),
        shell::Stdin::File(word) => Stdin::File(from_shell(word, source)),
        shell::Stdin::Descriptor(_) => Stdin::Text(None),
        shell::Stdin::Closed => Stdin::Closed,
    };
    let environment = simple.assignments.iter().map(|(name, word)| (name.clone(), from_shell(word, source)));
    Surroundings { environment: environment.collect(), redirects, stdin: Some(stdin), pipe_from: None, pipe_to: None }
}

/// Where the next command of the script runs. Only a plain `cd` to a known place on the straight way is certain.
fn directory_after(simple: &Simple, words: &[Word], before: Option<std::path::PathBuf>) -> Option<std::path::PathBuf> {
    match words.first().and_then(Word::text) {
        Some("cd" | "pushd") => {}
        Some("popd") => return None,
        _ => return before,
    }
    if !simple.via.is_empty() || simple.pipe_from.is_some() || simple.pipe_to.is_some() || simple.background {
        return None;
    }
    let operands: Vec<&Word> =
        words.iter().skip(1).filter(|word| !matches!(word.text(), Some("--" | "-P" | "-L"))).collect();
    let [operand] = operands.as_slice() else { return None };
    let target = operand.known().filter(|target| *target != "-")?;
    Some(before?.join(target))
}

fn via(via: &shell::Via) -> Via {
    Via::Shell(match via {
        shell::Via::Subshell => "subshell".to_owned(),
        shell::Via::Substitution => "substitution".to_owned(),
        shell::Via::Process => "process substitution".to_owned(),
        shell::Via::Function(name) => format!("function {name}"),
        shell::Via::Alias(name) => format!("alias {name}"),
        shell::Via::Eval => "eval".to_owned(),
        shell::Via::Trap => "trap".to_owned(),
        shell::Via::Loop => "loop".to_owned(),
        shell::Via::Conditional => "conditional".to_owned(),
        shell::Via::Background => "background".to_owned(),
        shell::Via::Coprocess => "coproc".to_owned(),
    })
}

fn from_shell(word: &shell::Word, source: &Source<'_>) -> Word {
    let pieces = word.text.pieces().into_iter().map(|piece| match piece {
        shell::Piece::Text(text) => Piece::Text(text.into()),
        shell::Piece::Hole(hole) => Piece::Hole(match hole {
            shell::Hole::Variable(name) => Hole::Variable(name),
            shell::Hole::Substitution | shell::Hole::Process | shell::Hole::Arithmetic | shell::Hole::TooMany => {
                Hole::Substitution
            }
            shell::Hole::Glob(pattern) => Hole::Glob(pattern),
            shell::Hole::Tilde(user) => Hole::Home(format!("~{user}")),
        }),
    });
    Word::of(pieces).at(source.origin(word.span.as_ref()))
}

fn to_shell(word: &Word) -> shell::Word {
    let pieces = word.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => match text.to_str() {
            Some(text) => shell::Piece::Text(text.to_owned()),
            None => shell::Piece::Hole(shell::Hole::Substitution),
        },
        Piece::Hole(Hole::Variable(name)) => shell::Piece::Hole(shell::Hole::Variable(name.clone())),
        Piece::Hole(Hole::Glob(pattern)) => shell::Piece::Hole(shell::Hole::Glob(pattern.clone())),
        Piece::Hole(Hole::Home(user)) => {
            shell::Piece::Hole(shell::Hole::Tilde(user.trim_start_matches('~').to_owned()))
        }
        Piece::Hole(Hole::Substitution | Hole::Input) => shell::Piece::Hole(shell::Hole::Substitution),
    });
    shell::Word { text: shell::Known::from_pieces(pieces.collect()), many: false, span: None }
}
