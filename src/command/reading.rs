//! The classification's first half: from the words of an invocation to every simple command that would run. It follows
//! wrappers and shell code as the tools say, asks for what it needs, and says what it could not find out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::model::{
    Answers, Command, ContextName, Fact, Form, Hole, Origin, Piece, Question, Stdin, Tool, Unresolved, UnresolvedKind,
    Via, Word,
};

use super::fuel::Fuel;
use super::made::{self, Made};
use super::shell::{Parser, Shuck};
use super::{arguments, code, context, inner, package, program, script};

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
    let mut reader = Reader {
        tools,
        answers,
        environment,
        parser: &Shuck,
        exported: Vec::new(),
        reading: Reading::default(),
        made: BTreeMap::new(),
        fuel: Fuel::new(),
    };
    let place = Place { directory: Some(directory.to_owned()), ..Place::default() };
    match asked {
        Asked::Arguments(arguments) => {
            let words = arguments
                .iter()
                .enumerate()
                .map(|(argument, text)| Word::exact(text).at(Some(Origin { argument, start: 0, end: text.len() })));
            let words: Vec<Word> = words.collect();
            reader.fuel.add(&words);
            reader.words(words, Surroundings::default(), &place);
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
    pub exported: Rc<Vec<Exported>>,
    /// Whether nothing is left of the environment that gate was given.
    pub cleared: bool,
    /// Where what is around it lands, as far as that holds for what is inside too.
    pub contexts: Vec<ContextName>,
    /// Whether a script around it sets variables.
    pub variables: bool,
    /// Whether a person types into it at a terminal that what is around it gives.
    pub typed: bool,
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
                let exported = Rc::make_mut(&mut self.exported);
                exported.push(before);
                exported.push(Exported { name: name.to_owned(), value, certain });
            }
            (None, _) => Rc::make_mut(&mut self.exported).push(Exported { name: name.to_owned(), value, certain }),
        }
    }
}

/// What surrounds one command in its script.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub environment: Vec<(String, Word)>,
    pub redirects: Vec<super::script::Redirected>,
    pub stdin: Option<Stdin>,
    /// What comes through the pipe it reads, where that is constant.
    pub piped: Option<String>,
    /// And what it was before somebody encoded it, where the pipe decodes.
    pub decoded: Option<String>,
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
    /// The files made so far, each with all that it may hold.
    pub made: BTreeMap<PathBuf, Vec<Made>>,
    fuel: Fuel,
}

