//! Whether what a rule says holds of a command; what is not known may hold where a rule asks, and never where one is
//! silenced.

use std::collections::{BTreeSet, HashMap};

use super::compared::Compared;
use super::layers::Policy;
use super::load::pattern;
use super::load::rule::{CommandPart, Facts, FlagPattern, Rule, code_slots};
use super::seen::{Seen, Whereabouts, cut, plain, values};
use crate::model::{Command, Piece, Slot, Stdin, Unresolved, Via, Word};

/// A command among the others, and what is known around it.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    pub policy: &'a Policy,
    pub commands: &'a [Command],
    pub unresolved: &'a [Unresolved],
    pub index: usize,
    pub command: &'a Command,
    pub at: Whereabouts<'a>,
    /// Whether the project's tools count.
    pub project: bool,
}

/// Words that are compared without a look for equal ones.
const FEW: usize = 16;

/// How sure one must be that a fact holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// It may hold of some word.
    May,
    /// It may hold of some word that is known in part.
    Known,
    /// It holds of some word.
    Some,
    /// It holds of every word, and there is one.
    Every,
}

impl Proof {
    /// For a word of which only the start is compared: what may be its end counts as if it were there.
    const fn of_start(self) -> Self {
        match self {
            Self::May | Self::Known | Self::Some => Self::May,
            Self::Every => Self::Every,
        }
    }
}

