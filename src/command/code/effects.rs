//! What code does beyond its own program: the commands it runs, the files it reads and writes, the statements it sends, and
//! what is not followed.

use super::acts::{Act, act};
use super::handed::{find, unknown};
use super::language::Language;
use super::lexer::{Token, tokens};
use super::quoted::Part;
use super::scan::{Scan, Scope, Use};
use super::scope::scope;
use super::value::{Argument, Value, environment};
use super::{cloud, mongo};
use crate::model::Word;

/// One thing that code does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// It uses this, and what comes of it is not followed.
    Reach(String),
    /// It runs shell code.
    Shell(Word),
    /// It runs a program.
    Argv(Vec<Word>),
    /// It reads a file.
    Read(Word),
    /// It writes a file.
    Write(Word),
    /// It sends a statement of SQL.
    Sql(Word),
    /// It does what this verb of SQL does.
    Does(&'static str),
}

/// Deepest code in code.
const MAX_DEPTH: usize = 4;

/// Everything that code does.
pub(super) fn effects(code: &str, language: Language, mongo: bool) -> Vec<Effect> {
    let mut found = Found { language, mongo, effects: Vec::new() };
    found.code(code, None, 0);
    found.effects
}

pub(super) struct Found {
    pub language: Language,
    mongo: bool,
    effects: Vec<Effect>,
}

impl Found {
    pub(super) fn add(&mut self, effect: Effect) {
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }

    pub(super) fn reach(&mut self, name: &str) {
        self.add(Effect::Reach(name.to_owned()));
    }

    fn code(&mut self, code: &str, outer: Option<&Scope>, depth: usize) {
        if depth > MAX_DEPTH {
            return self.reach("code in code in code");
        }
        let Some(tokens) = tokens(code, self.language) else { return self.reach("more code than is read") };
        let own;
        let names = match outer {
            Some(outer) => outer,
            None => {
                own = scope(&tokens, self.language);
                &own
            }
        };
        let scan = Scan::new(&tokens, self.language, names);
        for at in 0..tokens.len() {
            match tokens.get(at) {
                Some(Token::Run(parts)) => self.runs(&scan, parts),
                Some(Token::Pattern(Some(code))) => self.code(code, Some(names), depth + 1),
                Some(Token::Text(parts)) => {
                    for code in
                        parts.iter().filter_map(|part| if let Part::Code(code) = part { Some(code) } else { None })
                    {
                        self.code(code, Some(names), depth + 1);
                    }
                    self.uses(&scan, at, depth);
                }
                Some(Token::Words(_)) => self.uses(&scan, at, depth),
                Some(Token::Name(_)) if !self.is_link(&scan, at) => self.uses(&scan, at, depth),
                Some(Token::Mark("(" | "[")) if groups(&scan, at) => self.uses(&scan, at, depth),
                Some(Token::Mark("]")) => self.computed(&scan, at),
                _ => {}
            }
        }
        if scan.exhausted() {
            self.reach("more code than is read");
        }
    }

