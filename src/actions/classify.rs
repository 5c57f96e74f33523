//! From what was asked to what gate sees and decides: facts are asked for until no question is left, then the rules judge.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::command::{self, Around, Asked, Reading, Tools};
use crate::model::{Answered, Answers, Fact, Landing, Question, Shown, Tool, Unresolved, UnresolvedKind};
use crate::policy::{Circumstances, Judgement, Policy};
use crate::ports::Facts;

use super::{data, recalled};

/// What is recorded of a file that does not exist.
pub(super) const ABSENT: &str = "not there";
/// Most rounds of questions; what is open after them stays unresolved.
const MAX_ROUNDS: usize = 8;

/// What the requester asked to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// All arguments as they will be handed over; the first is the program as it was called.
    pub arguments: Vec<OsString>,
    /// Whether it is shell text (`gate -c`): argument 2 of a shell.
    pub script: bool,
    /// Where it would run.
    pub directory: PathBuf,
    /// The environment it would get.
    pub environment: Vec<(OsString, OsString)>,
}

impl Wanted {
    fn asked(&self) -> Asked<'_> {
        let text = self.arguments.get(2).and_then(|text| text.to_str());
        match (self.script, text) {
            (true, Some(text)) => Asked::Script {
                text,
                index: 2,
                shell: self.shell(),
                positional: self.arguments.get(3..).unwrap_or_default(),
            },
            // Script text that is not UTF-8 is read as the shell's own argument, which says that it cannot be read.
            (true, None) | (false, _) => Asked::Arguments(&self.arguments),
        }
    }

    fn shell(&self) -> &str {
        let name = self.arguments.first().and_then(|shell| Path::new(shell).file_name());
        name.and_then(|name| name.to_str()).unwrap_or("sh")
    }

    /// The program as it was called.
    #[must_use]
    pub fn program(&self) -> OsString {
        self.arguments.first().cloned().unwrap_or_default()
    }

    /// The value of a variable in the environment the command would get.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// What gate sees in an invocation, and what is to be done about it.
#[derive(Debug)]
pub struct Classified {
    /// The commands found, and what could not be found out.
    pub reading: Reading,
    /// What the rules make of them.
    pub judgement: Judgement,
    /// The facts that were asked for.
    pub answered: Vec<Answered>,
    /// The inherited variables that had a say in where commands land.
    pub consulted: BTreeSet<String>,
}

/// Which contexts are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contexts {
    /// Those that the policy has a use for.
    Used,
    /// All of them, to be shown.
    All,
}

/// The policy's tools, as the reader of commands asks for them.
struct Grammar<'a> {
    policy: &'a Policy,
    contexts: Contexts,
}

impl Tools for Grammar<'_> {
    fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.policy.tool(file_name)
    }

    fn looks_at(&self, kind: &str) -> bool {
        match self.contexts {
            Contexts::Used => self.policy.looks_at(kind),
            Contexts::All => true,
        }
    }
}

/// Reads and judges an invocation.
#[must_use]
pub fn classified(
    wanted: &Wanted,
    policy: &Policy,
    facts: &dyn Facts,
    circumstances: &Circumstances<'_>,
) -> Classified {
    classified_with(wanted, policy, facts, circumstances, Contexts::Used)
}

/// The same, with the contexts that are chosen. The decision is the same: what no policy names decides nothing.
#[must_use]
pub fn classified_with(
    wanted: &Wanted,
    policy: &Policy,
    facts: &dyn Facts,
    circumstances: &Circumstances<'_>,
    contexts: Contexts,
) -> Classified {
    let mut classified = classified_by(wanted, policy, facts, circumstances, contexts);
    if policy.is_damaged() {
        match policy.reread() {
            Ok(policy) => classified = classified_by(wanted, &policy, facts, circumstances, contexts),
            // What was compiled was once read from the same sources; if that cannot be done again, nothing is certain.
            Err(error) => {
                let why = format!("the policy cannot be read any more: {}", error.message());
                let unresolved = Unresolved { kind: UnresolvedKind::Program, command: None, why };
                classified.reading.unresolved.push(unresolved);
                let reading = &classified.reading;
                classified.judgement = policy.judge(&reading.commands, &reading.unresolved, circumstances);
            }
        }
    }
    classified
}

