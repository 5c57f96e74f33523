//! Simple commands: expansion to words, one command for every alternative, redirections, functions and aliases.

use std::ops::Range;
use std::rc::Rc;

use shuck_ast::{
    ArrayElem, Assignment, AssignmentValue, DeclClause, DeclOperand, Redirect as RedirectNode, Span, Word as Node,
};

use super::residual;
use super::scope::{Callable, Changed, Text, Value};
use super::tree::{Known, Piece, Redirect, RedirectKind, Simple, UnresolvedKind, Via, Word};
use super::unit::Unit;
use super::walk::{Call, Walker};
use super::{MAX_ALTERNATIVES, MAX_DEPTH};

/// Names whose assignment changes what other names run, or is itself run.
const CODE_VARIABLES: &[&str] =
    &["BASH_CMDS", "BASH_ALIASES", "commands", "aliases", "galiases", "saliases", "functions"];
/// Names whose value the shell expands as a prompt or runs.
const PROMPTS: &[&str] = &["PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT_COMMAND", "PROMPT", "RPROMPT"];

/// One way a command may come out.
struct Variant {
    simple: Simple,
    values: Vec<(String, Option<Value>)>,
}

impl Walker {
    pub(super) fn simple(
        &mut self,
        unit: &Rc<Unit>,
        assignments: &[Assignment],
        words: &[&Node],
        redirects: &[RedirectNode],
        span: Span,
    ) {
        if words.first().is_some_and(|first| is_grammar(unit.slice(first.span))) {
            self.code(unit.origin(span), "a reserved word the parser took for a name");
        }
        let rest = words.first().map(|first| {
            let from = first.span.end.offset();
            unit.text.get(from..span.end.offset().max(from)).unwrap_or_default().to_owned()
        });
        self.command(unit, assignments, redirects, span, rest, |walker| walker.fields(unit, words));
    }

    /// A command whose name is not among its words in the tree.
    pub(super) fn named(
        &mut self,
        unit: &Rc<Unit>,
        name: &str,
        assignments: &[Assignment],
        words: &[&Node],
        redirects: &[RedirectNode],
        span: Span,
    ) {
        self.command(unit, assignments, redirects, span, None, |walker| {
            let mut all = vec![Word::constant(name)];
            all.extend(walker.fields(unit, words));
            all
        });
    }

    /// `declare`, `export` and their like, whose operands may be assignments.
    pub(super) fn declaration(&mut self, unit: &Rc<Unit>, clause: &DeclClause, redirects: &[RedirectNode]) {
        unit.see(clause.variant_span);
        let name = clause.variant.as_str();
        let mut declared: Vec<(String, Option<Value>)> = Vec::new();
        self.command(unit, &clause.assignments, redirects, clause.span, None, |walker| {
            declared.clear();
            let mut words = vec![Word { span: unit.place(clause.variant_span), ..Word::constant(name) }];
            for operand in &clause.operands {
                match operand {
                    DeclOperand::Flag(word) | DeclOperand::Dynamic(word) => words.extend(walker.fields(unit, &[word])),
                    DeclOperand::Name(reference) => {
                        walker.see(unit, reference.span);
                        walker.visit_reference(unit, reference);
                        words.push(Word {
                            span: unit.place(reference.span),
                            ..Word::constant(unit.slice(reference.span).trim())
                        });
                    }
                    DeclOperand::Assignment(Assignment {
                        target,
                        value: AssignmentValue::Scalar(node),
                        append: false,
                        span,
                    }) if unit.slice(node.span).contains('{') && target.subscript.is_none() => {
                        // Braces in these operands make more operands.
                        walker.see(unit, *span);
                        let name = target.name.as_str();
                        let fields = walker.fields(unit, &[node]);
                        let single = fields.len() == 1;
                        for field in fields {
                            let mut pieces = vec![Piece::Text(format!("{name}="))];
                            pieces.extend(field.text.pieces());
                            words.push(Word { text: Known::from_pieces(pieces), many: false, span: unit.place(*span) });
                        }
                        if !single {
                            declared.push((name.to_owned(), None));
                        }
                    }
                    DeclOperand::Assignment(assignment) => {
                        let (name, word, value) = walker.assignment(unit, assignment);
                        let mut pieces = vec![Piece::Text(format!("{name}="))];
                        pieces.extend(word.text.pieces());
                        words.push(Word {
                            text: Known::from_pieces(pieces),
                            many: false,
                            span: unit.place(assignment.span),
                        });
                        if matches!(assignment.value, AssignmentValue::Compound(_)) {
                            declared.push((name, value));
                        }
                    }
                }
            }
            words
        });
        for (name, value) in declared {
            self.assign(&name, value);
        }
    }

