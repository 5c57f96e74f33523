//! Where the rules of a policy and their examples stand, for people who mend them.

use std::collections::BTreeMap;

use super::built_in::BuiltIn;
use super::layers::Policy;

/// The files of a policy, line by line.
#[derive(Debug)]
pub struct Places {
    /// The file of each rule.
    rules: BTreeMap<String, String>,
    texts: BTreeMap<String, String>,
}

impl Policy {
    /// Where everything stands.
    #[must_use]
    pub fn places(&self) -> Places {
        let own =
            self.sources.files().unwrap_or_default().iter().map(|source| (source.file.clone(), source.text.clone()));
        Places {
            rules: self.rules().map(|(_, rule)| (rule.id.clone(), rule.file.clone())).collect(),
            texts: BuiltIn::texts().into_iter().chain(own).collect(),
        }
    }
}

impl Places {
    /// The file an example of a rule stands in, and the line, where it stands there as it is.
    #[must_use]
    pub fn of(&self, rule: &str, example: &str) -> (String, Option<usize>) {
        let Some(file) = self.rules.get(rule) else { return (String::new(), None) };
        let text = self.texts.get(file).map_or("", String::as_str);
        let short = rule.split_once('/').map_or(rule, |(_, id)| id);
        let mut lines = text.lines().enumerate().skip_while(|(_, line)| !names(line, short));
        let found = lines.find(|(_, line)| line.contains(example)).map(|(index, _)| index + 1);
        (file.clone(), found)
    }
}

/// Whether a rule of this id begins in a line.
fn names(line: &str, id: &str) -> bool {
    let after = line.split("id:").skip(1).map(|rest| rest.trim_start_matches([' ', '"', '\'']));
    let more = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || "-_.".contains(c));
    after.filter_map(|rest| rest.strip_prefix(id)).any(|rest| !more(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Layer, Source};

    #[test]
    fn an_example_is_found_behind_its_own_rule() {
        let text = "gate: 1\nname: acme\nrules:\n\
                    - {id: a.b, when: {tool: rm}, class: destroy, why: x, examples: {match: [rm x]}}\n\
                    - id: a\n  when: {tool: rm}\n  class: destroy\n  why: x\n  examples:\n    match:\n    - rm x\n    - rm 'y'\n";
        let source = Source { layer: Layer::User, file: "acme.yaml".into(), text: text.into() };
        let places = Policy::load(vec![source]).unwrap().places();
        assert_eq!(places.of("acme/a.b", "rm x"), ("acme.yaml".to_owned(), Some(4)));
        assert_eq!(places.of("acme/a", "rm x"), ("acme.yaml".to_owned(), Some(11)));
        assert_eq!(places.of("acme/a", "rm \"z\""), ("acme.yaml".to_owned(), None));
        let policy = Policy::built_in();
        let (rule, examples) = policy.examples().pop_first().unwrap();
        let (file, line) = policy.places().of(&rule, &examples.matching[0]);
        assert!(file.starts_with("policies/") && line.is_some(), "{file} {line:?}");
    }
}
