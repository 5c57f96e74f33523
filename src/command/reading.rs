//! The classification's first half: from the words of an invocation to every simple command that would run. It follows
//! wrappers and shell code as the tools say, asks for what it needs, and says what it could not find out.

use std::path::{Path, PathBuf};

use crate::model::{
    Answers, Command, ContextName, Fact, Form, Hole, Origin, Question, Stdin, Tool, Unresolved, UnresolvedKind, Via,
    Word,
};

use super::shell::{Parser, Shuck};
use super::{arguments, code, context, inner, script};

/// Deepest way to a command, over which nothing more is followed and the rest is unresolved.
pub const MAX_DEPTH: usize = 16;
/// Most commands of one invocation.
pub const MAX_COMMANDS: usize = 1000;

/// Where grammars come from: a program's file name to its tool.
pub trait Tools {
    /// The grammar of the program with this file name.
    fn tool(&self, file_name: &str) -> Option<&Tool>;

    /// Whether it matters where commands of this kind land (`kube`, `aws`, …).
    fn looks_at(&self, kind: &str) -> bool;
}

/// Everything found in one invocation.
#[derive(Debug, Default)]
#[must_use]
pub struct Reading {
    /// Every command that would run, outer ones before those inside them.
    pub commands: Vec<Command>,
    /// What could not be found out.
    pub unresolved: Vec<Unresolved>,
    /// What is asked of this host; ask again with the answers.
    pub questions: Vec<Question>,
}

/// The words that are run, and how they are to be read.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// A program with its arguments.
    Arguments(&'a [std::ffi::OsString]),
    /// Text for a shell, with `$0`, `$1`, …; the shell's file name.
    Script {
        /// The text, as argument number `index` of the invocation.
        text: &'a str,
        /// Which argument of the invocation it is.
        index: usize,
        /// The shell's file name.
        shell: &'a str,
        /// `$0` and the positional parameters.
        positional: &'a [std::ffi::OsString],
    },
}

/// Where an invocation is made.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The directory.
    pub directory: &'a Path,
    /// The environment that its commands inherit; where they land may depend on it.
    pub environment: &'a [(std::ffi::OsString, std::ffi::OsString)],
}

/// Reads an invocation, made around here, with the facts known so far.
pub fn read(asked: Asked<'_>, around: &Around<'_>, tools: &dyn Tools, answers: &Answers) -> Reading {
    let Around { directory, environment } = *around;
    let mut reader =
        Reader { tools, answers, environment, parser: &Shuck, exported: Vec::new(), reading: Reading::default() };
    let place = Place { directory: Some(directory.to_owned()), ..Place::default() };
    match asked {
        Asked::Arguments(arguments) => {
            let words = arguments
                .iter()
                .enumerate()
                .map(|(argument, text)| Word::exact(text).at(Some(Origin { argument, start: 0, end: text.len() })));
            reader.words(words.collect(), Surroundings::default(), &place);
        }
        Asked::Script { text, index, shell, positional } => {
            let word = Word::exact(text).at(Some(Origin { argument: index, start: 0, end: text.len() }));
            let positional: Vec<Word> = positional.iter().map(Word::exact).collect();
            reader.script(&word, shell, &positional, &place);
        }
    }
    reader.reading
}

/// Where a command stands: what holds for it and everything inside it.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub via: Vec<Via>,
    pub directory: Option<PathBuf>,
    pub remote: Option<Word>,
    pub privileged: bool,
    pub environment: Vec<(String, Word)>,
    /// What earlier commands and outer ones did to the environment, in order.
    pub exported: Vec<Exported>,
    /// Whether nothing is left of the environment that gate was given.
    pub cleared: bool,
    /// Where what is around it lands, as far as that holds for what is inside too.
    pub contexts: Vec<ContextName>,
}

/// A change of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exported {
    pub name: String,
    /// `None` where the variable is taken away.
    pub value: Option<Word>,
    /// Whether it happens on every way to what follows.
    pub certain: bool,
}

impl Place {
    pub(super) fn under(&self, via: Via) -> Self {
        let mut place = self.clone();
        place.via.push(via);
        place
    }

