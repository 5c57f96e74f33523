//! The walk over a parsed text: every statement once, in order, with what is known at that point. It runs nothing and
//! gives up loudly: over a cap, or where the parser's reading is in doubt, the script is unresolved.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use shuck_ast::{BinaryCommand, BinaryOp, Command, Span, Stmt, StmtSeq, StmtTerminator};

use super::scope::{Body, Callable, Changed, Scope, Value};
use super::simple::fails;
use super::tree::{Script, Simple, Stdin, Unresolved, UnresolvedKind, Via, Word};
use super::unit::Unit;
use super::{Dialect, Inherited, MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, Unreadable, residual};

/// Statements looked at before giving up; loops and functions are looked at more than once.
const MAX_STEPS: usize = 20_000;

/// Reads `text` as the whole of a script.
pub(super) fn script(
    text: &str,
    dialect: Dialect,
    positional: Option<&[Word]>,
    inherited: Option<&Inherited>,
) -> Result<Script, Unreadable> {
    if text.len() > MAX_TEXT {
        return Err(Unreadable::TooLong { length: text.len() });
    }
    let unit = Rc::new(Unit::parse(text.to_owned(), dialect, None)?);
    let mut walker = Walker {
        dialect,
        script: Script::default(),
        scope: Scope::new(positional),
        changed: Changed::default(),
        loops: HashMap::new(),
        via: Vec::new(),
        calls: Vec::new(),
        traps: Vec::new(),
        assigned: Vec::new(),
        forgotten: 0,
        inherited: inherited.cloned(),
        locals: Vec::new(),
        choices: Vec::new(),
        quiet: false,
        depth: 0,
        steps: 0,
        returns: 0,
        ifs_touched: false,
        hazard: false,
        expanded: 0,
        spent: false,
    };
    walker.unit(&unit);
    walker.run_traps();
    Ok(walker.script)
}

/// A place where one of several values was taken.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) taken: usize,
    pub(super) of: usize,
}

/// Code that a trap holds, and what was known where it was set; `None` where nothing is.
#[derive(Debug, Clone)]
pub(super) struct Trap {
    pub(super) text: String,
    pub(super) origin: Range<usize>,
    pub(super) scope: Option<Box<Scope>>,
    /// How many names had been assigned by then.
    pub(super) assigned: usize,
    pub(super) forgotten: usize,
}

/// A function being walked.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) via: usize,
}

pub(super) struct Walker {
    pub(super) dialect: Dialect,
    pub(super) script: Script,
    pub(super) scope: Scope,
    pub(super) changed: Changed,
    /// What each loop was found to change, by where it stands.
    pub(super) loops: HashMap<(usize, usize), Changed>,
    pub(super) via: Vec<Via>,
    pub(super) calls: Vec<Call>,
    pub(super) traps: Vec<Trap>,
    /// Every name assigned so far, in order.
    pub(super) assigned: Vec<String>,
    /// How often all names may have been assigned.
    pub(super) forgotten: usize,
    /// The environment the script is started in, where it is known.
    pub(super) inherited: Option<Inherited>,
    pub(super) locals: Vec<Vec<String>>,
    pub(super) choices: Vec<Choice>,
    /// Words are expanded again for another alternative: what they contain was walked already.
    pub(super) quiet: bool,
    pub(super) depth: usize,
    pub(super) steps: usize,
    /// How many `return`s were met.
    pub(super) returns: usize,
    /// The field separators may not be the usual ones.
    pub(super) ifs_touched: bool,
    /// Something met since the start of the line may have made the shell give up the rest of it.
    pub(super) hazard: bool,
    /// Bytes expansions have made so far.
    pub(super) expanded: usize,
    pub(super) spent: bool,
}

impl Walker {
    pub(super) fn unresolved(&mut self, kind: UnresolvedKind, span: Range<usize>, why: &'static str) {
        let entry = Unresolved { kind, span, why };
        if !self.script.unresolved.contains(&entry) {
            self.script.unresolved.push(entry);
        }
    }

    pub(super) fn code(&mut self, span: Range<usize>, why: &'static str) {
        self.unresolved(UnresolvedKind::Code, span, why);
    }

