//! What data a command touches: labels from patterns, from catalogs, from attributes of files and from samples of what it
//! would send. Refuses to let a file speak for itself in the wrong direction: what its owner or its content says can only
//! make a label stricter.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::judge::Circumstances;
use super::layers::Policy;
use super::load::layer::{Catalog, Data, Layer};
use super::load::pattern::{self, Step};
use super::matrix::Touched;
use super::resource;
use super::seen::{Seen, Whereabouts, absolute, is_local, is_path_pattern, plain};
use crate::model::{
    ActionClass, Answers, Command, DataFact, DataLabel, DataQuestion, Detector, Extent, Fact, Finding, Found, Hole,
    Labelled, Piece, Question, Role, Shown, Stdin, Word,
};

/// Most words of one command that are looked up one by one; the rest stand for everything.
const MAX_WORDS: usize = 512;

/// A word that labels are looked up for.
#[derive(Debug, Clone)]
struct Looked<'a> {
    word: Cow<'a, Word>,
    recursive: bool,
    /// Whether it is a host or a database, and no file whatever it looks like.
    is_place: bool,
}

impl Looked<'_> {
    fn local(&self, at: Whereabouts<'_>) -> Option<(PathBuf, Extent)> {
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

/// A local file or folder whose content a command would send, and the word that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    /// The command that sends.
    pub command: usize,
    /// The word of that command (index), where it is one of its own.
    pub word: Option<usize>,
    question: DataQuestion,
}

/// What the sample of something sent comes to.
pub(super) struct Content {
    /// Labels and tags of what was found.
    pub touched: Touched,
    /// Which detector found how many, and in which file; never what.
    pub why: String,
}

/// One view of what is known about data.
#[derive(Clone, Copy)]
pub(super) struct Labels<'a> {
    pub policy: &'a Policy,
    pub answers: &'a Answers,
    pub circumstances: &'a Circumstances<'a>,
    /// Whether the project layer has a say.
    pub project: bool,
}

impl Policy {
    /// What must be known about data before the findings can be weighed; nothing where nothing was found.
    #[must_use]
    pub fn data_questions(
        &self,
        commands: &[Command],
        findings: &[Finding],
        circumstances: &Circumstances<'_>,
        answers: &Answers,
    ) -> Vec<Question> {
        let labels = Labels { policy: self, answers, circumstances, project: true };
        let mut open = BTreeSet::new();
        for index in weighed(commands, findings) {
            if let Some(command) = commands.get(index) {
                labels.open(command, &mut open);
            }
        }
        open.extend(labels.sent(commands, findings).into_iter().map(|sent| sent.question));
        let open = open.into_iter().map(Question::Data);
        open.filter(|question| !answers.contains_key(question)).collect()
    }

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

/// The commands whose labels weigh: those with a finding, and those whose output they read.
fn weighed(commands: &[Command], findings: &[Finding]) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    for finding in findings {
        let mut at = finding.command;
        while let Some(index) = at.filter(|index| all.insert(*index)) {
            at = commands.get(index).and_then(|command| command.pipe_from);
        }
    }
    all
}

