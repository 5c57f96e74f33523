//! What a script's own assignments, functions and aliases make known at a point of it. What may have changed is
//! forgotten: a name that is not here has an unknown value.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use shuck_ast::Stmt;

use super::MAX_ALTERNATIVES;
use super::tree::{Hole, Piece, Stdin, Word};
use super::unit::Unit;

/// One word's text.
pub(super) type Text = Vec<Piece>;

/// The known value of a variable.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Scalar(Text),
    Array(Vec<Text>),
    /// One of a few constant texts, as in a loop over them.
    Choice(Vec<Text>),
    Unset,
}

/// A body some name runs.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) unit: Rc<Unit>,
    pub(super) stmt: Rc<Stmt>,
}

/// The bodies a function name may have.
#[derive(Debug, Clone)]
pub(super) struct Callable {
    pub(super) bodies: Vec<Body>,
    /// Whether it is certainly defined, so that no program of the name is meant.
    pub(super) sure: bool,
}

/// Names for which a copy of the variables costs nothing.
const FREE: usize = 64;

/// Variables by name. Copies of a scope share them until one changes one, and count what that copies.
#[derive(Debug, Clone, Default)]
pub(super) struct Vars {
    shared: Rc<HashMap<String, Value>>,
    copied: Rc<Cell<usize>>,
}

impl Vars {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.shared.get(name)
    }

    pub(super) fn insert(&mut self, name: &str, value: Value) {
        if self.get(name) != Some(&value) {
            self.own().insert(name.to_owned(), value);
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        if self.shared.contains_key(name) {
            self.own().remove(name);
        }
    }

    fn clear(&mut self) {
        self.shared = Rc::default();
    }

    /// How many variables were copied so far, by all that share them.
    pub(super) fn copied(&self) -> usize {
        self.copied.get()
    }

    fn own(&mut self) -> &mut HashMap<String, Value> {
        if Rc::strong_count(&self.shared) > 1 {
            self.copied.set(self.copied.get().saturating_add(self.shared.len().saturating_sub(FREE)));
        }
        Rc::make_mut(&mut self.shared)
    }
}

/// Everything a subshell would copy.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) vars: Vars,
    /// Names whose assignments do something else than store: integers, references, read-only names.
    pub(super) opaque: HashSet<String>,
    pub(super) functions: HashMap<String, Callable>,
    pub(super) aliases: HashMap<String, Vec<String>>,
    /// `$1` and on; `None` when not known.
    pub(super) positional: Option<Rc<Vec<Word>>>,
    pub(super) zero: Option<Text>,
    pub(super) stdin: Stdin,
}

/// What a part of the script may have changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Changed {
    pub(super) names: BTreeSet<String>,
    pub(super) positional: bool,
    pub(super) all: bool,
}

impl Changed {
    pub(super) fn absorb(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.positional |= other.positional;
        self.all |= other.all;
    }

    pub(super) fn within(&self, other: &Self) -> bool {
        (!self.all || other.all)
            && (!self.positional || other.positional)
            && (other.all || self.names.is_subset(&other.names))
    }
}

impl Scope {
    pub(super) fn new(positional: Option<&[Word]>) -> Self {
        let zero = positional.and_then(|words| words.first()).map(|word| word.text.pieces());
        let rest = positional.map(|words| Rc::new(words.iter().skip(1).cloned().collect()));
        let mut vars = Vars::default();
        vars.insert("PWD", Value::Scalar(vec![Piece::Hole(Hole::Start)]));
        Self {
            vars,
            opaque: HashSet::new(),
            functions: HashMap::new(),
            aliases: HashMap::new(),
            positional: rest,
            zero,
            stdin: Stdin::Inherited,
        }
    }

    /// How many names are copied with it; variables are not.
    pub(super) fn names(&self) -> usize {
        self.functions.len() + self.aliases.len() + self.opaque.len()
    }

    pub(super) fn forget(&mut self, changed: &Changed) {
        if changed.all {
            self.vars.clear();
            self.positional = None;
        }
        for name in &changed.names {
            self.vars.remove(name);
        }
        if changed.positional {
            self.positional = None;
        }
    }

    /// After one of several ways: a name that any of them changed has one of the values that it has at their ends.
    pub(super) fn settle(&mut self, changed: &Changed, outcomes: &[Self]) {
        if changed.all {
            self.forget(changed);
            return;
        }
        for name in &changed.names {
            match outcomes
                .iter()
                .map(|outcome| outcome.vars.get(name))
                .collect::<Option<Vec<_>>>()
                .and_then(|values| either(&values))
            {
                Some(value) => {
                    self.vars.insert(name, value);
                }
                None => {
                    self.vars.remove(name);
                }
            }
        }
        if changed.positional {
            self.positional = None;
        }
    }

    /// Functions and aliases a branch that may have run could have left behind.
    pub(super) fn may_keep(&mut self, branch: &Self) {
        self.opaque.extend(branch.opaque.iter().cloned());
        for (name, values) in &branch.aliases {
            let mine = self.aliases.entry(name.clone()).or_default();
            for value in values {
                if !mine.contains(value) {
                    mine.push(value.clone());
                }
            }
        }
        for (name, theirs) in &branch.functions {
            let mine =
                self.functions.entry(name.clone()).or_insert_with(|| Callable { bodies: Vec::new(), sure: false });
            for body in &theirs.bodies {
                if !mine.bodies.iter().any(|known| Rc::ptr_eq(&known.stmt, &body.stmt)) {
                    mine.bodies.push(body.clone());
                }
            }
            mine.sure &= theirs.sure;
        }
        for (name, mine) in &mut self.functions {
            if !branch.functions.contains_key(name) {
                mine.sure = false;
            }
        }
        if self.stdin != branch.stdin {
            self.stdin = Stdin::Inherited;
        }
    }
}

/// The value that one of these is.
fn either(values: &[&Value]) -> Option<Value> {
    let first = *values.first()?;
    if values.iter().all(|value| *value == first) {
        return Some(first.clone());
    }
    let mut texts: Vec<Text> = Vec::new();
    for value in values {
        let more = match value {
            Value::Scalar(text) => std::slice::from_ref(text),
            Value::Choice(more) => more.as_slice(),
            Value::Array(_) | Value::Unset => return None,
        };
        for text in more {
            if !texts.contains(text) {
                texts.push(text.clone());
            }
        }
    }
    (texts.len() <= MAX_ALTERNATIVES).then_some(Value::Choice(texts))
}
