//! Expressions of code, and what they come to.

use super::language::Language;
use super::lexer::Token;
use super::quoted::Part;
use super::scan::{Scan, Use};
use super::value::{Argument, Value, below};
use crate::model::{Hole, Piece, Word};

/// How deep expressions are looked into.
const MAX_DEPTH: usize = 12;

impl Scan<'_> {
    /// Arguments, split at commas.
    pub(super) fn arguments(&self, from: usize, to: usize, depth: usize) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for (from, to) in self.split(from, to, &[",", ";"]) {
            let (from, to) = self.trimmed(from, to);
            if from >= to {
                continue;
            }
            let key = self.name(from).filter(|_| matches!(self.mark(from + 1), "=" | ":" | "=>"));
            let key = key.or_else(|| match (self.tokens.get(from), self.mark(from + 1)) {
                (Some(Token::Text(parts)), ":" | "=>") => parts.first().and_then(Part::known),
                _ => None,
            });
            let start = if key.is_some() { from + 2 } else { from };
            arguments.push(Argument {
                key: key.map(|key| key.trim_start_matches(':').to_owned()),
                value: self.value(start, to, depth),
            });
        }
        arguments
    }

    /// Parts of a range between these marks, outside brackets.
    fn split(&self, from: usize, to: usize, marks: &[&str]) -> Vec<(usize, usize)> {
        let mut parts = Vec::new();
        let (mut depth, mut start) = (0_usize, from);
        if !self.spend(to.saturating_sub(from)) {
            return vec![(from, to)];
        }
        for at in from..to {
            match self.mark(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                mark if depth == 0 && marks.contains(&mark) => {
                    parts.push((start, at));
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push((start, to));
        parts
    }

    fn trimmed(&self, from: usize, to: usize) -> (usize, usize) {
        let line = |at: usize| self.tokens.get(at) == Some(&Token::Line);
        let mut range = (from, to.min(self.tokens.len()));
        while range.0 < range.1 && line(range.0) {
            range.0 += 1;
        }
        while range.1 > range.0 && line(range.1 - 1) {
            range.1 -= 1;
        }
        range
    }

    /// What the expression in a range comes to.
    pub(super) fn value(&self, from: usize, to: usize, depth: usize) -> Value {
        let (mut from, to) = self.trimmed(from, to);
        while matches!(self.mark(from), "*" | "\\" | "..." | "&" | "@") && from + 1 < to {
            from += 1;
        }
        if matches!(self.name(from), Some("await" | "new" | "b" | "r")) && from + 1 < to {
            from += 1;
        }
        if from >= to || depth > MAX_DEPTH || self.exhausted() {
            return Value::Unknown;
        }
        let joins = self.language.syntax().joins;
        let parts = if joins.is_empty() { vec![(from, to)] } else { self.split(from, to, &[joins]) };
        if parts.len() > 1 {
            let values: Vec<Value> = parts.into_iter().map(|(from, to)| self.value(from, to, depth + 1)).collect();
            if let Some(Value::List(_)) = values.first() {
                let words = values.iter().flat_map(|value| {
                    if let Value::List(inner) = value { inner.clone() } else { vec![Value::Unknown] }
                });
                return Value::List(words.collect());
            }
            return Value::joined(values, "");
        }
        if self.language == Language::Python {
            let parts = self.split(from, to, &["/"]);
            if parts.len() > 1 {
                return Value::joined(parts.into_iter().map(|(from, to)| self.value(from, to, depth + 1)), "/");
            }
        }
        self.term(from, to, depth)
    }

    fn term(&self, from: usize, to: usize, depth: usize) -> Value {
        let texts = (from..to).all(|at| matches!(self.tokens.get(at), Some(Token::Text(_) | Token::Line)));
        if texts {
            let values = self.tokens.get(from..to).unwrap_or_default().iter().filter_map(|token| match token {
                Token::Text(parts) => Some(self.text(parts, depth)),
                _ => None,
            });
            return Value::joined(values, "");
        }
        let closes = |at: usize| self.close(at) + 1 == to;
        match self.tokens.get(from) {
            Some(Token::Words(words)) if from + 1 == to => Value::List(words.iter().map(Value::text).collect()),
            Some(Token::Number(number)) if from + 1 == to => Value::Number(number.clone()),
            Some(Token::Run(parts)) if from + 1 == to && self.language == Language::Julia => self.text(parts, depth),
            Some(Token::Mark("[")) if closes(from) => self.list(from, to, depth),
            Some(Token::Mark("(")) if closes(from) => {
                let values = self.arguments(from + 1, to - 1, depth + 1);
                match values.as_slice() {
                    [one] if self.split(from + 1, to - 1, &[","]).len() == 1 => one.value.clone(),
                    _ => Value::List(values.into_iter().map(|one| one.value).collect()),
                }
            }
            Some(Token::Mark("{")) if closes(from) => {
                let values = self.arguments(from + 1, to - 1, depth + 1);
                if values.iter().all(|one| one.key.is_none()) {
                    return Value::List(values.into_iter().map(|one| one.value).collect());
                }
                Value::Pairs(values)
            }
            Some(Token::Name(_) | Token::Text(_) | Token::Words(_)) => {
                let (uses, end) = self.chain(from, depth + 1);
                let whole = end >= to || self.language.syntax().bare_calls;
                match uses.into_iter().last() {
                    Some(last) if whole => self.given(last),
                    _ => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        }
    }

    fn list(&self, from: usize, to: usize, depth: usize) -> Value {
        let values = self.arguments(from + 1, to - 1, depth + 1);
        if values.iter().any(|one| one.key.is_some()) {
            return Value::Pairs(values);
        }
        Value::List(values.into_iter().map(|one| one.value).collect())
    }

    /// What a use comes to.
    fn given(&self, used: Use) -> Value {
        match used.arguments {
            None => match self.scope.values.get(&used.name) {
                Some(Some(value)) => value.clone(),
                _ if used.name.ends_with(".path") => {
                    let entry = used.name.strip_suffix(".path").and_then(|entry| self.scope.values.get(entry));
                    entry.and_then(Clone::clone).unwrap_or(Value::Name(used.name))
                }
                _ if used.name.starts_with(':') => Value::text(used.name.trim_start_matches(':')),
                _ => Value::Name(used.name),
            },
            Some(arguments) => {
                let last = used.name.rsplit('.').next().unwrap_or_default();
                if self.language == Language::R && matches!(last, "c" | "list") {
                    return Value::List(arguments.into_iter().map(|one| one.value).collect());
                }
                let words = |value: &Value| {
                    let text = value.known()?;
                    Some(Value::List(text.split_whitespace().map(Value::text).collect()))
                };
                match (last, used.on.as_ref(), arguments.as_slice()) {
                    ("split", Some(on @ Value::Text(_)), []) => words(on),
                    ("split", Some(on @ Value::Text(_)), [one]) if one.value.known() == Some(" ") => words(on),
                    ("glob" | "rglob" | "iterdir", Some(on @ Value::Call(..)), found)
                        if used.name.contains("Path()") =>
                    {
                        let pattern = found.first().and_then(|one| one.value.known()).unwrap_or("*");
                        let inside = if last == "rglob" { "**/" } else { "" };
                        let folder = on.word();
                        folder.text().map(|folder| {
                            Value::Text(below(&format!("{}/{inside}{pattern}", folder.trim_end_matches('/'))))
                        })
                    }
                    ("split", _, [one]) if used.name == "shlex.split" => words(&one.value),
                    ("join", Some(Value::Text(between)), [one]) => match (&one.value, between.text()) {
                        (Value::List(values), Some(between)) => Some(Value::joined(values.clone(), between)),
                        _ => None,
                    },
                    ("join", Some(Value::List(values)), [one]) => {
                        one.value.known().map(|between| Value::joined(values.clone(), between))
                    }
                    (
                        "encode" | "decode" | "strip" | "toString" | "to_s" | "freeze" | "trim",
                        Some(on @ Value::Text(_)),
                        _,
                    ) => Some(on.clone()),
                    _ => None,
                }
                .unwrap_or(Value::Call(used.name, arguments))
            }
        }
    }

    pub(super) fn text(&self, parts: &[Part], depth: usize) -> Value {
        let pieces = parts.iter().flat_map(|part| match part {
            Part::Known(text) => vec![Piece::Text(text.into())],
            Part::Code(code) if depth > MAX_DEPTH => vec![Piece::Hole(Hole::Variable(code.clone()))],
            Part::Code(code) => {
                let tokens = super::lexer::tokens(code, self.language).unwrap_or_default();
                let scan = Scan::new(&tokens, self.language, self.scope);
                scan.value(0, tokens.len(), depth + 1).word().pieces().to_vec()
            }
        });
        Value::Text(Word::of(pieces))
    }
}
