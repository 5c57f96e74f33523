//! The layers above the built-in one in one run of bytes, so that the next start parses no YAML, and of all rules reads
//! only those of the programs in question. Takes nothing that was not written by this very gate for these very sources.
//!
//! ```text
//! "gate compiled policy 1\n"
//! 32 bytes   what it was made from: the policy's digest, gate's version, and the code that reads policies
//! 32 bytes   SHA-256 of the head
//!  4 bytes   how long the head is
//! head       the layers, the names of their tools, and end and SHA-256 of each tool's shard
//! shards     one tool's grammar and rules each
//! ```

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
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
/// All that stands before the head.
const BEFORE: usize = MAGIC.len() + 2 * DIGEST + NUMBER;

/// Reads a part of what was compiled; none where it cannot be read whole.
pub type Reading = Arc<dyn Fn(Range<usize>) -> Option<Vec<u8>> + Send + Sync>;

/// What a layer says apart from its tools, and where those are.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    layer: Layer,
    replaces: bool,
    checked: Cow<'a, Checked>,
    replaced: Cow<'a, [String]>,
    anywhere: Cow<'a, [Rule]>,
    /// Of each name, in order: where it ends in `texts`, and its shard.
    names: Vec<u8>,
    texts: Vec<u8>,
    /// Of each shard: where it ends, and its digest.
    shards: Vec<u8>,
    /// Where the first shard begins.
    start: usize,
}

impl Policy {
    /// The layers above the built-in one as bytes; none where they cannot be told so.
    #[must_use]
    pub fn compiled(&self) -> Option<Vec<u8>> {
        let mut shards = Vec::new();
        let mut heads = Vec::new();
        for above in &self.above {
            heads.push(head(above, &mut shards)?);
        }
        let head = postcard::to_stdvec(&heads).ok()?;
        let (source, check) = (origin(&self.digest()), Digest::of(&head));
        Some([MAGIC, source.bytes(), check.bytes(), &number(head.len())?, &head, &shards].concat())
    }

    /// The policy that these sources are, from what was compiled of them.
    ///
    /// # Errors
    /// Gives the sources back where the bytes are of others, of another gate, or not what was written.
    pub fn from_compiled(sources: Sources, reading: &Reading) -> Result<Self, Sources> {
        match opened(&sources.digest(), reading) {
            Some(policy) => Ok(policy.made_of(sources)),
            None => Err(sources),
        }
    }

    /// Whether rules were missing, since a part of what was compiled was not what was written.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.above.iter().any(Above::is_damaged)
    }
}

fn opened(digest: &Digest, reading: &Reading) -> Option<Policy> {
    let first = reading(0..BEFORE)?;
    let rest = first.strip_prefix(MAGIC)?.strip_prefix(origin(digest).bytes())?;
    let (check, length) = rest.split_first_chunk::<DIGEST>()?;
    let length = usize::try_from(u32::from_le_bytes(*length.first_chunk::<NUMBER>()?)).ok()?;
    let shards = BEFORE.checked_add(length)?;
    let head = reading(BEFORE..shards)?;
    if Digest::of(&head) != Digest::from_bytes(*check) {
        return None;
    }
    let heads: Vec<Head<'_>> = postcard::from_bytes(&head).ok()?;
    let mut policy = Policy::default();
    for head in heads {
        let (checked, replaced) = (head.checked.into_owned(), head.replaced.into_owned());
        let kind = (head.layer, head.replaces);
        let parsed = std::iter::repeat_with(OnceLock::new).take(head.shards.len() / SHARD).collect();
        let shards = Shards {
            reading: Arc::clone(reading),
            start: shards.checked_add(head.start)?,
            names: head.names,
            texts: head.texts,
            shards: head.shards,
            parsed,
            damaged: AtomicBool::new(false),
        };
        policy.add(Above::compiled(kind, checked, replaced, head.anywhere.into_owned(), shards));
    }
    Some(policy)
}

/// What bytes must have been made from.
fn origin(policy: &Digest) -> Digest {
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    Digest::of_parts(&[policy.bytes(), BuiltIn::reader().bytes(), version])
}

