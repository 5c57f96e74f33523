//! The files of one layer, checked together; refuses names that are given twice and what a less trusted layer may not say.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Origin, PolicyError};
use super::layer::{Catalog, Checked, Data, Environment, Layer, Named, PartClause, Row, Source, Waiver};
use super::rule::Find;
use super::rule_check::{self, Known, SetOf};
use super::texts::{Text, Texts, WordOr};
use super::written::{Switch, WrittenClause, WrittenData, WrittenFile, WrittenRow, WrittenWaiver};
use super::{grammar, pattern};
use crate::encoding::yaml::{self, Placed};
use crate::model::{DataLabel, Detector, Effect};

/// What the layers below say, as far as this one may refer to it.
pub struct Below<'a> {
    /// Tools by name.
    pub find: Find<'a>,
    /// Whether a set of this name exists.
    pub has_set: &'a dyn Fn(&str) -> bool,
    /// Whether a rule of this id exists.
    pub has_rule: &'a dyn Fn(&str) -> bool,
    /// Whether this layer may replace what is below.
    pub replaces: bool,
}

/// Checks the files of one layer together.
pub fn checked(layer: Layer, sources: &[&Source], below: &Below<'_>) -> Result<Checked, PolicyError> {
    let mut files = Vec::new();
    let mut checked = Checked::default();
    for source in sources {
        let origin = Origin { file: &source.file, text: &source.text };
        let file: WrittenFile = yaml::read(&source.file, &source.text)?;
        let mut reader = Reader { layer, origin, below, checked: &mut checked };
        reader.head(&file)?;
        reader.tools(&file)?;
        files.push((origin, file));
    }
    for (origin, file) in &files {
        let mut reader = Reader { layer, origin: *origin, below, checked: &mut checked };
        grammar::list_options(*origin, file, &mut reader.checked.tools)?;
        reader.rest(file)?;
        reader.rules(file)?;
    }
    Ok(checked)
}

struct Reader<'a, 'b> {
    layer: Layer,
    origin: Origin<'a>,
    below: &'a Below<'b>,
    checked: &'a mut Checked,
}

impl Reader<'_, '_> {
    fn head(&mut self, file: &WrittenFile) -> Result<(), PolicyError> {
        if file.gate.value != 1 {
            let message = format!("version {} of the language is not known", file.gate.value);
            return Err(self.origin.hinted(&file.gate, message, "this gate reads `gate: 1`"));
        }
        let name = &file.name.value.0;
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !plain {
            return Err(self
                .origin
                .at(&file.name, format!("`{name}` is not a name: letters, digits, `-`, `_` and `.`")));
        }
        if name == "gate" && self.layer != Layer::BuiltIn {
            return Err(self.origin.at(&file.name, "`gate` is the name of the built-in packs"));
        }
        let refused = |what: &str| {
            let hint = match self.layer {
                Layer::Project => "the project layer only adds; put it into the user's or the system's policy",
                _ => "the system's policy in /etc/gate decides this; the user's can only add to it",
            };
            self.origin.hinted(&file.name, format!("the {} layer may not say `{what}`", self.layer.name()), hint)
        };
        if !self.below.replaces {
            if !file.matrix.is_empty() {
                return Err(refused("matrix"));
            }
            if !file.packs.is_empty() {
                return Err(refused("packs"));
            }
            if self.layer == Layer::Project && !file.waivers.is_empty() {
                return Err(refused("waivers"));
            }
        }
        for (name, texts) in &file.sets {
            let patterns = self.plain_patterns(texts)?;
            if self.checked.sets.insert(name.clone(), patterns).is_some() {
                return Err(self.origin.at(&file.name, format!("the set `{name}` is given twice")));
            }
        }
        Ok(())
    }

    fn plain_patterns(&self, texts: &Texts) -> Result<Vec<String>, PolicyError> {
        let mut patterns = Vec::new();
        for (text, at) in texts.placed() {
            let refused = |error: pattern::InvalidPattern| self.origin.at(at, format!("`{text}`: {error}"));
            for one in pattern::alternatives(text).map_err(refused)? {
                pattern::steps(&one).map_err(refused)?;
                patterns.push(one);
            }
        }
        Ok(patterns)
    }