impl Reader<'_> {
    /// Reads one command and what runs inside it; gives its index.
    pub(super) fn words(&mut self, words: Vec<Word>, around: Surroundings, place: &Place) -> Option<usize> {
        if self.reading.commands.len() >= MAX_COMMANDS {
            self.spent("more commands than are followed");
            return None;
        }
        if !self.fuel.take(&words) {
            self.spent("more words than are followed");
            return None;
        }
        let own = words.first().and_then(|program| self.made_program(program, place));
        let words = match &own {
            Some(Made::Copy(from)) => std::iter::once(from.clone()).chain(words.into_iter().skip(1)).collect(),
            Some(Made::Text(_) | Made::Unknown) | None => words,
        };
        let words = program::spelled_out(words, self.tools);
        let words = program::without_prefix(words, self.tools);
        let words = program::without_version(words, self.tools);
        let file_name = words.first().and_then(program::file_name).map(str::to_owned);
        let file_name = file_name.as_deref();
        let (words, tool) = match file_name.and_then(|name| self.tools.tool(name)) {
            Some(tool) => (words, Some(tool)),
            None => program::dashed(self.tools, words, file_name),
        };
        let tool = if own.is_none() { self.identified(&words, tool, place) } else { tool };
        let redirected: Vec<(Word, bool)> = around
            .redirects
            .iter()
            .filter(|redirected| redirected.writes)
            .map(|redirected| (redirected.target.clone(), redirected.appends))
            .collect();
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
        program::empties(&mut command, &redirected, self.tools);
        // A file that only has the name of a program keeps none of its promises.
        if command.words.first().is_some_and(program::is_nobodys) || program::runs_after_all(&command) {
            command.help = false;
            command.dry_run = false;
        }
        let help = command.help;
        self.note(&command, &redirected, place);
        let lying =
            place.remote.is_none() && own.is_none() && program::lies_open(&command, &self.reading.commands, place);
        self.reading.commands.push(command);
        match &own {
            Some(Made::Unknown) => {
                self.unresolved(UnresolvedKind::Code, Some(index), "a program that is made by what runs before it");
            }
            Some(Made::Text(text)) => self.made_text(text, index, place),
            Some(Made::Copy(_)) => {}
            None if lying => {
                self.unresolved(UnresolvedKind::Program, Some(index), "a file in a place where anybody may put one");
            }
            None => {}
        }
        if program_unknown {
            self.unresolved(UnresolvedKind::Program, Some(index), "which program runs is not known before it runs");
            return Some(index);
        }
        let Some(tool) = tool else {
            if let (Some(command), true) = (self.reading.commands.get(index), place.via.len() < MAX_DEPTH) {
                let (words, name) = (command.words.clone(), command.name.clone().unwrap_or_default());
                self.wrapped(&words, &name, place);
            }
            return Some(index);
        };
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

    /// What a program holds that was made by what ran before.
    fn made_program(&self, program: &Word, place: &Place) -> Option<Made> {
        if self.made.is_empty() || !program.prefix().contains(&b'/') {
            return None;
        }
        self.written(program, place)
    }

    /// What a file holds that was made by what ran before; where there is more than one answer, it is not known.
    pub(super) fn written(&self, file: &Word, place: &Place) -> Option<Made> {
        if self.made.is_empty() || place.remote.is_some() {
            return None;
        }
        match self.made.get(&made::path(file, place)?)?.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            _ => Some(Made::Unknown),
        }
    }

    /// Keeps what a command makes.
    fn note(&mut self, command: &Command, redirected: &[(Word, bool)], place: &Place) {
        if place.remote.is_some() {
            return;
        }
        let straight = !place.via.iter().any(|via| matches!(via, Via::Shell(_)));
        for (path, made, appended) in made::files(command, redirected, place) {
            let known = self.made.entry(path).or_default();
            match (known.as_mut_slice(), made, appended) {
                ([Made::Text(before)], Made::Text(text), true) if straight => before.push_str(&text),
                (_, made, false) if straight => *known = vec![made],
                ([], made, false) => known.push(made),
                (_, made, false) => known.push(made),
                (_, _, true) => *known = vec![Made::Unknown],
            }
        }
    }

    /// Reads a program that the script wrote itself.
    fn made_text(&mut self, text: &str, index: usize, place: &Place) {
        match made::interpreter(text) {
            Some(shell) => {
                let positional: Vec<Word> =
                    self.reading.commands.get(index).map(|command| command.words.clone()).unwrap_or_default();
                let name = self.reading.commands.get(index).and_then(|command| command.name.clone());
                let place = place.under(Via::Program(name.unwrap_or_else(|| shell.clone())));
                self.script(&Word::exact(text), &shell, &positional, &place);
            }
            None => self.code(&Word::exact(text), index, place),
        }
    }

    /// The text of a file that a shell reads into itself; where it cannot be read it is as little known as a program.
    pub(super) fn sourced_file(&mut self, path: &Word, index: usize, place: &Place) -> Option<String> {
        let known = path.pieces().iter().any(|piece| matches!(piece, Piece::Text(text) if !text.is_empty()));
        if !known {
            self.unresolved(UnresolvedKind::Script, Some(index), "a script whose name is not known");
            return None;
        }
        if program::is_open(path, place) {
            self.unresolved(UnresolvedKind::Script, Some(index), "a file in a place where anybody may put one");
            return None;
        }
        let question = Question::Script(place.directory.as_ref()?.join(path.known()?));
        match self.answers.get(&question) {
            Some(Fact::Text(text)) if place.remote.is_none() => Some(text.clone()),
            Some(_) => None,
            None if place.remote.is_some() => None,
            None => {
                self.reading.questions.push(question);
                None
            }
        }
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
        let Some(file) = path.known().and_then(|path| Some(place.directory.as_ref()?.join(path))) else {
            self.unresolved(UnresolvedKind::Script, Some(index), "a script whose name is not known");
            return None;
        };
        let question = Question::Script(file);
        match self.answers.get(&question) {
            Some(Fact::Text(text)) => Some(text.clone()),
            Some(Fact::Contexts(_) | Fact::Names(_)) => None,
            // A shell that finds no script runs nothing, unless what runs before it puts one there.
            Some(Fact::Absent) => {
                if program::is_open(path, place) {
                    let why = "a file in a place where anybody may put one";
                    self.unresolved(UnresolvedKind::Script, Some(index), why);
                } else if !made::makes_nothing(&self.reading.commands) {
                    self.unresolved(UnresolvedKind::Script, Some(index), "a script that is not there yet");
                }
                None
            }
            Some(Fact::Unknown(why)) => {
                let why = why.clone();
                self.unresolved(UnresolvedKind::Script, Some(index), &why);
                None
            }
            Some(Fact::Data(_)) | None => {
                self.unresolved(UnresolvedKind::Script, Some(index), "a script that was not read");
                self.reading.questions.push(question);
                None
            }
        }
    }

    /// Says, once, that there is more than is followed.
    fn spent(&mut self, why: &str) {
        if !self.reading.unresolved.iter().any(|known| known.command.is_none() && known.why == why) {
            self.unresolved(UnresolvedKind::Code, None, why);
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
                    // They are read as the program's own words again: options, assignments, a command.
                    let own = self.reading.commands.get(index).and_then(|command| command.words.first().cloned());
                    self.words(own.into_iter().chain(words).collect(), Surroundings::default(), place);
                }
                None => self.unresolved(UnresolvedKind::Code, Some(index), "words that are not known before it runs"),
            },
            Form::Package => {
                if let Some(words) = package::of_registry(words, self.tools) {
                    self.words(words, Surroundings::default(), place);
                }
            }
            Form::Image => {
                if let Some(words) = package::of_image(words, self.tools) {
                    self.words(words, Surroundings::default(), place);
                }
            }
            Form::Shell => self.script(&joined(&words), "sh", &[], place),
            Form::Code => self.code(&joined(&words), index, place),
        }
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