fn classified_by(
    wanted: &Wanted,
    policy: &Policy,
    facts: &dyn Facts,
    circumstances: &Circumstances<'_>,
    contexts: Contexts,
) -> Classified {
    let grammar = Grammar { policy, contexts };
    let mut answers = Answers::new();
    let around = Around { directory: &wanted.directory, environment: &wanted.environment };
    let mut reading = command::read(wanted.asked(), &around, &grammar, &answers);
    for _ in 0..MAX_ROUNDS {
        if reading.questions.is_empty() {
            break;
        }
        learn(&mut answers, std::mem::take(&mut reading.questions), facts);
        reading = command::read(wanted.asked(), &around, &grammar, &answers);
    }
    let mut judgement = policy.judge_data(&reading.commands, &reading.unresolved, circumstances, &answers);
    for _ in 0..MAX_ROUNDS {
        let open = policy.data_questions(&reading.commands, &judgement.findings, circumstances, &answers);
        if open.is_empty() {
            break;
        }
        learn(&mut answers, open, facts);
        judgement = policy.judge_data(&reading.commands, &reading.unresolved, circumstances, &answers);
    }
    let hidden = if answers.is_empty() { Vec::new() } else { data::hidden(&reading.commands) };
    let answered = answers.iter().filter_map(|(question, fact)| answered(question, fact, &hidden)).collect();
    let consulted = answers.keys().filter_map(|question| match question {
        Question::Context(landing) => Some(landing.variables.keys().cloned()),
        Question::Script(_) | Question::Data(_) | Question::Program(_) => None,
    });
    let consulted = consulted.flatten().filter(|name| wanted.variable(name).is_some()).collect();
    Classified { reading, judgement, answered, consulted }
}

fn learn(answers: &mut Answers, questions: impl IntoIterator<Item = Question>, facts: &dyn Facts) {
    for question in questions {
        let fact = facts.answer(&question);
        answers.insert(question, fact);
    }
}

/// Facts as they stand in a request: text by its digest, so that a changed script is another question.
fn answered(question: &Question, fact: &Fact, hidden: &[String]) -> Option<Answered> {
    if let Question::Data(question) = question {
        return data::answered(question, fact, hidden);
    }
    let question = told(question);
    let answer = match fact {
        Fact::Text(text) => crate::model::Digest::of(text.as_bytes()).to_string(),
        Fact::Contexts(names) => recalled::written(names),
        // A file that is called what it is tells nothing.
        Fact::Names(names) if names.is_empty() => return None,
        Fact::Names(names) => Shown::text(&names.join(", ")).to_string(),
        Fact::Data(_) => return None,
        Fact::Absent => ABSENT.to_owned(),
        Fact::Unknown(why) => format!("unknown: {why}"),
    };
    Some(Answered { question, answer })
}

/// A question as it stands in a request.
pub(super) fn told(question: &Question) -> String {
    match question {
        Question::Script(path) => format!("script {}", Shown::os(path.as_os_str())),
        Question::Context(landing) => asked(landing),
        Question::Data(question) => data::asked(question, &[]),
        Question::Program(path) => format!("program {}", Shown::os(path.as_os_str())),
    }
}

