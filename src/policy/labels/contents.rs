//! What is sent away, and what a sample of it holds; never a value of it.

use super::super::load::layer::Data;
use super::super::matrix::Touched;
use super::super::seen::{Seen, is_local};
use super::paths::local;
use super::{Labels, add, whereabouts};
use crate::model::{
    ActionClass, Command, DataFact, DataQuestion, Detector, Fact, Finding, Found, Question, Role, Shown, Stdin, Word,
};

/// A local file or folder whose content a command would send, and the word that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Sent {
    /// The command that sends.
    pub command: usize,
    /// The word of that command (index), where it is one of its own.
    pub word: Option<usize>,
    pub(super) question: DataQuestion,
}

/// What the sample of something sent comes to.
pub(in crate::policy) struct Content {
    /// Labels and tags of what was found.
    pub touched: Touched,
    /// Which detector found how many, and in which file; never what.
    pub why: String,
}

impl<'a> Labels<'a> {
    /// What the sample of something sent comes to, if anything in it has a label.
    pub fn content_of(&self, sent: &Sent) -> Option<Content> {
        self.content(&sent.question)
    }

    /// The local files that the commands would send away: what a command that exports or publishes reads, itself or
    /// through its pipeline, and what any command carries from here to somewhere else.
    pub fn sent(&self, commands: &[Command], findings: &[Finding]) -> Vec<Sent> {
        let mut all = Vec::new();
        for (index, command) in commands.iter().enumerate() {
            if command.remote.is_some() || command.dry_run || command.help {
                continue;
            }
            let exports = findings.iter().any(|finding| {
                finding.command == Some(index) && matches!(finding.class, ActionClass::Export | ActionClass::Publish)
            });
            if !exports && !self.carries(command) {
                continue;
            }
            let own = sources(command, exports);
            all.extend(
                own.iter().filter_map(|(word, at, recursive)| self.sends(index, command, word, *at, *recursive)),
            );
            if !exports {
                continue;
            }
            let mut reader = Some(command);
            for _ in 0..commands.len() {
                let Some(now) = reader.filter(|now| now.remote.is_none()) else { break };
                if let Stdin::File(word) = &now.stdin {
                    all.extend(self.sends(index, now, word, None, false));
                }
                reader = now.pipe_from.and_then(|from| commands.get(from));
                if let Some(before) = reader.filter(|before| before.remote.is_none()) {
                    let read = before.touches.iter().filter(|touch| {
                        matches!(touch.role, Role::Source | Role::Input | Role::Target | Role::AtInput)
                    });
                    all.extend(read.filter_map(|touch| self.sends(index, before, &touch.word, None, touch.recursive)));
                }
            }
        }
        all.dedup();
        all
    }

    fn sends(&self, command: usize, owner: &Command, word: &Word, at: Option<usize>, recursive: bool) -> Option<Sent> {
        let (path, extent) = local(word, recursive, whereabouts(owner, self.circumstances))?;
        // The value of an option is the word after it, unless it is joined to it.
        let next = at
            .map(|at| at + 1)
            .filter(|next| owner.words.get(*next).is_some_and(|other| other.pieces() == word.pieces()));
        Some(Sent { command, word: next.or(at), question: DataQuestion::Contents(path, extent) })
    }

    /// Whether a command has a source here and a destination elsewhere.
    fn carries(&self, command: &Command) -> bool {
        let at = whereabouts(command, self.circumstances);
        let near = self.policy.set("local-urls");
        let far = command.touches.iter().any(|touch| match touch.role {
            Role::Destination => !is_local(&touch.word) && touch.word.text() != Some("-"),
            Role::Url => {
                let seen = Seen { word: &touch.word, index: None, recursive: false };
                !near.iter().any(|pattern| seen.surely_matches(pattern, at))
            }
            Role::Source | Role::Target | Role::Input | Role::AtInput | Role::Writes | Role::Sql | Role::Script => {
                false
            }
        });
        far && command.touches.iter().any(|touch| matches!(touch.role, Role::Source | Role::AtInput))
    }

    pub(super) fn content(&self, question: &DataQuestion) -> Option<Content> {
        let found = match self.answers.get(&Question::Data(question.clone())) {
            Some(Fact::Data(DataFact::Contents(found))) => found,
            Some(
                Fact::Data(DataFact::Path(_) | DataFact::Labels(_))
                | Fact::Text(_)
                | Fact::Contexts(_)
                | Fact::Names(_)
                | Fact::Absent
                | Fact::Unknown(_),
            )
            | None => {
                return None;
            }
        };
        let mut touched = Touched::default();
        let mut parts = Vec::new();
        for one in found {
            let mut counts = false;
            for data in self.meanings(one.detector) {
                if one.count >= data.at_least {
                    add(&mut touched, data);
                    counts = true;
                }
            }
            if counts {
                parts.push(said(one));
            }
        }
        let why = format!("what is sent holds {}", parts.join(", "));
        (!parts.is_empty()).then_some(Content { touched, why })
    }

    /// What a detector means: what every layer says, and what the built-in pack says where no layer may and does replace
    /// it.
    fn meanings(&self, detector: Detector) -> Vec<&'a Data> {
        let names = |data: &&Data| data.detectors.contains(&detector);
        let above = self.policy.above.iter().filter(|above| self.project || !above.is_project());
        let mut all: Vec<&Data> = Vec::new();
        let mut replaced = false;
        for above in above {
            let own = above.checked.base.data.iter().filter(names);
            let before = all.len();
            all.extend(own);
            replaced |= above.replaces && all.len() > before;
        }
        if !replaced {
            all.extend(self.policy.built_in.base().data.iter().filter(names));
        }
        all
    }
}

fn said(found: &Found) -> String {
    let file = found.file.file_name().unwrap_or(found.file.as_os_str());
    format!("{} {} ({})", found.count, found.detector.name(), Shown::os(file))
}

/// The words whose content a command sends: its sources, or its operands where its grammar names none.
fn sources(command: &Command, exports: bool) -> Vec<(&Word, Option<usize>, bool)> {
    let own = command.touches.iter().filter(|touch| matches!(touch.role, Role::Source | Role::AtInput));
    let own: Vec<_> = own.map(|touch| (&touch.word, touch.index, touch.recursive)).collect();
    if !own.is_empty() || !exports {
        return own;
    }
    let operands = command.operands.iter().filter_map(|index| Some((command.words.get(*index)?, Some(*index), true)));
    operands.filter(|(word, _, _)| !word.prefix().starts_with(b"-")).collect()
}