    fn tools(&mut self, file: &WrittenFile) -> Result<(), PolicyError> {
        for written in &file.tools {
            for tool in grammar::tools(self.origin, written)? {
                for name in &tool.names {
                    if self.checked.tools.iter().any(|other| other.names.contains(name)) {
                        return Err(self.origin.at(written, format!("`{name}` is described twice")));
                    }
                    if !self.below.replaces && (self.below.find)(name).is_some() {
                        let hint = "the project and user layers may describe only programs that no other layer does";
                        let message = format!("`{name}` is described by a more trusted layer");
                        return Err(self.origin.hinted(written, message, hint));
                    }
                }
                self.checked.tools.push(tool);
            }
        }
        Ok(())
    }

    fn rules(&mut self, file: &WrittenFile) -> Result<(), PolicyError> {
        let checked = &*self.checked;
        let find = |name: &str| {
            let own = checked.tools.iter().find(|tool| tool.names.iter().any(|own| own == name));
            own.or_else(|| (self.below.find)(name))
        };
        let set = |name: &str| match checked.sets.get(name) {
            Some(_) if self.layer == Layer::BuiltIn => Some(SetOf::Keep),
            Some(patterns) => Some(SetOf::Patterns(patterns.clone())),
            None => (self.below.has_set)(name).then_some(SetOf::Keep),
        };
        let known = Known { origin: self.origin, pack: &file.name.value.0, find: &find, set: &set };
        let mut ids: BTreeSet<String> = checked.rules.iter().map(|(rule, _)| rule.id.clone()).collect();
        let mut rules = Vec::new();
        for written in &file.rules {
            let (rule, examples) = rule_check::checked(&known, written)?;
            let at = &written.value.id;
            if !ids.insert(rule.id.clone()) {
                return Err(self.origin.at(at, format!("the rule `{}` is given twice", rule.id)));
            }
            if let Some(replaced) = &written.value.replaces {
                if !self.below.replaces {
                    let message = format!("the {} layer may not replace rules", self.layer.name());
                    return Err(self.origin.at(replaced, message));
                }
                if !(self.below.has_rule)(&replaced.value.0) {
                    return Err(self.origin.at(replaced, format!("there is no rule `{}`", replaced.value.0)));
                }
            }
            if self.layer == Layer::Project && written.value.effect == Some(Effect::Allow) {
                let message = format!("`{}` allows, and the project layer may only ask or deny", rule.id);
                return Err(self.origin.at(at, message));
            }
            rules.push((rule, examples));
        }
        self.checked.rules.extend(rules);
        Ok(())
    }

    fn rest(&mut self, file: &WrittenFile) -> Result<(), PolicyError> {
        for data in &file.data {
            self.data(data)?;
        }
        for environment in &file.environments {
            let contexts = self.plain_patterns(&environment.value.contexts)?;
            for (text, at) in environment.value.contexts.placed() {
                if !text.contains(':') {
                    let hint = "write `kube:NAME`, `aws:NAME`, `host:NAME`, `database:HOST` or `git:BRANCH`";
                    return Err(self.origin.hinted(at, format!("`{text}` names no kind of context"), hint));
                }
            }
            let name = environment.value.name.value.0.clone();
            if matches!(name.as_str(), "unknown" | "otherwise") {
                let message = format!("`{name}` is a column of the matrix and no environment");
                return Err(self.origin.at(&environment.value.name, message));
            }
            self.checked.base.environments.push(Environment { name, contexts });
        }
        for (class, row) in &file.matrix {
            let row = self.row(file, row)?;
            if self.checked.base.matrix.insert(*class, row).is_some() {
                return Err(self.origin.at(&file.name, format!("the matrix has two rows for `{}`", class.name())));
            }
        }
        self.asks(file)?;
        for waiver in &file.waivers {
            let waiver = self.waiver(waiver)?;
            self.checked.waivers.push(waiver);
        }
        let off = file.packs.iter().filter(|(_, switch)| **switch == Switch::Off);
        self.checked.packs_off.extend(off.map(|(name, _)| name.clone()));
        Ok(())
    }

