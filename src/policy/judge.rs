//! The judgement: every rule on every command, the matrix on every finding, and what follows from all of them; refuses to
//! let anything weigh less because of where it stands or what a less trusted layer says.

use std::collections::BTreeSet;
use std::path::Path;

use super::facts::Candidate;
use super::labels::{Labels, whereabouts};
use super::layers::Policy;
use super::load::layer::Layer;
use super::load::rule::Rule;
use super::matrix::{self, Touched};
use super::requirement::Collected;
use crate::model::{
    ActionClass, Answers, Command, DataLabel, Decision, Effect, Finding, Timestamp, Unresolved, UnresolvedKind, Via,
};

/// Who asks, where and when.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// All names that the requester goes by.
    pub requester: &'a [String],
    /// Where gate was called.
    pub directory: &'a Path,
    /// The requester's home directory.
    pub home: Option<&'a Path>,
    /// The time.
    pub today: Timestamp,
    /// This host's name.
    pub host: &'a str,
}

/// What the policy says about an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Judgement {
    /// Every rule that fired, waived or not.
    pub findings: Vec<Finding>,
    /// What is to be done.
    pub decision: Decision,
    /// The strictest label of what is touched.
    pub label: Option<DataLabel>,
    /// All labels of what is touched.
    pub labels: BTreeSet<DataLabel>,
    /// All tags of what is touched.
    pub tags: BTreeSet<String>,
    /// Where it lands.
    pub environments: BTreeSet<String>,
    /// The kinds of act.
    pub classes: BTreeSet<ActionClass>,
    /// What a person should be told: waivers that ran out.
    pub notices: Vec<String>,
}

/// What one view of the policy, with or without the project layer, comes to.
#[derive(Default)]
struct View {
    findings: Vec<Finding>,
    collected: Collected,
}

/// A view in the making, and what its findings are weighed by.
struct Weighing<'a> {
    labels: Labels<'a>,
    touched: &'a [Touched],
    notices: &'a mut Vec<String>,
    view: View,
}

/// What a rule contributes to a finding.
struct Verdict<'a> {
    id: &'a str,
    layer: Layer,
    class: ActionClass,
    least: Effect,
    why: &'a str,
    instead: Option<&'a str>,
}

impl Policy {
    /// Judges all commands of an invocation together, with nothing known about the data they touch but their names.
    pub fn judge(
        &self,
        commands: &[Command],
        unresolved: &[Unresolved],
        circumstances: &Circumstances<'_>,
    ) -> Judgement {
        self.judge_data(commands, unresolved, circumstances, &Answers::new())
    }

    /// Judges all commands of an invocation together, with what was answered about the data they touch.
    pub fn judge_data(
        &self,
        commands: &[Command],
        unresolved: &[Unresolved],
        circumstances: &Circumstances<'_>,
        answers: &Answers,
    ) -> Judgement {
        let mut notices = Vec::new();
        let labels = Labels { policy: self, answers, circumstances, project: false };
        let mut touched = self.all_touched(commands, labels);
        let mut view = self.view(commands, unresolved, labels, &touched, &mut notices);
        if self.above.iter().any(super::above::Above::is_project) {
            let labels = Labels { project: true, ..labels };
            touched = self.all_touched(commands, labels);
            let with = self.view(commands, unresolved, labels, &touched, &mut notices);
            view.join(with);
        }
        let counting = || view.findings.iter().filter(|finding| finding.waived.is_none());
        let decision = match counting().map(|finding| finding.effect).max() {
            None | Some(Effect::Allow) => Decision::Allow,
            Some(Effect::Ask) => Decision::Ask(view.collected.requirement()),
            Some(Effect::Deny) => {
                let denied = counting().filter(|finding| finding.effect == Effect::Deny);
                Decision::Deny(denied.map(|finding| format!("{}: {}", finding.rule, finding.why)).collect())
            }
        };
        let classes = view.findings.iter().map(|finding| finding.class).collect();
        let mut all = Touched::default();
        for one in touched {
            all.labels.extend(one.labels);
            all.tags.extend(one.tags);
            all.environments.extend(one.environments);
        }
        let label = all.labels.last().copied();
        let Touched { labels, tags, environments } = all;
        Judgement { findings: view.findings, decision, label, labels, tags, environments, classes, notices }
    }