/// A question about a context: what the program was told, and in which directory.
fn asked(landing: &Landing) -> String {
    let mut text = format!("context {}", landing.kind);
    if landing.reader != landing.kind {
        text.push_str(&format!(" ({})", landing.reader));
    }
    // What may hold more than a name stands in the invocation, where secrets are masked.
    let plain = |value: &&String| !value.is_empty() && !value.contains(['=', '@', '?', ' ', '\n', '\t']);
    for (name, values) in landing.told.iter().filter(|(name, _)| *name != "operands") {
        let values: Vec<&str> = values.iter().filter(plain).map(String::as_str).collect();
        if !values.is_empty() {
            text.push_str(&format!(" {name} {}", Shown::text(&values.join(" "))));
        }
    }
    if let Some(directory) = &landing.directory {
        text.push_str(&format!(" in {}", Shown::os(directory.as_os_str())));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::policy::{Layer, Source};

    struct Nothing;

    impl Facts for Nothing {
        fn answer(&self, _: &Question) -> Fact {
            Fact::Unknown("nothing".to_owned())
        }
    }

    #[test]
    fn an_inherited_profile_is_where_a_command_lands_and_not_where_a_remote_one_does() {
        let text = "gate: 1\nname: acme\nenvironments:\n  - {name: production, contexts: [\"aws:prod*\"]}\n";
        let source = Source { layer: Layer::User, file: "acme.yaml".into(), text: text.into() };
        let policy = Policy::load(vec![source]).unwrap();
        let environments = |line: &[&str]| {
            let wanted = Wanted {
                arguments: line.iter().map(OsString::from).collect(),
                script: false,
                directory: PathBuf::from("/work"),
                environment: vec![("AWS_PROFILE".into(), "prod-1".into())],
            };
            let circumstances = Circumstances {
                requester: &[],
                directory: &wanted.directory,
                home: None,
                today: Timestamp::EPOCH,
                host: "host",
            };
            classified(&wanted, &policy, &Nothing, &circumstances).judgement.environments
        };
        assert!(environments(&["aws", "s3", "rm", "s3://b/x"]).contains("production"));
        assert!(!environments(&["aws", "--profile", "test", "s3", "rm", "s3://b/x"]).contains("production"));
        assert!(!environments(&["ssh", "host", "aws s3 rm s3://b/x"]).contains("production"));
    }

    /// Answers every question with one place, and keeps the questions.
    struct One(std::cell::RefCell<Vec<Question>>);

    impl Facts for One {
        fn answer(&self, question: &Question) -> Fact {
            self.0.borrow_mut().push(question.clone());
            Fact::Contexts(vec![crate::model::ContextName::of("kube", "prod")])
        }
    }

    #[test]
    fn a_context_is_asked_for_once_and_only_where_a_policy_has_a_use_for_it() {
        let asked = |environments: &str, script: &str, contexts| {
            let text = format!("gate: 1\nname: acme\nenvironments: [{environments}]\n");
            let policy = Policy::load(vec![Source { layer: Layer::User, file: "a.yaml".into(), text }]).unwrap();
            let wanted = Wanted {
                arguments: ["sh", "-c", script].map(OsString::from).to_vec(),
                script: true,
                directory: PathBuf::from("/work"),
                environment: vec![("HOME".into(), "/home/dev".into())],
            };
            let circumstances = Circumstances {
                requester: &[],
                directory: &wanted.directory,
                home: None,
                today: Timestamp::EPOCH,
                host: "host",
            };
            let facts = One(std::cell::RefCell::default());
            let classified = classified_with(&wanted, &policy, &facts, &circumstances, contexts);
            (facts.0.into_inner().len(), classified)
        };
        let (kube, aws) =
            ("{name: production, contexts: [\"kube:prod\"]}", "{name: production, contexts: [\"aws:x\"]}");
        let twice = "kubectl delete ns x; kubectl delete ns x";
        let (count, classified) = asked(kube, twice, Contexts::Used);
        assert_eq!(count, 1);
        assert!(classified.judgement.environments.contains("production"));
        let [answered] = classified.answered.as_slice() else { panic!("{:?}", classified.answered) };
        assert_eq!((answered.question.as_str(), answered.answer.as_str()), ("context kube in /work", "kube:prod"));
        assert_eq!(asked(aws, twice, Contexts::Used).0, 0);
        assert_eq!(asked(aws, twice, Contexts::All).0, 1);
        assert_eq!(asked(kube, "true; ls; kubectl --help", Contexts::All).0, 0);
        assert_eq!(asked(kube, "ssh host kubectl delete ns x", Contexts::Used).0, 0);
    }
}
