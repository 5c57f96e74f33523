//! What data a command touches: labels from patterns, from catalogs, from attributes of files and from samples of what it
//! would send. Refuses to let a file speak for itself in the wrong direction: what its owner or its content says can only
//! make a label stricter.

mod contents;
mod paths;
mod resources;

use std::collections::BTreeSet;

use super::judge::Circumstances;
use super::layers::Policy;
use super::load::layer::Data;
use super::matrix::Touched;
use super::seen::Whereabouts;
use crate::model::{Answers, Command, DataLabel, DataQuestion, Fact, Finding, Question};
use paths::{attribute, local};
use resources::{MAX_WORDS, overlaps, words_touched};

/// One view of what is known about data.
#[derive(Clone, Copy)]
pub(in crate::policy) struct Labels<'a> {
    pub policy: &'a Policy,
    pub answers: &'a Answers,
    pub circumstances: &'a Circumstances<'a>,
    /// Whether the project layer has a say.
    pub project: bool,
}

impl Policy {
    /// What must be known about data before the findings can be weighed; nothing where nothing was found.
    #[must_use]
    pub fn data_questions(
        &self,
        commands: &[Command],
        findings: &[Finding],
        circumstances: &Circumstances<'_>,
        answers: &Answers,
    ) -> Vec<Question> {
        let labels = Labels { policy: self, answers, circumstances, project: true };
        let mut open = BTreeSet::new();
        for index in weighed(commands, findings) {
            if let Some(command) = commands.get(index) {
                labels.open(command, &mut open);
            }
        }
        open.extend(labels.sent(commands, findings).into_iter().map(|sent| sent.question));
        let open = open.into_iter().map(Question::Data);
        open.filter(|question| !answers.contains_key(question)).collect()
    }
}

/// The commands whose labels weigh: those with a finding, and those whose output they read.
fn weighed(commands: &[Command], findings: &[Finding]) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    for finding in findings {
        let mut at = finding.command;
        while let Some(index) = at.filter(|index| all.insert(*index)) {
            at = commands.get(index).and_then(|command| command.pipe_from);
        }
    }
    all
}

impl<'a> Labels<'a> {
    /// All labels and tags of what a command touches.
    pub fn of(&self, command: &Command, touched: &mut Touched) {
        let at = whereabouts(command, self.circumstances);
        let resources = self.resources(command);
        let bases = self.policy.above.iter().filter(|above| self.project || !above.is_project());
        let bases = bases.map(|above| &above.checked.base).chain(std::iter::once(self.policy.built_in.base()));
        for data in bases.flat_map(|base| &base.data) {
            if resources.iter().any(|resource| resource.may_match(&data.resources, at)) {
                add(touched, data);
            }
        }
        for looked in &resources {
            for (_, question) in self.catalog_questions(looked, at) {
                for labelled in self.labels(&question) {
                    if overlaps(labelled, looked, at) {
                        touched.labels.extend(labelled.label);
                        touched.tags.extend(labelled.tags.iter().cloned());
                    }
                }
            }
            if command.remote.is_none()
                && let Some((path, extent)) = looked.local(at)
            {
                for labelled in self.labels(&attribute(command, path.clone(), extent.clone())) {
                    // Whoever may write a file may write this: it cannot say that the file is for everybody.
                    touched.labels.extend(labelled.label.filter(|label| *label > DataLabel::Public));
                    touched.tags.extend(labelled.tags.iter().cloned());
                }
                if let Some(content) = self.content(&DataQuestion::Contents(path, extent)) {
                    touched.labels.extend(content.touched.labels);
                    touched.tags.extend(content.touched.tags);
                }
            }
        }
    }

    /// Why catalogs that a command's labels depend on cannot be used.
    pub fn unusable(&self, command: &Command) -> BTreeSet<String> {
        let at = whereabouts(command, self.circumstances);
        let mut all = BTreeSet::new();
        for looked in self.resources(command) {
            for (_, question) in self.catalog_questions(&looked, at) {
                if let Some(Fact::Unknown(why)) = self.answers.get(&Question::Data(question)) {
                    all.insert(why.clone());
                }
            }
        }
        all
    }

    fn open(&self, command: &Command, open: &mut BTreeSet<DataQuestion>) {
        let at = whereabouts(command, self.circumstances);
        for (word, recursive) in words_touched(command).take(MAX_WORDS) {
            if command.remote.is_none()
                && let Some((path, extent)) = local(word, recursive, at)
            {
                if self.has_resources() {
                    open.insert(DataQuestion::RealPath(path.clone()));
                }
                open.insert(attribute(command, path, extent));
            }
        }
        for looked in self.resources(command) {
            // Where a path leads decides what is looked up.
            let leads = looked.local(at).map(|(path, _)| DataQuestion::RealPath(path));
            let known = leads.is_none_or(|leads| {
                command.remote.is_some() || !open.contains(&leads) || self.answers.contains_key(&Question::Data(leads))
            });
            if known {
                open.extend(self.catalog_questions(&looked, at).into_iter().map(|(_, question)| question));
            }
        }
    }
}

fn add(touched: &mut Touched, data: &Data) {
    touched.labels.extend(data.label);
    touched.tags.extend(data.tags.iter().cloned());
}

pub(in crate::policy) fn whereabouts<'a>(command: &'a Command, at: &Circumstances<'a>) -> Whereabouts<'a> {
    let home = if command.remote.is_some() { None } else { at.home };
    Whereabouts { directory: command.directory.as_deref(), home, called: Some(at.directory) }
}
