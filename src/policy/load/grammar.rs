//! Tools as written become grammars; refuses an option that is said to be two things and an operand that nothing can be.

use std::collections::HashMap;

use super::error::{Origin, PolicyError};
use super::texts::{Text, Texts, WordOr};
use super::tool::{WrittenBody, WrittenRuns, WrittenTool};
use super::written::WrittenFile;
use crate::encoding::yaml::Placed;
use crate::model::{
    Body, Context, Form, Listing, OperandGrammar, OptionGrammar, Place, Role, Runs, Slot, Syntax, Tool, Value,
};

/// The grammars that one written tool stands for: one, or one for each of `programs`.
pub fn tools(origin: Origin<'_>, placed: &Placed<WrittenTool>) -> Result<Vec<Tool>, PolicyError> {
    let written = &placed.value;
    let compiled = compiled(origin, placed)?;
    let named = |names: Vec<String>| {
        let name = names.first().cloned().unwrap_or_default();
        Tool { name, names, ..compiled.clone() }
    };
    match (written.program.is_empty(), written.programs.is_empty()) {
        (false, true) => Ok(vec![named(written.program.owned())]),
        (true, false) => Ok(written.programs.iter().map(|name| named(vec![name.to_owned()])).collect()),
        _ => {
            Err(origin.at(placed, "a tool has either `program` (one, with all its names) or `programs` (each its own)"))
        }
    }
}

fn compiled(origin: Origin<'_>, placed: &Placed<WrittenTool>) -> Result<Tool, PolicyError> {
    let written = &placed.value;
    let general = written.body();
    let mut compiler = Compiler { origin, placed, general: Vec::new(), own: Vec::new(), spelled: HashMap::new() };
    compiler.take_options(&general)?;
    let body = compiler.body(&general, &["--help", "--version"])?;
    let options = std::mem::take(&mut compiler.own);
    compiler.spelled.clear();
    compiler.general.clone_from(&options);
    let mut commands = Vec::new();
    for (key, differing) in &written.commands {
        compiler.take_options(differing)?;
        let differing = compiler.body(differing, &[])?;
        let own = std::mem::take(&mut compiler.own);
        compiler.spelled.clear();
        for path in key.split(',') {
            let words: Vec<Vec<String>> =
                path.split_whitespace().map(|word| word.split('|').map(str::to_owned).collect()).collect();
            if words.is_empty() {
                return Err(origin.at(placed, "a key of `commands` names no subcommand"));
            }
            commands.push((words, Body { options: own.clone(), ..differing.clone() }));
        }
    }
    // The longest match wins; sorted here so that the first match is the longest.
    commands.sort_by_key(|(words, _): &(Vec<Vec<String>>, Body)| std::cmp::Reverse(words.len()));
    Ok(Tool {
        name: String::new(),
        names: Vec::new(),
        stands_for: written.stands_for.owned(),
        syntax: written.syntax,
        options,
        closed: written.closed,
        valued: written.valued,
        listed: Vec::new(),
        abbreviations: written.abbreviations,
        dashed: written.dashed,
        depth: written.depth.unwrap_or(usize::from(!written.commands.is_empty())),
        body,
        commands,
    })
}

/// Gives the tools what a file says of their options as they list them themselves.
pub fn list_options(origin: Origin<'_>, file: &WrittenFile, tools: &mut [Tool]) -> Result<(), PolicyError> {
    for (program, subcommands) in &file.options {
        let Some(tool) = tools.iter_mut().find(|tool| tool.names.contains(program)) else {
            return Err(
                origin.at(&file.name, format!("`options` of `{program}`, which no tool of this layer describes"))
            );
        };
        for (path, line) in subcommands {
            if let Err(wrong) = Listing::read(&line.value.0) {
                return Err(origin.at(line, format!("`{wrong}` is no option with its spellings and what it takes")));
            }
            tool.listed.push((path.clone(), line.value.0.clone()));
        }
    }
    Ok(())
}

struct Compiler<'a> {
    origin: Origin<'a>,
    placed: &'a Placed<WrittenTool>,
    /// The tool's options, while a subcommand is compiled.
    general: Vec<OptionGrammar>,
    /// The options of what is being compiled; they go before the tool's.
    own: Vec<OptionGrammar>,
    /// The first of those with each spelling.
    spelled: HashMap<String, usize>,
}

