//! The index itself: a tree of pages over the sorted resources, each page under a checksum that the page above it holds,
//! and beside each page the labels of everything below it, so that a whole bucket is looked up without reading it. Refuses
//! a page that is not what was written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::line::Entry;
use crate::model::{DataLabel, Digest, Labelled};

const MAGIC: &[u8; 8] = b"gatecat1";
/// Entries of a page.
const FANOUT: usize = 64;
/// Longest page that is believed: 64 of the longest names, and their labels.
const LONGEST_PAGE: u32 = 4 * 1024 * 1024;
/// Most different combinations of label and tags in one catalog.
const MOST_CLASSES: usize = 65_536;
/// Most combinations that one page lists for all below another.
const LISTED: usize = 64;
/// Most pages that one lookup reads.
const MOST_PAGES: usize = 4096;
/// Most resources that one lookup names one by one.
const MOST_NAMED: usize = 256;
/// Bytes of a checksum.
const CHECK: usize = 16;

/// Why a lookup has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The index is not what gate wrote.
    #[error("its index does not hold together")]
    Corrupt,
    /// Too many pages would be read.
    #[error("too much of it is meant")]
    TooMuch,
}

/// Where the bytes of an index are.
#[derive(Debug)]
pub enum Bytes {
    /// In a file.
    File(File),
    /// Here.
    Memory(Vec<u8>),
}

impl Bytes {
    fn part(&self, offset: u64, length: u32) -> Result<Vec<u8>, Wrong> {
        if length > LONGEST_PAGE {
            return Err(Wrong::Corrupt);
        }
        let length = usize::try_from(length).map_err(|_| Wrong::Corrupt)?;
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset).map_err(|_| Wrong::Corrupt)?;
                Ok(bytes)
            }
            Self::Memory(all) => {
                let start = usize::try_from(offset).map_err(|_| Wrong::Corrupt)?;
                let part = start.checked_add(length).and_then(|end| all.get(start..end));
                part.map(<[u8]>::to_vec).ok_or(Wrong::Corrupt)
            }
        }
    }
}

/// A label and tags that resources have.
type Class = (Option<DataLabel>, BTreeSet<String>);

/// Which resources are meant.
#[derive(Debug)]
pub enum Range<'a> {
    /// The one of this name.
    Exactly(&'a str),
    /// All whose names begin so.
    Beginning(&'a str),
}

impl Range<'_> {
    fn holds(&self, name: &str) -> bool {
        match self {
            Self::Exactly(wanted) => name == *wanted,
            Self::Beginning(start) => name.starts_with(start),
        }
    }

    /// Whether all names are past the range from this one on.
    fn is_before(&self, name: &str) -> bool {
        match self {
            Self::Exactly(wanted) => name > *wanted,
            Self::Beginning(start) => name > *start && !name.starts_with(start),
        }
    }

    const fn first(&self) -> &str {
        match self {
            Self::Exactly(wanted) => wanted,
            Self::Beginning(start) => start,
        }
    }
}

/// A page's place and checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    offset: u64,
    length: u32,
    check: [u8; CHECK],
}

/// A page below another.
#[derive(Debug, Clone)]
struct Child {
    first: String,
    place: Place,
    /// The classes below it; none where they are too many to list.
    classes: Option<Vec<u32>>,
}

#[derive(Debug, Clone)]
enum Page {
    Leaf(Vec<(String, u32, String)>),
    Inner(Vec<Child>),
}

/// An index that can be looked up in.
#[derive(Debug)]
pub struct Tree {
    bytes: Bytes,
    root: Place,
    classes: Vec<Class>,
    pages: BTreeMap<u64, Page>,
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    Digest::of(bytes).bytes().first_chunk().copied().unwrap_or_default()
}

impl Tree {
    /// An index, if it is whole so far and that of this state of the catalog.
    pub fn open(bytes: Bytes, state: &Digest) -> Result<Self, Wrong> {
        let head = bytes.part(0, HEAD)?;
        let (body, seal) = head.split_at_checked(head.len() - CHECK).ok_or(Wrong::Corrupt)?;
        let mut reader = Reader(body);
        let known = reader.take(MAGIC.len())? == MAGIC && reader.take(32)? == state.bytes();
        if !known || check(body) != seal {
            return Err(Wrong::Corrupt);
        }
        let root = reader.place()?;
        let classes = reader.place()?;
        let mut tree = Self { bytes, root, classes: Vec::new(), pages: BTreeMap::new() };
        let text = tree.verified(classes)?;
        let mut reader = Reader(&text);
        for _ in 0..reader.number()? {
            let label = reader.byte()?;
            let count = reader.number()?;
            let tags = (0..count).map(|_| reader.text()).collect::<Result<_, _>>()?;
            tree.classes.push((label_of(label)?, tags));
        }
        Ok(tree)
    }