    fn data(&mut self, data: &Placed<WrittenData>) -> Result<(), PolicyError> {
        let written = &data.value;
        let says = written.label.is_some() || !written.tags.is_empty();
        if let Some(catalog) = &written.catalog {
            if says || !written.resources.is_empty() || !written.detectors.is_empty() {
                return Err(self.origin.at(catalog, "a catalog says itself what has which label"));
            }
            let name = &catalog.value.0;
            let outside = name.starts_with(['/', '~']) || name.split('/').any(|part| part == "..");
            if self.layer == Layer::Project && outside {
                return Err(self.origin.at(catalog, "the project layer may not name files outside the repository"));
            }
            self.checked.catalogs.push(Catalog { name: name.clone(), file: self.origin.file.to_owned() });
            return Ok(());
        }
        if !says || (written.resources.is_empty() && written.detectors.is_empty()) {
            let message = "data has `resources` or `detectors`, and a `label` or `tags`, or else a `catalog`";
            return Err(self.origin.at(data, message));
        }
        let mut detectors = Vec::new();
        for (name, at) in written.detectors.placed() {
            let Some(detector) = Detector::named(name) else {
                let known = Detector::ALL.map(Detector::name).join(", ");
                return Err(self.origin.hinted(
                    at,
                    format!("`{name}` is not a detector"),
                    &format!("there are {known}"),
                ));
            };
            detectors.push(detector);
        }
        let at_least = match &written.at_least {
            Some(least) if least.value == 0 => {
                return Err(self.origin.at(least, "`at-least: 0` would be true of every file"));
            }
            Some(least) if detectors.is_empty() => {
                return Err(self.origin.at(least, "`at-least` counts what `detectors` find, and there are none"));
            }
            Some(least) => least.value,
            None => 1,
        };
        let resources = self.plain_patterns(&written.resources)?;
        let (label, tags) = (written.label, written.tags.owned());
        self.checked.base.data.push(Data { label, tags, resources, detectors, at_least });
        Ok(())
    }

    fn row(&self, file: &WrittenFile, row: &WrittenRow) -> Result<Row, PolicyError> {
        let error = |message: String| self.origin.at(&file.name, message);
        match &row.0 {
            WordOr::Word(word) => match word.as_str() {
                "allow" => Ok(Row::Whole(Effect::Allow)),
                "ask" => Ok(Row::Whole(Effect::Ask)),
                "deny" => Ok(Row::Whole(Effect::Deny)),
                other => Err(error(format!("`{other}` is not an effect: allow, ask or deny"))),
            },
            WordOr::Map(axes) => {
                let known = ["public", "internal", "confidential", "restricted", "unlabelled", "otherwise"];
                let columns = axes.labels.iter().flat_map(BTreeMap::keys);
                if let Some(wrong) = columns.into_iter().find(|column| !known.contains(&column.as_str())) {
                    return Err(error(format!("`{wrong}` is not a label")));
                }
                if axes.labels.is_none() && axes.tags.is_none() && axes.environments.is_none() {
                    return Err(error("a row of the matrix is empty".to_owned()));
                }
                let (labels, tags) = (axes.labels.clone(), axes.tags.clone());
                Ok(Row::Axes { labels, tags, environments: axes.environments.clone() })
            }
        }
    }