impl Compiler<'_> {
    fn error(&self, message: impl AsRef<str>) -> PolicyError {
        let named = self.placed.value.program.placed().chain(self.placed.value.programs.placed()).next();
        match named {
            Some((_, name)) => self.origin.at(name, message),
            None => self.origin.at(self.placed, message),
        }
    }

    fn take_options(&mut self, body: &WrittenBody) -> Result<(), PolicyError> {
        let plain = [
            (&body.value_flags, Value::Needed),
            (&body.bool_flags, Value::No),
            (&body.joined_flags, Value::Joined),
            (&body.number_flags, Value::Digits),
            (&body.list_flags, Value::Several),
        ];
        for (flags, value) in plain {
            for spelled in flags.iter() {
                self.add(spelled, value.clone(), None)?;
            }
        }
        for (spelled, ends) in &body.until_flags {
            self.add(spelled, Value::Until(ends.owned()), None)?;
        }
        for (spelled, role) in &body.roles {
            self.add(spelled, Value::Needed, Some(*role))?;
        }
        // What is read as a secret, as code or as a directory is a value.
        let runs = body
            .runs
            .iter()
            .flat_map(|runs| runs.options.iter().chain(runs.setting.iter().map(|text| text.value.0.as_str())));
        let directory = body.directory.iter().map(|text| text.value.0.as_str());
        for spelled in body.secrets.iter().chain(runs).chain(directory) {
            if self.known(spelled).is_none() {
                self.add(spelled, Value::Needed, None)?;
            }
        }
        Ok(())
    }

    fn known(&self, spelled: &str) -> Option<&OptionGrammar> {
        let spellings: Vec<&str> = spelled.split('/').collect();
        let options = self.own.iter().chain(&self.general);
        options.into_iter().find(|option| option.spellings.iter().any(|own| spellings.contains(&own.as_str())))
    }

    fn add(&mut self, spelled: &str, value: Value, role: Option<Role>) -> Result<(), PolicyError> {
        let spellings: Vec<String> = spelled.split('/').map(str::to_owned).collect();
        let assigned = self.placed.value.syntax == Syntax::Assignments;
        if let Some(bad) = spellings.iter().find(|spelling| !assigned && !dashed(spelling)) {
            return Err(self.error(format!("`{bad}` is not an option: it has no dash")));
        }
        let known = spellings.iter().filter_map(|spelling| self.spelled.get(spelling).copied()).min();
        let at = known.unwrap_or(self.own.len());
        for spelling in &spellings {
            self.spelled.entry(spelling.clone()).and_modify(|first| *first = at.min(*first)).or_insert(at);
        }
        if let Some(option) = known.and_then(|at| self.own.get_mut(at)) {
            if option.value != value && (role.is_none() || option.value == Value::No) {
                return Err(self.error(format!("`{spelled}` is listed with a value and without")));
            }
            for spelling in spellings {
                if !option.spellings.contains(&spelling) {
                    option.spellings.push(spelling);
                }
            }
            option.name = canonical(&option.spellings);
            option.role = role.or(option.role);
        } else {
            self.own.push(OptionGrammar { name: canonical(&spellings), spellings, value, role });
        }
        Ok(())
    }

    /// The canonical spelling of an option, with its value pattern if it has one.
    fn named(&self, spelled: &str) -> String {
        named(self.own.iter().chain(&self.general), spelled)
    }

    fn names(&self, texts: &Texts) -> Vec<String> {
        texts.iter().map(|text| self.named(text)).collect()
    }

    /// What differs under a subcommand, and nothing of what holds for the whole tool: a reader goes through both.
    fn body(&self, written: &WrittenBody, default_help: &[&str]) -> Result<Body, PolicyError> {
        let mut context: Vec<_> = written.context.iter().cloned().collect();
        for one in &mut context {
            if let Some(reader) = one.reader.as_ref().filter(|own| !Context::READERS.contains(&own.as_str())) {
                return Err(self.error(format!("no reader of contexts is called `{reader}`")));
            }
            for options in std::iter::once(&mut one.options).chain(one.settings.values_mut()) {
                *options = options.iter().map(|option| self.named(option)).collect();
            }
        }
        let help = match &written.help {
            Some(help) => self.names(help),
            None => default_help.iter().map(|flag| (*flag).to_owned()).collect(),
        };
        Ok(Body {
            operands: self.operands(&written.operands)?,
            options: Vec::new(),
            runs: written.runs.iter().map(|runs| self.runs(runs)).collect::<Result<_, _>>()?,
            dry_run: self.names(&written.dry_run),
            help,
            privileged: written.privileged,
            builds: written.builds.owned(),
            terminal: self.terminal(&written.terminal),
            remote: written.remote.as_ref().map(|remote| self.remote(&remote.0)).transpose()?,
            context,
            assignments: written.assignments,
            directory: written.directory.as_ref().map(|option| self.named(&option.value.0)),
            secrets: self.names(&written.secrets),
        })
    }

    fn terminal(&self, texts: &Texts) -> Vec<String> {
        let named = |text: &str| match text.strip_prefix('!') {
            Some(without) => format!("!{}", self.named(without)),
            None => self.named(text),
        };
        texts.iter().map(named).collect()
    }

    fn operands(&self, texts: &Texts) -> Result<Vec<OperandGrammar>, PolicyError> {
        let mut operands = Vec::new();
        for (text, placed) in texts.placed() {
            let (word, repeats) = text.strip_suffix("...").map_or((text, false), |word| (word, true));
            let role = match word {
                "_" => None,
                word => Some(role(word).ok_or_else(|| {
                    self.origin.unknown(placed, format!("`{word}` is not a role"), word, ROLES.map(|(name, _)| name))
                })?),
            };
            operands.push(OperandGrammar { role, repeats });
        }
        match operands.iter().filter(|operand| operand.repeats).count() {
            0 | 1 => Ok(operands),
            _ => Err(self.error("only one operand may repeat")),
        }
    }

    fn remote(&self, written: &WordOr<super::tool::RemoteBy>) -> Result<Place, PolicyError> {
        match written {
            WordOr::Word(word) if word == "unnamed" => Ok(Place::Unnamed),
            WordOr::Map(by) => match (by.operand, &by.option) {
                (Some(operand), None) => Ok(Place::Operand(operand)),
                (None, Some(option)) => Ok(Place::Option(self.named(&option.value.0))),
                _ => Err(self.error("`remote` has either `operand` or `option`")),
            },
            WordOr::Word(_) => Err(self.error("`remote` is `unnamed`, `{operand: N}` or `{option: NAME}`")),
        }
    }

    fn runs(&self, written: &WrittenRuns) -> Result<Runs, PolicyError> {
        let slots = [
            written.after.as_ref().map(|count| Slot::After(count.value)),
            written.dashes.map(Slot::Dashes),
            (!written.options.is_empty()).then(|| Slot::Options(self.names(&written.options))),
            (!written.script_if.is_empty()).then(|| Slot::ScriptIf(self.names(&written.script_if))),
            (!written.script_unless.is_empty()).then(|| Slot::ScriptUnless(self.names(&written.script_unless))),
            written.setting.as_ref().map(|option| self.setting(option, &written.keys)),
            written.file_or_input.then_some(Slot::FileOrInput),
        ];
        let mut slots = slots.into_iter().flatten();
        let (Some(at), None) = (slots.next(), slots.next()) else {
            return Err(self.error(
                "each of `runs` has one of `after`, `dashes`, `options`, `script-if`, `script-unless`, `setting` and `file-or-input`",
            ));
        };
        let form = match (&at, written.form) {
            (Slot::ScriptIf(_), None) => Form::Shell,
            (_, form) => form.unwrap_or(Form::Argv),
        };
        let marker = written.marker.as_ref().map(
            |Text(marker)| {
                if dashed(marker) { self.named(marker) } else { marker.clone() }
            },
        );
        let found = written.found.as_ref().map(|found| self.names(found));
        Ok(Runs {
            at,
            form,
            more: written.more,
            marker,
            found,
            values: written.values.owned(),
            own: written.own,
            except: written
                .except
                .iter()
                .map(|word| if dashed(word) { self.named(word) } else { word.to_owned() })
                .collect(),
            then: written.then,
            each: written.each,
            spelled: written.spelled.iter().map(|(verb, words)| (verb.clone(), words.owned())).collect(),
        })
    }

    fn setting(&self, option: &Placed<Text>, keys: &Texts) -> Slot {
        Slot::Setting(self.named(&option.value.0), keys.owned())
    }
}

