//! Branches, loops and groups. Everything in them is taken to run; what they may have changed is forgotten after them.

use std::rc::Rc;

use shuck_ast::{
    ArithmeticForCommand, BuiltinCommand, CaseCommand, CaseTerminator, CompoundCommand, ForCommand, IfCommand,
    Redirect, Span, StmtSeq, Word as Node,
};

use super::MAX_ALTERNATIVES;
use super::scope::{Changed, Value};
use super::tree::{Hole, Piece, Via};
use super::unit::Unit;
use super::walk::Walker;

impl Walker {
    pub(super) fn compound(&mut self, unit: &Rc<Unit>, compound: &CompoundCommand) {
        match compound {
            CompoundCommand::If(command) => self.if_command(unit, command),
            CompoundCommand::For(command) => self.for_command(unit, command),
            CompoundCommand::Foreach(command) => {
                unit.see(command.variable_span);
                self.each(unit, command.variable.as_str(), Some(&command.words), &command.body, command.span);
            }
            CompoundCommand::Select(command) => {
                unit.see(command.variable_span);
                self.each(unit, command.variable.as_str(), Some(&command.words), &command.body, command.span);
                self.assign("REPLY", None);
            }
            CompoundCommand::Repeat(command) => {
                self.visit_word(unit, &command.count);
                self.repeated(command.span, unit, |walker| walker.seq(unit, &command.body));
            }
            CompoundCommand::ArithmeticFor(command) => self.arithmetic_for(unit, command),
            CompoundCommand::While(command) => self.repeated(command.span, unit, |walker| {
                walker.seq(unit, &command.condition);
                walker.seq(unit, &command.body);
            }),
            CompoundCommand::Until(command) => self.repeated(command.span, unit, |walker| {
                walker.seq(unit, &command.condition);
                walker.seq(unit, &command.body);
            }),
            CompoundCommand::Case(command) => self.case_command(unit, command),
            CompoundCommand::Subshell(seq) => self.apart(Via::Subshell, |walker| walker.seq(unit, seq)),
            CompoundCommand::BraceGroup(seq) => self.seq(unit, seq),
            CompoundCommand::Arithmetic(command) => {
                self.arithmetic_text(unit, command.expr_span, command.expr_ast.as_ref(), command.span);
                unit.see(command.span);
            }
            CompoundCommand::Time(command) => {
                if let Some(stmt) = &command.command {
                    self.stmt(unit, stmt);
                }
            }
            CompoundCommand::Conditional(command) => {
                if unit.widened && Self::joins(&command.expression) {
                    let origin = unit.origin(command.span);
                    self.code(origin, "`[[` that some `sh` take for commands");
                }
                self.conditional(unit, &command.expression);
                unit.see(command.span);
            }
            CompoundCommand::Coproc(command) => {
                if let Some(name) = command.name_span {
                    unit.see(name);
                }
                self.assign(command.name.as_str(), None);
                self.apart(Via::Coprocess, |walker| walker.stmt(unit, &command.body));
            }
            CompoundCommand::Always(command) => {
                self.seq(unit, &command.body);
                self.seq(unit, &command.always_body);
            }
        }
    }

    /// `break`, `continue`, `return`, `exit`: nothing runs but what their words contain.
    pub(super) fn flow(&mut self, unit: &Rc<Unit>, command: &BuiltinCommand, redirects: &[Redirect]) {
        let (name, first, rest, assignments, span) = match command {
            BuiltinCommand::Break(node) => ("break", &node.depth, &node.extra_args, &node.assignments, node.span),
            BuiltinCommand::Continue(node) => ("continue", &node.depth, &node.extra_args, &node.assignments, node.span),
            BuiltinCommand::Return(node) => ("return", &node.code, &node.extra_args, &node.assignments, node.span),
            BuiltinCommand::Exit(node) => ("exit", &node.code, &node.extra_args, &node.assignments, node.span),
        };
        // The name is not a word of the tree: it is the first text of the command that nothing else covers.
        let text = unit.slice(span);
        if let Some(at) = text.find(name) {
            let start = span.start.offset() + at;
            unit.see_bytes(start..start + name.len());
        }
        self.returns += usize::from(name == "return");
        let words: Vec<&Node> = first.iter().chain(rest).collect();
        self.named(unit, name, assignments, &words, redirects, span);
    }

    fn if_command(&mut self, unit: &Rc<Unit>, command: &IfCommand) {
        self.seq(unit, &command.condition);
        let mut changed = Changed::default();
        let mut outcomes = Vec::new();
        let mut arms: Vec<(Option<&StmtSeq>, &StmtSeq)> = vec![(None, &command.then_branch)];
        arms.extend(command.elif_branches.iter().map(|(condition, body)| (Some(condition), body)));
        arms.extend(command.else_branch.iter().map(|body| (None, body)));
        for (condition, body) in arms {
            if let Some(condition) = condition {
                let conditional = self.branch(|walker| walker.seq(unit, condition));
                // Later arms are reached only past this condition, which may have assigned.
                self.scope.forget(&conditional);
                changed.absorb(&conditional);
            }
            let (branch, after) =
                self.outcome(|walker| walker.under(Via::Conditional, |walker| walker.seq(unit, body)));
            changed.absorb(&branch);
            outcomes.push(after);
        }
        if command.else_branch.is_none() {
            outcomes.push(self.scope.clone());
        }
        self.scope.settle(&changed, &outcomes);
    }

