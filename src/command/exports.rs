//! What a script does to the environment of the commands that come after: exports, assignments to what is exported, and
//! variables taken away. A change that may not happen counts beside what was before it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::rc::Rc;

use crate::model::{Hole, Word};

use super::reading::{Exported, Place, Reader};
use super::shell::{Simple, Via};

/// Most changes that are followed.
const MAX_CHANGES: usize = 256;

/// The environment of a script, as far as the script changes it.
pub(super) struct Exports<'a> {
    inherited: &'a [(OsString, OsString)],
    /// What was exported around the script.
    around: Rc<Vec<Exported>>,
    /// The names of that and of what was given, once they are asked for.
    names: OnceCell<BTreeSet<String>>,
    given: Vec<String>,
    /// The shell's own variables.
    own: BTreeMap<String, Word>,
    /// Whether every assignment exports (`set -a`).
    all: bool,
    pub changes: Vec<Exported>,
    /// How many of them the place of the next command has.
    applied: usize,
}

impl<'a> Exports<'a> {
    pub(super) fn new(reader: &Reader<'a>, place: &Place) -> Self {
        let given = place.environment.iter().map(|(name, _)| name.clone()).collect();
        let around = Rc::clone(&place.exported);
        let inherited = if place.cleared || place.remote.is_some() { &[] } else { reader.environment };
        Self {
            inherited,
            around,
            names: OnceCell::new(),
            given,
            own: BTreeMap::new(),
            all: false,
            changes: Vec::new(),
            applied: 0,
        }
    }

    /// The changes since the last command, for the next one.
    pub(super) fn apply(&mut self, place: &mut Place) {
        for change in self.changes.iter().skip(self.applied) {
            place.export(&change.name, change.value.clone(), change.certain);
        }
        self.applied = self.changes.len();
    }

    /// What a sourced script did.
    pub(super) fn sourced(&mut self, changes: &[Exported], certain: bool) {
        for change in changes {
            self.change(&change.name, change.value.clone(), certain && change.certain);
        }
    }

    /// What a command does to the variables of its shell.
    pub(super) fn note(&mut self, simple: &Simple, words: &[Word], assignments: &[(String, Word)]) {
        let certain = is_certain(simple);
        match words.first().map(Word::text) {
            None => {
                for (name, value) in assignments {
                    if self.all || self.is_exported(name) {
                        self.change(name, Some(value.clone()), certain);
                    }
                    self.own.insert(name.clone(), value.clone());
                }
            }
            Some(Some("export")) => self.exports(words, certain),
            Some(Some("declare" | "typeset")) => {
                let flags = words.iter().filter_map(Word::text).filter(|word| word.starts_with('-'));
                let exports = flags.into_iter().any(|flags| flags.contains('x'));
                if exports || self.all {
                    self.exports(words, certain);
                }
            }
            Some(Some("unset")) => {
                for name in words.iter().skip(1).filter_map(Word::text).filter(|word| !word.starts_with('-')) {
                    self.change(name, None, certain);
                    self.own.remove(name);
                }
            }
            Some(Some("set")) => {
                let text = |word: &Word| word.text().map(str::to_owned);
                let options: Vec<String> = words.iter().skip(1).filter_map(text).collect();
                let named = options.windows(2).any(|pair| pair == ["-o", "allexport"]);
                let short = |option: &String| {
                    option.starts_with('-')
                        && !option.starts_with("--")
                        && option.contains('a')
                        && !option.contains('o')
                };
                self.all |= named || options.iter().any(short);
            }
            Some(_) => {}
        }
    }

    fn exports(&mut self, words: &[Word], certain: bool) {
        let removes = words.iter().filter_map(Word::text).any(|word| word == "-n" || word == "+x");
        for word in words.iter().skip(1) {
            let Ok(prefix) = std::str::from_utf8(word.prefix()) else { continue };
            if prefix.starts_with(['-', '+']) {
                continue;
            }
            match prefix.split_once('=') {
                Some((name, _)) => {
                    let value = word.without_prefix(name.len() + 1);
                    self.change(name, value.filter(|_| !removes), certain);
                }
                None if removes => self.change(prefix, None, certain),
                None => {
                    if let Some(value) = self.own.get(prefix).cloned() {
                        self.change(prefix, Some(value), certain);
                    }
                }
            }
        }
    }

    fn is_exported(&self, name: &str) -> bool {
        let last = self.changes.iter().rev().find(|change| change.name == name);
        match last {
            Some(change) => change.value.is_some(),
            None => self.names().contains(name) || self.inherited.iter().any(|(own, _)| own == name),
        }
    }

    fn names(&self) -> &BTreeSet<String> {
        let around = self.around.iter().map(|exported| &exported.name);
        self.names.get_or_init(|| self.given.iter().chain(around).cloned().collect())
    }

    fn change(&mut self, name: &str, value: Option<Word>, certain: bool) {
        if self.changes.len() < MAX_CHANGES {
            self.changes.push(Exported { name: name.to_owned(), value, certain });
        } else if self.changes.len() == MAX_CHANGES {
            // From here on any variable may have any value.
            let value = Some(Word::unknown(Hole::Variable(name.to_owned())));
            self.changes.push(Exported { name: String::new(), value, certain: false });
        }
    }
}

/// Whether a command of a script runs whatever else happens, and in the script's own shell.
pub(super) fn is_certain(simple: &Simple) -> bool {
    let straight = simple.via.iter().all(|via| match via {
        Via::Eval | Via::Alias(_) => true,
        // A body is read whether it is called or not.
        Via::Function(_)
        | Via::Subshell
        | Via::Substitution
        | Via::Process
        | Via::Trap
        | Via::Loop
        | Via::Conditional
        | Via::Background
        | Via::Coprocess => false,
    });
    straight && simple.pipe_from.is_none() && simple.pipe_to.is_none() && !simple.background
}
