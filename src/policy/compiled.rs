//! The layers above the built-in one in one run of bytes, so that the next start parses no YAML and of all rules only
//! those of the programs in question. Takes nothing that was not written by this very gate for these very sources.
//!
//! ```text
//! "gate compiled policy 1\n"
//! 32 bytes   what it was made from: the policy's digest, gate's version, and the code that reads policies
//! 32 bytes   SHA-256 of all that follows
//!  4 bytes   how long the head is
//! head       the layers, without what belongs to a tool
//! parts      of each layer: names, texts of names, ends of shards, shards
//! ```

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::above::Above;
use super::built_in::BuiltIn;
use super::layers::Policy;
use super::load::layer::{Checked, Layer};
use super::load::rule::Rule;
use super::load::shard::Shard;
use super::sources::Sources;
use crate::model::Digest;

const MAGIC: &[u8] = b"gate compiled policy 1\n";
const DIGEST: usize = 32;
const NUMBER: usize = 4;

/// What a layer says apart from its tools, and where those are among the parts.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    layer: Layer,
    replaces: bool,
    checked: Cow<'a, Checked>,
    replaced: Cow<'a, [String]>,
    anywhere: Cow<'a, [Rule]>,
    names: Range<usize>,
    texts: Range<usize>,
    ends: Range<usize>,
    shards: Range<usize>,
}

impl Policy {
    /// The layers above the built-in one as bytes; none where they cannot be told so.
    #[must_use]
    pub fn compiled(&self) -> Option<Vec<u8>> {
        let mut parts = Vec::new();
        let mut heads = Vec::new();
        for above in &self.above {
            heads.push(head(above, &mut parts)?);
        }
        let head = postcard::to_stdvec(&heads).ok()?;
        let mut rest = u32::try_from(head.len()).ok()?.to_le_bytes().to_vec();
        rest.extend(head);
        rest.extend(parts);
        let (source, check) = (origin(&self.digest()), Digest::of(&rest));
        Some([MAGIC, source.bytes(), check.bytes(), &rest].concat())
    }

    /// The policy that these sources are, from what was compiled of them.
    ///
    /// # Errors
    /// Gives the sources back where the bytes are of others, of another gate, or not what was written.
    pub fn from_compiled(sources: Sources, bytes: Vec<u8>) -> Result<Self, Sources> {
        match opened(&sources.digest(), bytes) {
            Some(policy) => Ok(policy.of(sources)),
            None => Err(sources),
        }
    }
}

fn opened(digest: &Digest, bytes: Vec<u8>) -> Option<Policy> {
    let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(origin(digest).bytes())?;
    let (check, rest) = rest.split_first_chunk::<DIGEST>()?;
    if Digest::of(rest) != Digest::from_bytes(*check) {
        return None;
    }
    let (length, rest) = rest.split_first_chunk::<NUMBER>()?;
    let (head, parts) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let heads: Vec<Head<'_>> = postcard::from_bytes(head).ok()?;
    let before = bytes.len() - parts.len();
    let mut policy = Policy::default();
    let bytes = Arc::new(bytes);
    for head in heads {
        let shards = Shards::new(&bytes, before, &head)?;
        let (checked, replaced) = (head.checked.into_owned(), head.replaced.into_owned());
        let kind = (head.layer, head.replaces);
        policy.add(Above::compiled(kind, checked, replaced, head.anywhere.into_owned(), shards));
    }
    Some(policy)
}

/// What bytes must have been made from.
fn origin(policy: &Digest) -> Digest {
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    Digest::of_parts(&[policy.bytes(), BuiltIn::reader().bytes(), version])
}