    /// Expands, emits and carries out one simple command.
    fn command(
        &mut self,
        unit: &Rc<Unit>,
        assignments: &[Assignment],
        redirects: &[RedirectNode],
        span: Span,
        rest: Option<String>,
        mut expand: impl FnMut(&mut Self) -> Vec<Word>,
    ) {
        let mut variants: Vec<Variant> = Vec::new();
        self.alternatives(|walker| {
            let words = expand(walker);
            let mut values = Vec::with_capacity(assignments.len());
            let mut assigned = Vec::with_capacity(assignments.len());
            for assignment in assignments {
                let (name, word, value) = walker.assignment(unit, assignment);
                // A later assignment of the same command sees the earlier one.
                if words.is_empty() && assignments.len() > 1 {
                    walker.assign(&name, value.clone());
                }
                assigned.push((name.clone(), word));
                values.push((name, value));
            }
            let redirects: Vec<Redirect> = redirects.iter().map(|redirect| walker.redirect(unit, redirect)).collect();
            let stdin = walker.stdin(&redirects);
            let simple = Simple {
                words,
                assignments: assigned,
                redirects,
                pipe_from: None,
                pipe_to: None,
                stdin,
                background: false,
                via: walker.via.clone(),
                span: unit.origin(span),
            };
            if !variants.iter().any(|known| known.simple == simple && known.values == values) {
                variants.push(Variant { simple, values });
            }
        });
        if variants.len() > MAX_ALTERNATIVES {
            self.unresolved(UnresolvedKind::Cap, unit.origin(span), "more alternatives than are followed");
        }
        self.store(&variants);
        // Of several variants one runs, and none when a redirection fails.
        let several = variants.len() > 1 || variants.first().is_some_and(|variant| may_fail(&variant.simple));
        let mut changed = Changed::default();
        for variant in variants {
            if several {
                let branch = self.branch(|walker| walker.perform(variant, rest.as_deref()));
                changed.absorb(&branch);
            } else {
                self.perform(variant, rest.as_deref());
            }
        }
        if several {
            self.scope.forget(&changed);
        }
    }

    /// Keeps what bare assignments make known, over all alternatives.
    fn store(&mut self, variants: &[Variant]) {
        let Some(first) = variants.first() else { return };
        if variants.iter().any(|variant| !variant.simple.words.is_empty()) {
            return;
        }
        for (position, (name, value)) in first.values.iter().enumerate() {
            let mut texts: Vec<Text> = Vec::new();
            let mut same = true;
            let mut plain = true;
            for variant in variants {
                let other = variant.values.get(position).map(|(_, value)| value);
                same &= other == Some(value);
                match other {
                    Some(Some(Value::Scalar(text))) => {
                        if !texts.contains(text) {
                            texts.push(text.clone());
                        }
                    }
                    Some(Some(Value::Choice(more))) => texts.extend(more.iter().cloned()),
                    _ => plain = false,
                }
            }
            let value = if !first.simple.redirects.is_empty() {
                // A redirection that fails may keep the assignment from happening.
                None
            } else if same {
                value.clone()
            } else if plain && texts.len() <= MAX_ALTERNATIVES {
                Some(Value::Choice(texts))
            } else {
                None
            };
            self.assign(name, value);
        }
    }