impl<'a> Labels<'a> {
    /// All labels and tags of what a command touches.
    pub fn of(&self, command: &Command, touched: &mut Touched) {
        let at = whereabouts(command, self.circumstances);
        let words = self.words(command);
        let bases = self.policy.above.iter().filter(|above| self.project || !above.is_project());
        let bases = bases.map(|above| &above.checked.base).chain(std::iter::once(self.policy.built_in.base()));
        for data in bases.flat_map(|base| &base.data) {
            let meets = |looked: &Looked<'_>| match looked.is_place {
                false => super::facts::resource_matches(&looked.word, &data.resources, at, looked.recursive),
                true => {
                    let names = data.resources.iter().filter(|pattern| !is_path_pattern(pattern));
                    let named =
                        looked.word.text().map(|name| names.map(move |pattern| pattern::matches(pattern, name)));
                    named.is_some_and(|mut named| named.any(|matches| matches))
                }
            };
            if words.iter().any(meets) {
                add(touched, data);
            }
        }
        for looked in &words {
            for (_, question) in self.catalog_questions(looked, at) {
                for labelled in self.labels(&question) {
                    if overlaps(labelled, looked, at) {
                        touched.labels.extend(labelled.label);
                        touched.tags.extend(labelled.tags.iter().cloned());
                    }
                }
            }
            if command.remote.is_none()
                && let Some((path, extent)) = looked.local(at)
            {
                for labelled in self.labels(&attribute(command, path.clone(), extent.clone())) {
                    // Whoever may write a file may write this: it cannot say that the file is for everybody.
                    touched.labels.extend(labelled.label.filter(|label| *label > DataLabel::Public));
                    touched.tags.extend(labelled.tags.iter().cloned());
                }
                if let Some(content) = self.content(&DataQuestion::Contents(path, extent)) {
                    touched.labels.extend(content.touched.labels);
                    touched.tags.extend(content.touched.tags);
                }
            }
        }
    }

    /// Why catalogs that a command's labels depend on cannot be used.
    pub fn unusable(&self, command: &Command) -> BTreeSet<String> {
        let at = whereabouts(command, self.circumstances);
        let mut all = BTreeSet::new();
        for looked in self.words(command) {
            for (_, question) in self.catalog_questions(&looked, at) {
                if let Some(Fact::Unknown(why)) = self.answers.get(&Question::Data(question)) {
                    all.insert(why.clone());
                }
            }
        }
        all
    }

    /// What the sample of something sent comes to, if anything in it has a label.
    pub fn content_of(&self, sent: &Sent) -> Option<Content> {
        self.content(&sent.question)
    }

    /// The local files that the commands would send away: what a command that exports or publishes reads, itself or
    /// through its pipeline, and what any command carries from here to somewhere else.
    pub fn sent(&self, commands: &[Command], findings: &[Finding]) -> Vec<Sent> {
        let mut all = Vec::new();
        for (index, command) in commands.iter().enumerate() {
            if command.remote.is_some() || command.dry_run || command.help {
                continue;
            }
            let exports = findings.iter().any(|finding| {
                finding.command == Some(index) && matches!(finding.class, ActionClass::Export | ActionClass::Publish)
            });
            if !exports && !self.carries(command) {
                continue;
            }
            let own = sources(command, exports);
            all.extend(
                own.iter().filter_map(|(word, at, recursive)| self.sends(index, command, word, *at, *recursive)),
            );
            if !exports {
                continue;
            }
            let mut reader = Some(command);
            for _ in 0..commands.len() {
                let Some(now) = reader.filter(|now| now.remote.is_none()) else { break };
                if let Stdin::File(word) = &now.stdin {
                    all.extend(self.sends(index, now, word, None, false));
                }
                reader = now.pipe_from.and_then(|from| commands.get(from));
                if let Some(before) = reader.filter(|before| before.remote.is_none()) {
                    let read = before.touches.iter().filter(|touch| {
                        matches!(touch.role, Role::Source | Role::Input | Role::Target | Role::AtInput)
                    });
                    all.extend(read.filter_map(|touch| self.sends(index, before, &touch.word, None, touch.recursive)));
                }
            }
        }
        all.dedup();
        all
    }

    fn sends(&self, command: usize, owner: &Command, word: &Word, at: Option<usize>, recursive: bool) -> Option<Sent> {
        let (path, extent) = local(word, recursive, whereabouts(owner, self.circumstances))?;
        // The value of an option is the word after it, unless it is joined to it.
        let next = at
            .map(|at| at + 1)
            .filter(|next| owner.words.get(*next).is_some_and(|other| other.pieces() == word.pieces()));
        Some(Sent { command, word: next.or(at), question: DataQuestion::Contents(path, extent) })
    }

    /// Whether a command has a source here and a destination elsewhere.
    fn carries(&self, command: &Command) -> bool {
        let at = whereabouts(command, self.circumstances);
        let near = self.policy.set("local-urls");
        let far = command.touches.iter().any(|touch| match touch.role {
            Role::Destination => !is_local(&touch.word) && touch.word.text() != Some("-"),
            Role::Url => {
                let seen = Seen { word: &touch.word, index: None, recursive: false };
                !near.iter().any(|pattern| seen.surely_matches(pattern, at))
            }
            Role::Source | Role::Target | Role::Input | Role::AtInput | Role::Writes | Role::Sql | Role::Script => {
                false
            }
        });
        far && command.touches.iter().any(|touch| matches!(touch.role, Role::Source | Role::AtInput))
    }

    fn open(&self, command: &Command, open: &mut BTreeSet<DataQuestion>) {
        let at = whereabouts(command, self.circumstances);
        for (word, recursive) in words_touched(command).take(MAX_WORDS) {
            if command.remote.is_none()
                && let Some((path, extent)) = local(word, recursive, at)
            {
                if self.has_resources() {
                    open.insert(DataQuestion::RealPath(path.clone()));
                }
                open.insert(attribute(command, path, extent));
            }
        }
        for looked in self.words(command) {
            // Where a path leads decides what is looked up.
            let leads = looked.local(at).map(|(path, _)| DataQuestion::RealPath(path));
            let known = leads.is_none_or(|leads| {
                command.remote.is_some() || !open.contains(&leads) || self.answers.contains_key(&Question::Data(leads))
            });
            if known {
                open.extend(self.catalog_questions(&looked, at).into_iter().map(|(_, question)| question));
            }
        }
    }

    fn has_resources(&self) -> bool {
        let bases = self.policy.above.iter().map(|above| &above.checked.base);
        self.policy.named_catalogs().next().is_some()
            || bases
                .chain(std::iter::once(self.policy.built_in.base()))
                .any(|base| base.data.iter().any(|data| !data.resources.is_empty()))
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
                    Fact::Data(_) | Fact::Text(_) | Fact::Contexts(_) | Fact::Names(_) | Fact::Unknown(_) => None,
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

    fn catalog_questions(&self, looked: &Looked<'_>, at: Whereabouts<'_>) -> Vec<(Layer, DataQuestion)> {
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

    fn labels(&self, question: &DataQuestion) -> &'a [Labelled] {
        match self.answers.get(&Question::Data(question.clone())) {
            Some(Fact::Data(DataFact::Labels(labels))) => labels,
            Some(
                Fact::Data(DataFact::Path(_) | DataFact::Contents(_))
                | Fact::Text(_)
                | Fact::Contexts(_)
                | Fact::Names(_)
                | Fact::Unknown(_),
            )
            | None => &[],
        }
    }

    fn content(&self, question: &DataQuestion) -> Option<Content> {
        let found = match self.answers.get(&Question::Data(question.clone())) {
            Some(Fact::Data(DataFact::Contents(found))) => found,
            Some(
                Fact::Data(DataFact::Path(_) | DataFact::Labels(_))
                | Fact::Text(_)
                | Fact::Contexts(_)
                | Fact::Names(_)
                | Fact::Unknown(_),
            )
            | None => {
                return None;
            }
        };
        let mut touched = Touched::default();
        let mut parts = Vec::new();
        for one in found {
            let mut counts = false;
            for data in self.meanings(one.detector) {
                if one.count >= data.at_least {
                    add(&mut touched, data);
                    counts = true;
                }
            }
            if counts {
                parts.push(said(one));
            }
        }
        let why = format!("what is sent holds {}", parts.join(", "));
        (!parts.is_empty()).then_some(Content { touched, why })
    }

    /// What a detector means: what every layer says, and what the built-in pack says where no layer may and does replace
    /// it.
    fn meanings(&self, detector: Detector) -> Vec<&'a Data> {
        let names = |data: &&Data| data.detectors.contains(&detector);
        let above = self.policy.above.iter().filter(|above| self.project || !above.is_project());
        let mut all: Vec<&Data> = Vec::new();
        let mut replaced = false;
        for above in above {
            let own = above.checked.base.data.iter().filter(names);
            let before = all.len();
            all.extend(own);
            replaced |= above.replaces && all.len() > before;
        }
        if !replaced {
            all.extend(self.policy.built_in.base().data.iter().filter(names));
        }
        all
    }
}