    /// Whether a name goes on from what stands before it (`a.b`), or names something new (`def b`).
    fn is_link(&self, scan: &Scan<'_>, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let dotted = match scan.mark(before) {
            "." => !matches!(self.language, Language::Perl | Language::Php),
            "->" | "::" | "?." => true,
            ":" => self.language == Language::Lua,
            _ => false,
        };
        let defined = matches!(scan.name(before), Some("def" | "function" | "sub" | "class" | "func" | "fn"));
        let imported = self.language == Language::Python
            && statement(scan, at).is_some_and(|first| matches!(first, "import" | "from"));
        dotted || defined || imported || (self.language == Language::JavaScript && declared(scan, at))
    }

    fn runs(&mut self, scan: &Scan<'_>, parts: &[Part]) {
        match scan.text(parts, 0) {
            Value::Text(word) => self.add(Effect::Shell(word)),
            _ => self.reach("`"),
        }
    }

    /// `x[built](…)`: a function whose name is put together.
    fn computed(&mut self, scan: &Scan<'_>, at: usize) {
        let calls = scan.mark(at + 1) == "("
            && matches!(self.language, Language::JavaScript | Language::Lua | Language::Python | Language::Php);
        if !calls {
            return;
        }
        let open = (0..at).rev().find(|open| scan.mark(*open) == "[" && scan.close(*open) == at);
        let constant = open.is_some_and(|open| match scan.value(open + 1, at, 0) {
            Value::Text(word) => word.is_known(),
            _ => false,
        });
        let indexed = open.is_some_and(|open| matches!(scan.tokens.get(open + 1), Some(Token::Number(_))));
        if !constant && !indexed {
            self.reach("a function whose name is built");
        }
    }

    fn uses(&mut self, scan: &Scan<'_>, at: usize, depth: usize) {
        let (uses, end) = scan.chain(at, 0);
        // `eval { … }` and `do { … }` are blocks of the same code.
        let block = scan.mark(end) == "{" && matches!(scan.name(at), Some("eval" | "do"));
        if block {
            return;
        }
        if self.language == Language::Php
            && scan.name(at).is_some_and(|name| name.starts_with('$'))
            && scan.mark(at + 1) == "("
        {
            return self.called_variable(scan, at, &uses, depth);
        }
        for used in uses {
            self.used(scan, &used, depth);
        }
    }

    fn used(&mut self, scan: &Scan<'_>, used: &Use, depth: usize) {
        let name = used.name.trim_start_matches("globalThis.").trim_start_matches("window.").trim_start_matches("std.");
        if let Some(variable) = environment(name) {
            self.add(Effect::Argv(vec![Word::exact("printenv"), Word::exact(variable)]));
            return;
        }
        if self.mongo
            && let Some(effect) = mongo::method(name, used.arguments.as_deref())
        {
            return self.add(effect);
        }
        if name == "getattr()" && used.arguments.is_some() {
            return self.reach("a function whose name is built");
        }
        let root = name.split(['.', '(']).next().unwrap_or(name);
        let known = scan.scope.imports.iter().any(|module| module.split('.').next() == Some(root));
        let Some(does) = act(self.language, name, !known) else {
            if cloud::is_used(scan.scope)
                && let Some(why) = cloud::risky(name, used.arguments.as_deref())
            {
                self.reach(why);
            }
            return;
        };
        // A function that is only named is called by something else, with what is not known.
        let Some(arguments) = &used.arguments else {
            let named_only = matches!(does, Act::Open | Act::Read | Act::Callback | Act::Sql) || name.starts_with("*.");
            let called = !named_only && (name.contains('.') || matches!(self.language, Language::Php | Language::Perl));
            if called
                || (matches!(does, Act::Eval | Act::Shell) && scan.scope.names.values().any(|known| known == name))
            {
                self.reach(name);
            } else if self.language == Language::Jvm && used.on.is_some() {
                self.does(scan, does, name, &[], used.on.as_ref(), depth);
            }
            return;
        };
        self.does(scan, does, name, arguments, used.on.as_ref(), depth);
    }

    /// `$f(…)`: the function that a variable names.
    fn called_variable(&mut self, scan: &Scan<'_>, at: usize, uses: &[Use], depth: usize) {
        let value = scan.name(at).and_then(|name| scan.scope.values.get(name));
        let name = value.and_then(Option::as_ref).and_then(Value::known);
        match (name, uses.first()) {
            (Some(name), Some(used)) => {
                let called = Use { name: name.to_owned(), arguments: used.arguments.clone(), on: None };
                self.used(scan, &called, depth);
            }
            _ => self.reach("a function whose name is built"),
        }
    }

    fn does(
        &mut self,
        scan: &Scan<'_>,
        does: Act,
        name: &str,
        arguments: &[Argument],
        on: Option<&Value>,
        depth: usize,
    ) {
        let given: Vec<&Value> = arguments.iter().filter(|one| one.key.is_none()).map(|one| &one.value).collect();
        let given: Vec<&Value> = given.into_iter().filter(|value| !matches!(value, Value::Pairs(_))).collect();
        let first = given.first().copied();
        let keyed = |wanted: &str| find(arguments, wanted);
        match does {
            Act::Shell => match first.or_else(|| keyed("cmd")).or(on.filter(|_| given.is_empty())) {
                Some(Value::List(words)) => self.argv(words.iter().map(Value::word).collect(), name),
                Some(value) => self.shell(value.word(), name),
                None => self.reach(name),
            },
            Act::Run => {
                let shell = keyed("shell").is_some_and(|value| !matches!(value, Value::Name(no) if no == "False"));
                match first.or_else(|| keyed("args")) {
                    Some(Value::List(words)) if !shell => self.argv(words.iter().map(Value::word).collect(), name),
                    Some(Value::List(words)) => self.shell(words.first().map_or_else(unknown, Value::word), name),
                    Some(value @ Value::Call(..)) if !shell => self.argv(value.words(), name),
                    Some(value) => self.shell(value.word(), name),
                    None => self.reach(name),
                }
            }
            Act::Spawn => self.spawned(name, &given, arguments),
            Act::Words => self.words(name, &given, on),
            Act::Exec => match (first, given.get(1)) {
                (Some(program), Some(Value::List(words))) => {
                    let rest = words.iter().skip(1).map(Value::word);
                    self.argv(std::iter::once(program.word()).chain(rest).collect(), name);
                }
                _ => self.reach(name),
            },
            Act::ExecList => match first {
                Some(program) => {
                    let rest = given.iter().skip(2).map(|value| value.word());
                    self.argv(std::iter::once(program.word()).chain(rest).collect(), name);
                }
                None => self.reach(name),
            },
            Act::Like(command) => {
                let touched: Vec<Word> = match (given.is_empty(), on) {
                    (true, Some(on)) => on.words(),
                    (true, None) => vec![unknown()],
                    // A method (`path.unlink`) works on what it is called on.
                    (false, Some(on)) if name.contains("()") && command.first() == Some(&"rm") => on.words(),
                    (false, Some(on)) if name.contains("()") && command.first() == Some(&"chmod") => {
                        first.map(Value::mode).into_iter().chain(on.words()).collect()
                    }
                    (false, _) if command.first() == Some(&"chmod") => {
                        let paths = given.iter().skip(1).flat_map(|value| value.words());
                        first.map(Value::mode).into_iter().chain(paths).collect()
                    }
                    (false, _) => given.iter().flat_map(|value| value.words()).collect(),
                };
                // What is deleted need not be there: an option may stand first in a list (`[:rm_rf, …]`).
                self.argv(command.iter().map(Word::exact).chain(touched).collect(), name);
            }
            Act::Turned(command) => {
                let mode = given.get(1).map_or_else(unknown, |value| value.mode());
                let paths = given.first().map_or_else(|| vec![unknown()], |value| value.words());
                let words = command.iter().map(Word::exact).chain(std::iter::once(mode)).chain(paths);
                self.argv(words.collect(), name);
            }
            Act::Open => self.opens(name, &given, arguments, on),
            Act::Read => self.reads(first.or(on)),
            Act::Write => {
                let path = if name.contains("()") || first.is_none() { on.or(first) } else { first };
                self.writes(path, name);
            }
            Act::WriteSecond => {
                let path = given.get(1).copied().or_else(|| keyed("file")).or_else(|| keyed("con"));
                if path.is_some() {
                    self.writes(path, name);
                }
            }
            Act::Fetch => {
                let sends = ["data", "body", "method", "files", "json", "auth", "headers"]
                    .iter()
                    .any(|key| keyed(key).is_some());
                let sends = sends
                    || arguments.iter().any(|one| match &one.value {
                        Value::Pairs(pairs) => ["body", "method"].iter().any(|key| find(pairs, key).is_some()),
                        _ => false,
                    });
                match first.map(Value::word).filter(|url| url.is_known() && !sends && given.len() == 1) {
                    Some(url) => self.argv(vec![Word::exact("curl"), url], name),
                    None => self.reach(name),
                }
            }
            Act::Eval => match first.map(|value| (value, value.known())) {
                Some((_, Some(code))) => {
                    let code = code.to_owned();
                    self.code(&code, Some(scan.scope), depth + 1);
                }
                Some((Value::Call(call, inner), None))
                    if call == "compile" && inner.first().is_some_and(|one| one.value.known().is_some()) => {}
                _ => self.reach(name),
            },
            Act::Sql => {
                if let Some(first) = first {
                    self.sql(first);
                }
            }
            Act::SqlSecond => {
                if let Some(second) = given.get(1) {
                    self.sql(second);
                }
            }
            Act::Callback => match first.and_then(Value::known) {
                Some(callback) if act(self.language, callback, true).is_some() => self.reach(callback),
                Some(_) => {}
                None if matches!(first, Some(Value::Name(_))) && self.language != Language::Php => {}
                None if name == "array_map" || self.language == Language::JavaScript => {}
                None => self.reach(name),
            },
            Act::Reach => {
                // A callback that is no function of the language itself is code of its own.
                let own = self.language == Language::Php && matches!(name, "array_filter" | "array_walk" | "usort");
                match given
                    .iter()
                    .find_map(|value| value.known().filter(|named| act(self.language, named, true).is_some()))
                {
                    Some(named) if own => self.reach(named),
                    _ if own => {}
                    _ => self.reach(name),
                }
            }
        }
    }
}