    /// Walks a whole text and settles the account of its bytes.
    pub(super) fn unit(&mut self, unit: &Rc<Unit>) {
        if let Some((range, why)) = residual::doubt(&unit.text) {
            let range = unit.origin_of(range);
            self.code(range, why);
        }
        let mut line = 0;
        for stmt in &unit.file.body.stmts {
            // The shell goes on with the next line after an error that made it give up one.
            if self.depth == 0 && stmt.span.start.line() > line {
                self.hazard = false;
            }
            self.stmt(unit, stmt);
            line = stmt.span.end.line();
        }
        if !self.spent
            && let Some(range) = unit.unaccounted()
        {
            self.code(range, "text the parser did not account for");
        }
    }

    /// Reads constant text as code, as `eval` would.
    pub(super) fn text(&mut self, text: String, origin: Range<usize>) {
        if self.depth >= MAX_DEPTH {
            self.unresolved(UnresolvedKind::Cap, origin, "code nested too deeply");
            return;
        }
        if text.len() > MAX_TEXT {
            self.unresolved(UnresolvedKind::Cap, origin, "too much code");
            return;
        }
        // To read a byte as code costs about as much as to copy so many.
        if !self.charge(text.len().saturating_mul(12)) {
            return;
        }
        match Unit::parse(text, self.dialect, Some(origin.clone())) {
            Ok(unit) => {
                self.depth += 1;
                self.unit(&Rc::new(unit));
                self.depth -= 1;
            }
            Err(_) => self.code(origin, "code the parser refuses"),
        }
    }

    pub(super) fn seq(&mut self, unit: &Rc<Unit>, seq: &StmtSeq) {
        for stmt in &seq.stmts {
            self.stmt(unit, stmt);
        }
    }

    pub(super) fn stmt(&mut self, unit: &Rc<Unit>, stmt: &Stmt) {
        self.steps += 1;
        if self.spent || !self.charge(0) {
            return;
        }
        if self.steps > MAX_STEPS || self.script.commands.len() >= MAX_COMMANDS {
            if !self.spent {
                self.spent = true;
                let span = unit.origin(stmt.span);
                self.unresolved(UnresolvedKind::Cap, span, "more commands than are followed");
            }
            return;
        }
        match stmt.terminator {
            Some(StmtTerminator::Background(_)) => {
                let from = self.script.commands.len();
                self.apart(Via::Background, |walker| walker.foreground(unit, stmt));
                for command in self.script.commands.iter_mut().skip(from) {
                    command.background = true;
                }
            }
            Some(StmtTerminator::Semicolon) | None => self.foreground(unit, stmt),
        }
    }

    fn foreground(&mut self, unit: &Rc<Unit>, stmt: &Stmt) {
        match &stmt.command {
            Command::Simple(command) => {
                let mut words = Vec::with_capacity(command.args.len() + 1);
                let bare = command.name.span.start.offset() == command.name.span.end.offset();
                if !bare || command.name.parts.len() > 1 {
                    words.push(&command.name);
                }
                words.extend(&command.args);
                self.simple(unit, &command.assignments, &words, &stmt.redirects, command.span);
            }
            Command::Builtin(command) => self.flow(unit, command, &stmt.redirects),
            Command::Decl(clause) => self.declaration(unit, clause, &stmt.redirects),
            Command::Binary(binary) => self.redirected(unit, stmt, |walker| walker.binary(unit, binary)),
            Command::Compound(compound) => {
                self.redirected(unit, stmt, |walker| walker.compound(unit, compound));
            }
            Command::Function(function) => {
                let names: Vec<String> = function
                    .header
                    .entries
                    .iter()
                    .map(|entry| {
                        unit.see(entry.word.span);
                        self.constant(unit, &entry.word)
                    })
                    .map(Option::unwrap_or_default)
                    .collect();
                unit.see(function.span);
                self.define(unit, &names, &function.body, function.span);
            }
            Command::AnonymousFunction(function) => self.redirected(unit, stmt, |walker| {
                for word in &function.args {
                    walker.visit_word(unit, word);
                }
                walker.forgetting_arguments(|walker| walker.stmt(unit, &function.body));
            }),
        }
    }