/// The attributes that count for a command: a folder is looked into only where a grammar says that the command does so.
fn attribute(command: &Command, path: PathBuf, extent: Extent) -> DataQuestion {
    let extent = if command.described { extent } else { Extent::Itself };
    DataQuestion::Attribute(path, extent)
}

fn add(touched: &mut Touched, data: &Data) {
    touched.labels.extend(data.label);
    touched.tags.extend(data.tags.iter().cloned());
}

fn said(found: &Found) -> String {
    let file = found.file.file_name().unwrap_or(found.file.as_os_str());
    format!("{} {} ({})", found.count, found.detector.name(), Shown::os(file))
}

pub(super) fn whereabouts<'a>(command: &'a Command, at: &Circumstances<'a>) -> Whereabouts<'a> {
    let home = if command.remote.is_some() { None } else { at.home };
    Whereabouts { directory: command.directory.as_deref(), home, called: Some(at.directory) }
}

/// The words that labels are looked up for: what a grammar says is touched, and every word where there is none.
fn words_touched(command: &Command) -> impl Iterator<Item = (&Word, bool)> {
    let known = command.touches.iter().filter(|touch| touch.role != Role::Sql);
    let known = known.map(|touch| (&touch.word, touch.recursive));
    let all = command.words.iter().skip(1).map(|word| (word, true));
    known.chain(all.filter(|_| !command.described))
}

