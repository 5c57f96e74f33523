//! All layers of policy together; refuses a layer that says more than it may.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use super::above::Above;
use super::built_in::BuiltIn;
use super::load::error::PolicyError;
use super::load::layer::{Catalog, Layer, Source};
use super::load::reading::{Below, checked};
use super::load::rule::{Examples, Rule};
use super::sources::Sources;
use crate::encoding::json::{Value, json};
use crate::model::{Digest, Tool};

/// Everything that decides.
#[derive(Debug, Default)]
pub struct Policy {
    pub(super) built_in: BuiltIn,
    /// What the other layers say, the most trusted first.
    pub(super) above: Vec<Above>,
    /// Rules that another stands for, and packs that are off.
    pub(super) replaced: BTreeSet<String>,
    pub(super) packs_off: BTreeSet<String>,
    pub(super) sources: Sources,
}

impl Policy {
    /// The policy of a machine without any.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Whether no layer stands above the built-in packs.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.sources.is_empty()
    }

    /// The built-in policy and the layers above it.
    ///
    /// # Errors
    /// The first fault of any file; a policy with a fault is never used in part.
    pub fn load(sources: Vec<Source>) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        let has_system = sources.iter().any(|source| source.layer == Layer::System);
        for layer in [Layer::System, Layer::User, Layer::Project] {
            let own: Vec<&Source> = sources.iter().filter(|source| source.layer == layer).collect();
            if own.is_empty() {
                continue;
            }
            let replaces = match layer {
                Layer::BuiltIn | Layer::System => true,
                Layer::User => !has_system,
                Layer::Project => false,
            };
            // Only a rule that replaces another needs them; all built-in ones are read for it.
            let ids = LazyCell::new(|| policy.rules().map(|(_, rule)| rule.id.clone()).collect::<BTreeSet<_>>());
            let below = Below {
                find: &|name| policy.tool(name),
                has_set: &|name| policy.built_in.set(name).is_some(),
                has_rule: &|id| ids.contains(id),
                replaces,
            };
            let checked = checked(layer, &own, &below)?;
            policy.add(Above::new(layer, replaces, checked));
        }
        policy.sources = Sources::of(sources);
        Ok(policy)
    }

    /// The built-in policy and these sources above it.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn of(sources: Sources) -> Result<Self, PolicyError> {
        Ok(Self::load(sources.files()?.to_vec())?.made_of(sources))
    }

    /// The same, made from these sources.
    pub(super) fn made_of(mut self, sources: Sources) -> Self {
        self.sources = sources;
        self
    }

    /// Puts a layer above those that are there.
    pub(super) fn add(&mut self, above: Above) {
        self.replaced.extend(above.replaced.iter().cloned());
        self.packs_off.extend(above.checked.packs_off.iter().cloned());
        self.above.push(above);
    }

    /// The same, read from its sources again.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn reread(&self) -> Result<Self, PolicyError> {
        Self::load(self.sources.files()?.to_vec())
    }

    /// The grammar of a program, by any of its file names.
    #[must_use]
    pub fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.tool_with(file_name, true)
    }

    /// The same, with or without the project layer.
    pub(super) fn tool_with(&self, file_name: &str, project: bool) -> Option<&Tool> {
        let trusted = self.above.iter().filter(|above| !above.is_project()).find_map(|above| above.tool(file_name));
        let built_in = trusted.or_else(|| self.built_in.tool(file_name));
        if built_in.is_some() || !project {
            return built_in;
        }
        self.above.iter().find_map(|above| above.tool(file_name))
    }

    /// The patterns of a built-in set.
    pub(super) fn set(&self, name: &str) -> &[String] {
        self.built_in.set(name).unwrap_or_default()
    }

    /// Every rule that counts, with its layer.
    pub fn rules(&self) -> impl Iterator<Item = (Layer, &Rule)> {
        let above = self.above.iter().flat_map(|above| above.rules().into_iter().map(|rule| (above.layer, rule)));
        let built_in = self.built_in.rules().into_iter().map(|rule| (Layer::BuiltIn, rule));
        built_in.chain(above).filter(|(layer, rule)| self.counts(*layer, rule))
    }

    /// Whether a rule is neither replaced nor in a pack that is off.
    pub(super) fn counts(&self, layer: Layer, rule: &Rule) -> bool {
        if self.replaced.is_empty() && self.packs_off.is_empty() {
            return true;
        }
        let off = layer == Layer::BuiltIn && self.packs_off.contains(pack_of(rule));
        !off && !self.replaced.contains(&rule.id)
    }

    /// The examples of every rule that counts, by id. A policy that was compiled has none of its own: they held.
    #[must_use]
    pub fn examples(&self) -> BTreeMap<String, Examples> {
        let ids: BTreeSet<&str> = self.rules().map(|(_, rule)| rule.id.as_str()).collect();
        let own = self.above.iter().flat_map(|above| &above.examples);
        let own = own.map(|(id, examples)| (id.clone(), examples.clone()));
        let mut examples: BTreeMap<String, Examples> = BuiltIn::examples().into_iter().chain(own).collect();
        examples.retain(|id, _| ids.contains(id.as_str()));
        examples
    }

    /// Catalogs of labels that the layers name, with their layer.
    pub(super) fn named_catalogs(&self) -> impl Iterator<Item = (Layer, &Catalog)> {
        self.above.iter().flat_map(|above| above.checked.catalogs.iter().map(|catalog| (above.layer, catalog)))
    }

    /// Everything that decides, for the `policy` record: the packs' and every layer's files, whole.
    ///
    /// # Errors
    /// When the files are not what they were when the policy was compiled.
    pub fn text(&self) -> Result<Value, PolicyError> {
        let file = |layer: Layer, file: &str, text: &str| json!({ "layer": layer.name(), "file": file, "text": text });
        let packs = BuiltIn::texts();
        let packs = packs.iter().map(|(name, text)| file(Layer::BuiltIn, name, text));
        let own = self.sources.files()?.iter().map(|source| file(source.layer, &source.file, &source.text));
        let files: Vec<Value> = packs.chain(own).collect();
        Ok(json!({ "gate": env!("CARGO_PKG_VERSION"), "digest": self.digest(), "files": files }))
    }

    /// What identifies everything that decides: gate's version, the built-in packs, and every layer's text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.sources.digest()
    }
}