    /// Sets a variable for what follows, or takes it away.
    pub(super) fn export(&mut self, name: &str, value: Option<Word>, certain: bool) {
        let at = self.environment.iter().rposition(|(own, _)| own == name);
        match (at.and_then(|at| self.environment.get_mut(at)), &value) {
            (Some((_, own)), Some(value)) if certain => *own = value.clone(),
            (Some((_, own)), _) => {
                let before = Exported { name: name.to_owned(), value: Some(own.clone()), certain: true };
                self.environment.retain(|(own, _)| own != name);
                self.exported.push(before);
                self.exported.push(Exported { name: name.to_owned(), value, certain });
            }
            (None, _) => self.exported.push(Exported { name: name.to_owned(), value, certain }),
        }
    }
}

/// What surrounds one command in its script.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub environment: Vec<(String, Word)>,
    pub redirects: Vec<super::script::Redirected>,
    pub stdin: Option<Stdin>,
    pub pipe_from: Option<usize>,
    pub pipe_to: Option<usize>,
}

pub(super) struct Reader<'a> {
    pub tools: &'a dyn Tools,
    pub answers: &'a Answers,
    pub environment: &'a [(std::ffi::OsString, std::ffi::OsString)],
    pub parser: &'a dyn Parser,
    /// What the script that was read last does to the environment; it counts for whoever sources it.
    pub exported: Vec<Exported>,
    pub reading: Reading,
}

impl Reader<'_> {
    /// Reads one command and what runs inside it; gives its index.
    pub(super) fn words(&mut self, words: Vec<Word>, around: Surroundings, place: &Place) -> Option<usize> {
        if self.reading.commands.len() >= MAX_COMMANDS {
            self.unresolved(UnresolvedKind::Code, None, "more commands than are followed");
            return None;
        }
        let file_name = words.first().and_then(file_name).map(str::to_owned);
        let file_name = file_name.as_deref();
        let (words, tool) = match file_name.and_then(|name| self.tools.tool(name)) {
            Some(tool) => (words, Some(tool)),
            None => dashed(self.tools, words, file_name),
        };
        let program_unknown = words.first().is_some_and(|word| file_name.is_none() || !word.is_known());
        let (mut command, taken) = arguments::command(words, tool, place, around);
        if command.name.is_none() {
            command.name = file_name.map(str::to_owned);
        }
        match tool {
            Some(tool) => context::land(self, &mut command, &taken, tool, place),
            None => command.contexts.clone_from(&place.contexts),
        }
        let index = self.reading.commands.len();
        let help = command.help;
        self.reading.commands.push(command);
        if program_unknown {
            self.unresolved(UnresolvedKind::Program, Some(index), "which program runs is not known before it runs");
            return Some(index);
        }
        let Some(tool) = tool else { return Some(index) };
        for _ in &taken.unlisted {
            self.unresolved(UnresolvedKind::Option, Some(index), "an option that gate does not know");
        }
        if help {
            return Some(index);
        }
        if place.via.len() >= MAX_DEPTH {
            self.unresolved(UnresolvedKind::Code, Some(index), "nested deeper than is followed");
            return Some(index);
        }
        inner::follow(self, index, tool, &taken, place);
        Some(index)
    }

    /// Reads shell text that is argument or part of one; gives the indexes of its commands.
    pub(super) fn script(&mut self, text: &Word, shell: &str, positional: &[Word], place: &Place) {
        if place.via.len() >= MAX_DEPTH {
            self.unresolved(UnresolvedKind::Code, None, "nested deeper than is followed");
            return;
        }
        script::read(self, text, shell, positional, place);
    }

    /// Reads code of another language.
    pub(super) fn code(&mut self, text: &Word, index: usize, place: &Place) {
        code::read(self, text, index, place);
    }

    /// Asks for the text of a script file; `None` until it is answered, or where it cannot be.
    pub(super) fn script_file(&mut self, path: &Word, index: usize, place: &Place) -> Option<String> {
        if place.remote.is_some() {
            self.unresolved(UnresolvedKind::Script, Some(index), "a script on another host");
            return None;
        }
        let Some(path) = path.known().and_then(|path| Some(place.directory.as_ref()?.join(path))) else {
            self.unresolved(UnresolvedKind::Script, Some(index), "a script whose name is not known");
            return None;
        };
        let question = Question::Script(path);
        match self.answers.get(&question) {
            Some(Fact::Text(text)) => Some(text.clone()),
            Some(Fact::Contexts(_)) => None,
            Some(Fact::Unknown(why)) => {
                let why = why.clone();
                self.unresolved(UnresolvedKind::Script, Some(index), &why);
                None
            }
            None => {
                self.unresolved(UnresolvedKind::Script, Some(index), "a script that was not read");
                self.reading.questions.push(question);
                None
            }
        }
    }

    pub(super) fn unresolved(&mut self, kind: UnresolvedKind, command: Option<usize>, why: &str) {
        self.reading.unresolved.push(Unresolved { kind, command, why: why.to_owned() });
    }

    /// Reads what stands in an inner slot, in its form.
    pub(super) fn slot(&mut self, form: Form, words: Vec<Word>, index: usize, place: &Place) {
        match form {
            Form::Argv => {
                self.words(words, Surroundings::default(), place);
            }
            Form::Split => match split(&words) {
                Some(words) => {
                    self.words(words, Surroundings::default(), place);
                }
                None => self.unresolved(UnresolvedKind::Code, Some(index), "words that are not known before it runs"),
            },
            Form::Shell => self.script(&joined(&words), "sh", &[], place),
            Form::Code => self.code(&joined(&words), index, place),
        }
    }
}

