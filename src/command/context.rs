//! Where a command lands: what its words, variables and the files of its program say; refuses to let a file of this host
//! speak for a command that runs elsewhere, and takes a name that cannot be known for any name.

use std::ffi::OsStr;
use std::path::Path;

use crate::model::{Command, Context, ContextName, Fact, Hole, Landing, Piece, Question, Tool, Word};

use super::arguments::Taken;
use super::reading::{Place, Reader};

/// What the programs of a kind look at besides their own options.
struct Depends {
    reader: &'static str,
    variables: &'static [&'static str],
    /// Whether operands and subcommand count too.
    operands: bool,
    /// Whether it looks into the home directory.
    home: bool,
}

const fn depends(reader: &'static str, variables: &'static [&'static str], operands: bool, home: bool) -> Depends {
    Depends { reader, variables, operands, home }
}

/// Whose files can be asked for.
const READERS: [Depends; 13] = [
    depends("kube", &["KUBECONFIG"], false, true),
    depends(
        "aws",
        &[
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_CONFIG_FILE",
            "AWS_SHARED_CREDENTIALS_FILE",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_ROLE_ARN",
            "AWS_ACCESS_KEY_ID",
        ],
        false,
        true,
    ),
    depends(
        "gcp",
        &["CLOUDSDK_CORE_PROJECT", "CLOUDSDK_ACTIVE_CONFIG_NAME", "CLOUDSDK_CONFIG", "CLOUDSDK_COMPUTE_REGION"],
        false,
        true,
    ),
    depends("azure", &["AZURE_CONFIG_DIR"], false, true),
    depends("terraform", &["TF_WORKSPACE", "TF_DATA_DIR"], false, false),
    depends("docker", &["DOCKER_CONTEXT", "DOCKER_HOST", "DOCKER_CONFIG"], false, true),
    depends(
        "git",
        &[
            "GIT_DIR",
            "GIT_CONFIG_GLOBAL",
            "GIT_CONFIG_SYSTEM",
            "GIT_CONFIG_NOSYSTEM",
            "GIT_CONFIG_COUNT",
            "XDG_CONFIG_HOME",
        ],
        true,
        true,
    ),
    depends(
        "postgres",
        &["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGUSER", "PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR"],
        true,
        true,
    ),
    depends("mysql", &["MYSQL_HOST", "MYSQL_HOME", "MYSQL_GROUP_SUFFIX"], true, true),
    depends("redis", &[], false, false),
    depends("mongo", &[], true, false),
    depends("ssh", &[], true, true),
    depends("scp", &[], true, true),
];

/// Settings that add a name and change none: where one is not known, the others still are.
const DETAILS: [&str; 4] = ["namespace", "region", "account", "jump"];

/// Most combinations of values that variables may have; with more, nothing is known.
const MAX_CHOICES: usize = 8;
/// Most bytes of a value that a question carries.
const MAX_VALUE: usize = 4096;

/// Notes where the command lands, and asks what its program's files say where some policy wants to know.
pub(super) fn land(reader: &mut Reader<'_>, command: &mut Command, taken: &Taken, tool: &Tool, place: &Place) {
    let mut contexts = place.contexts.clone();
    for context in taken.bodies(tool).flat_map(|body| &body.context) {
        let view = View { reader, command, place };
        let (names, questions) = view.look(context);
        contexts.extend(names);
        for question in questions {
            contexts.extend(answer(reader, question));
        }
    }
    let mut seen = Vec::new();
    contexts.retain(|context| {
        let new = !seen.contains(context);
        if new {
            seen.push(context.clone());
        }
        new
    });
    command.contexts = contexts;
}

/// The names that were found; a name that may be any, until there is an answer and where there is none.
fn answer(reader: &mut Reader<'_>, landing: Landing) -> Vec<ContextName> {
    let any = ContextName { kind: landing.kind.clone(), name: None };
    let question = Question::Context(landing);
    match reader.answers.get(&question) {
        Some(Fact::Contexts(names)) => names.clone(),
        Some(Fact::Absent | Fact::Unknown(_) | Fact::Text(_) | Fact::Data(_) | Fact::Names(_)) => {
            let host = ContextName { kind: "host".to_owned(), name: None };
            let reaches = matches!(any.kind.as_str(), "kube" | "docker" | "database" | "git");
            std::iter::once(any).chain(Some(host).filter(|_| reaches)).collect()
        }
        None => {
            if !reader.reading.questions.contains(&question) {
                reader.reading.questions.push(question);
            }
            vec![any]
        }
    }
}

/// A value that a variable may have; `None` where it is not set.
type Choice = Option<Word>;

struct View<'a, 'r> {
    reader: &'a Reader<'r>,
    command: &'a Command,
    place: &'a Place,
}

impl View<'_, '_> {
    fn look(&self, context: &Context) -> (Vec<ContextName>, Vec<Landing>) {
        let name = |word: Option<&Word>| ContextName {
            kind: context.kind.clone(),
            name: word.and_then(|word| self.text(word)),
        };
        let by_option = self.command.flags.iter().rev().find(|flag| context.options.contains(&flag.name));
        let by_operand = || context.operand.and_then(|at| self.command.operands.get(at));
        let mut names = Vec::new();
        if let Some(flag) = by_option {
            names.push(name(flag.value.as_ref()));
        } else if let Some(&index) = by_operand() {
            names.push(name(self.command.words.get(index)));
        } else {
            // Of several variables the first that is set counts, and one that may not be set leaves the next in play.
            for variable in &context.variables {
                let choices = self.choices(variable);
                names.extend(choices.iter().flatten().map(|word| name(Some(word))));
                if !choices.contains(&None) {
                    break;
                }
            }
        }
        let wanted = context.reader.as_deref().unwrap_or(&context.kind);
        let depends = READERS.iter().find(|depends| depends.reader == wanted);
        let asks = self.command.remote.is_none() && !self.command.help && self.reader.tools.looks_at(&context.kind);
        match depends.filter(|_| asks) {
            None => (names, Vec::new()),
            Some(depends) => {
                let landings = self.landings(context, depends);
                if landings.is_none() || self.lacks_detail(context) {
                    names.push(ContextName { kind: context.kind.clone(), name: None });
                }
                (names, landings.unwrap_or_default())
            }
        }
    }

    /// The questions, one for each way that variables may stand; `None` where what would be asked is not known.
    fn landings(&self, context: &Context, depends: &Depends) -> Option<Vec<Landing>> {
        let mut landing = Landing {
            kind: context.kind.clone(),
            reader: depends.reader.to_owned(),
            directory: self.command.directory.clone(),
            ..Landing::default()
        };
        let all = context.settings.iter().map(|(name, options)| (name.as_str(), options));
        for (setting, options) in std::iter::once(("name", &context.options)).chain(all) {
            for flag in self.command.flags.iter().filter(|flag| options.contains(&flag.name)) {
                let value = match &flag.value {
                    Some(word) => self.text(word),
                    None => Some(String::new()),
                };
                match value {
                    Some(value) => landing.told.entry(setting.to_owned()).or_default().push(value),
                    None if DETAILS.contains(&setting) => {}
                    None => return None,
                }
            }
        }
        if depends.operands {
            for (setting, indexes) in [("path", &self.command.path), ("operands", &self.command.operands)] {
                let words = indexes.iter().map(|&index| self.text(self.command.words.get(index)?));
                let words: Option<Vec<String>> = words.collect();
                if !indexes.is_empty() {
                    landing.told.insert(setting.to_owned(), words?);
                }
            }
        }
        let mut landings = vec![landing];
        let home = depends.home.then_some("HOME");
        let naming = context.variables.iter().map(String::as_str).filter(|name| !depends.variables.contains(name));
        for variable in depends.variables.iter().copied().chain(naming).chain(home) {
            let choices = self.choices(variable);
            if landings.len() * choices.len() > MAX_CHOICES {
                return None;
            }
            let mut next = Vec::new();
            for landing in landings {
                for choice in &choices {
                    let mut landing = landing.clone();
                    if let Some(word) = choice {
                        // A key is no part of a question; that there is one is.
                        let value = if variable == "AWS_ACCESS_KEY_ID" { "set".to_owned() } else { self.text(word)? };
                        landing.variables.insert(variable.to_owned(), value);
                    }
                    next.push(landing);
                }
            }
            landings = next;
        }
        Some(landings)
    }

    /// Whether a setting that only adds a name is not known.
    fn lacks_detail(&self, context: &Context) -> bool {
        let details = context.settings.iter().filter(|(setting, _)| DETAILS.contains(&setting.as_str()));
        details.into_iter().any(|(_, options)| {
            let values = self.command.flags.iter().filter(|flag| options.contains(&flag.name));
            values.into_iter().any(|flag| flag.value.as_ref().is_some_and(|word| self.text(word).is_none()))
        })
    }

    /// What a variable may be set to for the command.
    fn choices(&self, name: &str) -> Vec<Choice> {
        if let Some((_, word)) = self.command.environment.iter().rev().find(|(own, _)| own == name) {
            return vec![Some(word.clone())];
        }
        let mut choices = Vec::new();
        for exported in
            self.place.exported.iter().rev().filter(|exported| exported.name == name || exported.name.is_empty())
        {
            if !choices.contains(&exported.value) {
                choices.push(exported.value.clone());
            }
            if exported.certain {
                return choices;
            }
        }
        let inherited = || self.reader.environment.iter().find(|(own, _)| own == OsStr::new(name));
        // What is set here means nothing where the command runs elsewhere.
        let here = self.command.remote.is_none() && !self.place.cleared;
        let last = inherited().filter(|_| here).map(|(_, value)| Word::exact(value));
        if !choices.contains(&last) {
            choices.push(last);
        }
        choices
    }

    /// The text of a word, where `~` and `$HOME` are known as well.
    fn text(&self, word: &Word) -> Option<String> {
        let mut text = String::new();
        for piece in word.pieces() {
            match piece {
                Piece::Text(known) => text.push_str(known.to_str()?),
                Piece::Hole(Hole::Home(home)) if home == "~" => text.push_str(&self.home()?),
                Piece::Hole(Hole::Variable(name)) if name == "HOME" => text.push_str(&self.home()?),
                Piece::Hole(Hole::Variable(name)) if name == "PWD" => {
                    text.push_str(self.command.directory.as_deref().and_then(Path::to_str)?);
                }
                Piece::Hole(_) => return None,
            }
        }
        Some(text).filter(|text| text.len() <= MAX_VALUE)
    }

    fn home(&self) -> Option<String> {
        match self.choices("HOME").as_slice() {
            [Some(word)] => word.text().map(str::to_owned),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Around, Asked, Reading, Tools, read};
    use super::*;
    use crate::model::{Answers, Body, Form, Runs, Slot};

    struct Shelf(Tool, Tool);

    impl Tools for Shelf {
        fn tool(&self, file_name: &str) -> Option<&Tool> {
            [&self.0, &self.1].into_iter().find(|tool| tool.names.iter().any(|name| name == file_name))
        }

        fn looks_at(&self, kind: &str) -> bool {
            kind == "aws"
        }
    }

    fn reading(script: &str, answers: &Answers) -> Reading {
        let context = Context { kind: "aws".into(), variables: vec!["AWS_PROFILE".into()], ..Context::default() };
        let body = Body { context: vec![context], ..Body::default() };
        let aws = Tool { name: "aws".into(), names: vec!["aws".into()], body, ..Tool::default() };
        let runs = vec![Runs::new(Slot::FileOrInput, Form::Shell)];
        let body = Body { runs, ..Body::default() };
        let source = Tool { name: "source".into(), names: vec!["source".into(), ".".into()], body, ..Tool::default() };
        let asked = Asked::Script { text: script, index: 0, shell: "sh", positional: &[] };
        let environment = [("HOME".into(), "/home/dev".into())];
        let around = Around { directory: Path::new("/work"), environment: &environment };
        read(asked, &around, &Shelf(aws, source), answers)
    }

    fn profiles(script: &str, answers: &Answers) -> Vec<Option<String>> {
        let reading = reading(script, answers);
        let last = reading.commands.last().unwrap();
        last.contexts.iter().map(|context| context.name.clone()).collect()
    }

    #[test]
    fn what_a_sourced_file_exports_counts_for_what_follows() {
        let script = Question::Script("/work/env.sh".into());
        let mut answers = Answers::from([(script, Fact::Text("export AWS_PROFILE=prod".into()))]);
        let asked = reading(". ./env.sh; aws x", &answers).questions;
        let [question @ Question::Context(landing)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(landing.variable("AWS_PROFILE"), Some("prod"));
        answers.insert(question.clone(), Fact::Contexts(vec![ContextName::of("aws", "account/1")]));
        let known = [Some("prod".to_owned()), Some("account/1".to_owned())];
        assert_eq!(profiles(". ./env.sh; aws x", &answers), known);
        assert_eq!(profiles("(. ./env.sh); aws x", &answers).first(), known.first(), "it may");
    }

    #[test]
    fn more_ways_than_are_followed_are_any_context() {
        let mut script = String::new();
        for n in 0..20 {
            script.push_str(&format!("if x; then export AWS_REGION=r{n} AWS_CONFIG_FILE=/c{n}; fi; "));
        }
        script.push_str("aws x");
        assert!(reading(&script, &Answers::new()).questions.is_empty());
        assert_eq!(profiles(&script, &Answers::new()), [None]);
        let many: String = (0..300).map(|n| format!("export A{n}=x; ")).collect();
        assert_eq!(profiles(&format!("{many} aws x"), &Answers::new()), [None]);
    }

    #[test]
    fn every_reader_that_a_policy_may_name_is_asked() {
        assert_eq!(READERS.map(|depends| depends.reader), Context::READERS);
    }

    #[test]
    fn keys_stand_in_no_question() {
        let asked = reading("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE aws x", &Answers::new()).questions;
        let [Question::Context(landing)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(landing.variable("AWS_ACCESS_KEY_ID"), Some("set"));
    }
}