    fn view(
        &self,
        commands: &[Command],
        unresolved: &[Unresolved],
        labels: Labels<'_>,
        touched: &[Touched],
        notices: &mut Vec<String>,
    ) -> View {
        let Labels { circumstances: at, project, .. } = labels;
        let mut weighing = Weighing { labels, touched, notices, view: View::default() };
        let mut add = |verdict: &Verdict<'_>, command, words| weighing.add(verdict, command, words);
        for (index, command) in commands.iter().enumerate() {
            let candidate =
                Candidate { policy: self, commands, unresolved, index, command, at: whereabouts(command, at), project };
            for (layer, rule) in self.rules_for(command, project) {
                if let Some(words) = candidate.fires(rule) {
                    add(&Verdict::of(layer, rule), Some(index), words);
                }
            }
            if !self.is_described(command, project)
                && let Some(name) = &command.name
            {
                let why = format!("gate has no grammar for `{name}` and judges it by its name alone");
                add(
                    &Verdict::built_in("gate/unknown-program", ActionClass::Execute, Effect::Allow, &why),
                    Some(index),
                    Vec::new(),
                );
            }
            if is_fork_bomb(command) {
                let why = "a function that only starts itself again brings the machine down";
                add(
                    &Verdict::built_in("gate/fork-bomb", ActionClass::Destroy, Effect::Deny, why),
                    Some(index),
                    Vec::new(),
                );
            }
        }
        for one in unresolved {
            let id = unresolved_rule(one.kind);
            add(&Verdict::built_in(id, ActionClass::Execute, Effect::Ask, &one.why), one.command, Vec::new());
        }
        for (index, command) in commands.iter().enumerate() {
            for why in labels.unusable(command) {
                let verdict = Verdict::built_in("gate/unresolved.label", ActionClass::Execute, Effect::Ask, &why);
                add(&verdict, Some(index), Vec::new());
            }
        }
        for sent in labels.sent(commands, &weighing.view.findings) {
            let Some(content) = labels.content_of(&sent) else { continue };
            let verdict = Verdict::built_in("gate/sensitive-content", ActionClass::Export, Effect::Allow, &content.why);
            weighing.add(&verdict, Some(sent.command), sent.word.into_iter().collect());
        }
        weighing.view
    }

    fn cell(&self, class: ActionClass, touched: &Touched) -> Effect {
        let above = self.above.iter().map(|above| &above.checked.base.matrix);
        let rows = above.chain(std::iter::once(&self.built_in.base().matrix));
        matrix::cell(matrix::row(rows, class), touched)
    }

    /// The rules that could fire on a command: its tool's, and those that look at any.
    fn rules_for(&self, command: &Command, project: bool) -> Vec<(Layer, &Rule)> {
        let name = match (&command.name, command.described) {
            (Some(name), true) => Some(name.as_str()),
            _ => None,
        };
        let own = name.map(|name| self.built_in.rules_of(name)).unwrap_or_default();
        let mut rules: Vec<(Layer, &Rule)> =
            own.iter().chain(self.built_in.anywhere()).map(|rule| (Layer::BuiltIn, rule)).collect();
        for above in self.above.iter().filter(|above| project || !above.is_project()) {
            let own = name.map(|name| above.rules_of(name)).unwrap_or_default();
            rules.extend(own.iter().chain(above.anywhere()).map(|rule| (above.layer, rule)));
        }
        rules.retain(|(layer, rule)| self.counts(*layer, rule));
        rules
    }

    fn is_described(&self, command: &Command, project: bool) -> bool {
        match &command.name {
            _ if !command.described => false,
            None => true,
            // What only the project describes is unknown without it.
            Some(name) => project || self.tool_with(name, false).is_some() || self.tool_with(name, true).is_none(),
        }
    }

