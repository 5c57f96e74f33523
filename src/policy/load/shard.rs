//! One tool's part of the built-in packs, as the build script writes it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::model::Tool;

/// How many bytes a name has in the directories of what was compiled.
pub const NAME: usize = 44;

/// A tool and the rules that look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Its grammar.
    pub tool: Option<Tool>,
    /// The rules that name it.
    pub rules: Vec<Rule>,
}

impl Rule {
    /// The canonical names of the tools it looks at; `None` if it looks at any.
    #[must_use]
    pub fn tools(&self) -> Option<BTreeSet<&str>> {
        if self.when.iter().any(|facts| facts.tools.is_empty()) {
            return None;
        }
        Some(self.when.iter().flat_map(|facts| facts.tools.iter().map(String::as_str)).collect())
    }
}
