//! Who must answer: every clause that names a finding's rule, class, tags, labels or environments; nothing is merged.

use super::layers::Policy;
use super::load::layer::{Named, PartClause};
use super::matrix::Touched;
use crate::model::{ActionClass, Apart, Clause, Grade, Requirement, Span};

/// How long a request lives where nobody says so.
const WITHIN: Span = Span::from_secs(15 * 60);

/// The clauses collected so far, and how long the request may live.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    clauses: Vec<Clause>,
    within: Option<Span>,
}

impl Collected {
    /// Adds what one finding asks for.
    pub fn add(&mut self, policy: &Policy, project: bool, rule: &str, class: ActionClass, touched: &Touched) {
        let default = policy.default_clause();
        let mut named = false;
        for (name, part) in policy.asks(project) {
            let applies = match name {
                Named::Default => false,
                Named::Rule(own) => own == rule,
                Named::Class(own) => *own == class,
                Named::Tag(tag) => touched.tags.contains(tag),
                Named::Label(label) => touched.label_columns().contains(&label.as_str()),
                Named::Environment(name) => touched.environment_columns().contains(&name.as_str()),
            };
            if applies {
                named = true;
                self.take(part, &default);
            }
        }
        if !named {
            self.take(&PartClause::default(), &default);
        }
    }

    fn take(&mut self, part: &PartClause, default: &PartClause) {
        let clause = Clause {
            from: part.from.clone().or_else(|| default.from.clone()).unwrap_or_default(),
            count: part.count.or(default.count).unwrap_or(1),
            each: part.each.or(default.each).unwrap_or(false),
            grade: part.grade.or(default.grade).unwrap_or(Grade::Signed),
            apart: part.apart.or(default.apart).unwrap_or(Apart::Key),
        };
        if !self.clauses.contains(&clause) {
            self.clauses.push(clause);
        }
        let within = part.within.as_ref().or(default.within.as_ref());
        // The loader has checked that it is a length of time.
        let within = within.and_then(|within| within.parse().ok()).unwrap_or(WITHIN);
        self.within = Some(self.within.map_or(within, |own| own.min(within)));
    }

    /// Takes over what another collected.
    pub fn join(&mut self, other: Self) {
        for clause in other.clauses {
            if !self.clauses.contains(&clause) {
                self.clauses.push(clause);
            }
        }
        self.within = match (self.within, other.within) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// All of it.
    pub fn requirement(self) -> Requirement {
        Requirement { clauses: self.clauses, within: self.within.unwrap_or(WITHIN) }
    }
}

impl Policy {
    /// What a clause that leaves something out takes it from.
    fn default_clause(&self) -> PartClause {
        let default = |asks: &[(Named, PartClause)]| {
            asks.iter().filter(|(name, _)| *name == Named::Default).map(|(_, part)| part.clone()).next_back()
        };
        let above = self.above.iter().find_map(|above| default(&above.checked.base.asks)).unwrap_or_default();
        let built_in = default(&self.built_in.base().asks).unwrap_or_default();
        PartClause {
            from: above.from.or(built_in.from),
            count: above.count.or(built_in.count),
            each: above.each.or(built_in.each),
            grade: above.grade.or(built_in.grade),
            apart: above.apart.or(built_in.apart),
            within: above.within.or(built_in.within),
        }
    }

    /// The entries that count: a layer that may replace does so by the same name, one that may not adds.
    fn asks(&self, project: bool) -> Vec<(&Named, &PartClause)> {
        let mut entries: Vec<(&Named, &PartClause)> = Vec::new();
        let built_in = self.built_in.base().asks.iter().map(|(name, part)| (name, part));
        entries.extend(built_in);
        for above in self.above.iter().filter(|above| project || !above.is_project()) {
            if above.replaces {
                let named = |name: &Named| above.checked.base.asks.iter().any(|(own, _)| own == name);
                entries.retain(|(name, _)| !named(name));
            }
            entries.extend(above.checked.base.asks.iter().map(|(name, part)| (name, part)));
        }
        entries
    }
}