/// The word that the statement at this place begins with.
fn statement<'a>(scan: &'a Scan<'_>, at: usize) -> Option<&'a str> {
    let mut start = at;
    while start > 0 && !matches!(scan.tokens.get(start - 1), Some(Token::Line | Token::Mark(";" | ":" | "{"))) {
        start -= 1;
        if at - start > 40 {
            return None;
        }
    }
    scan.name(start)
}

/// Whether a bracket groups a value that something is called on, and belongs to no name before it.
pub(super) fn groups(scan: &Scan<'_>, at: usize) -> bool {
    let after = scan.close(at) + 1;
    let before = at.checked_sub(1).and_then(|before| scan.tokens.get(before));
    let called = matches!(before, Some(Token::Name(_) | Token::Text(_) | Token::Mark(")" | "]" | "}")));
    let keyword = matches!(before, Some(Token::Name(word)) if matches!(word.as_str(), "print" | "puts" | "return" | "await" | "println" | "in"));
    matches!(scan.mark(after), "." | "->" | "?.") && (!called || keyword)
}

/// Whether a name is only declared here: `const {a, b: c} = …`, `import {a as b} from …`
fn declared(scan: &Scan<'_>, at: usize) -> bool {
    let open = (at.saturating_sub(30)..at).rev().find(|open| matches!(scan.mark(*open), "{" | ";" | "(" | ")"));
    let word = |at: Option<usize>| at.and_then(|at| scan.name(at));
    let opened = open.filter(|open| scan.mark(*open) == "{").and_then(|open| word(open.checked_sub(1)));
    let imported = statement(scan, at) == Some("import")
        && !(at.saturating_sub(30)..=at).any(|at| scan.name(at) == Some("import") && scan.mark(at + 1) == "(");
    matches!(opened, Some("const" | "let" | "var" | "import")) || imported
}