    fn define(&mut self, unit: &Rc<Unit>, names: &[String], body: &Stmt, span: Span) {
        let body = Body { unit: Rc::clone(unit), stmt: Rc::new(body.clone()) };
        for name in names {
            if name.is_empty() {
                let span = unit.origin(span);
                self.code(span, "a function whose name is not known");
                continue;
            }
            // The shell calls these by itself.
            let hook = matches!(
                name.as_str(),
                "command_not_found_handle" | "command_not_found_handler" | "precmd" | "preexec" | "chpwd" | "periodic"
            ) || name.starts_with("TRAP");
            let mut callable = Callable { bodies: vec![body.clone()], sure: !self.hazard };
            if self.hazard
                && let Some(before) = self.scope.functions.get(name)
            {
                callable.bodies.extend(before.bodies.iter().cloned());
            }
            self.scope.functions.insert(name.clone(), callable);
            if hook {
                let origin = unit.origin(span);
                self.traps.push(Trap { text: name.clone(), origin, scope: None, assigned: 0, forgotten: 0 });
            }
        }
    }

    /// Flattens `a && b || c` and `a | b | c`, which nest to the left.
    fn binary(&mut self, unit: &Rc<Unit>, binary: &BinaryCommand) {
        let pipe = |op: BinaryOp| matches!(op, BinaryOp::Pipe | BinaryOp::PipeAll);
        let mut steps: Vec<(Option<BinaryOp>, &Stmt)> = Vec::new();
        let mut at = binary;
        loop {
            steps.push((Some(at.op), &at.right));
            match &at.left.command {
                Command::Binary(left) if at.left.redirects.is_empty() && pipe(left.op) == pipe(at.op) => at = left,
                _ => {
                    steps.push((None, &at.left));
                    break;
                }
            }
        }
        steps.reverse();
        if pipe(binary.op) {
            let stages: Vec<&Stmt> = steps.iter().map(|(_, stmt)| *stmt).collect();
            self.pipeline(unit, &stages, binary.span);
        } else {
            self.and_or(unit, &steps);
        }
    }

    fn and_or(&mut self, unit: &Rc<Unit>, steps: &[(Option<BinaryOp>, &Stmt)]) {
        let mut pending = Changed::default();
        // What holds where the list so far has failed; the walker's own state is where it has not.
        let mut failed: Option<Scope> = None;
        for (op, stmt) in steps {
            let before = self.scope.clone();
            match op {
                None => self.stmt(unit, stmt),
                Some(BinaryOp::And | BinaryOp::Pipe | BinaryOp::PipeAll) => {
                    let changed =
                        self.tracked(|walker| walker.under(Via::Conditional, |walker| walker.stmt(unit, stmt)));
                    pending.absorb(&changed);
                    self.scope.may_keep(&before);
                }
                Some(BinaryOp::Or) => {
                    if let Some(failed) = failed.take() {
                        self.scope.vars = failed.vars;
                    }
                    let changed =
                        self.tracked(|walker| walker.under(Via::Conditional, |walker| walker.stmt(unit, stmt)));
                    pending.absorb(&changed);
                    self.scope.may_keep(&before);
                    failed = Some(self.scope.clone());
                    let ends = matches!(&stmt.command, Command::Builtin(_));
                    let after = if ends { before.clone() } else { self.scope.clone() };
                    self.scope.settle(&pending, &[before, after]);
                    continue;
                }
            }
            let after = self.scope.clone();
            failed = Some(match failed {
                Some(mut earlier) => {
                    let outcomes = [earlier.clone(), after];
                    earlier.settle(&pending, &outcomes);
                    earlier
                }
                None => after,
            });
        }
        if let Some(failed) = failed {
            let outcomes = [self.scope.clone(), failed];
            self.scope.settle(&pending, &outcomes);
        }
    }