fn head<'a>(above: &'a Above, parts: &mut Vec<u8>) -> Option<Head<'a>> {
    let (mut ends, mut shards) = (Vec::new(), Vec::new());
    let mut names: Vec<(&str, usize)> = Vec::new();
    for (index, (canonical, shard)) in above.shards().enumerate() {
        names.push((canonical, index));
        let others = shard.tool.iter().flat_map(|tool| &tool.names).filter(|name| *name != canonical);
        names.extend(others.map(|name| (name.as_str(), index)));
        shards = postcard::to_extend(shard, shards).ok()?;
        ends.extend(number(shards.len())?);
    }
    names.sort_unstable();
    let (mut records, mut texts) = (Vec::new(), Vec::new());
    for (name, index) in names {
        texts.extend(name.as_bytes());
        records.extend(number(texts.len())?);
        records.extend(number(index)?);
    }
    let mut part = |bytes: Vec<u8>| {
        let start = parts.len();
        parts.extend(bytes);
        start..parts.len()
    };
    Some(Head {
        layer: above.layer,
        replaces: above.replaces,
        checked: Cow::Borrowed(&above.checked),
        replaced: Cow::Borrowed(&above.replaced),
        anywhere: Cow::Borrowed(above.anywhere()),
        names: part(records),
        texts: part(texts),
        ends: part(ends),
        shards: part(shards),
    })
}

fn number(number: usize) -> Option<[u8; NUMBER]> {
    u32::try_from(number).ok().map(u32::to_le_bytes)
}

/// Tools with their rules, parsed where they are asked for.
pub(super) struct Shards {
    bytes: Arc<Vec<u8>>,
    names: Range<usize>,
    texts: Range<usize>,
    ends: Range<usize>,
    shards: Range<usize>,
    parsed: Vec<OnceLock<Box<Shard>>>,
}

impl Shards {
    fn new(bytes: &Arc<Vec<u8>>, before: usize, head: &Head<'_>) -> Option<Self> {
        let within = |range: &Range<usize>| {
            let range = range.start.checked_add(before)?..range.end.checked_add(before)?;
            bytes.get(range.clone()).map(|_| range)
        };
        let parsed = std::iter::repeat_with(OnceLock::new).take(head.ends.len() / NUMBER).collect();
        Some(Self {
            bytes: Arc::clone(bytes),
            names: within(&head.names)?,
            texts: within(&head.texts)?,
            ends: within(&head.ends)?,
            shards: within(&head.shards)?,
            parsed,
        })
    }

    /// What is found under a name.
    pub(super) fn shard(&self, name: &str) -> Option<&Shard> {
        let texts = self.part(&self.texts);
        let (mut low, mut high) = (0, self.names.len() / (2 * NUMBER));
        while low < high {
            let middle = low.midpoint(high);
            let start = match middle.checked_sub(1) {
                Some(before) => self.number(&self.names, 2 * before)?,
                None => 0,
            };
            match texts.get(start..self.number(&self.names, 2 * middle)?)?.cmp(name.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.at(self.number(&self.names, 2 * middle + 1)?),
            }
        }
        None
    }

    /// Everything.
    pub(super) fn all(&self) -> Vec<&Shard> {
        (0..self.parsed.len()).filter_map(|index| self.at(index)).collect()
    }