    fn case_command(&mut self, unit: &Rc<Unit>, command: &CaseCommand) {
        self.visit_word(unit, &command.word);
        let mut changed = Changed::default();
        let mut outcomes = Vec::new();
        let mut certain = false;
        let apart = command.cases.iter().all(|item| item.terminator == CaseTerminator::Break);
        for item in &command.cases {
            certain |= item.patterns.iter().any(|pattern| unit.slice(pattern.span).trim() == "*");
            let (branch, after) = self.outcome(|walker| {
                for pattern in &item.patterns {
                    walker.see(unit, pattern.span);
                    walker.visit_pattern(unit, pattern);
                }
                walker.under(Via::Conditional, |walker| walker.seq(unit, &item.body));
            });
            if !apart {
                // `;&` goes on into the next body.
                self.scope.forget(&branch);
            }
            changed.absorb(&branch);
            outcomes.push(after);
        }
        if !certain {
            outcomes.push(self.scope.clone());
        }
        if apart {
            self.scope.settle(&changed, &outcomes);
        } else {
            self.scope.forget(&changed);
        }
    }

    fn for_command(&mut self, unit: &Rc<Unit>, command: &ForCommand) {
        for target in &command.targets {
            unit.see(target.span);
        }
        match command.targets.as_slice() {
            [target] if target.name.is_some() => {
                let name = target.name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default();
                self.each(unit, &name, command.words.as_deref(), &command.body, command.span);
            }
            targets => {
                let words = command.words.as_deref().unwrap_or_default();
                for word in words {
                    self.visit_word(unit, word);
                }
                self.repeated(command.span, unit, |walker| {
                    for target in targets {
                        match &target.name {
                            Some(name) => walker.assign(name.as_str(), None),
                            None => walker.forget_all(),
                        }
                    }
                    walker.seq(unit, &command.body);
                });
            }
        }
    }

    /// A loop over words: inside it the variable is one of them.
    fn each(&mut self, unit: &Rc<Unit>, name: &str, words: Option<&[Node]>, body: &StmtSeq, span: Span) {
        let fields = match words {
            Some(words) => {
                let words: Vec<&Node> = words.iter().collect();
                let mut all = Vec::new();
                let mut overflow = false;
                self.alternatives(|walker| {
                    let fields = walker.fields(unit, &words);
                    overflow |= all.len() > MAX_ALTERNATIVES;
                    if !overflow {
                        all.extend(fields);
                    }
                });
                (!overflow).then_some(all)
            }
            None => self.scope.positional.as_ref().map(|words| words.as_ref().clone()),
        };
        let value = fields.filter(|fields| fields.len() <= MAX_ALTERNATIVES && !fields.is_empty()).map(|fields| {
            let mut texts = Vec::with_capacity(fields.len());
            for field in fields {
                let mut pieces = field.text.pieces();
                // Each of the words a glob makes fits its pattern; those of another hole need not.
                let split = |piece: &Piece| {
                    matches!(piece, Piece::Hole(hole)
                        if !matches!(hole, Hole::Glob(_) | Hole::Fitting(_) | Hole::Temporary | Hole::Start))
                };
                if field.many && pieces.iter().any(split) {
                    pieces.retain(split);
                    pieces.truncate(1);
                }
                if !texts.contains(&pieces) {
                    texts.push(pieces);
                }
            }
            Value::Choice(texts)
        });
        self.repeated(span, unit, |walker| {
            walker.assign(name, value.clone());
            walker.seq(unit, body);
        });
    }

    fn arithmetic_for(&mut self, unit: &Rc<Unit>, command: &ArithmeticForCommand) {
        let start = command.left_paren_span.start.offset();
        unit.see_bytes(start..command.right_paren_span.end.offset());
        self.arithmetic_text(unit, command.init_span, command.init_ast.as_ref(), command.span);
        self.repeated(command.span, unit, |walker| {
            walker.arithmetic_text(unit, command.condition_span, command.condition_ast.as_ref(), command.span);
            walker.seq(unit, &command.body);
            walker.arithmetic_text(unit, command.step_span, command.step_ast.as_ref(), command.span);
        });
    }

    /// Walks a body that runs any number of times, until it is known what it changes: nothing it changes is known in it.
    fn repeated(&mut self, span: Span, unit: &Rc<Unit>, mut walk: impl FnMut(&mut Self)) {
        let place = (Rc::as_ptr(unit).addr(), span.start.offset());
        let mut assumed = self.loops.get(&place).cloned().unwrap_or_default();
        for round in 0.. {
            let (commands, unresolved, traps) =
                (self.script.commands.len(), self.script.unresolved.len(), self.traps.len());
            let before = self.scope.clone();
            self.scope.forget(&assumed);
            self.via.push(Via::Loop);
            let changed = self.tracked(&mut walk);
            self.via.pop();
            let after = std::mem::replace(&mut self.scope, before);
            if changed.within(&assumed) || self.spent {
                self.scope.may_keep(&after);
                break;
            }
            assumed.absorb(&changed);
            if round > 4 {
                assumed.all = true;
                assumed.positional = true;
            }
            self.script.commands.truncate(commands);
            self.script.unresolved.truncate(unresolved);
            self.traps.truncate(traps);
            // A function the body defines may be called before its definition in the next round.
            self.scope.may_keep(&after);
        }
        self.scope.forget(&assumed);
        self.changed.absorb(&assumed);
        self.loops.insert(place, assumed);
    }
}