fn head<'a>(above: &'a Above, shards: &mut Vec<u8>) -> Option<Head<'a>> {
    let start = shards.len();
    let (mut records, mut names) = (Vec::new(), Vec::new());
    for (index, (canonical, shard)) in above.shards().enumerate() {
        names.push((canonical, index));
        let others = shard.tool.iter().flat_map(|tool| &tool.names).filter(|name| *name != canonical);
        names.extend(others.map(|name| (name.as_str(), index)));
        let bytes = postcard::to_stdvec(shard).ok()?;
        shards.extend(&bytes);
        records.extend(number(shards.len() - start)?);
        records.extend(Digest::of(&bytes).bytes());
    }
    names.sort_unstable();
    let (mut ends, mut texts) = (Vec::new(), Vec::new());
    for (name, index) in names {
        texts.extend(name.as_bytes());
        ends.extend(number(texts.len())?);
        ends.extend(number(index)?);
    }
    Some(Head {
        layer: above.layer,
        replaces: above.replaces,
        checked: Cow::Borrowed(&above.checked),
        replaced: Cow::Borrowed(&above.replaced),
        anywhere: Cow::Borrowed(above.anywhere()),
        names: ends,
        texts,
        shards: records,
        start,
    })
}

fn number(number: usize) -> Option<[u8; NUMBER]> {
    u32::try_from(number).ok().map(u32::to_le_bytes)
}

/// The number at the start of these bytes.
fn numbered(bytes: &[u8]) -> Option<usize> {
    bytes.first_chunk::<NUMBER>().and_then(|bytes| usize::try_from(u32::from_le_bytes(*bytes)).ok())
}

/// How long the record of a shard is.
const SHARD: usize = NUMBER + DIGEST;
/// How long the record of a name is.
const NAME: usize = 2 * NUMBER;

/// Tools with their rules, read and parsed where they are asked for.
pub(super) struct Shards {
    reading: Reading,
    start: usize,
    names: Vec<u8>,
    texts: Vec<u8>,
    shards: Vec<u8>,
    parsed: Vec<OnceLock<Box<Shard>>>,
    damaged: AtomicBool,
}

impl Shards {
    /// What is found under a name.
    pub(super) fn shard(&self, name: &str) -> Option<&Shard> {
        let (records, _) = self.names.as_chunks::<NAME>();
        let (mut low, mut high) = (0, records.len());
        while low < high {
            let middle = low.midpoint(high);
            let start = match middle.checked_sub(1) {
                Some(before) => numbered(records.get(before)?)?,
                None => 0,
            };
            let (end, index) = records.get(middle)?.split_at(NUMBER);
            match self.texts.get(start..numbered(end)?)?.cmp(name.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.at(numbered(index)?),
            }
        }
        None
    }

    /// Everything.
    pub(super) fn all(&self) -> Vec<&Shard> {
        (0..self.parsed.len()).filter_map(|index| self.at(index)).collect()
    }

    /// Whether something was asked for that is not what was written.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    fn at(&self, index: usize) -> Option<&Shard> {
        let cell = self.parsed.get(index)?;
        let shard = cell.get_or_init(|| {
            Box::new(self.read(index).unwrap_or_else(|| {
                self.damaged.store(true, Ordering::Relaxed);
                Shard::default()
            }))
        });
        Some(shard)
    }

    fn read(&self, index: usize) -> Option<Shard> {
        let (records, _) = self.shards.as_chunks::<SHARD>();
        let start = match index.checked_sub(1) {
            Some(before) => numbered(records.get(before)?)?,
            None => 0,
        };
        let (end, digest) = records.get(index)?.split_at(NUMBER);
        let bytes = (self.reading)(self.start.checked_add(start)?..self.start.checked_add(numbered(end)?)?)?;
        if Digest::of(&bytes).bytes().as_slice() != digest {
            return None;
        }
        postcard::from_bytes(&bytes).ok()
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
        let reading: Reading = Arc::new(move |range| bytes.get(range).map(<[u8]>::to_vec));
        Policy::from_compiled(Sources::of(sources), &reading).ok()
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
        let asked = |bytes: Vec<u8>| {
            let policy = opened_of(sources.clone(), bytes)?;
            policy.rules().for_each(drop);
            (!policy.is_damaged()).then_some(())
        };
        // Steps without a common measure with any field of the file.
        for at in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(asked(changed), None, "byte {at}");
        }
        for at in (0..bytes.len()).step_by(31) {
            assert_eq!(asked(bytes[..at].to_vec()), None, "cut at {at}");
        }
        assert_eq!(asked(bytes), Some(()));
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
