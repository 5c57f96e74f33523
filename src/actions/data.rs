//! Facts about data as they stand in a request: which labels, which detectors and how many; refuses to repeat a value that
//! was found, or a secret in a name.

use std::path::Path;

use crate::model::{Answered, Command, DataFact, DataQuestion, Extent, Fact, Labelled, Shown, Word};
use crate::secrets::{in_text, in_words};

/// Most labels that one answer lists.
pub(super) const LISTED: usize = 8;

/// What a sample holds in which no detector found anything.
pub(super) const NOTHING: &str = "nothing that a detector knows";

/// The secrets among the words of commands: a password may have been looked up as the name of a file.
pub(super) fn hidden(commands: &[Command]) -> Vec<String> {
    let mut all = Vec::new();
    for command in commands {
        let words: Vec<Option<&str>> = command.words.iter().map(Word::text).collect();
        let text = |index: usize, from: usize| words.get(index).copied().flatten().and_then(|word| word.get(from..));
        all.extend(command.secrets.iter().filter_map(|secret| text(secret.word, secret.from)).map(str::to_owned));
        for (index, secret) in in_words(&words) {
            let word = words.get(index).copied().flatten();
            all.extend(word.and_then(|word| word.get(secret.range)).map(str::to_owned));
        }
    }
    all.retain(|secret| !secret.is_empty());
    // The longest first: one secret may be a part of another.
    all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    all
}

/// A question as it stands in a request.
pub(super) fn asked(question: &DataQuestion, hidden: &[String]) -> String {
    let file = |path: &Path| masked(&Shown::os(path.as_os_str()).to_string(), hidden);
    match question {
        DataQuestion::RealPath(path) => format!("real path of {}", file(path)),
        DataQuestion::Attribute(path, extent) => format!("label of {}{}", file(path), shown(extent)),
        DataQuestion::Contents(path, extent) => format!("sample of {}{}", file(path), shown(extent)),
        DataQuestion::Catalog { catalog, resource, extent } => {
            format!(
                "label of {}{} in {}",
                masked(&Shown::text(resource).to_string(), hidden),
                shown(extent),
                file(catalog)
            )
        }
    }
}

/// A fact that mattered, without what is to be hidden; none where nothing was found that could change a decision.
pub(super) fn answered(question: &DataQuestion, fact: &Fact, hidden: &[String]) -> Option<Answered> {
    let file = |path: &Path| masked(&Shown::os(path.as_os_str()).to_string(), hidden);
    let asked = asked(question, hidden);
    let answer = match (question, fact) {
        (DataQuestion::RealPath(path), Fact::Data(DataFact::Path(real))) if path == real => return None,
        (_, Fact::Data(DataFact::Path(real))) => file(real),
        (_, Fact::Data(DataFact::Labels(labels))) if labels.is_empty() => return None,
        (_, Fact::Data(DataFact::Labels(labels))) => listed(labels),
        (_, Fact::Data(DataFact::Contents(found))) if found.is_empty() => NOTHING.to_owned(),
        (_, Fact::Data(DataFact::Contents(found))) => {
            let all = found.iter().map(|one| format!("{} {} in {}", one.count, one.detector.name(), file(&one.file)));
            all.collect::<Vec<_>>().join(", ")
        }
        // Whether a path leads elsewhere, or a file has an attribute, where there is none, changes nothing.
        (DataQuestion::RealPath(_) | DataQuestion::Attribute(..), Fact::Unknown(_)) => return None,
        (_, Fact::Unknown(why)) => format!("unknown: {why}"),
        (_, Fact::Text(_) | Fact::Contexts(_) | Fact::Names(_) | Fact::Absent) => return None,
    };
    Some(Answered { question: asked, answer })
}

fn shown(extent: &Extent) -> String {
    match extent {
        Extent::Itself => String::new(),
        Extent::Below => " and all below".to_owned(),
        Extent::Beginning => "…".to_owned(),
        Extent::Matching(pattern) => format!("/{}", Shown::text(pattern)),
    }
}

fn listed(labels: &[Labelled]) -> String {
    let mut all: Vec<String> = Vec::new();
    for labelled in labels {
        let words = labelled.label.map(crate::model::DataLabel::name).into_iter();
        let words: Vec<&str> = words.chain(labelled.tags.iter().map(String::as_str)).collect();
        let text = format!("{} ({})", Shown::text(&words.join(" ")), Shown::text(&labelled.source));
        if !all.contains(&text) {
            all.push(text);
        }
    }
    let more = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    all.join(", ")
}

/// A name without the secrets that it may hold.
fn masked(name: &str, hidden: &[String]) -> String {
    let mut shown = name.to_owned();
    for secret in hidden {
        shown = shown.replace(&Shown::text(secret).to_string(), "‹hidden›");
    }
    for secret in in_text(&shown).into_iter().rev() {
        if shown.is_char_boundary(secret.range.start) && shown.is_char_boundary(secret.range.end) {
            shown.replace_range(secret.range, &format!("‹{} hidden›", secret.kind));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DataLabel, Detector, Found};

    #[test]
    fn an_answer_tells_detectors_and_counts_and_hides_secrets_in_names() {
        let found = Found { detector: Detector::PaymentCard, count: 12, file: "/work/a.csv".into() };
        let contents = DataQuestion::Contents("/work/a.csv".into(), Extent::Itself);
        let told = answered(&contents, &Fact::Data(DataFact::Contents(vec![found])), &[]).unwrap();
        assert_eq!(told.question, "sample of /work/a.csv");
        assert_eq!(told.answer, "12 payment-card in /work/a.csv");
        let password = DataQuestion::Contents("/work/hunter2".into(), Extent::Itself);
        let told = answered(&password, &Fact::Unknown("no such file".into()), &["hunter2".to_owned()]).unwrap();
        assert_eq!(told.question, "sample of /work/‹hidden›");
        let resource = "postgres://app:s3cretpw@db/x".to_owned();
        let asked = DataQuestion::Catalog { catalog: "/c.jsonl".into(), resource, extent: Extent::Below };
        let label = Some(DataLabel::Restricted);
        let labelled = Labelled { resource: None, label, tags: ["pii".to_owned()].into(), source: "macie".into() };
        let told = answered(&asked, &Fact::Data(DataFact::Labels(vec![labelled])), &[]).unwrap();
        assert_eq!(told.question, "label of postgres://app:‹url-password hidden›@db/x and all below in /c.jsonl");
        assert_eq!(told.answer, "restricted pii (macie)");
        assert!(answered(&asked, &Fact::Data(DataFact::Labels(Vec::new())), &[]).is_none());
        let same = DataQuestion::RealPath("/a".into());
        assert!(answered(&same, &Fact::Data(DataFact::Path("/a".into())), &[]).is_none());
    }
}