/// The canonical spelling of an option among these; its own if it is not among them. What follows `=` is kept.
pub fn named<'a>(options: impl IntoIterator<Item = &'a OptionGrammar>, spelled: &str) -> String {
    let (name, value) = spelled.split_once('=').map_or((spelled, None), |(name, value)| (name, Some(value)));
    let has = |option: &OptionGrammar| name.split('/').any(|one| option.spellings.iter().any(|own| own == one));
    let known = options.into_iter().find(|option| has(option));
    let name =
        known.map_or_else(|| canonical(&name.split('/').map(str::to_owned).collect::<Vec<_>>()), |o| o.name.clone());
    value.map_or(name.clone(), |value| format!("{name}={value}"))
}

fn dashed(spelling: &str) -> bool {
    spelling.len() > 1 && (spelling.starts_with('-') || spelling.starts_with('+'))
}

/// The first spelling with two dashes, else the first.
fn canonical(spellings: &[String]) -> String {
    let long = spellings.iter().find(|spelling| spelling.starts_with("--"));
    long.or(spellings.first()).cloned().unwrap_or_default()
}

const ROLES: [(&str, Role); 9] = [
    ("source", Role::Source),
    ("destination", Role::Destination),
    ("target", Role::Target),
    ("input", Role::Input),
    ("at-input", Role::AtInput),
    ("writes", Role::Writes),
    ("url", Role::Url),
    ("sql", Role::Sql),
    ("script", Role::Script),
];

