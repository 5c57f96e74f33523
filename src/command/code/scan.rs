//! Names and calls of code: which functions it uses, under their whole names, and what they are given.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::language::Language;
use super::lexer::Token;
use super::value::{Argument, Value};

/// How many tokens are looked at, those that are looked at again among them.
const FUEL: usize = 2_000_000;

/// A function that code uses.
#[derive(Debug)]
pub(super) struct Use {
    /// Its whole name (`os.path.join`, `boto3.client().delete_bucket`).
    pub name: String,
    /// What it is called with; `None` where it is only named.
    pub arguments: Option<Vec<Argument>>,
    /// What it is called on, if that is what another call gave or a string.
    pub on: Option<Value>,
}

/// What names stand for.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Modules and functions by the names they go by here.
    pub names: BTreeMap<String, String>,
    /// Everything that is imported, by its own name.
    pub imports: Vec<String>,
    /// Variables; `None` for one that is set more than once.
    pub values: BTreeMap<String, Option<Value>>,
}

/// Code, and what its names stand for.
pub(super) struct Scan<'a> {
    pub tokens: &'a [Token],
    pub language: Language,
    pub scope: &'a Scope,
    closers: Vec<usize>,
    /// How many tokens may still be looked at; what nests without end is not followed without end.
    fuel: Cell<usize>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(tokens: &'a [Token], language: Language, scope: &'a Scope) -> Self {
        let mut closers = vec![tokens.len(); tokens.len()];
        let mut open = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Mark("(" | "[" | "{") => open.push(at),
                Token::Mark(")" | "]" | "}") => {
                    if let Some(closer) = open.pop().and_then(|open| closers.get_mut(open)) {
                        *closer = at;
                    }
                }
                _ => {}
            }
        }
        Self { tokens, language, scope, closers, fuel: Cell::new(FUEL) }
    }

    /// Whether there was more to look at than is looked at.
    pub(super) fn exhausted(&self) -> bool {
        self.fuel.get() == 0
    }

    pub(super) fn spend(&self, tokens: usize) -> bool {
        self.fuel.set(self.fuel.get().saturating_sub(tokens + 1));
        !self.exhausted()
    }

    pub(super) fn mark(&self, at: usize) -> &'static str {
        match self.tokens.get(at) {
            Some(Token::Mark(mark)) => mark,
            _ => "",
        }
    }

    pub(super) fn name(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some(Token::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Where the bracket that opens here closes.
    pub(super) fn close(&self, open: usize) -> usize {
        self.closers.get(open).copied().unwrap_or(self.tokens.len())
    }

    /// Every use that begins at this token, and where the chain of names ends.
    pub(super) fn chain(&self, start: usize, depth: usize) -> (Vec<Use>, usize) {
        let mut uses = Vec::new();
        let (mut path, mut on, mut at) = match self.tokens.get(start) {
            Some(Token::Name(name)) => (self.whole(name), self.receiver(name), start + 1),
            Some(Token::Text(parts)) => ("()".to_owned(), Some(self.text(parts, depth)), start + 1),
            Some(Token::Words(words)) => {
                ("()".to_owned(), Some(Value::List(words.iter().map(Value::text).collect())), start + 1)
            }
            // `(…).method()`
            Some(Token::Mark("(" | "[")) => {
                let end = self.close(start);
                ("()".to_owned(), Some(self.value(start, end + 1, depth)), end + 1)
            }
            _ => return (uses, start),
        };
        loop {
            let mark = self.mark(at);
            if mark == "(" {
                let end = self.close(at);
                let mut arguments = self.arguments(at + 1, end, depth + 1);
                at = end + 1;
                if let Some(loaded) = self.loads(&path, &arguments) {
                    path = loaded;
                    continue;
                }
                if let Some(sent) = self.sends(&path, &mut arguments) {
                    path = sent;
                }
                uses.push(Use { name: path.clone(), arguments: Some(arguments.clone()), on: on.take() });
                on = Some(Value::Call(path.clone(), arguments));
                path.push_str("()");
                continue;
            }
            if mark == "["
                || (mark == "{" && self.language == Language::Perl && path.starts_with('$'))
                || (mark == "->" && matches!(self.mark(at + 1), "[" | "{"))
            {
                let open = if mark == "->" { at + 1 } else { at };
                let end = self.close(open);
                let key = match (self.tokens.get(open + 1), end == open + 2) {
                    (Some(Token::Name(name)), true) if mark == "{" => Value::text(name.clone()),
                    _ => self.value(open + 1, end, depth + 1),
                };
                path.push('.');
                path.push_str(key.known().unwrap_or("[]"));
                at = end + 1;
                continue;
            }
            let ahead = (at..at + 3).find(|at| self.tokens.get(*at) != Some(&Token::Line)).unwrap_or(at);
            let chained = self.joins_names(self.mark(ahead)) && (ahead == at || self.mark(ahead) == ".");
            let next = ahead + 1;
            match self.name(next).filter(|_| chained) {
                Some(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name.strip_prefix('$').filter(|rest| !rest.is_empty()).unwrap_or(name));
                    at = next + 1;
                    if let Some(known) = self.scope.names.get(&path) {
                        path.clone_from(known);
                    }
                }
                None => break,
            }
        }
        let called = path == "()" || uses.last().is_some_and(|used| path == format!("{}()", used.name));
        if let (Language::JavaScript, false, Some(Token::Text(parts))) = (self.language, called, self.tokens.get(at)) {
            // `` $`…` `` calls the function before it.
            let arguments = vec![Argument { key: None, value: self.text(parts, depth) }];
            uses.push(Use { name: path, arguments: Some(arguments), on });
            return (uses, at + 1);
        }
        if !called && !path.is_empty() {
            match self.bare(at, depth) {
                Some(mut arguments) => {
                    let name = self.sends(&path, &mut arguments).unwrap_or(path);
                    uses.push(Use { name, arguments: Some(arguments), on });
                }
                None => uses.push(Use { name: path, arguments: None, on }),
            }
        }
        (uses, at)
    }

    fn joins_names(&self, mark: &str) -> bool {
        match mark {
            "." => !matches!(self.language, Language::Perl | Language::Php),
            "->" | "::" | "?." => true,
            ":" => self.language == Language::Lua,
            _ => false,
        }
    }

    /// The module that a call loads, or the function that it looks up by name.
    fn loads(&self, path: &str, arguments: &[Argument]) -> Option<String> {
        let known = |at: usize| arguments.get(at).and_then(|one| one.value.known());
        match path {
            "require"
            | "import"
            | "__import__"
            | "importlib.import_module"
            | "process.mainModule.require"
            | "process.getBuiltinModule"
            | "module.require"
            | "module.createRequire()" => Some(known(0)?.trim_start_matches("node:").replace('/', ".")),
            "getattr" => match &arguments.first()?.value {
                Value::Name(object) => Some(format!("{object}.{}", known(1)?)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The method that `object.send(:method, …)` calls; what is left of the arguments is its own.
    fn sends(&self, path: &str, arguments: &mut Vec<Argument>) -> Option<String> {
        let verbs = ["send", "public_send", "__send__", "method", "public_method"];
        let object = verbs.iter().find_map(|verb| path.strip_suffix(verb)?.strip_suffix('.'));
        let object = object.filter(|_| self.language == Language::Ruby)?;
        let method = arguments.first()?.value.known()?.to_owned();
        arguments.remove(0);
        Some(format!("{object}.{method}"))
    }

    /// A name as it is known elsewhere: the module that it was imported from.
    fn whole(&self, name: &str) -> String {
        if let Some(known) = self.scope.names.get(name) {
            return known.clone();
        }
        match self.scope.values.get(name) {
            Some(Some(Value::Name(known))) => known.clone(),
            Some(Some(Value::Call(known, _))) => format!("{known}()"),
            _ => name.to_owned(),
        }
    }

    fn receiver(&self, name: &str) -> Option<Value> {
        match self.scope.values.get(name) {
            Some(Some(value @ (Value::Call(..) | Value::Text(_) | Value::List(_)))) => Some(value.clone()),
            _ => None,
        }
    }

    /// The arguments of a call without parentheses that begin here.
    fn bare(&self, at: usize, depth: usize) -> Option<Vec<Argument>> {
        if !self.language.syntax().bare_calls {
            return None;
        }
        let begins = match self.tokens.get(at)? {
            Token::Text(_) | Token::Words(_) | Token::Number(_) | Token::Run(_) => true,
            Token::Name(name) => !INFIX.contains(&name.as_str()),
            Token::Mark(mark) => matches!(*mark, "\\" | "*") || (*mark == "-" && self.language == Language::PowerShell),
            Token::Pattern(_) | Token::Line => false,
        };
        if !begins {
            return None;
        }
        let mut depth_here = 0_usize;
        let mut end = at;
        for (index, token) in self.tokens.iter().enumerate().skip(at) {
            match token {
                Token::Mark("(" | "[" | "{") => depth_here += 1,
                Token::Mark(")" | "]" | "}") if depth_here == 0 => break,
                Token::Mark(")" | "]" | "}") => depth_here -= 1,
                Token::Mark(";" | "|" | "&&" | "||") if depth_here == 0 => break,
                Token::Line if depth_here == 0 && self.mark(index.saturating_sub(1)) != "," => break,
                Token::Name(name) if depth_here == 0 && index > at && INFIX.contains(&name.as_str()) => break,
                _ => {}
            }
            end = index + 1;
        }
        Some(self.arguments(at, end, depth + 1))
    }
}

/// Words that stand between values, so that nothing is called with them.
const INFIX: [&str; 26] = [
    "and",
    "as",
    "do",
    "else",
    "elsif",
    "end",
    "for",
    "foreach",
    "from",
    "if",
    "in",
    "is",
    "of",
    "or",
    "rescue",
    "then",
    "unless",
    "until",
    "while",
    "eq",
    "ne",
    "x",
    "cmp",
    "instanceof",
    "when",
    "not",
];
