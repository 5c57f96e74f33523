//! Facts as a record tells them again: the contexts, labels, counts and paths that an answer names. Refuses to guess: what an
//! answer does not tell whole is no fact.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::PathBuf;

use super::classify::{ABSENT, told};
use super::data::NOTHING;
use crate::model::{
    Answered, ContextName, DataFact, DataLabel, DataQuestion, Detector, Extent, Fact, Found, Labelled, Landing,
    Question, Shown, unshown,
};
use crate::ports::Facts;

/// No context at all.
const NONE: &str = "none";

/// Something that a decision depends on and that the log does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Missing {
    /// What the command touches is.
    Data,
    /// Where it lands.
    Context,
    /// What a file held.
    Script,
}

impl Missing {
    /// Why that cannot be replayed.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Data => "it depends on what data it touches, and nothing asked for that when it was decided",
            Self::Context => "it depends on where it lands, and nothing asked for that when it was decided",
            Self::Script => "it depends on what a file held, and the log has only the digest of that",
        }
    }
}

/// The answers of then.
pub(super) struct Recalled<'a> {
    answers: &'a [Answered],
    /// What is asked, so that questions that a record tells alike are told apart by their order.
    known: BTreeSet<Question>,
    asked: RefCell<BTreeSet<Question>>,
    missing: Cell<Option<Missing>>,
    alike: Cell<bool>,
}

impl<'a> Recalled<'a> {
    /// What a record holds.
    pub(super) fn new(answers: &'a [Answered]) -> Self {
        let (known, asked) = (BTreeSet::new(), RefCell::default());
        Self { answers, known, asked, missing: Cell::new(None), alike: Cell::new(false) }
    }

    /// The same, knowing what is asked, where that is needed to tell questions apart.
    pub(super) fn again(&self) -> Option<Self> {
        let known = self.asked.borrow().clone();
        let again = Self { known, ..Self::new(self.answers) };
        (self.alike.get() && self.known != again.known).then_some(again)
    }

    /// What was asked that the log does not hold.
    pub(super) fn missing(&self) -> Option<Missing> {
        self.missing.get()
    }

    /// The answer to a question. Answers stand in the order of their questions, so where as many are told alike as are asked
    /// now, each has its own.
    fn recorded(&self, question: &Question) -> Option<&'a str> {
        let text = told(question);
        let mut same = self.answers.iter().filter(|answered| answered.question == text);
        let first = same.next()?;
        if same.clone().all(|other| other.answer == first.answer) {
            return Some(&first.answer);
        }
        self.alike.set(true);
        let alike: Vec<&Question> = self.known.iter().filter(|known| told(known) == text).collect();
        let at = alike.iter().position(|known| *known == question)?;
        let all: Vec<&Answered> = std::iter::once(first).chain(same).collect();
        all.get(at).filter(|_| all.len() == alike.len()).map(|answered| answered.answer.as_str())
    }

    fn lacks(&self, missing: Missing) -> Fact {
        self.missing.set(self.missing.get().max(Some(missing)));
        Fact::Unknown("the log does not hold it".to_owned())
    }
}

impl Facts for Recalled<'_> {
    fn answer(&self, question: &Question) -> Fact {
        self.asked.borrow_mut().insert(question.clone());
        let answer = self.recorded(question);
        if let Some(why) = answer.and_then(|answer| answer.strip_prefix("unknown: ")) {
            return Fact::Unknown(why.to_owned());
        }
        match question {
            Question::Script(_) if answer == Some(ABSENT) => Fact::Absent,
            Question::Script(_) => self.lacks(Missing::Script),
            Question::Context(landing) => match answer.and_then(|answer| contexts(landing, answer)) {
                Some(names) => Fact::Contexts(names),
                None => self.lacks(Missing::Context),
            },
            Question::Data(question) => data(question, answer).unwrap_or_else(|| self.lacks(Missing::Data)),
            // Only names that differ from the file's own are recorded.
            Question::Program(_) => {
                let names = answer.map(|answer| answer.split(", ").filter_map(unshown).collect());
                Fact::Names(names.unwrap_or_default())
            }
        }
    }
}

/// Contexts as they stand in an answer: `kind:name`, `kind:?` where the name is not known. A comma in a name is escaped.
pub(super) fn written(names: &[ContextName]) -> String {
    let one = |context: &ContextName| {
        let name = match context.name.as_deref() {
            None => "?".to_owned(),
            Some("?") => "\\x3F".to_owned(),
            Some(name) => Shown::text(name).to_string().replace(',', "\\x2C"),
        };
        format!("{}:{name}", Shown::text(&context.kind))
    };
    let names: Vec<String> = names.iter().map(one).collect();
    if names.is_empty() { NONE.to_owned() } else { names.join(", ") }
}

/// The same, read again.
fn contexts(landing: &Landing, answer: &str) -> Option<Vec<ContextName>> {
    if answer == NONE {
        return Some(Vec::new());
    }
    let kinds = [landing.kind.as_str(), &landing.reader, "host", "database"];
    let one = |text: &str| {
        let (kind, name) = text.split_once(':')?;
        let name = if name == "?" { None } else { Some(unshown(name)?) };
        kinds.contains(&kind).then(|| ContextName { kind: kind.to_owned(), name })
    };
    answer.split(", ").map(one).collect()
}

