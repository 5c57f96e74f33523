//! Which environments a command lands in, by the contexts that were found for it; refuses to take a place that is not known
//! for a harmless one.

use std::collections::BTreeSet;

use super::layers::Policy;
use super::load::layer::Base;
use super::load::pattern;
use super::tables;
use crate::model::Command;

/// The column of what lands nowhere that is known. It stands beside an environment that is only guessed.
const UNKNOWN: &str = "unknown";

impl Policy {
    /// Whether some environment is told by contexts of this kind, or by the hosts that a context of this kind is on; of
    /// databases, also whether some of their tables have labels.
    #[must_use]
    pub fn looks_at(&self, kind: &str) -> bool {
        if kind == "database" && self.labels_tables() {
            return true;
        }
        let hosts = matches!(kind, "kube" | "docker" | "database" | "git");
        let environments = self.landing_bases(true).flat_map(|base| &base.environments);
        let mut patterns = environments.flat_map(|environment| &environment.contexts);
        patterns.any(|pattern| {
            let wanted = pattern.split_once(':').map_or("", |(wanted, _)| wanted);
            pattern::matches(wanted, kind) || (hosts && pattern::matches(wanted, "host"))
        })
    }

    fn labels_tables(&self) -> bool {
        let mut data = self.landing_bases(true).flat_map(|base| &base.data);
        data.any(|data| data.resources.iter().any(|pattern| tables::may_mean(pattern)))
            || self.named_catalogs().next().is_some()
    }

    /// The environments that a command lands in; none where no context says so.
    pub(super) fn environments(&self, command: &Command, host: &str, project: bool) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut guessed = false;
        for environment in self.landing_bases(project).flat_map(|base| &base.environments) {
            let lands = |any: bool| environment.contexts.iter().any(|wanted| lands_in(command, wanted, host, any));
            if lands(true) {
                names.insert(environment.name.clone());
                guessed |= !lands(false);
            }
        }
        // A place that may be a named one may also be none of them.
        if guessed {
            names.insert(UNKNOWN.to_owned());
        }
        names
    }

    fn landing_bases(&self, project: bool) -> impl Iterator<Item = &Base> {
        let above = self.above.iter().filter(move |above| project || !above.is_project());
        above.map(|above| &above.checked.base).chain(std::iter::once(self.built_in.base()))
    }
}

/// Whether a command lands in a context; with `any`, also where a name that is not known may be this one.
fn lands_in(command: &Command, wanted: &str, host: &str, any: bool) -> bool {
    let Some((kind, name)) = wanted.split_once(':') else {
        return false;
    };
    let own = || command.contexts.iter().filter(|context| pattern::matches(kind, &context.kind));
    // A profile or context that an option names is known, even if what it stands for (`account/…`) is not. A host's name
    // is only an alias of what it stands for.
    let named = || own().any(|context| context.name.as_ref().is_some_and(|name| !name.contains('/')));
    let sure = own().any(|context| context.name.as_ref().is_some_and(|own| pattern::matches(name, own)));
    let open = || own().any(|context| context.name.is_none()) && (name.contains('/') || kind == "host" || !named());
    sure || (any && open()) || (command.remote.is_none() && kind == "host" && pattern::matches(name, host))
}
