//! The resources that a command touches, in each form that patterns and catalogs know them by.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::super::facts::resource_matches;
use super::super::layers::Policy;
use super::super::load::layer::{Catalog, Layer};
use super::super::load::pattern::{self, Step};
use super::super::resource;
use super::super::seen::{Whereabouts, absolute, is_local, is_path_pattern, plain};
use super::super::tables;
use super::paths::{byte, local};
use super::{Labels, whereabouts};
use crate::model::{Command, DataFact, DataQuestion, Extent, Fact, Hole, Labelled, Piece, Question, Role, Word};

/// Most words of one command that are looked up one by one; the rest stand for everything.
pub(super) const MAX_WORDS: usize = 512;

/// A word that labels are looked up for.
#[derive(Debug, Clone)]
pub(super) struct Looked<'a> {
    pub word: Cow<'a, Word>,
    pub recursive: bool,
    /// Whether it is a host or a database, and no file whatever it looks like.
    pub is_place: bool,
}

impl Looked<'_> {
    pub(super) fn local(&self, at: Whereabouts<'_>) -> Option<(PathBuf, Extent)> {
        if self.is_place { None } else { local(&self.word, self.recursive, at) }
    }

    /// What is known of it, in each form that it is looked up in: as it is written, and as an absolute path.
    fn forms(&self, at: Whereabouts<'_>) -> Vec<Vec<Step>> {
        let mut forms = vec![plain(&self.word, at)];
        if !self.is_place && is_local(&self.word) {
            forms.push(absolute(&self.word, at));
        }
        forms
    }
}

/// A resource that labels are looked up for.
#[derive(Debug, Clone)]
pub(super) enum Resource<'a> {
    Word(Looked<'a>),
    Table(tables::Looked),
}

impl Resource<'_> {
    pub(super) fn local(&self, at: Whereabouts<'_>) -> Option<(PathBuf, Extent)> {
        match self {
            Self::Word(looked) => looked.local(at),
            Self::Table(_) => None,
        }
    }

    fn forms(&self, at: Whereabouts<'_>) -> Vec<Vec<Step>> {
        match self {
            Self::Word(looked) => looked.forms(at),
            Self::Table(table) => table.forms().to_vec(),
        }
    }

    const fn recursive(&self) -> bool {
        match self {
            Self::Word(looked) => looked.recursive,
            Self::Table(_) => false,
        }
    }

    fn is_known(&self) -> bool {
        match self {
            Self::Word(looked) => looked.word.is_known(),
            Self::Table(_) => false,
        }
    }

    /// Whether one of the patterns may mean it.
    pub(super) fn may_match(&self, patterns: &[String], at: Whereabouts<'_>) -> bool {
        match self {
            Self::Table(table) => patterns.iter().any(|pattern| table.may_match(pattern)),
            Self::Word(looked) if !looked.is_place => resource_matches(&looked.word, patterns, at, looked.recursive),
            Self::Word(looked) => {
                let mut names = patterns.iter().filter(|pattern| !is_path_pattern(pattern));
                looked.word.text().is_some_and(|name| names.any(|pattern| pattern::matches(pattern, name)))
            }
        }
    }
}

impl Policy {
    /// The catalogs that the layers name, as paths.
    pub fn catalogs(&self, home: Option<&Path>) -> BTreeSet<PathBuf> {
        self.named_catalogs().map(|(_, catalog)| place(catalog, home)).collect()
    }
}

/// Where a catalog lies.
fn place(catalog: &Catalog, home: Option<&Path>) -> PathBuf {
    match (catalog.name.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(&catalog.file).parent().unwrap_or_else(|| Path::new("/")).join(&catalog.name),
    }
}

impl<'a> Labels<'a> {
    pub(super) fn has_resources(&self) -> bool {
        let bases = self.policy.above.iter().map(|above| &above.checked.base);
        self.policy.named_catalogs().next().is_some()
            || bases
                .chain(std::iter::once(self.policy.built_in.base()))
                .any(|base| base.data.iter().any(|data| !data.resources.is_empty()))
    }