    /// The name assigned, the word it is given, and what is known of it afterwards.
    fn assignment(&mut self, unit: &Rc<Unit>, assignment: &Assignment) -> (String, Word, Option<Value>) {
        self.see(unit, assignment.span);
        let name = assignment.target.name.as_str().to_owned();
        self.visit_reference(unit, &assignment.target);
        let origin = unit.origin(assignment.span);
        let element = assignment.target.subscript.is_some();
        let (word, value) = match &assignment.value {
            AssignmentValue::Scalar(node) => {
                self.doubt_extent(unit, node);
                let word = self.single(unit, node, true);
                let pieces = word.text.pieces();
                let value = match (assignment.append, self.scope.vars.get(&name)) {
                    (false, _) => Some(Value::Scalar(pieces)),
                    (true, Some(Value::Scalar(before))) => Some(Value::Scalar([before.as_slice(), &pieces].concat())),
                    (true, Some(Value::Unset)) => Some(Value::Scalar(pieces)),
                    (true, _) => None,
                };
                (word, value.filter(|_| !element))
            }
            AssignmentValue::Compound(array) => {
                let mut list: Option<Vec<Text>> = match (assignment.append, self.scope.vars.get(&name)) {
                    (false, _) => Some(Vec::new()),
                    (true, Some(Value::Array(before))) => Some(before.clone()),
                    (true, _) => None,
                };
                let mut pieces = Vec::new();
                for element in &array.elements {
                    let fields = match element {
                        ArrayElem::Sequential(value) => {
                            let fields = self.fields(unit, &[&value.word]);
                            if fields.iter().any(|field| field.many) {
                                list = None;
                            }
                            fields
                        }
                        ArrayElem::Keyed { key, value } | ArrayElem::KeyedAppend { key, value } => {
                            self.visit_subscript(unit, key);
                            list = None;
                            self.fields(unit, &[&value.word])
                        }
                    };
                    for field in fields {
                        if !pieces.is_empty() {
                            pieces.push(Piece::Text(" ".to_owned()));
                        }
                        let text = field.text.pieces();
                        pieces.extend(text.iter().cloned());
                        list = list.map(|mut list| {
                            list.push(text);
                            list
                        });
                    }
                }
                let word = Word { text: Known::from_pieces(pieces), many: false, span: unit.place(array.span) };
                (word, list.map(Value::Array))
            }
        };
        let text = word.to_string();
        if CODE_VARIABLES.contains(&name.as_str()) {
            self.code(origin, "an assignment that gives a name another program");
        } else if PROMPTS.contains(&name.as_str())
            && (text.contains("$(") || text.contains('`') || name == "PROMPT_COMMAND")
        {
            self.code(origin, "text the shell runs at each prompt");
        } else if residual::live_subscript(&text) {
            self.code(origin, "a substitution in a subscript");
        }
        (name, word, value)
    }

    /// Emits a command and follows what it does to the shell.
    fn perform(&mut self, variant: Variant, rest: Option<&str>) {
        let Variant { simple, values } = variant;
        let Some(first) = simple.words.first() else {
            if !simple.redirects.is_empty() || !simple.assignments.is_empty() {
                self.push(simple);
            }
            return;
        };
        let Some(name) = first.exact().map(str::to_owned) else {
            let span = first.span.clone().unwrap_or_else(|| simple.span.clone());
            self.push(simple);
            self.unresolved(UnresolvedKind::Program, span, "the program's name is not constant");
            self.forget_all();
            return;
        };
        let before: Vec<(String, Option<Value>)> =
            values.iter().map(|(name, _)| (name.clone(), self.scope.vars.get(name).cloned())).collect();
        for (name, value) in &values {
            match value {
                Some(value) => self.scope.vars.insert(name, value.clone()),
                None => self.scope.vars.remove(name),
            }
        }
        let changed = self.tracked(|walker| walker.dispatch(&name, simple, rest));
        // These builtins keep the assignments before them, in some shells.
        let keeps = is_special(&name);
        for (name, value) in before {
            match value {
                Some(value) if !keeps && !changed.all && !changed.names.contains(&name) => {
                    self.scope.vars.insert(&name, value);
                }
                _ if keeps => self.assign(&name, None),
                _ => {
                    self.scope.vars.remove(&name);
                }
            }
        }
    }