    fn asks(&mut self, file: &WrittenFile) -> Result<(), PolicyError> {
        let ask = &file.ask;
        if let Some(label) = ask.labels.keys().find(|label| label_of(label).is_none() && *label != "unlabelled") {
            return Err(self.origin.at(&file.name, format!("`{label}` is not a label")));
        }
        if let (Some(default), false) = (&ask.default, self.below.replaces || self.layer == Layer::BuiltIn) {
            return Err(self
                .origin
                .at(default, format!("the {} layer may not replace the default", self.layer.name())));
        }
        let named = (ask.default.iter().map(|clause| (Named::Default, clause)))
            .chain(ask.rules.iter().map(|(name, clause)| (Named::Rule(name.clone()), clause)))
            .chain(ask.classes.iter().map(|(class, clause)| (Named::Class(*class), clause)))
            .chain(ask.tags.iter().map(|(name, clause)| (Named::Tag(name.clone()), clause)))
            .chain(ask.labels.iter().map(|(name, clause)| (Named::Label(name.clone()), clause)))
            .chain(ask.environments.iter().map(|(name, clause)| (Named::Environment(name.clone()), clause)));
        for (name, clause) in named {
            if clause.value.count == Some(0) {
                return Err(self.origin.at(clause, "a count of 0 asks nobody"));
            }
            if let Some(within) = clause.value.within.as_ref().filter(|within| !is_span(&within.value.0)) {
                let message = format!("`{}` is not a length of time such as 30s, 15m or 2h", within.value.0);
                return Err(self.origin.at(within, message));
            }
            self.checked.base.asks.push((name, part(&clause.value)));
        }
        Ok(())
    }

    fn waiver(&self, placed: &Placed<WrittenWaiver>) -> Result<Waiver, PolicyError> {
        let written = &placed.value;
        let rule = &written.rule;
        let given = |text: &Option<Placed<Text>>, what: &str| match text {
            Some(text) if !text.value.0.trim().is_empty() => Ok(text.value.0.clone()),
            _ => Err(self.origin.at(rule, format!("a waiver without `{what}`"))),
        };
        let reason = given(&written.reason, "reason")?;
        let until = given(&written.until, "until")?;
        let date = |text: &str| {
            let parts: Vec<&str> = text.split('-').collect();
            let number = |part: Option<&&str>, digits: usize, largest: u32| {
                part.is_some_and(|part| {
                    part.len() == digits && part.parse().is_ok_and(|n: u32| (1..=largest).contains(&n))
                })
            };
            parts.len() == 3
                && number(parts.first(), 4, 9999)
                && number(parts.get(1), 2, 12)
                && number(parts.get(2), 2, 31)
        };
        if !date(&until) {
            let at = written.until.as_ref().map_or_else(|| rule.clone().map(|_| ()), |text| text.clone().map(|_| ()));
            return Err(self.origin.hinted(&at, format!("`{until}` is not a date"), "write it as 2027-03-31"));
        }
        let unwaivable = rule.value.0.starts_with("gate/unresolved");
        if unwaivable || !rule.value.0.contains('/') {
            let message = match unwaivable {
                true => "what gate could not find out is never waived".to_owned(),
                false => format!("`{}` is not a rule: write PACK/ID", rule.value.0),
            };
            return Err(self.origin.at(rule, message));
        }
        Ok(Waiver {
            layer: self.layer,
            rule: rule.value.0.clone(),
            requester: self.plain_patterns(&written.place.requester)?,
            directory: self.plain_patterns(&written.place.directory)?,
            host: self.plain_patterns(&written.place.host)?,
            reason,
            until,
        })
    }
}

fn label_of(name: &str) -> Option<DataLabel> {
    let all = [DataLabel::Public, DataLabel::Internal, DataLabel::Confidential, DataLabel::Restricted];
    all.into_iter().find(|label| label.name() == name)
}

/// Whether a text is a positive length of time: `30s`, `15m`, `1h30m`, `2d`.
fn is_span(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let nonzero = text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    match text.strip_suffix('d') {
        Some(days) => is_number(days) && nonzero,
        None => text.ends_with(['h', 'm', 's']) && text.split_terminator(['h', 'm', 's']).all(is_number) && nonzero,
    }
}

fn part(written: &WrittenClause) -> PartClause {
    PartClause {
        from: (!written.from.is_empty()).then(|| written.from.owned()),
        count: written.count,
        each: written.each,
        grade: written.grade,
        apart: written.apart,
        within: written.within.as_ref().map(|text| text.value.0.clone()),
    }
}