impl Candidate<'_> {
    /// The words that make a rule fire; `None` if it does not.
    pub fn fires(&self, rule: &Rule) -> Option<Vec<usize>> {
        if self.command.help {
            return None;
        }
        let mut words = BTreeSet::new();
        let mut fired = false;
        for facts in &rule.when {
            if self.command.dry_run && facts.dry_run != Some(true) {
                continue;
            }
            let proof = match (facts.certain, facts.known) {
                (true, _) => Proof::Some,
                (false, true) => Proof::Known,
                (false, false) => Proof::May,
            };
            fired |= self.hold(facts, proof, &mut words);
        }
        if !fired || self.silenced(rule) {
            return None;
        }
        Some(words.into_iter().collect())
    }

    /// Whether what a rule says under `unless` holds. A site knows its directories; the built-in packs do not, and take no
    /// command for harmless because of where it is called.
    fn silenced(&self, rule: &Rule) -> bool {
        let called = self.at.called.filter(|_| rule.id.starts_with("gate/"));
        let here = Self { at: Whereabouts { called, ..self.at }, ..*self };
        rule.unless.iter().any(|facts| here.hold(facts, Proof::Every, &mut BTreeSet::new()))
    }

    /// Whether all facts hold; the words that they hold of are added. The cheapest are looked at first.
    fn hold(&self, facts: &Facts, proof: Proof, words: &mut BTreeSet<usize>) -> bool {
        let command = self.command;
        let tool = || command.described && command.name.as_ref().is_some_and(|name| facts.tools.contains(name));
        let same = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        let mut found = BTreeSet::new();
        let holds = (facts.tools.is_empty() || tool())
            && same(facts.privileged, command.privileged)
            && same(facts.dry_run, command.dry_run)
            && same(facts.help, command.help)
            && (facts.stdin.is_empty() || facts.stdin.iter().any(|kind| kind == stdin(self.stdin())))
            && (facts.via.is_empty() || self.via(&facts.via))
            && (facts.remote.is_empty() || self.remote(&facts.remote, proof))
            && (facts.unresolved.is_empty() || self.unresolved(facts))
            && (facts.sql.is_empty() || self.sql(&facts.sql, proof))
            && (facts.flags.is_empty() || self.flags(&facts.flags, proof, &mut found))
            && (facts.commands.is_empty() || self.commands(&facts.commands, proof, &mut found))
            && (facts.env.is_empty() || self.environment(&facts.env, proof))
            && (facts.pipe_from.is_empty() || self.pipeline(&facts.pipe_from, |command| command.pipe_from))
            && (facts.pipe_to.is_empty() || self.pipeline(&facts.pipe_to, |command| command.pipe_to))
            && facts.values.iter().all(|(which, patterns)| {
                let values = values(command, *which);
                self.touched(&values, patterns, proof, &mut found)
            })
            && (facts.code.is_empty() || self.code(&facts.code, proof));
        if holds {
            words.append(&mut found);
        }
        holds
    }

    fn via(&self, patterns: &[String]) -> bool {
        let names = self.command.via.iter().map(ToString::to_string);
        names.into_iter().any(|name| patterns.iter().any(|pattern| pattern::matches(pattern, &name)))
    }

    fn remote(&self, patterns: &[String], proof: Proof) -> bool {
        patterns.iter().any(|pattern| match (pattern.as_str(), &self.command.remote) {
            ("true", remote) => remote.is_some(),
            ("false", remote) => remote.is_none(),
            (pattern, Some(place)) => self.word_matches(place, pattern, proof),
            (_, None) => false,
        })
    }

    fn unresolved(&self, facts: &Facts) -> bool {
        let own = self.unresolved.iter().filter(|one| one.command == Some(self.index));
        own.into_iter().any(|one| facts.unresolved.contains(&one.kind))
    }

    fn sql(&self, verbs: &[String], proof: Proof) -> bool {
        let said = &self.command.sql;
        let named = |verb: &str| verbs.iter().any(|own| own == verb);
        match proof {
            // Statements that are not known may do anything.
            Proof::May | Proof::Known => said.iter().any(|verb| named(verb) || *verb == "unknown"),
            Proof::Some => said.iter().any(|verb| named(verb)),
            Proof::Every => !said.is_empty() && said.iter().all(|verb| named(verb)),
        }
    }

    fn word_matches(&self, word: &Word, pattern: &str, proof: Proof) -> bool {
        let cut = cut(word);
        let (word, proof) = cut.as_ref().map_or((word, proof), |start| (start, proof.of_start()));
        let seen = Seen { word, index: None, recursive: false };
        match proof {
            Proof::May | Proof::Known => seen.may_match(pattern, self.at),
            Proof::Some => seen.itself_matches(pattern, self.at) || seen.begins_as(pattern, self.at),
            Proof::Every => seen.itself_matches(pattern, self.at),
        }
    }

    fn flags(&self, any: &[Vec<FlagPattern>], proof: Proof, words: &mut BTreeSet<usize>) -> bool {
        any.iter().any(|all| {
            let given: Option<Vec<usize>> = all.iter().map(|flag| self.flag(flag, proof)).collect();
            given.is_some_and(|given| {
                words.extend(given);
                true
            })
        })
    }

    fn flag(&self, wanted: &FlagPattern, proof: Proof) -> Option<usize> {
        let given = self.command.flags.iter().find(|flag| {
            same_flag(&flag.name, &wanted.name)
                && match (&wanted.value, &flag.value) {
                    // `--force=false` is not `--force`.
                    (None, Some(value)) => value.text() != Some("false"),
                    (None, None) => true,
                    (Some(pattern), Some(value)) => self.word_matches(value, pattern, proof),
                    (Some(_), None) => false,
                }
        });
        given.map(|flag| flag.word)
    }

    fn commands(&self, any: &[Vec<CommandPart>], proof: Proof, words: &mut BTreeSet<usize>) -> bool {
        let indexes: Vec<usize> = self.command.path.iter().chain(&self.command.operands).copied().collect();
        any.iter().any(|parts| match self.leading(parts, &indexes, proof) {
            Some(count) => {
                words.extend(indexes.iter().take(count));
                true
            }
            None => false,
        })
    }

    /// How many words the parts take up, if they are instances of them.
    fn leading(&self, parts: &[CommandPart], indexes: &[usize], proof: Proof) -> Option<usize> {
        let Some((part, later)) = parts.split_first() else {
            return Some(0);
        };
        match part {
            CommandPart::Any => (0..=indexes.len())
                .find_map(|skipped| self.leading(later, indexes.get(skipped..)?, proof).map(|count| count + skipped)),
            CommandPart::OneOf(patterns) => {
                let (first, rest) = indexes.split_first()?;
                let word = self.command.words.get(*first)?;
                let matches = patterns.iter().any(|pattern| self.word_matches(word, pattern, proof));
                if matches { self.leading(later, rest, proof).map(|count| count + 1) } else { None }
            }
        }
    }

    fn environment(&self, wanted: &[(String, Option<String>)], proof: Proof) -> bool {
        let environment = &self.command.environment;
        wanted.iter().filter(|_| !environment.is_empty()).any(|(pattern, wanted)| {
            let of_name = environment.iter().filter(|(name, _)| pattern::matches(pattern, name));
            of_name
                .into_iter()
                .any(|(_, value)| wanted.as_ref().is_none_or(|wanted| self.word_matches(value, wanted, proof)))
        })
    }

    /// The commands around this one that it runs inside of, the nearest first: they share their input and output with it.
    fn around(&self) -> impl Iterator<Item = &Command> {
        let mut inner = self.command;
        let mut rest = self.commands.get(..self.index).unwrap_or_default();
        std::iter::from_fn(move || {
            let (last, before) = inner.via.split_last()?;
            let outer = |other: &Command| match last {
                Via::Program(name) => other.via == before && other.name.as_ref() == Some(name),
                Via::Shell(_) => false,
            };
            let at = rest.iter().rposition(outer)?;
            inner = rest.get(at)?;
            rest = rest.get(..at)?;
            Some(inner)
        })
    }

    fn stdin(&self) -> &Stdin {
        let own = &self.command.stdin;
        let outer = || self.around().map(|command| &command.stdin).find(|stdin| **stdin != Stdin::Inherited);
        if *own == Stdin::Inherited { outer().unwrap_or(own) } else { own }
    }

    fn pipeline(&self, tools: &[String], next: impl Fn(&Command) -> Option<usize>) -> bool {
        let mut at = std::iter::once(self.command).chain(self.around()).find_map(&next);
        // A pipeline is no longer than all commands together, and has no ring.
        for _ in 0..self.commands.len() {
            let Some(neighbour) = at.and_then(|index| self.commands.get(index)) else {
                return false;
            };
            if neighbour.described && neighbour.name.as_ref().is_some_and(|name| tools.contains(name)) {
                return true;
            }
            at = next(neighbour);
        }
        false
    }

    fn touched(&self, values: &[Seen<'_>], patterns: &[String], proof: Proof, words: &mut BTreeSet<usize>) -> bool {
        let matches = |seen: &Seen<'_>| {
            let cut = cut(seen.word);
            let (word, proof) = cut.as_ref().map_or((seen.word, proof), |start| (start, proof.of_start()));
            let seen = Seen { word, ..*seen };
            let word = Compared::new(seen, self.at);
            self.any_pattern(patterns, |pattern| match proof {
                Proof::May => word.may_match(pattern),
                Proof::Known => word.known_to_match(pattern),
                Proof::Some => word.itself_matches(pattern) || seen.begins_as(pattern, self.at),
                Proof::Every => word.surely_matches(pattern),
            })
        };
        // The same word over and over is looked at once.
        let mut known: HashMap<(&[Piece], bool), bool> = HashMap::new();
        let mut matching = values.iter().filter(|seen| match values.len() {
            0..FEW => matches(seen),
            _ => *known.entry((seen.word.pieces(), seen.recursive)).or_insert_with(|| matches(seen)),
        });
        if proof == Proof::Every {
            return !values.is_empty() && matching.count() == values.len();
        }
        let Some(first) = matching.next() else {
            return false;
        };
        words.extend(first.index);
        words.extend(matching.filter_map(|seen| seen.index));
        true
    }

    fn any_pattern(&self, patterns: &[String], matches: impl Fn(&str) -> bool) -> bool {
        patterns.iter().any(|pattern| match pattern.strip_prefix('@') {
            Some(set) => self.policy.set(set).iter().any(|pattern| matches(pattern)),
            None => matches(pattern),
        })
    }

    fn code(&self, wanted: &[String], proof: Proof) -> bool {
        let Some(tool) = self.command.name.as_ref().and_then(|name| self.policy.tool_with(name, self.project)) else {
            return false;
        };
        let mut texts: Vec<Cow> = Vec::new();
        for slot in code_slots(tool) {
            self.code_at(slot, &mut texts);
        }
        texts.iter().any(|text| match text {
            Cow::Unknown => matches!(proof, Proof::May | Proof::Known),
            Cow::Known(text) => self.any_pattern(wanted, |word| contains_word(text, word)),
        })
    }

    fn code_at(&self, slot: &Slot, texts: &mut Vec<Cow>) {
        let command = self.command;
        let mut add = |word: &Word| {
            texts.push(Cow::Known(word.display().to_string_lossy().into_owned()));
            if !word.is_known() {
                texts.push(Cow::Unknown);
            }
        };
        let operand = |nth: usize| command.operands.get(nth).and_then(|index| command.words.get(*index));
        let given = |names: &[String]| command.flags.iter().any(|flag| names.iter().any(|n| same_flag(n, &flag.name)));
        match slot {
            Slot::Options(names) => {
                let flags = command.flags.iter().filter(|flag| names.iter().any(|name| same_flag(name, &flag.name)));
                flags.filter_map(|flag| flag.value.as_ref()).for_each(&mut add);
            }
            Slot::Setting(name, _) => {
                let flags = command.flags.iter().filter(|flag| same_flag(name, &flag.name));
                flags.filter_map(|flag| flag.value.as_ref()).for_each(&mut add);
            }
            Slot::After(count) | Slot::Dashes(count) => {
                command.operands.iter().skip(*count).filter_map(|i| command.words.get(*i)).for_each(&mut add);
            }
            Slot::ScriptIf(names) if given(names) => operand(0).into_iter().for_each(&mut add),
            Slot::ScriptUnless(names) if !given(names) => operand(0).into_iter().for_each(&mut add),
            Slot::FileOrInput if command.operands.is_empty() => match &command.stdin {
                Stdin::Text(Some(text)) => texts.push(Cow::Known(text.clone())),
                Stdin::Text(None) => texts.push(Cow::Unknown),
                Stdin::Inherited | Stdin::Pipe | Stdin::File(_) | Stdin::Closed => {}
            },
            Slot::ScriptIf(_) | Slot::ScriptUnless(_) | Slot::FileOrInput => {}
        }
    }
}

