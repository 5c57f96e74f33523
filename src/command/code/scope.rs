//! What the names of code stand for: imports, and variables that are set once.

use super::language::Language;
use super::lexer::Token;
use super::loops;
use super::scan::{Scan, Scope};
use super::value::Value;

/// The scope of code: later lines may use what earlier ones set.
pub(super) fn scope(tokens: &[Token], language: Language) -> Scope {
    let mut scope = Scope::default();
    let mut at = 0;
    while at < tokens.len() {
        let scan = Names { tokens };
        match (language, scan.name(at)) {
            (Language::Python, Some("import")) if !scan.is_from(at) => at = imports(&scan, at + 1, &mut scope),
            (Language::Python, Some("from")) => at = from_imports(&scan, at + 1, &mut scope),
            (Language::JavaScript, Some("import")) if scan.mark(at + 1) != "(" => {
                at = js_import(&scan, at + 1, &mut scope)
            }
            _ => at += 1,
        }
    }
    // Twice, so that what is set by something set earlier is known too; cheap, as code is short.
    for _ in 0..2 {
        assignments(tokens, language, &mut scope);
    }
    scope
}

struct Names<'a> {
    tokens: &'a [Token],
}

impl Names<'_> {
    fn name(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some(Token::Name(name)) => Some(name),
            _ => None,
        }
    }

    fn mark(&self, at: usize) -> &str {
        match self.tokens.get(at) {
            Some(Token::Mark(mark)) => mark,
            _ => "",
        }
    }

    fn is_from(&self, at: usize) -> bool {
        at > 0 && matches!(self.tokens.get(at - 1), Some(Token::Mark("." | "->")))
    }

    /// `a.b.c` and where it ends.
    fn dotted(&self, mut at: usize) -> Option<(String, usize)> {
        let mut name = self.name(at)?.to_owned();
        at += 1;
        while let (".", Some(next)) = (self.mark(at), self.name(at + 1)) {
            name.push('.');
            name.push_str(next);
            at += 2;
        }
        Some((name, at))
    }

    /// `as NAME`, and where it ends.
    fn renamed(&self, at: usize) -> (Option<&str>, usize) {
        match (self.name(at), self.name(at + 1)) {
            (Some("as"), Some(name)) => (Some(name), at + 2),
            _ => (None, at),
        }
    }
}

/// `import a.b as c, d`
fn imports(scan: &Names<'_>, mut at: usize, scope: &mut Scope) -> usize {
    while let Some((module, end)) = scan.dotted(at) {
        let (renamed, end) = scan.renamed(end);
        let top = module.split('.').next().unwrap_or(&module).to_owned();
        scope.imports.push(module.clone());
        match renamed {
            Some(name) => scope.names.insert(name.to_owned(), module),
            None => scope.names.insert(top.clone(), top),
        };
        at = end;
        if scan.mark(at) != "," {
            break;
        }
        at += 1;
    }
    at.max(1)
}

/// `from a.b import c as d, e`
fn from_imports(scan: &Names<'_>, at: usize, scope: &mut Scope) -> usize {
    let Some((module, end)) = scan.dotted(at) else { return at };
    if scan.name(end) != Some("import") {
        return end;
    }
    scope.imports.push(module.clone());
    let mut at = end + 1;
    loop {
        match (scan.name(at), scan.mark(at)) {
            (Some(name), _) => {
                let (renamed, end) = scan.renamed(at + 1);
                scope.names.insert(renamed.unwrap_or(name).to_owned(), format!("{module}.{name}"));
                at = end;
            }
            (None, "," | "(") => at += 1,
            (None, _) => return at,
        }
    }
}

/// `import x, {a as b} from 'm'`, `import * as x from 'm'`, `import 'm'`
fn js_import(scan: &Names<'_>, start: usize, scope: &mut Scope) -> usize {
    let mut names: Vec<(Option<String>, String)> = Vec::new();
    let (mut at, mut braces) = (start, false);
    loop {
        match (scan.tokens.get(at), scan.mark(at)) {
            (Some(Token::Text(parts)), _) => {
                let module = parts.first().and_then(super::quoted::Part::known).unwrap_or_default();
                let module = module.trim_start_matches("node:").replace('/', ".");
                for (own, name) in names {
                    let whole = own.map_or_else(|| module.clone(), |own| format!("{module}.{own}"));
                    scope.names.insert(name, whole);
                }
                scope.imports.push(module);
                return at + 1;
            }
            (Some(Token::Name(name)), _) if name == "from" => at += 1,
            (Some(Token::Name(name)), _) => {
                let (renamed, end) = scan.renamed(at + 1);
                names.push((braces.then(|| name.clone()), renamed.unwrap_or(name).to_owned()));
                at = end;
            }
            (_, "*") => at = if scan.name(at + 1) == Some("as") { at + 2 } else { at + 1 },
            (_, "{") => {
                braces = true;
                at += 1;
            }
            (_, "}" | ",") => {
                braces &= scan.mark(at) != "}";
                at += 1;
            }
            _ => return at.max(start),
        }
    }
}