    fn at(&self, index: usize) -> Option<&Shard> {
        let start = match index.checked_sub(1) {
            Some(before) => self.number(&self.ends, before)?,
            None => 0,
        };
        let bytes = self.part(&self.shards).get(start..self.number(&self.ends, index)?)?;
        // The bytes are those that were written, by the same types.
        Some(self.parsed.get(index)?.get_or_init(|| Box::new(postcard::from_bytes(bytes).unwrap_or_default())))
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    fn number(&self, range: &Range<usize>, index: usize) -> Option<usize> {
        let bytes = self.part(range).get(index * NUMBER..)?.first_chunk::<NUMBER>()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }
}

impl std::fmt::Debug for Shards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} compiled tools", self.parsed.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Source;

    fn sources(text: &str) -> Vec<Source> {
        let text = format!("gate: 1\nname: acme\n{text}");
        vec![Source { layer: Layer::User, file: "acme.yaml".into(), text }]
    }

    fn opened_of(sources: Vec<Source>, bytes: Vec<u8>) -> Option<Policy> {
        Policy::from_compiled(Sources::of(sources), bytes).ok()
    }

    const TEXT: &str = "tools: [{program: [frob, frobnicate]}, {program: a}]\nrules:\n  \
        - {id: x, when: {tool: frob, flags: --all}, class: destroy, why: all of it}\n  \
        - {id: y, when: {tool: git, command: push}, class: publish, why: it is seen}\n  \
        - {id: z, when: {path: /srv/**}, class: write, effect: ask, why: it is theirs}\n  \
        - {id: v, replaces: gate/git.push-force, when: {tool: [git, frob], flags: -x}, class: write, why: x}\n\
        matrix: {read: ask}\npacks: {aws: off}\n\
        waivers: [{rule: acme/z, reason: b, until: 2027-01-01}]\n";

    fn text() -> String {
        let built_in = Policy::built_in();
        let first = built_in.rules().next().unwrap().1.id.clone();
        TEXT.replace("gate/git.push-force", &first)
    }

    #[test]
    fn what_was_compiled_says_the_same_as_what_was_read() {
        let sources = sources(&text());
        let read = Policy::load(sources.clone()).unwrap();
        let bytes = read.compiled().unwrap();
        let compiled = opened_of(sources, bytes).unwrap();
        assert_eq!(compiled.digest(), read.digest());
        assert_eq!((&compiled.replaced, &compiled.packs_off), (&read.replaced, &read.packs_off));
        assert!(!read.replaced.is_empty() && !read.packs_off.is_empty());
        for name in ["frob", "frobnicate", "a", "git", "kubectl", "oc", "", "nosuch"] {
            assert_eq!(compiled.tool(name), read.tool(name), "{name}");
            for (one, other) in compiled.above.iter().zip(&read.above) {
                assert_eq!(one.rules_of(name), other.rules_of(name), "{name}");
            }
        }
        assert_eq!(read.above[0].rules_of("frob").len(), 2);
        assert!(read.above[0].rules_of("frobnicate").is_empty());
        assert_eq!((compiled.above[0].anywhere(), compiled.above[0].layer), (read.above[0].anywhere(), Layer::User));
        assert_eq!(compiled.above[0].checked, read.above[0].checked);
        assert!(compiled.rules().eq(read.rules()));
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let sources = sources(TEXT.split("rules").next().unwrap());
        let bytes = Policy::load(sources.clone()).unwrap().compiled().unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(opened_of(sources.clone(), changed).is_none(), "byte {at}");
            assert!(opened_of(sources.clone(), bytes[..at].to_vec()).is_none(), "cut at {at}");
        }
        assert!(opened_of(sources.clone(), [bytes.as_slice(), b"x"].concat()).is_none());
        assert!(opened_of(sources, bytes).is_some());
    }

    #[test]
    fn other_sources_and_other_layers_are_noticed() {
        let own = sources("matrix: {read: ask}");
        let bytes = Policy::load(own.clone()).unwrap().compiled().unwrap();
        let project = vec![Source { layer: Layer::System, ..own[0].clone() }];
        for other in [sources("matrix: {read: ASK}"), project, [own.clone(), sources("")].concat(), Vec::new()] {
            assert!(opened_of(other, bytes.clone()).is_none());
        }
        assert!(opened_of(own, bytes).is_some());
    }

    #[test]
    fn bytes_that_another_gate_compiled_are_noticed() {
        let own = sources("matrix: {read: ask}");
        let mut bytes = Policy::load(own.clone()).unwrap().compiled().unwrap();
        let other = Digest::of_parts(&[Sources::of(own.clone()).digest().bytes(), BuiltIn::reader().bytes(), b"0.0.0"]);
        bytes[MAGIC.len()..MAGIC.len() + DIGEST].copy_from_slice(other.bytes());
        assert!(opened_of(own, bytes).is_none());
    }
}