    fn pipeline(&mut self, unit: &Rc<Unit>, stages: &[&Stmt], span: Span) {
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(stages.len());
        let mut selves = 0;
        for (position, stage) in stages.iter().enumerate() {
            if let Command::Simple(command) = &stage.command {
                let name = unit.slice(command.name.span).trim();
                selves += usize::from(self.calls.iter().any(|call| call.name == name));
            }
            let from = self.script.commands.len();
            // Some shells run the last stage in the shell itself.
            let changed = self.branch(|walker| walker.stmt(unit, stage));
            if position + 1 == stages.len() {
                self.scope.forget(&changed);
            }
            let range = from..self.script.commands.len();
            if position > 0 {
                self.feed(range.clone(), &Stdin::Pipe);
            }
            ranges.push(range);
        }
        if selves > 1 {
            self.fork_bomb(unit.origin(span));
        }
        for (left, right) in ranges.iter().zip(ranges.iter().skip(1)) {
            let (last, first) = (left.end.checked_sub(1).filter(|last| left.contains(last)), right.start);
            for command in self.script.commands.iter_mut().take(left.end).skip(left.start) {
                command.pipe_to = command.pipe_to.or((!right.is_empty()).then_some(first));
            }
            for command in self.script.commands.iter_mut().take(right.end).skip(right.start) {
                if command.stdin == Stdin::Pipe {
                    command.pipe_from = command.pipe_from.or(last);
                }
            }
        }
    }

    pub(super) fn fork_bomb(&mut self, span: Range<usize>) {
        self.script.fork_bomb.get_or_insert(span);
    }

    /// Gives the commands of `range` that would inherit their input this one.
    pub(super) fn feed(&mut self, range: Range<usize>, stdin: &Stdin) {
        for command in self.script.commands.iter_mut().take(range.end).skip(range.start) {
            if command.stdin == Stdin::Inherited {
                command.stdin = stdin.clone();
            }
        }
    }

    /// Walks something with redirections of its own: they stand as a bare redirection, and its input is theirs.
    fn redirected(&mut self, unit: &Rc<Unit>, stmt: &Stmt, walk: impl FnOnce(&mut Self)) {
        if stmt.redirects.is_empty() {
            walk(self);
            return;
        }
        let at = self.script.commands.len();
        self.simple(unit, &[], &[], &stmt.redirects, stmt.span);
        let stdin =
            self.script.commands.get(at..).unwrap_or_default().iter().rev().map(|command| command.stdin.clone());
        let stdin = stdin.into_iter().find(|stdin| *stdin != Stdin::Inherited);
        let from = self.script.commands.len();
        if self.script.commands.iter().skip(at).any(|command| command.redirects.iter().any(fails)) {
            let changed = self.branch(walk);
            self.scope.forget(&changed);
        } else {
            walk(self);
        }
        if let Some(stdin) = stdin {
            self.feed(from..self.script.commands.len(), &stdin);
        }
    }

    pub(super) fn push(&mut self, command: Simple) {
        if self.script.commands.len() < MAX_COMMANDS {
            self.script.commands.push(command);
        } else if !self.spent {
            self.spent = true;
            self.unresolved(UnresolvedKind::Cap, command.span, "more commands than are followed");
        }
    }

    /// Accounts for a part of the text; what is expanded once more was accounted for.
    pub(super) fn see(&self, unit: &Rc<Unit>, span: Span) {
        if !self.quiet {
            unit.see(span);
        }
    }

    pub(super) fn under(&mut self, via: Via, walk: impl FnOnce(&mut Self)) {
        self.via.push(via);
        walk(self);
        self.via.pop();
    }

    /// Walks a copy of the shell, whose changes stay in it.
    pub(super) fn apart(&mut self, via: Via, walk: impl FnOnce(&mut Self)) {
        let scope = self.scope.clone();
        let changed = std::mem::take(&mut self.changed);
        self.under(via, walk);
        self.scope = scope;
        self.changed = changed;
    }

    /// Walks, and says what it changed.
    pub(super) fn tracked(&mut self, walk: impl FnOnce(&mut Self)) -> Changed {
        let before = std::mem::take(&mut self.changed);
        walk(self);
        let changed = std::mem::replace(&mut self.changed, before);
        self.changed.absorb(&changed);
        changed
    }