/// A fact about data. That a path leads nowhere else, or has no attribute, is not written down.
fn data(question: &DataQuestion, answer: Option<&str>) -> Option<Fact> {
    let fact = match (question, answer) {
        (DataQuestion::RealPath(path), None) => DataFact::Path(path.clone()),
        (DataQuestion::RealPath(_), Some(answer)) => DataFact::Path(PathBuf::from(unshown(answer)?)),
        (DataQuestion::Attribute(..), None) => DataFact::Labels(Vec::new()),
        (DataQuestion::Contents(..), Some(NOTHING)) => DataFact::Contents(Vec::new()),
        (DataQuestion::Contents(..), Some(answer)) => DataFact::Contents(found(answer)?),
        // Which of the names that begin so have the label is not written down.
        (DataQuestion::Catalog { extent: Extent::Beginning | Extent::Matching(_), .. }, _) => return None,
        (DataQuestion::Attribute(..) | DataQuestion::Catalog { .. }, Some(answer)) => DataFact::Labels(labels(answer)?),
        (DataQuestion::Contents(..) | DataQuestion::Catalog { .. }, None) => return None,
    };
    Some(Fact::Data(fact))
}

/// `12 payment-card in /work/a.csv, 3 email in /work/b`.
fn found(answer: &str) -> Option<Vec<Found>> {
    let one = |text: &str| {
        let (count, rest) = text.split_once(' ')?;
        let (detector, file) = rest.split_once(" in ")?;
        let (count, detector) = (count.parse().ok()?, Detector::named(detector)?);
        Some(Found { detector, count, file: PathBuf::from(unshown(file)?) })
    };
    answer.split(", ").map(one).collect()
}

/// `restricted pii (macie), internal (wiki)`.
fn labels(answer: &str) -> Option<Vec<Labelled>> {
    let one = |text: &str| {
        let (words, source) = text.split_once(" (")?;
        let words = unshown(words)?;
        let named = |word: &str| DataLabel::ALL.into_iter().find(|label| label.name() == word);
        let mut words = words.split(' ').peekable();
        let label = words.next_if(|word| named(word).is_some()).and_then(named);
        let tags = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Some(Labelled { resource: None, label, tags, source: unshown(source)? })
    };
    answer.strip_suffix(')')?.split("), ").map(one).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn contexts_are_read_as_they_were_written(names in proptest::collection::vec(
            ("kube|host|database", proptest::option::of("\\PC{0,12}|[?,: \\\\\n]{1,4}|a, host:b")), 0..5)) {
            let names: Vec<ContextName> =
                names.into_iter().map(|(kind, name)| ContextName { kind, name }).collect();
            let landing = Landing { kind: "kube".into(), reader: "kube".into(), ..Landing::default() };
            prop_assert_eq!(contexts(&landing, &written(&names)), Some(names));
        }
    }

    #[test]
    fn data_is_recalled_as_far_as_it_is_told_whole() {
        let contents = DataQuestion::Contents("/w/a.csv".into(), Extent::Itself);
        let one = Found { detector: Detector::PaymentCard, count: 12, file: "/w/a.csv".into() };
        let told = super::super::data::answered(
            &contents,
            &Fact::Data(DataFact::Contents(vec![one.clone(), Found { count: 2, ..one.clone() }])),
            &[],
        );
        let expected = Fact::Data(DataFact::Contents(vec![one.clone(), Found { count: 2, ..one }]));
        assert_eq!(data(&contents, told.as_ref().map(|told| told.answer.as_str())), Some(expected));
        let resource = "s3://b/k".to_owned();
        let catalog = |extent| DataQuestion::Catalog { catalog: "/c".into(), resource: resource.clone(), extent };
        let labelled = |label, tags: &[&str], source: &str| Labelled {
            resource: None,
            label,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            source: source.into(),
        };
        let all = vec![
            labelled(Some(DataLabel::Restricted), &["pii", "secret"], "macie (eu)"),
            labelled(None, &["x"], "wiki"),
            labelled(Some(DataLabel::Public), &[], ""),
        ];
        let question = catalog(Extent::Below);
        let told = super::super::data::answered(&question, &Fact::Data(DataFact::Labels(all.clone())), &[]).unwrap();
        assert_eq!(told.answer, "restricted pii secret (macie (eu)), x (wiki), public ()");
        assert_eq!(data(&question, Some(&told.answer)), Some(Fact::Data(DataFact::Labels(all))));
        assert_eq!(data(&catalog(Extent::Beginning), Some(&told.answer)), None, "which of them is not told");
        assert_eq!(data(&question, Some("public (a), and 3 more")), None);
        assert_eq!(data(&question, None), None, "it may never have been asked");
        let link = DataQuestion::RealPath("/w/link".into());
        assert_eq!(data(&link, Some("/w/a\\nb")), Some(Fact::Data(DataFact::Path("/w/a\nb".into()))));
    }

    #[test]
    fn questions_that_are_told_alike_have_their_answers_in_order() {
        let question = |operand: &str| {
            let told = [("operands".to_owned(), vec![operand.to_owned()])].into();
            Question::Context(Landing { kind: "git".into(), reader: "git".into(), told, ..Landing::default() })
        };
        let (main, tag) = (question("main"), question("v1"));
        let answered =
            |answer: &str| Answered { question: super::super::classify::told(&main), answer: answer.to_owned() };
        let answers = [answered("git:main"), answered("git:tag/v1")];
        let first = Recalled::new(&answers);
        assert!(matches!(first.answer(&tag), Fact::Unknown(_)));
        first.answer(&main);
        assert_eq!(first.missing(), Some(Missing::Context));
        let second = first.again().unwrap();
        let names = |fact| if let Fact::Contexts(names) = fact { names } else { panic!("{fact:?}") };
        assert_eq!(names(second.answer(&tag)), [ContextName::of("git", "tag/v1")]);
        assert_eq!(names(second.answer(&main)), [ContextName::of("git", "main")]);
        assert_eq!(second.missing(), None);
        assert!(second.again().is_none(), "nothing more can be known");
    }
}
