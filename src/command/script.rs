//! Shell code inside an invocation: every simple command of it, placed where it stands, with its directory followed
//! through `cd` as far as that is certain.

use std::ffi::{OsStr, OsString};
use std::ops::Range;

use crate::model::{Hole, Origin, Piece, Stdin, UnresolvedKind, Via, Word};

use super::exports::{Exports, is_certain};
use super::printed;
use super::reading::{Place, Reader, Surroundings};
use super::shell::{self, Dialect, Inherited, Script, Simple};

/// A redirection of one command.
#[derive(Debug)]
pub(super) struct Redirected {
    pub target: Word,
    pub writes: bool,
    /// What the file held stays in it.
    pub appends: bool,
}

/// The variable that stands in code for what is read at run time and quoted before it gets there.
pub(super) const INPUT: &str = "__gate_input";
/// The name of a process's output or input.
pub(super) const PROCESS: &str = "/dev/fd/[0-9]*";

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
    let script = match reader.parser.parse_within(&code, dialect, Some(&bound), inherited(reader, place).as_ref()) {
        Ok(script) => script,
        Err(error) => {
            reader.unresolved(UnresolvedKind::Code, None, &format!("shell code that cannot be read: {error}"));
            return;
        }
    };
    let source = Source {
        text: &code,
        origin: text.origin().filter(|_| whole),
        temporary: temporary(reader, place),
        start: place.directory.as_ref().map(|start| start.as_os_str().to_owned()),
    };
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

pub(super) struct Source<'a> {
    text: &'a str,
    origin: Option<Origin>,
    /// The directory for temporary files there.
    temporary: OsString,
    /// The directory it is started in.
    start: Option<OsString>,
}

/// The variables that a script inherits, where nothing on the way to it can have set others.
fn inherited(reader: &Reader<'_>, place: &Place) -> Option<Inherited> {
    const KEEPS: [&str; 6] = ["timeout", "nice", "nohup", "time", "stdbuf", "setsid"];
    let keeps = |via: &Via| match via {
        Via::Program(name) => Dialect::of_program(name).is_some() || KEEPS.contains(&name.as_str()),
        Via::Shell(_) => true,
    };
    if place.remote.is_some() || place.variables || !place.via.iter().all(keeps) {
        return None;
    }
    let here = reader.environment.iter().filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str())));
    let here = here.map(|(name, value)| (name, value.map(str::to_owned)));
    let set = place.environment.iter().map(|(name, value)| (name.clone(), value.text().map(str::to_owned)));
    // What was set last counts.
    Some(set.rev().chain(here).collect())
}

/// Whether a script sets variables that what it starts may inherit.
fn sets_variables(script: &Script) -> bool {
    script.commands.iter().any(|simple| {
        !simple.assignments.is_empty()
            || matches!(
                simple.words.first().and_then(shell::Word::exact),
                Some(
                    "export"
                        | "declare"
                        | "typeset"
                        | "readonly"
                        | "read"
                        | "set"
                        | "source"
                        | "."
                        | "eval"
                        | "printf"
                        | "mapfile"
                        | "readarray"
                        | "getopts"
                        | "command"
                        | "builtin"
                )
            )
    })
}

/// Where temporary files are: what `TMPDIR` says, unless that is another host's.
fn temporary(reader: &Reader<'_>, place: &Place) -> OsString {
    let inherited = || reader.environment.iter().find(|(name, _)| name == "TMPDIR").map(|(_, value)| value.clone());
    let set = place.environment.iter().rev().find(|(name, _)| name == "TMPDIR");
    let named = match set {
        Some((_, value)) => value.known().map(OsStr::to_owned),
        None if place.remote.is_none() => inherited(),
        None => None,
    };
    named.filter(|named| !named.is_empty()).unwrap_or_else(|| "/tmp".into())
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
    let variables = place.variables || sets_variables(script);
    let mut exports = Exports::new(reader, place);
    let mut standing = Place { variables, ..place.clone() };
    for simple in &script.commands {
        exports.apply(&mut standing);
        let mut inner = standing.clone();
        inner.directory = directory.clone();
        inner.via.extend(simple.via.iter().map(via));
        if script.fork_bomb.as_ref().is_some_and(|bomb| bomb.start <= simple.span.start && simple.span.end <= bomb.end)
        {
            inner.via.push(Via::Shell("fork-bomb".to_owned()));
        }
        let words: Vec<Word> = simple.words.iter().map(|word| from_shell(word, source)).collect();
        directory = directory_after(simple, &words, directory);
        let mut around = surroundings(simple, source);
        if let Some(from) = simple.pipe_from.and_then(|at| script.commands.get(at)) {
            around.piped = printed::exact(from, source);
            around.decoded = printed::decoded(from, script, source);
        }
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
        let appends = matches!(redirect.kind, shell::RedirectKind::Append | shell::RedirectKind::ReadWrite);
        redirects.push(Redirected { target: from_shell(&redirect.target, source), writes, appends });
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
    let declared = simple.words.iter().filter(|_| declares(simple)).filter_map(|word| {
        let word = from_shell(word, source);
        let (name, _) = std::str::from_utf8(word.prefix()).ok()?.split_once('=')?;
        Some((name.to_owned(), word.without_prefix(name.len() + 1)?))
    });
    Surroundings {
        environment: environment.chain(declared).collect(),
        redirects,
        stdin: Some(stdin),
        piped: None,
        decoded: None,
        pipe_from: None,
        pipe_to: None,
    }
}

/// Whether the words of a command assign.
fn declares(simple: &Simple) -> bool {
    let name = simple.words.first().and_then(shell::Word::exact);
    matches!(name, Some("export" | "declare" | "typeset" | "readonly" | "local"))
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

pub(super) fn from_shell(word: &shell::Word, source: &Source<'_>) -> Word {
    let pieces = word.text.pieces().into_iter().map(|piece| match piece {
        shell::Piece::Text(text) => Piece::Text(text.into()),
        shell::Piece::Hole(hole) => match hole {
            shell::Hole::Variable(name) if name == INPUT => Piece::Hole(Hole::Input),
            // Which directory it is depends on when it was asked.
            shell::Hole::Variable(name) if name == "PWD" => Piece::Hole(Hole::Substitution),
            shell::Hole::Variable(name) => Piece::Hole(Hole::Variable(name)),
            shell::Hole::Substitution | shell::Hole::Arithmetic | shell::Hole::TooMany => {
                Piece::Hole(Hole::Substitution)
            }
            shell::Hole::Process => Piece::Hole(Hole::Fitting(PROCESS.to_owned())),
            shell::Hole::Glob(pattern) => Piece::Hole(Hole::Glob(pattern)),
            shell::Hole::Tilde(user) => Piece::Hole(Hole::Home(format!("~{user}"))),
            shell::Hole::Fitting(shape) => Piece::Hole(Hole::Fitting(shape)),
            shell::Hole::Temporary => Piece::Text(source.temporary.clone()),
            shell::Hole::Start => match &source.start {
                Some(start) => Piece::Text(start.clone()),
                None => Piece::Hole(Hole::Variable("PWD".to_owned())),
            },
        },
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
        Piece::Hole(Hole::Fitting(shape)) => shell::Piece::Hole(shell::Hole::Fitting(shape.clone())),
        Piece::Hole(Hole::Substitution | Hole::Input) => shell::Piece::Hole(shell::Hole::Substitution),
    });
    shell::Word { text: shell::Known::from_pieces(pieces.collect()), many: false, span: None }
}