    /// Walks something that may or may not run: what it assigns is not kept, what it defines may be.
    pub(super) fn branch(&mut self, walk: impl FnOnce(&mut Self)) -> Changed {
        self.outcome(walk).0
    }

    /// The same, with what holds at its end.
    pub(super) fn outcome(&mut self, walk: impl FnOnce(&mut Self)) -> (Changed, Scope) {
        let before = self.scope.clone();
        let changed = self.tracked(walk);
        let after = std::mem::replace(&mut self.scope, before);
        self.scope.may_keep(&after);
        (changed, after)
    }

    pub(super) fn forgetting_arguments(&mut self, walk: impl FnOnce(&mut Self)) {
        let positional = self.scope.positional.take();
        walk(self);
        self.scope.positional = positional;
    }

    pub(super) fn assign(&mut self, name: &str, value: Option<Value>) {
        self.changed.names.insert(name.to_owned());
        self.assigned.push(name.to_owned());
        self.ifs_touched |= name == "IFS";
        let dynamic = matches!(
            name,
            "_" | "RANDOM"
                | "SRANDOM"
                | "SECONDS"
                | "LINENO"
                | "PWD"
                | "OLDPWD"
                | "OPTIND"
                | "OPTARG"
                | "EPOCHSECONDS"
                | "BASHPID"
                | "PIPESTATUS"
                | "FUNCNAME"
                | "BASH_COMMAND"
                | "HISTCMD"
                | "DIRSTACK"
                | "GROUPS"
                | "UID"
        );
        if self.scope.opaque.contains(name) || dynamic {
            self.hazard = true;
        }
        match value {
            Some(value) if !self.hazard => {
                self.scope.vars.insert(name, value);
            }
            _ => {
                self.scope.vars.remove(name);
            }
        }
    }

    pub(super) fn forget_all(&mut self) {
        self.forgotten += 1;
        self.ifs_touched = true;
        let all = Changed { all: true, positional: true, ..Changed::default() };
        self.scope.forget(&all);
        self.changed.absorb(&all);
    }

    /// The directory is another one from here on.
    pub(super) fn moved(&mut self) {
        self.changed.names.insert("PWD".to_owned());
        self.assigned.push("PWD".to_owned());
        self.scope.vars.remove("PWD");
    }

    /// Keeps code that the shell runs by itself later on.
    pub(super) fn keep_trap(&mut self, text: String, origin: Range<usize>) {
        if !self.charge_for(self.scope.names()) {
            return;
        }
        let scope = Some(Box::new(self.scope.clone()));
        self.traps.push(Trap { text, origin, scope, assigned: self.assigned.len(), forgotten: self.forgotten });
    }

    /// Runs what traps hold, with what is certain from where they were set.
    pub(super) fn run_traps(&mut self) {
        let mut done = 0;
        let last = self.scope.clone();
        let end = self.forgotten;
        while let Some(Trap { text, origin, scope, assigned, forgotten }) = self.traps.get(done).cloned() {
            done += 1;
            if done > MAX_COMMANDS {
                self.unresolved(UnresolvedKind::Cap, origin, "more commands than are followed");
                return;
            }
            match scope {
                // It runs at some point after it was set: what nothing assigns from there on is as it was.
                Some(scope) if forgotten == end => {
                    let names =
                        last.functions.len() + last.aliases.len() + self.assigned.len().saturating_sub(assigned);
                    if !self.charge_for(names) {
                        return;
                    }
                    self.scope = *scope;
                    // A function defined by the end is the one that is meant: nothing else has its name before.
                    for (name, callable) in &last.functions {
                        self.scope.functions.entry(name.clone()).or_insert_with(|| callable.clone());
                    }
                    self.scope.may_keep(&last);
                    self.scope.positional = None;
                    for name in self.assigned.get(assigned..).unwrap_or_default().to_vec() {
                        self.scope.vars.remove(&name);
                    }
                }
                Some(_) | None => self.forget_all(),
            }
            self.via = vec![Via::Trap];
            self.text(text, origin);
            self.via.clear();
        }
    }
}