/// The file name of the program, where it is known: what stands after the last slash.
fn file_name(word: &Word) -> Option<&str> {
    let text = word.text()?;
    text.rsplit('/').next().filter(|name| !name.is_empty())
}

/// A program that is a tool's subcommand (`git-push`), as the two words that it stands for; other words as they are.
fn dashed<'t>(tools: &'t dyn Tools, words: Vec<Word>, file_name: Option<&str>) -> (Vec<Word>, Option<&'t Tool>) {
    let parts = file_name.and_then(|name| name.split_once('-')).filter(|(_, subcommand)| !subcommand.is_empty());
    let tool = parts.and_then(|(name, _)| tools.tool(name)).filter(|tool| tool.dashed);
    match (parts, tool, words.split_first()) {
        (Some((name, subcommand)), Some(tool), Some((first, rest))) => {
            let two = [name, subcommand].map(|word| Word::exact(word).at(first.origin()));
            (two.into_iter().chain(rest.iter().cloned()).collect(), Some(tool))
        }
        _ => (words, None),
    }
}

/// Words joined by blanks, as `ssh` and `eval` do; a word that stands alone keeps its place.
pub(super) fn joined(words: &[Word]) -> Word {
    if let [word] = words {
        return word.clone();
    }
    let mut pieces = Vec::new();
    for (position, word) in words.iter().enumerate() {
        if position > 0 {
            pieces.push(crate::model::Piece::Text(" ".into()));
        }
        pieces.extend(word.pieces().iter().cloned());
    }
    Word::of(pieces)
}

/// `env -S`: the first word split at blanks (quotes kept together), the others after it.
fn split(words: &[Word]) -> Option<Vec<Word>> {
    let (first, rest) = words.split_first()?;
    let mut parts = Vec::new();
    let (mut part, mut quote, mut started) = (String::new(), None, false);
    for character in first.text()?.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), other) => part.push(other),
            (None, '\'' | '"') => {
                quote = Some(character);
                started = true;
            }
            // Escapes and `${NAME}` are read by env in its own way; what they give is not guessed.
            (None, '\\' | '$' | '#') => return None,
            (None, blank) if blank.is_whitespace() => {
                if started || !part.is_empty() {
                    parts.push(Word::exact(std::mem::take(&mut part)).at(first.origin()));
                }
                started = false;
            }
            (None, other) => part.push(other),
        }
    }
    if quote.is_some() {
        return None;
    }
    if started || !part.is_empty() {
        parts.push(Word::exact(part).at(first.origin()));
    }
    parts.extend(rest.iter().cloned());
    Some(parts)
}

/// A word of which gate knows that it is there and nothing else.
pub(super) fn unseen() -> Word {
    Word::unknown(Hole::Input)
}