    /// Adds the labels of all resources in a range: by name where they are few, else together.
    pub fn range(&mut self, range: &Range<'_>, into: &mut Vec<Labelled>) -> Result<(), Wrong> {
        let mut found = Found { named: Vec::new(), classes: BTreeSet::new(), pages: 0, is_named: true };
        self.descend(self.root, range, &mut found)?;
        if found.is_named && found.named.len() <= MOST_NAMED {
            for (resource, class, source) in found.named {
                let (label, tags) = self.class(class)?;
                into.push(Labelled { resource: Some(resource), label, tags, source });
            }
            return Ok(());
        }
        for class in found.classes {
            let (label, tags) = self.class(class)?;
            into.push(Labelled { resource: None, label, tags, source: "several".to_owned() });
        }
        Ok(())
    }

    fn class(&self, index: u32) -> Result<Class, Wrong> {
        usize::try_from(index).ok().and_then(|index| self.classes.get(index)).cloned().ok_or(Wrong::Corrupt)
    }

    fn descend(&mut self, place: Place, range: &Range<'_>, found: &mut Found) -> Result<(), Wrong> {
        found.pages += 1;
        if found.pages > MOST_PAGES {
            return Err(Wrong::TooMuch);
        }
        match self.page(place)? {
            Page::Leaf(entries) => {
                let from = entries.partition_point(|(name, _, _)| name.as_str() < range.first());
                for (name, class, source) in entries.into_iter().skip(from) {
                    if !range.holds(&name) {
                        break;
                    }
                    found.classes.insert(class);
                    if found.named.len() <= MOST_NAMED {
                        found.named.push((name, class, source));
                    }
                }
            }
            Page::Inner(children) => {
                // Equal names may begin in the page before the one that begins with them.
                let from = children.partition_point(|child| child.first.as_str() < range.first()).saturating_sub(1);
                let mut rest = children.iter().skip(from).peekable();
                while let Some(child) = rest.next() {
                    if range.is_before(&child.first) {
                        break;
                    }
                    let whole = range.holds(&child.first) && rest.peek().is_some_and(|next| range.holds(&next.first));
                    match &child.classes {
                        // Everything below is in the range; and it is too much to be named.
                        Some(classes) if whole && found.named.len() > MOST_NAMED => {
                            found.classes.extend(classes);
                            found.is_named = false;
                        }
                        Some(_) | None => self.descend(child.place, range, found)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn verified(&self, place: Place) -> Result<Vec<u8>, Wrong> {
        let bytes = self.bytes.part(place.offset, place.length)?;
        if check(&bytes) == place.check { Ok(bytes) } else { Err(Wrong::Corrupt) }
    }

    fn page(&mut self, place: Place) -> Result<Page, Wrong> {
        if let Some(page) = self.pages.get(&place.offset) {
            return Ok(page.clone());
        }
        let bytes = self.verified(place)?;
        let mut reader = Reader(&bytes);
        let is_leaf = reader.byte()? == 0;
        let count = reader.number()?;
        let page = if is_leaf {
            let entry = |_| Ok((reader.text()?, reader.number()?, reader.text()?));
            Page::Leaf((0..count).map(entry).collect::<Result<_, _>>()?)
        } else {
            Page::Inner((0..count).map(|_| reader.child()).collect::<Result<_, _>>()?)
        };
        // The upper pages are the same for every lookup.
        if matches!(page, Page::Inner(_)) {
            self.pages.insert(place.offset, page.clone());
        }
        Ok(page)
    }
}

/// What a lookup has found so far.
struct Found {
    named: Vec<(String, u32, String)>,
    classes: BTreeSet<u32>,
    pages: usize,
    is_named: bool,
}

/// Reads numbers and texts, never past the end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Wrong> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Wrong::Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        self.take(N)?.first_chunk().copied().ok_or(Wrong::Corrupt)
    }

    fn byte(&mut self) -> Result<u8, Wrong> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn number(&mut self) -> Result<u32, Wrong> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String, Wrong> {
        let length = usize::try_from(self.number()?).map_err(|_| Wrong::Corrupt)?;
        String::from_utf8(self.take(length)?.to_vec()).map_err(|_| Wrong::Corrupt)
    }

    fn place(&mut self) -> Result<Place, Wrong> {
        Ok(Place { offset: u64::from_le_bytes(self.array()?), length: self.number()?, check: self.array()? })
    }

    fn child(&mut self) -> Result<Child, Wrong> {
        let (first, place) = (self.text()?, self.place()?);
        let classes = match self.number()? {
            u32::MAX => None,
            count => Some((0..count).map(|_| self.number()).collect::<Result<_, _>>()?),
        };
        Ok(Child { first, place, classes })
    }
}

/// Bytes of the head: magic, state, two places, checksum.
const HEAD: u32 = 8 + 32 + 2 * (8 + 4 + 16) + 16;

const fn label_byte(label: Option<DataLabel>) -> u8 {
    match label {
        None => 0,
        Some(DataLabel::Public) => 1,
        Some(DataLabel::Internal) => 2,
        Some(DataLabel::Confidential) => 3,
        Some(DataLabel::Restricted) => 4,
    }
}

const fn label_of(byte: u8) -> Result<Option<DataLabel>, Wrong> {
    match byte {
        0 => Ok(None),
        1 => Ok(Some(DataLabel::Public)),
        2 => Ok(Some(DataLabel::Internal)),
        3 => Ok(Some(DataLabel::Confidential)),
        4 => Ok(Some(DataLabel::Restricted)),
        _ => Err(Wrong::Corrupt),
    }
}

/// The bytes of an index over these entries.
pub fn image(mut entries: Vec<Entry>, state: &Digest) -> Result<Vec<u8>, String> {
    let too_large = |_| "larger than gate indexes".to_owned();
    entries.sort();
    let mut image = vec![0; usize::try_from(HEAD).map_err(too_large)?];
    let mut numbers: BTreeMap<Class, u32> = BTreeMap::new();
    let mut level = Vec::new();
    for page in entries.chunks(FANOUT) {
        let mut bytes = vec![0];
        put(&mut bytes, page.len())?;
        let mut classes = BTreeSet::new();
        for entry in page {
            let next = u32::try_from(numbers.len()).map_err(too_large)?;
            let class = (entry.label, entry.tags.clone());
            let class = *numbers.entry(class).or_insert(next);
            classes.insert(class);
            put_text(&mut bytes, &entry.resource)?;
            bytes.extend(class.to_le_bytes());
            put_text(&mut bytes, &entry.source)?;
        }
        let first = page.first().map(|entry| entry.resource.clone()).unwrap_or_default();
        level.push(child(&mut image, &bytes, first, Some(classes))?);
        if numbers.len() > MOST_CLASSES {
            return Err(format!("more than {MOST_CLASSES} different combinations of label and tags"));
        }
    }
    drop(entries);
    if level.is_empty() {
        level.push(child(&mut image, &[0, 0, 0, 0, 0], String::new(), Some(BTreeSet::new()))?);
    }
    while level.len() > 1 {
        let mut above = Vec::new();
        for page in level.chunks(FANOUT) {
            let mut bytes = vec![1];
            put(&mut bytes, page.len())?;
            let mut classes = Some(BTreeSet::new());
            for below in page {
                put_text(&mut bytes, &below.first)?;
                put_place(&mut bytes, &below.place);
                match &below.classes {
                    Some(own) => {
                        put(&mut bytes, own.len())?;
                        own.iter().for_each(|class| bytes.extend(class.to_le_bytes()));
                    }
                    None => bytes.extend(u32::MAX.to_le_bytes()),
                }
                classes = classes.zip(below.classes.as_ref()).map(|(mut all, own)| {
                    all.extend(own);
                    all
                });
            }
            let first = page.first().map(|below| below.first.clone()).unwrap_or_default();
            above.push(child(&mut image, &bytes, first, classes)?);
        }
        level = above;
    }
    let root = level.first().map(|root| root.place).ok_or("no page at all")?;
    let mut ordered: Vec<(Class, u32)> = numbers.into_iter().collect();
    ordered.sort_by_key(|(_, number)| *number);
    let mut bytes = Vec::new();
    put(&mut bytes, ordered.len())?;
    for ((label, tags), _) in &ordered {
        bytes.push(label_byte(*label));
        put(&mut bytes, tags.len())?;
        for tag in tags {
            put_text(&mut bytes, tag)?;
        }
    }
    let classes = child(&mut image, &bytes, String::new(), None)?.place;
    let mut head = MAGIC.to_vec();
    head.extend(state.bytes());
    put_place(&mut head, &root);
    put_place(&mut head, &classes);
    head.extend(check(&head));
    image.splice(..head.len(), head);
    Ok(image)
}

/// Puts a page into the image.
fn child(image: &mut Vec<u8>, bytes: &[u8], first: String, classes: Option<BTreeSet<u32>>) -> Result<Child, String> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST_PAGE);
    let length = length.ok_or("its names or labels are longer than gate indexes")?;
    let place = Place { offset: image.len() as u64, length, check: check(bytes) };
    image.extend(bytes);
    let classes = classes.filter(|classes| classes.len() <= LISTED).map(|classes| classes.into_iter().collect());
    Ok(Child { first, place, classes })
}

fn put(bytes: &mut Vec<u8>, number: usize) -> Result<(), String> {
    bytes.extend(u32::try_from(number).map_err(|_| "larger than gate indexes")?.to_le_bytes());
    Ok(())
}

fn put_text(bytes: &mut Vec<u8>, text: &str) -> Result<(), String> {
    put(bytes, text.len())?;
    bytes.extend(text.as_bytes());
    Ok(())
}

fn put_place(bytes: &mut Vec<u8>, place: &Place) {
    bytes.extend(place.offset.to_le_bytes());
    bytes.extend(place.length.to_le_bytes());
    bytes.extend(place.check);
}