fn assignments(tokens: &[Token], language: Language, scope: &mut Scope) {
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut names: Vec<(String, String)> = Vec::new();
    let looped;
    {
        let scan = Scan::new(tokens, language, scope);
        for at in 0..tokens.len() {
            if !matches!(scan.mark(at), "=" | "<-" | ":=") || at == 0 || inside_brackets(&scan, at) {
                continue;
            }
            let end = statement_end(&scan, at + 1);
            if scan.mark(at - 1) == "}" && language == Language::JavaScript {
                destructured(&scan, at, end, &mut names);
                continue;
            }
            let Some(name) = scan.name(at - 1) else { continue };
            if at >= 2 && matches!(scan.mark(at - 2), "." | "->" | "::") {
                continue;
            }
            found.push((name.to_owned(), scan.value(at + 1, end, 0)));
        }
        looped = loops::variables(&scan);
    }
    let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for (name, _) in &found {
        *counts.entry(name.clone()).or_default() += 1;
    }
    for (name, value) in found {
        let once = counts.get(&name) == Some(&1) && !is_rebound(tokens, &name);
        scope.values.insert(name, once.then_some(value).filter(|value| *value != Value::Unknown));
    }
    for (name, _) in &looped {
        *counts.entry(name.clone()).or_default() += 1;
    }
    for (name, value) in looped {
        let once = counts.get(&name) == Some(&1);
        scope.values.insert(name, once.then_some(value));
    }
    scope.names.extend(names);
}

/// Whether a variable is changed other than by a plain assignment: `x += …`, `for x in …`.
fn is_rebound(tokens: &[Token], name: &str) -> bool {
    let is = |token: Option<&Token>| matches!(token, Some(Token::Name(own)) if own == name);
    tokens.iter().enumerate().any(|(at, token)| match token {
        Token::Mark("+=" | ".=" | "<<=") => at > 0 && is(tokens.get(at - 1)),
        Token::Name(word) if matches!(word.as_str(), "for" | "foreach") => {
            tokens.iter().skip(at + 1).take(3).any(|next| is(Some(next)))
        }
        _ => false,
    })
}

/// Whether this place is inside parentheses, where `=` names an argument.
fn inside_brackets(scan: &Scan<'_>, at: usize) -> bool {
    // Looked for backwards, up to the end of the statement before.
    let mut depth = 0_i32;
    for before in (0..at).rev() {
        match scan.mark(before) {
            ")" | "]" => depth += 1,
            "(" | "[" if depth == 0 => return true,
            "(" | "[" => depth -= 1,
            ";" | "{" if depth == 0 => return false,
            _ if depth == 0 && scan.tokens.get(before) == Some(&Token::Line) => return false,
            _ => {}
        }
    }
    false
}

fn statement_end(scan: &Scan<'_>, from: usize) -> usize {
    let mut at = from;
    while let Some(token) = scan.tokens.get(at) {
        match token {
            Token::Mark("(" | "[" | "{") => at = scan.close(at),
            Token::Mark(";" | ")" | "]" | "}" | ",") => return at,
            Token::Line
                if !matches!(scan.mark(at.saturating_sub(1)), "=" | "+" | "." | ",")
                    && !matches!(scan.mark(at + 1), "." | "+") =>
            {
                return at;
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// `{a, b: c} = require('m')`
fn destructured(scan: &Scan<'_>, at: usize, end: usize, names: &mut Vec<(String, String)>) {
    let Value::Name(module) = scan.value(at + 1, end, 0) else { return };
    let mut index = at.saturating_sub(1);
    while index > 0 && scan.mark(index - 1) != "{" {
        index -= 1;
        let Some(name) = scan.name(index) else { continue };
        if scan.mark(index + 1) == ":" {
            if let Some(renamed) = scan.name(index + 2) {
                names.push((renamed.to_owned(), format!("{module}.{name}")));
            }
        } else if index.checked_sub(1).is_none_or(|before| scan.mark(before) != ":") {
            names.push((name.to_owned(), format!("{module}.{name}")));
        }
    }
}
