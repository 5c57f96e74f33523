//! The built-in packs as the build script compiled them; parses only what is asked for.

use std::sync::OnceLock;

use serde::de::DeserializeOwned;

use super::load::layer::Base;
use super::load::rule::{Examples, Rule};
use super::load::shard::{NAME, Shard};
use crate::model::{Digest, Tool};

/// One file of what the build script wrote.
macro_rules! compiled {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name))
    };
}

static NAMES: &[u8] = compiled!("names");
static SHARDS: Parts = Parts { bytes: compiled!("shards"), ends: compiled!("shards.ends") };
static SETS: &[u8] = compiled!("sets");
static PATTERNS: Parts = Parts { bytes: compiled!("patterns"), ends: compiled!("patterns.ends") };
static ANYWHERE: &[u8] = compiled!("anywhere");
static BASE: &[u8] = compiled!("base");
static EXAMPLES: &[u8] = compiled!("examples");
static DIGEST: [u8; 32] = *compiled!("digest");
static TEXTS: &[u8] = compiled!("texts");
static READER: [u8; 32] = *compiled!("reader");

/// Many parts in one, and where each ends.
struct Parts {
    bytes: &'static [u8],
    ends: &'static [u8],
}

impl Parts {
    const fn len(&self) -> usize {
        self.ends.len() / 4
    }

    fn end(&self, index: usize) -> Option<usize> {
        let end = self.ends.get(index * 4..)?.first_chunk().copied().map(u32::from_le_bytes)?;
        usize::try_from(end).ok()
    }

    fn part(&self, index: usize) -> Option<&'static [u8]> {
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => self.end(before)?,
        };
        self.bytes.get(start..self.end(index)?)
    }
}

/// The number that a directory gives a name.
fn found(directory: &[u8], name: &str) -> Option<usize> {
    let (records, _) = directory.as_chunks::<{ NAME + 4 }>();
    let at = records.binary_search_by(|record| padded(record).0.cmp(name.as_bytes())).ok()?;
    records.get(at).and_then(|record| padded(record).1)
}

/// A record's name and number.
fn padded(record: &[u8; NAME + 4]) -> (&[u8], Option<usize>) {
    let (name, number) = record.split_at(NAME);
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(NAME);
    let number = number.first_chunk().copied().map(u32::from_le_bytes);
    (name.get(..end).unwrap_or_default(), number.and_then(|number| usize::try_from(number).ok()))
}

fn names(directory: &'static [u8]) -> impl Iterator<Item = &'static str> {
    let (records, _) = directory.as_chunks::<{ NAME + 4 }>();
    records.iter().filter_map(|record| std::str::from_utf8(padded(record).0).ok())
}

/// What has been parsed so far.
#[derive(Debug)]
pub struct BuiltIn {
    /// Boxed, since most stay empty: in place they are hundreds of kilobytes that each start would write.
    shards: Vec<OnceLock<Box<Shard>>>,
    sets: Vec<OnceLock<Vec<String>>>,
    anywhere: OnceLock<Vec<Rule>>,
    base: OnceLock<Base>,
}

impl Default for BuiltIn {
    fn default() -> Self {
        let cells = |count: usize| std::iter::repeat_with(OnceLock::new).take(count).collect();
        Self {
            shards: cells(SHARDS.len()),
            sets: std::iter::repeat_with(OnceLock::new).take(PATTERNS.len()).collect(),
            anywhere: OnceLock::new(),
            base: OnceLock::new(),
        }
    }
}

/// The build script wrote these bytes with the same types; a test parses them all.
fn parsed<T: DeserializeOwned + Default>(bytes: &[u8]) -> T {
    postcard::from_bytes(bytes).unwrap_or_default()
}

impl BuiltIn {
    fn shard(&self, name: &str) -> Option<&Shard> {
        let index = found(NAMES, name)?;
        let bytes = SHARDS.part(index)?;
        Some(self.shards.get(index)?.get_or_init(|| Box::new(parsed(bytes))))
    }

    /// A tool by any of its names.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.shard(name)?.tool.as_ref()
    }

    /// The rules that look at a tool, by its canonical name.
    pub fn rules_of(&self, name: &str) -> &[Rule] {
        self.shard(name).map_or(&[], |shard| &shard.rules)
    }

    /// The rules that look at any tool.
    pub fn anywhere(&self) -> &[Rule] {
        self.anywhere.get_or_init(|| parsed(ANYWHERE))
    }

    /// The patterns of a set.
    pub fn set(&self, name: &str) -> Option<&[String]> {
        let index = found(SETS, name)?;
        let bytes = PATTERNS.part(index)?;
        Some(self.sets.get(index)?.get_or_init(|| parsed(bytes)))
    }

    /// Matrix, questions and the like.
    pub fn base(&self) -> &Base {
        self.base.get_or_init(|| parsed(BASE))
    }

    /// The examples of every rule, by id.
    pub fn examples() -> Vec<(String, Examples)> {
        parsed(EXAMPLES)
    }

    /// All rules, each once.
    pub fn rules(&self) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = names(NAMES).flat_map(|name| self.rules_of(name)).collect();
        rules.extend(self.anywhere());
        rules.sort_by(|a, b| (&a.file, &a.id).cmp(&(&b.file, &b.id)));
        rules.dedup_by(|a, b| a.id == b.id);
        rules
    }

    /// The digest of all packs.
    pub const fn digest() -> Digest {
        Digest::from_bytes(DIGEST)
    }

    /// The digest of the code that reads policies.
    pub const fn reader() -> Digest {
        Digest::from_bytes(READER)
    }

    /// The packs' files and texts.
    pub fn texts() -> Vec<(String, String)> {
        parsed(TEXTS)
    }

    /// All names of tools.
    #[cfg(test)]
    pub fn names() -> impl Iterator<Item = &'static str> {
        names(NAMES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_compiled_parses() {
        let built_in = BuiltIn::default();
        for index in 0..SHARDS.len() {
            let shard: Shard = postcard::from_bytes(SHARDS.part(index).unwrap()).unwrap();
            assert!(shard.tool.is_some());
        }
        for (index, name) in names(SETS).enumerate() {
            let set: Vec<String> = postcard::from_bytes(PATTERNS.part(index).unwrap()).unwrap();
            assert!(!set.is_empty() && built_in.set(name) == Some(set.as_slice()), "{name}");
        }
        let found = |name: &str| built_in.tool(name).is_some_and(|tool| tool.names.iter().any(|own| own == name));
        assert!(BuiltIn::names().all(found));
        let _: Vec<Rule> = postcard::from_bytes(ANYWHERE).unwrap();
        let _: Base = postcard::from_bytes(BASE).unwrap();
        let examples: Vec<(String, Examples)> = postcard::from_bytes(EXAMPLES).unwrap();
        assert_eq!(examples.len(), built_in.rules().len());
        assert_eq!(Digest::of(TEXTS), BuiltIn::digest());
        assert!(!BuiltIn::texts().is_empty());
    }
}