/// The words whose content a command sends: its sources, or its operands where its grammar names none.
fn sources(command: &Command, exports: bool) -> Vec<(&Word, Option<usize>, bool)> {
    let own = command.touches.iter().filter(|touch| matches!(touch.role, Role::Source | Role::AtInput));
    let own: Vec<_> = own.map(|touch| (&touch.word, touch.index, touch.recursive)).collect();
    if !own.is_empty() || !exports {
        return own;
    }
    let operands = command.operands.iter().filter_map(|index| Some((command.words.get(*index)?, Some(*index), true)));
    operands.filter(|(word, _, _)| !word.prefix().starts_with(b"-")).collect()
}

/// The path of a word that names local files, as far as it is known, and what of it is meant.
fn local(word: &Word, recursive: bool, at: Whereabouts<'_>) -> Option<(PathBuf, Extent)> {
    if !is_local(word) || word.prefix().contains(&0) {
        return None;
    }
    let steps = plain(word, at);
    if let Some(path) = bytes(&steps) {
        let path = rooted(&path, at)?;
        return Some((path, if recursive { Extent::Below } else { Extent::Itself }));
    }
    // A pattern in the last part stands for files of one folder.
    let folder = steps.iter().rposition(|step| *step == Step::Byte(b'/')).map_or(0, |slash| slash + 1);
    let folder = bytes(steps.get(..folder)?)?;
    let [.., Piece::Hole(Hole::Glob(_)) | Piece::Text(_)] = word.pieces() else {
        return None;
    };
    let name: String = word.pieces().iter().map(piece_pattern).collect::<Option<Vec<_>>>()?.concat();
    let name = name.rsplit('/').next().unwrap_or(&name);
    let folder = if folder.is_empty() { at.directory?.to_owned() } else { rooted(&folder, at)? };
    Some((folder, Extent::Matching(name.to_owned())))
}

/// A piece of a word as a part of a pattern.
fn piece_pattern(piece: &Piece) -> Option<String> {
    match piece {
        Piece::Text(text) => {
            let mut pattern = String::new();
            for letter in text.to_str()?.chars() {
                if matches!(letter, '*' | '?' | '[' | '\\') {
                    pattern.push('\\');
                }
                pattern.push(letter);
            }
            Some(pattern)
        }
        Piece::Hole(Hole::Glob(glob)) => Some(glob.clone()),
        Piece::Hole(Hole::Home(_) | Hole::Variable(_)) => Some(String::new()),
        Piece::Hole(Hole::Substitution | Hole::Input | Hole::Fitting(_)) => None,
    }
}

/// The bytes that steps are, if nothing in them is open.
fn bytes(steps: &[Step]) -> Option<Vec<u8>> {
    steps.iter().map(byte).collect()
}

/// The byte that a step is, if it is one.
const fn byte(step: &Step) -> Option<u8> {
    match step {
        Step::Byte(byte) => Some(*byte),
        Step::One
        | Step::Class(..)
        | Step::Run(..)
        | Step::Part
        | Step::All
        | Step::Above
        | Step::Inside
        | Step::Below => None,
    }
}

fn rooted(path: &[u8], at: Whereabouts<'_>) -> Option<PathBuf> {
    if path.is_empty() {
        return None;
    }
    let path = Path::new(OsStr::from_bytes(path));
    match at.directory {
        _ if path.is_absolute() => Some(path.to_owned()),
        Some(directory) => Some(directory.join(path)),
        None => None,
    }
}

/// The names that a word is looked up by in a catalog: as it is written, and as an absolute path.
fn resources(looked: &Looked<'_>, at: Whereabouts<'_>) -> Vec<(String, Extent)> {
    let mut all = Vec::new();
    for steps in looked.forms(at) {
        let known: Vec<u8> = steps.iter().map_while(byte).collect();
        let whole = known.len() == steps.len();
        let Ok(known) = String::from_utf8(known) else { continue };
        if whole && known.is_empty() {
            continue;
        }
        let one = match (whole, looked.recursive) {
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
fn overlaps(labelled: &Labelled, looked: &Looked<'_>, at: Whereabouts<'_>) -> bool {
    let Some(resource) = &labelled.resource else {
        return true;
    };
    if looked.word.is_known() {
        return true;
    }
    let steps: Vec<Step> = resource.bytes().chain(*b"/").map(Step::Byte).collect();
    let folder = [steps.as_slice(), &[Step::All]].concat();
    let itself = steps.get(..resource.len()).unwrap_or_default();
    looked.forms(at).into_iter().any(|mut form| {
        let inside = pattern::overlap(&form, &folder);
        if looked.recursive {
            form.extend([Step::Below, Step::All]);
        }
        inside || pattern::overlap(&form, itself)
    })
}