/// The pack of a built-in rule: its file's name without folder and ending.
pub(super) fn pack_of(rule: &Rule) -> &str {
    let name = rule.file.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".yaml").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Slot;

    fn source(layer: Layer, text: &str) -> Source {
        Source { layer, file: format!("{}.yaml", layer.name()), text: format!("gate: 1\nname: acme\n{text}") }
    }

    fn refused(layer: Layer, text: &str) -> String {
        Policy::load(vec![source(layer, text)]).unwrap_err().to_string()
    }

    #[test]
    fn a_built_in_tool_is_found_by_any_of_its_names() {
        let policy = Policy::built_in();
        assert_eq!(policy.tool("oc").map(|tool| tool.name.as_str()), Some("kubectl"));
        assert_eq!(policy.tool("bash").unwrap().body.runs[0].at, Slot::ScriptIf(vec!["-c".to_owned()]));
        assert!(policy.tool("no-such-program").is_none());
    }

    #[test]
    fn a_fault_is_shown_with_its_place_and_a_hint() {
        let unknown = refused(Layer::System, "rules:\n  - {id: a, wen: {tool: rm}, class: destroy, why: x}\n");
        assert!(unknown.contains("system.yaml:4:13"), "{unknown}");
        assert!(unknown.contains("hint:"), "{unknown}");
        for (text, said) in [
            ("rules: [{id: a, when: {tool: nosuch}, class: read, why: x}]", "no tool describes `nosuch`"),
            ("rules: [{id: a, when: {tool: rm, operands: \"@nosuch\"}, class: read, why: x}]", "no set is called"),
            (
                "rules: [{id: a, when: {tool: env, flags: --nosuch}, class: read, why: x}]",
                "can never fire: no such option",
            ),
            ("rules: [{id: a, when: {tool: rm, input: \"*\"}, class: read, why: x}]", "has the role `input`"),
            ("rules: [{id: a, when: {tool: rm}, unless: {tool: rm}, class: read, why: x}]", "whenever `when` does"),
            ("rules: [{id: a, when: {tool: git, command: --force}, class: read, why: x}]", "is an option"),
            ("rules: [{id: a, when: {tool: git, sql: dorp}, class: read, why: x}]", "did you mean `drop`?"),
            ("rules: [{id: a, when: {help: true}, class: read, why: x}]", "only help"),
            ("rules: [{id: a, when: {tool: rm, path: \"[\"}, class: read, why: x}]", "has no `]`"),
            (
                "rules: [{id: a, when: {tool: rm}, class: read, why: x}, {id: a, when: {tool: rm}, class: read, why: x}]",
                "twice",
            ),
            ("waivers: [{rule: gate/x, until: 2027-01-01}]", "without `reason`"),
            ("waivers: [{rule: gate/x, reason: y}]", "without `until`"),
            ("waivers: [{rule: gate/x, reason: y, until: soon}]", "is not a date"),
            ("waivers: [{rule: gate/unresolved.code, reason: y, until: 2027-01-01}]", "never waived"),
            ("tools: [{program: [x, y]}, {program: y}]", "described twice"),
            ("rules: [{id: a, replaces: gate/nosuch, when: {tool: rm}, class: read, why: x}]", "there is no rule"),
        ] {
            let error = refused(Layer::System, text);
            assert!(error.contains(said), "{text}\n{error}");
        }
    }

    #[test]
    fn the_project_layer_only_adds() {
        for text in [
            "matrix: {destroy: allow}",
            "packs: {aws: off}",
            "waivers: [{rule: gate/x, reason: y, until: 2027-01-01}]",
            "tools: [{program: rm}]",
            "rules: [{id: a, when: {tool: rm}, class: destroy, effect: allow, why: x}]",
            "rules: [{id: a, replaces: gate/x, when: {tool: rm}, class: destroy, why: x}]",
            "ask: {default: {from: [me]}}",
            "data: [{catalog: ../../x.jsonl}]",
            "principals: {}",
        ] {
            let error = refused(Layer::Project, text);
            assert!(error.contains("project.yaml:"), "{text}\n{error}");
        }
        let added =
            "tools: [{program: deploy}]\nrules: [{id: a, when: {tool: deploy}, class: infra, effect: ask, why: x}]";
        let policy = Policy::load(vec![source(Layer::Project, added)]).unwrap();
        assert!(policy.tool("deploy").is_some());
        assert!(policy.tool_with("deploy", false).is_none());
    }

    #[test]
    fn the_user_layer_replaces_only_where_the_system_has_no_policy() {
        let matrix = "matrix: {destroy: allow}";
        assert!(Policy::load(vec![source(Layer::User, matrix)]).is_ok());
        let both = vec![source(Layer::System, ""), source(Layer::User, matrix)];
        assert!(Policy::load(both).unwrap_err().to_string().contains("user layer may not say `matrix`"));
    }

    #[test]
    fn every_text_of_every_layer_is_in_the_digest() {
        let digest = |sources: Vec<Source>| Policy::load(sources).unwrap().digest();
        let plain = digest(Vec::new());
        assert_eq!(plain, Policy::built_in().digest());
        let system = digest(vec![source(Layer::System, "")]);
        assert_ne!(system, plain);
        assert_ne!(system, digest(vec![source(Layer::User, "")]));
        assert_ne!(system, digest(vec![source(Layer::System, "# x\n")]));
    }
}