    /// All that a command touches: its words and its tables.
    pub(super) fn resources<'c>(&self, command: &'c Command) -> Vec<Resource<'c>> {
        let tables = tables::looked(command, whereabouts(command, self.circumstances));
        let words = self.words(command).into_iter().map(Resource::Word);
        words.chain(tables.into_iter().map(Resource::Table)).collect()
    }

    /// The words that a command touches, and where those that are paths really lead.
    fn words<'c>(&self, command: &'c Command) -> Vec<Looked<'c>> {
        let at = whereabouts(command, self.circumstances);
        let mut all = Vec::new();
        // Where it lands is a resource as well: a host, a database.
        let hosts = command.contexts.iter().filter(|context| matches!(context.kind.as_str(), "host" | "database"));
        let hosts = hosts.filter_map(|context| context.name.as_ref()).map(Word::exact);
        let hosts = hosts.chain(command.remote.iter().filter(|word| word.is_known()).cloned());
        all.extend(hosts.map(|word| Looked { word: Cow::Owned(word), recursive: false, is_place: true }));
        for (count, (word, recursive)) in words_touched(command).enumerate() {
            if count == MAX_WORDS {
                all.push(Looked { word: Cow::Owned(Word::unknown(Hole::Input)), recursive: true, is_place: false });
                break;
            }
            all.push(Looked { word: Cow::Borrowed(word), recursive, is_place: false });
            let leads = local(word, recursive, at).filter(|_| command.remote.is_none());
            let leads = leads.and_then(|(path, extent)| {
                let answer = self.answers.get(&Question::Data(DataQuestion::RealPath(path.clone())))?;
                match answer {
                    Fact::Data(DataFact::Path(real)) if *real != path => Some((real, extent)),
                    Fact::Data(_)
                    | Fact::Text(_)
                    | Fact::Contexts(_)
                    | Fact::Names(_)
                    | Fact::Absent
                    | Fact::Unknown(_) => None,
                }
            });
            if let Some((real, extent)) = leads {
                let word = match extent {
                    Extent::Matching(pattern) => Word::of([
                        Piece::Text(OsString::from_vec([real.as_os_str().as_bytes(), b"/"].concat())),
                        Piece::Hole(Hole::Glob(pattern)),
                    ]),
                    Extent::Itself | Extent::Below | Extent::Beginning => Word::exact(real.as_os_str()),
                };
                all.push(Looked { word: Cow::Owned(word), recursive, is_place: false });
            }
        }
        all
    }

    pub(super) fn catalog_questions(&self, looked: &Resource<'_>, at: Whereabouts<'_>) -> Vec<(Layer, DataQuestion)> {
        let catalogs = self.policy.named_catalogs().filter(|(layer, _)| self.project || *layer != Layer::Project);
        let mut all = Vec::new();
        for (layer, catalog) in catalogs {
            for (resource, extent) in resources(looked, at) {
                let catalog = place(catalog, self.circumstances.home);
                all.push((layer, DataQuestion::Catalog { catalog, resource, extent }));
            }
        }
        all
    }

    pub(super) fn labels(&self, question: &DataQuestion) -> &'a [Labelled] {
        match self.answers.get(&Question::Data(question.clone())) {
            Some(Fact::Data(DataFact::Labels(labels))) => labels,
            Some(
                Fact::Data(DataFact::Path(_) | DataFact::Contents(_))
                | Fact::Text(_)
                | Fact::Contexts(_)
                | Fact::Names(_)
                | Fact::Absent
                | Fact::Unknown(_),
            )
            | None => &[],
        }
    }
}

/// The words that labels are looked up for: what a grammar says is touched, and every word where there is none.
pub(super) fn words_touched(command: &Command) -> impl Iterator<Item = (&Word, bool)> {
    let known = command.touches.iter().filter(|touch| touch.role != Role::Sql);
    let known = known.map(|touch| (&touch.word, touch.recursive));
    let all = command.words.iter().skip(1).map(|word| (word, true));
    known.chain(all.filter(|_| !command.described))
}

/// The names that a word is looked up by in a catalog: as it is written, and as an absolute path.
fn resources(looked: &Resource<'_>, at: Whereabouts<'_>) -> Vec<(String, Extent)> {
    let mut all = Vec::new();
    for steps in looked.forms(at) {
        let known: Vec<u8> = steps.iter().map_while(byte).collect();
        let whole = known.len() == steps.len();
        let Ok(known) = String::from_utf8(known) else { continue };
        if whole && known.is_empty() {
            continue;
        }
        let one = match (whole, looked.recursive()) {
            (true, true) => (resource::canonical(&known), Extent::Below),
            (true, false) => (resource::canonical(&known), Extent::Itself),
            // The last slash of a beginning counts.
            (false, _) => (known, Extent::Beginning),
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// Whether a labelled resource is one that the word may stand for; what stands for many always is.
pub(super) fn overlaps(labelled: &Labelled, looked: &Resource<'_>, at: Whereabouts<'_>) -> bool {
    let Some(resource) = &labelled.resource else {
        return true;
    };
    if looked.is_known() {
        return true;
    }
    let steps: Vec<Step> = resource.bytes().chain(*b"/").map(Step::Byte).collect();
    let folder = [steps.as_slice(), &[Step::All]].concat();
    let itself = steps.get(..resource.len()).unwrap_or_default();
    looked.forms(at).into_iter().any(|mut form| {
        let inside = pattern::overlap(&form, &folder);
        if looked.recursive() {
            form.extend([Step::Below, Step::All]);
        }
        inside || pattern::overlap(&form, itself)
    })
}