    fn dispatch(&mut self, name: &str, simple: Simple, rest: Option<&str>) {
        if let Some(values) = self.scope.aliases.get(name).cloned()
            && !self.via.contains(&Via::Alias(name.to_owned()))
        {
            let origin = simple.span.clone();
            for value in values {
                let text = format!("{value}{}", rest.unwrap_or_default());
                let changed = self.branch(|walker| {
                    walker.under(Via::Alias(name.to_owned()), |walker| walker.text(text, origin.clone()));
                });
                self.scope.forget(&changed);
            }
        }
        let callable = self.scope.functions.get(name).cloned();
        match callable {
            Some(callable) => {
                let sure = callable.sure && !is_special(name);
                let args: Vec<Word> = simple.words.iter().skip(1).cloned().collect();
                let (stdin, span) = (simple.stdin.clone(), simple.span.clone());
                if !sure {
                    self.push(simple);
                } else if !simple.redirects.is_empty() || !simple.assignments.is_empty() {
                    self.push(Simple { words: Vec::new(), ..simple });
                }
                let from = self.script.commands.len();
                self.call(name, &callable, args, span);
                self.feed(from..self.script.commands.len(), &stdin);
            }
            None => self.builtin(name, simple),
        }
    }

    fn call(&mut self, name: &str, callable: &Callable, args: Vec<Word>, span: Range<usize>) {
        let entered = self.calls.iter().filter(|call| call.name == name).count();
        if let Some(outer) = self.calls.iter().rev().find(|call| call.name == name) {
            let since = self.via.get(outer.via..).unwrap_or_default();
            let guarded = since.iter().any(|via| matches!(via, Via::Loop | Via::Conditional));
            if since.contains(&Via::Background) && !guarded {
                self.fork_bomb(span.clone());
            }
        }
        // From the third time on nothing is known of the state, so a further call shows nothing new.
        if entered > 2 {
            return;
        }
        if self.calls.len() >= MAX_DEPTH {
            self.unresolved(UnresolvedKind::Cap, span, "functions nested too deeply");
            return;
        }
        if entered == 2 {
            self.forget_all();
        }
        let known = entered < 2 && args.iter().all(|arg| !arg.many);
        let positional = self.scope.positional.clone();
        self.scope.positional = known.then(|| Rc::new(args));
        self.calls.push(Call { name: name.to_owned(), via: self.via.len() });
        self.locals.push(Vec::new());
        let returns = self.returns;
        let single = callable.sure && callable.bodies.len() == 1;
        let via = Via::Function(name.to_owned());
        let changed = self.tracked(|walker| {
            for body in &callable.bodies {
                if single {
                    walker.under(via.clone(), |walker| walker.stmt(&body.unit, &body.stmt));
                } else {
                    let changed =
                        walker.branch(|walker| walker.under(via.clone(), |walker| walker.stmt(&body.unit, &body.stmt)));
                    walker.scope.forget(&changed);
                }
            }
        });
        self.calls.pop();
        if self.returns != returns || entered > 0 {
            // What stands after a `return` may not have run.
            self.scope.forget(&changed);
        }
        for name in self.locals.pop().unwrap_or_default() {
            self.assign(&name, None);
        }
        self.scope.positional = positional;
    }
}

/// What a shell reads as grammar where a command begins. `! ! rm` runs `rm`, not a program called `!`.
fn is_grammar(word: &str) -> bool {
    const WORDS: [&str; 20] = [
        "!", "{", "}", "[[", "if", "then", "elif", "else", "fi", "for", "do", "done", "while", "until", "case", "esac",
        "select", "function", "coproc", "((",
    ];
    WORDS.contains(&word)
}

/// Whether a redirection may keep the command from running.
fn may_fail(simple: &Simple) -> bool {
    let exec = simple.words.first().and_then(Word::exact) == Some("exec");
    !exec && simple.redirects.iter().any(fails)
}

/// Whether a redirection may fail.
pub(super) fn fails(redirect: &Redirect) -> bool {
    match redirect.kind {
        RedirectKind::HereDocument | RedirectKind::HereString => false,
        RedirectKind::DuplicateInput | RedirectKind::DuplicateOutput => {
            !matches!(redirect.target.exact(), Some("0" | "1" | "2" | "-"))
        }
        RedirectKind::Read
        | RedirectKind::Write
        | RedirectKind::Append
        | RedirectKind::Clobber
        | RedirectKind::ReadWrite => redirect.target.exact() != Some("/dev/null"),
    }
}

/// Builtins that POSIX finds before functions, and whose assignments stay.
pub(super) fn is_special(name: &str) -> bool {
    matches!(
        name,
        "." | ":"
            | "break"
            | "continue"
            | "eval"
            | "exec"
            | "exit"
            | "export"
            | "readonly"
            | "return"
            | "set"
            | "shift"
            | "source"
            | "times"
            | "trap"
            | "unset"
    )
}