/// Code, as far as it is known.
enum Cow {
    Known(String),
    Unknown,
}

/// Options are the same with one dash or two: Go's flag package makes no difference, and where a tool does, no two of its
/// options differ in nothing else.
fn same_flag(one: &str, other: &str) -> bool {
    one == other || {
        let long = |name: &str| name.trim_start_matches('-').len() > 1;
        long(one) && long(other) && one.trim_start_matches('-') == other.trim_start_matches('-')
    }
}

/// Whether a text stands in code with no letter, digit or underscore next to it, where it ends in one itself.
fn contains_word(code: &str, wanted: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let open = |text: Option<char>, edge: Option<char>| !edge.is_some_and(letter) || !text.is_some_and(letter);
    let mut rest = code;
    let mut before = None;
    while let Some((head, tail)) = rest.split_once(wanted) {
        let left = head.chars().next_back().or(before);
        if open(left, wanted.chars().next()) && open(tail.chars().next(), wanted.chars().next_back()) {
            return true;
        }
        before = wanted.chars().next_back();
        rest = tail;
    }
    false
}

const fn stdin(stdin: &Stdin) -> &'static str {
    match stdin {
        Stdin::Inherited => "inherited",
        Stdin::Pipe => "pipe",
        Stdin::Text(_) => "text",
        Stdin::File(_) => "file",
        Stdin::Closed => "closed",
    }
}

/// What a context's name is compared as: itself, or anything where it is not known.
pub fn resource_matches(word: &Word, patterns: &[String], at: Whereabouts<'_>, recursive: bool) -> bool {
    let seen = Compared::new(Seen { word, index: None, recursive }, at);
    patterns.iter().any(|pattern| seen.may_match(pattern)) && !plain(word, at).is_empty()
}