    /// What each command touches, labels flowing down its pipeline.
    fn all_touched(&self, commands: &[Command], labels: Labels<'_>) -> Vec<Touched> {
        let own: Vec<Touched> = commands.iter().map(|command| self.touched(command, labels)).collect();
        let mut all = own.clone();
        for (index, command) in commands.iter().enumerate() {
            let mut upstream = command.pipe_from;
            for _ in 0..commands.len() {
                let Some(from) = upstream else { break };
                if let (Some(touched), Some(source)) = (all.get_mut(index), own.get(from)) {
                    touched.labels.extend(source.labels.iter().copied());
                    touched.tags.extend(source.tags.iter().cloned());
                }
                upstream = commands.get(from).and_then(|command| command.pipe_from);
            }
        }
        all
    }

    fn touched(&self, command: &Command, labels: Labels<'_>) -> Touched {
        let mut touched = Touched::default();
        labels.of(command, &mut touched);
        touched.environments = self.environments(command, labels.circumstances.host, labels.project);
        touched
    }
}

impl<'a> Verdict<'a> {
    fn of(layer: Layer, rule: &'a Rule) -> Self {
        let instead = rule.instead.as_deref();
        Self { id: &rule.id, layer, class: rule.class, least: rule.least, why: &rule.why, instead }
    }

    const fn built_in(id: &'a str, class: ActionClass, least: Effect, why: &'a str) -> Self {
        Self { id, layer: Layer::BuiltIn, class, least, why, instead: None }
    }
}

impl Weighing<'_> {
    fn add(&mut self, verdict: &Verdict<'_>, command: Option<usize>, words: Vec<usize>) {
        let Labels { policy, circumstances, project, .. } = self.labels;
        let nothing = Touched::default();
        let touched = command.and_then(|index| self.touched.get(index)).unwrap_or(&nothing);
        let mut finding = Finding {
            rule: verdict.id.to_owned(),
            class: verdict.class,
            effect: verdict.least.max(policy.cell(verdict.class, touched)),
            why: verdict.why.to_owned(),
            instead: verdict.instead.map(str::to_owned),
            command,
            words,
            labels: touched.labels.clone(),
            tags: touched.tags.clone(),
            environments: touched.environments.clone(),
            waived: None,
        };
        finding.waived = policy.waived(&finding, verdict.layer, circumstances, self.notices);
        if finding.effect == Effect::Ask && finding.waived.is_none() {
            self.view.collected.add(policy, project, &finding.rule, finding.class, touched);
        }
        if !self.view.findings.contains(&finding) {
            self.view.findings.push(finding);
        }
    }
}

impl View {
    /// Keeps the stricter of two findings of one rule on one command, and every clause of both.
    fn join(&mut self, other: Self) {
        for finding in other.findings {
            let same = |own: &&mut Finding| {
                own.rule == finding.rule && own.command == finding.command && own.why == finding.why
            };
            match self.findings.iter_mut().find(same) {
                Some(own) if own.effect >= finding.effect => {}
                Some(own) => *own = finding,
                None => self.findings.push(finding),
            }
        }
        self.collected.join(other.collected);
    }
}

/// `f() { f | f & }; f`: inside a function a call of itself that runs beside another or in the background.
fn is_fork_bomb(command: &Command) -> bool {
    let Some(name) = &command.name else {
        return false;
    };
    let inside = |via: &Via| matches!(via, Via::Shell(step) if step.strip_prefix("function ") == Some(name));
    let beside = command.pipe_from.is_some()
        || command.pipe_to.is_some()
        || command.via.contains(&Via::Shell("background".to_owned()));
    command.via.iter().any(inside) && beside
}

const fn unresolved_rule(kind: UnresolvedKind) -> &'static str {
    match kind {
        UnresolvedKind::Program => "gate/unresolved.program",
        UnresolvedKind::Arguments => "gate/unresolved.arguments",
        UnresolvedKind::Code => "gate/unresolved.code",
        UnresolvedKind::Script => "gate/unresolved.script",
        UnresolvedKind::Option => "gate/unresolved.option",
    }
}