fn role(word: &str) -> Option<Role> {
    ROLES.iter().find(|(name, _)| *name == word).map(|(_, role)| *role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::yaml;

    fn tool(text: &str) -> Tool {
        let written: Placed<WrittenTool> = yaml::read("t.yaml", text).unwrap();
        tools(Origin { file: "t.yaml", text }, &written).unwrap().remove(0)
    }

    fn refused(text: &str) -> String {
        let written: Placed<WrittenTool> = yaml::read("t.yaml", text).unwrap();
        tools(Origin { file: "t.yaml", text }, &written).unwrap_err().to_string()
    }

    #[test]
    fn every_spelling_becomes_the_canonical_one() {
        let kubectl = tool(
            "program: [kubectl, oc]\nvalue-flags: [-n/--namespace]\nroles: {-f/--filename: input}\n\
             dry-run: [--dry-run=client]\ncontext: {kind: kube, options: [-n]}\n\
             commands:\n  logs: {bool-flags: [-f/--follow]}\n  exec: {runs: {dashes: 1}, remote: unnamed}\n  get|describe pod: {}\n",
        );
        assert_eq!((kubectl.name.as_str(), kubectl.syntax, kubectl.depth), ("kubectl", Syntax::Gnu, 1));
        assert_eq!(kubectl.body.context[0].options, ["--namespace"]);
        let file = kubectl.options.iter().find(|option| option.name == "--filename").unwrap();
        assert_eq!((file.role, &file.value), (Some(Role::Input), &Value::Needed));
        let (words, _) = &kubectl.commands[0];
        assert_eq!(words, &[vec!["get", "describe"], vec!["pod"]], "the longest comes first");
        let body = |name: &str| &kubectl.commands.iter().find(|(words, _)| words[0] == [name]).unwrap().1;
        assert_eq!(body("logs").options[0].value, Value::No, "it means something else under `logs`");
        assert_eq!(body("exec").runs[0].at, Slot::Dashes(1));
        assert!(body("exec").dry_run.is_empty(), "what the tool says is not said again under its subcommands");
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_place() {
        assert!(refused("program: x\nvalue-flags: -a\nbool-flags: -a\n").contains("with a value and without"));
        assert!(refused("program: x\noperands: [sorce]\n").contains("hint: did you mean `source`?"));
        assert!(refused("program: x\noperands: [source..., target...]\n").contains("only one operand"));
        assert!(refused("program: x\nvalue-flags: [a]\n").contains("t.yaml:1:10: `a` is not an option"));
        assert!(refused("program: x\nruns: {after: 1, options: [-c]}\n").contains("each of `runs` has one"));
        assert!(refused("program: x\nprograms: y\n").contains("either `program`"));
    }
}
