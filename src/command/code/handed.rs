//! What functions do with what they are handed: the commands, paths and statements that their arguments are.

use super::effects::{Effect, Found};
use super::language::Language;
use super::value::{Argument, Value};
use crate::command::reading::joined;
use crate::model::{Hole, Piece, Word};

impl Found {
    pub(super) fn shell(&mut self, code: Word, name: &str) {
        if code.pieces().iter().all(|piece| matches!(piece, Piece::Hole(_))) {
            return self.reach(name);
        }
        self.add(Effect::Shell(code));
    }

    pub(super) fn argv(&mut self, words: Vec<Word>, name: &str) {
        match words.first() {
            Some(program) if program.is_known() => self.add(Effect::Argv(words)),
            _ => self.reach(name),
        }
    }

    pub(super) fn sql(&mut self, statement: &Value) {
        if !matches!(statement, Value::Name(_) | Value::Unknown | Value::List(_) | Value::Pairs(_)) {
            self.add(Effect::Sql(statement.word()));
        }
    }

    /// `spawn(program, [words], {shell: true})`
    pub(super) fn spawned(&mut self, name: &str, given: &[&Value], arguments: &[Argument]) {
        let Some(program) = given.first() else { return self.reach(name) };
        let options =
            arguments.iter().find_map(|one| if let Value::Pairs(pairs) = &one.value { Some(pairs) } else { None });
        let option = |key: &str| options.and_then(|pairs| find(pairs, key));
        let shell = option("shell").is_some_and(|value| !matches!(value, Value::Name(no) if no == "false"));
        let list = given.get(1).copied().or_else(|| option("args")).or_else(|| find(arguments, "args"));
        let rest = match list {
            None => Vec::new(),
            Some(Value::List(words)) => words.iter().map(Value::word).collect(),
            Some(value) => vec![value.word()],
        };
        let words: Vec<Word> = std::iter::once(program.word()).chain(rest).collect();
        if shell {
            let joined = joined(&words);
            return self.shell(joined, name);
        }
        self.argv(words, name);
    }

    /// `system "rm", "-rf"`, `system "rm -rf x"`, `IO.popen(["rm", "x"])`, `"rm x".execute()`
    pub(super) fn words(&mut self, name: &str, given: &[&Value], on: Option<&Value>) {
        match (given, on) {
            ([], Some(Value::Text(code))) => self.shell(code.clone(), name),
            ([], Some(Value::List(words))) | ([Value::List(words)], _) => {
                self.argv(words.iter().map(Value::word).collect(), name)
            }
            ([], _) => self.reach(name),
            ([one], _) => self.shell(one.word(), name),
            (many, _) => self.argv(many.iter().flat_map(|value| value.words()).collect(), name),
        }
    }

    pub(super) fn opens(&mut self, name: &str, given: &[&Value], arguments: &[Argument], on: Option<&Value>) {
        let mut given = given.iter().copied();
        let perl = self.language == Language::Perl && !name.contains('.');
        if perl {
            given.next();
        }
        let (mut path, mut mode) = (given.next(), given.next());
        if name.ends_with("().open") {
            (path, mode) = (on, path);
        }
        if perl && mode.is_some() {
            (path, mode) = (mode, path);
        }
        let mode = mode.or_else(|| find(arguments, "mode")).or_else(|| find(arguments, "open"));
        let text = path.and_then(Value::known).map(str::trim).unwrap_or_default().to_owned();
        match mode {
            Some(mode) => match mode.known() {
                Some("-|" | "|-") => {
                    let words: Vec<Word> = path.into_iter().chain(given).flat_map(Value::words).collect();
                    match words.as_slice() {
                        [one] => self.shell(one.clone(), name),
                        _ => self.argv(words, name),
                    }
                }
                Some(mode) if mode.starts_with('<') || !mode.contains(['w', 'a', 'x', '+', '>', 'c']) => {
                    self.reads(path)
                }
                Some(_) => self.writes(path, name),
                // What is no text is an encoding or a flag that reads.
                None if matches!(mode, Value::Name(flag) if flag.contains("RDONLY")) => self.reads(path),
                None => self.writes(path, name),
            },
            None if matches!(self.language, Language::Perl | Language::Ruby)
                && (text.starts_with('|') || text.ends_with('|')) =>
            {
                self.shell(Word::exact(text.trim_matches('|').trim()), name);
            }
            None if perl && text.starts_with('>') => {
                self.writes(Some(&Value::text(text.trim_start_matches('>').trim())), name)
            }
            None if perl => self.reads(Some(&Value::text(text.trim_start_matches('<').trim()))),
            None if matches!(self.language, Language::Ruby)
                && name == "open"
                && path.is_some_and(|path| path.known().is_none()) =>
            {
                self.reach(name)
            }
            None => self.reads(path),
        }
    }

    pub(super) fn reads(&mut self, path: Option<&Value>) {
        let Some(word) = path.map(Value::word) else { return };
        // A path of which nothing is known is any, as an operand of `cat` is.
        if !word.is_known() && word.prefix().is_empty() && !word.pieces().iter().any(is_home) {
            return;
        }
        let url = word.text().is_some_and(|text| {
            text.starts_with("http://") || text.starts_with("https://") || text.starts_with("ftp://")
        });
        if url && matches!(self.language, Language::Php | Language::R | Language::Ruby | Language::Jvm) {
            return self.add(Effect::Argv(vec![Word::exact("curl"), word]));
        }
        if word.text().is_none_or(|text| !text.is_empty()) {
            self.add(Effect::Read(word));
        }
    }

    pub(super) fn writes(&mut self, path: Option<&Value>, name: &str) {
        match path.map(Value::word) {
            Some(word) if word.is_known() || !word.prefix().is_empty() || word.pieces().iter().any(is_home) => {
                self.add(Effect::Write(word));
            }
            _ => self.reach(name),
        }
    }
}

pub(super) fn find<'a>(arguments: &'a [Argument], wanted: &str) -> Option<&'a Value> {
    arguments.iter().find(|one| one.key.as_deref() == Some(wanted)).map(|one| &one.value)
}

fn is_home(piece: &Piece) -> bool {
    match piece {
        Piece::Hole(Hole::Home(_)) => true,
        Piece::Hole(Hole::Variable(name)) => name == "HOME",
        Piece::Hole(Hole::Substitution | Hole::Glob(_) | Hole::Input | Hole::Fitting(_)) | Piece::Text(_) => false,
    }
}

pub(super) fn unknown() -> Word {
    Word::unknown(Hole::Substitution)
}
