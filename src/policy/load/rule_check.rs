//! Rules as written become rules as they are judged; refuses one that names what nobody describes, and one that can never
//! fire.

use std::collections::BTreeSet;

use super::error::{Origin, PolicyError};
use super::grammar::named;
use super::pattern;
use super::rule::{CommandPart, Examples, Facts, Find, FlagPattern, Rule, Values, bodies};
use super::texts::{Text, Texts};
use super::written::{WrittenFacts, WrittenRule};
use crate::encoding::yaml::Placed;
use crate::model::{Effect, Role, Tool, UnresolvedKind};

/// What a rule is checked against.
pub struct Known<'a> {
    /// Its file.
    pub origin: Origin<'a>,
    /// The pack's name.
    pub pack: &'a str,
    /// Tools by name.
    pub find: Find<'a>,
    /// The patterns of a set; none where no set has the name; `Keep` leaves the name to be looked up when judging.
    pub set: &'a dyn Fn(&str) -> Option<SetOf>,
}

/// How a set stands in a checked rule.
pub enum SetOf {
    /// By its name.
    Keep,
    /// By its patterns.
    Patterns(Vec<String>),
}

const STDIN: [&str; 5] = ["inherited", "pipe", "text", "file", "closed"];
const SQL: [&str; 10] =
    ["drop", "truncate", "delete-all", "update-all", "grant", "write", "ddl", "read", "program", "dump"];
const UNRESOLVED: [UnresolvedKind; 5] = [
    UnresolvedKind::Program,
    UnresolvedKind::Arguments,
    UnresolvedKind::Code,
    UnresolvedKind::Script,
    UnresolvedKind::Option,
];

/// Checks one rule.
pub fn checked(known: &Known<'_>, placed: &Placed<WrittenRule>) -> Result<(Rule, Examples), PolicyError> {
    let written = &placed.value;
    let origin = known.origin;
    let id = &written.id.value.0;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if id.is_empty() || !id.chars().all(plain) {
        return Err(origin.at(&written.id, format!("`{id}` is not an id: letters, digits, `.`, `-` and `_`")));
    }
    if written.why.0.trim().is_empty() {
        return Err(origin.at(&written.id, format!("`{id}` does not say why")));
    }
    let when = written.when.0.iter().map(|facts| known.facts(facts, &[])).collect::<Result<Vec<_>, _>>()?;
    // What silences speaks of the tools that fire, where it names none.
    let tools: BTreeSet<&String> = when.iter().flat_map(|facts| &facts.tools).collect();
    let tools: Vec<&Tool> = tools.into_iter().filter_map(|name| (known.find)(name)).collect();
    let unless = written.unless.0.iter().map(|facts| known.facts(facts, &tools)).collect::<Result<Vec<_>, _>>()?;
    for (facts, at) in when.iter().zip(&written.when.0) {
        if let Some(why) = never(facts, &unless, known.find) {
            return Err(origin.hinted(at, format!("`{id}` can never fire: {why}"), "change or remove the rule"));
        }
    }
    if when.is_empty() {
        return Err(origin.at(&written.id, format!("`{id}` has no `when`")));
    }
    let rule = Rule {
        id: format!("{}/{id}", known.pack),
        file: origin.file.to_owned(),
        class: written.class,
        least: written.effect.unwrap_or(Effect::Allow),
        why: written.why.0.clone(),
        instead: written.instead.as_ref().map(|text| text.0.clone()),
        replaces: written.replaces.as_ref().map(|text| text.value.0.clone()),
        when,
        unless,
    };
    let examples = Examples { matching: written.examples.matching.owned(), skip: written.examples.skip.owned() };
    Ok((rule, examples))
}

/// Why these facts can never hold, if they cannot.
fn never(facts: &Facts, unless: &[Facts], find: Find<'_>) -> Option<String> {
    if facts.help == Some(true) {
        return Some("every rule is silent where only help is printed".to_owned());
    }
    // What is asked for and what silences are the same, but for facts that the silencing does not mention.
    let silenced = |silent: &Facts| {
        *silent != Facts::default()
            && (silent.tools.is_empty() || silent.tools == facts.tools)
            && silent.commands.iter().all(|command| facts.commands == [command.clone()])
            && (silent.dry_run.is_none() || silent.dry_run == facts.dry_run)
            && (silent.privileged.is_none() || silent.privileged == facts.privileged)
            && (silent.flags.is_empty() || silent.flags == facts.flags)
            && [
                &silent.sql,
                &silent.code,
                &silent.stdin,
                &silent.pipe_from,
                &silent.pipe_to,
                &silent.via,
                &silent.remote,
            ]
            .iter()
            .all(|list| list.is_empty())
            && silent.values.is_empty()
            && silent.env.is_empty()
            && silent.unresolved.is_empty()
            && silent.help.is_none()
    };
    if unless.iter().any(silenced) {
        return Some("`unless` holds whenever `when` does".to_owned());
    }
    let tools: Vec<&Tool> = facts.tools.iter().filter_map(|name| find(name)).collect();
    if tools.is_empty() {
        return None;
    }
    let has =
        |tool: &Tool, flag: &FlagPattern| !tool.closed || every_option(tool).any(|option| option.name == flag.name);
    let possible = |all: &Vec<FlagPattern>| tools.iter().any(|tool| all.iter().all(|flag| has(tool, flag)));
    if !facts.flags.is_empty() && !facts.flags.iter().any(possible) {
        let names: Vec<_> = facts.flags.iter().flatten().map(|flag| format!("`{}`", flag.name)).collect();
        return Some(format!("no such option: {}", names.join(", ")));
    }
    let roles = facts.values.iter().filter_map(|(values, _)| match values {
        // Redirections are sources and writes of any tool, and a URL is one wherever it stands.
        Values::Role(Role::Source | Role::Writes | Role::Url) | Values::Operands | Values::Writes | Values::Path => {
            None
        }
        Values::Role(role) => Some(*role),
    });
    let missing = roles.into_iter().find(|role| !tools.iter().any(|tool| touches(tool, *role)));
    if let Some(role) = missing {
        return Some(format!("no word of its tool has the role `{}`", role_name(role)));
    }
    if facts.dry_run == Some(true) && !tools.iter().any(|tool| bodies(tool).any(|body| !body.dry_run.is_empty())) {
        return Some("its tool has no `dry-run` options".to_owned());
    }
    None
}

fn every_option(tool: &Tool) -> impl Iterator<Item = &crate::model::OptionGrammar> {
    tool.options.iter().chain(bodies(tool).flat_map(|body| &body.options))
}

fn touches(tool: &Tool, role: Role) -> bool {
    every_option(tool).any(|option| option.role == Some(role))
        || bodies(tool).any(|body| body.operands.iter().any(|operand| operand.role == Some(role)))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Source => "source",
        Role::Destination => "destination",
        Role::Target => "target",
        Role::Input => "input",
        Role::AtInput => "at-input",
        Role::Writes => "writes",
        Role::Url => "url",
        Role::Sql => "sql",
        Role::Script => "script",
    }
}

impl Known<'_> {
    fn facts(&self, placed: &Placed<WrittenFacts>, otherwise: &[&Tool]) -> Result<Facts, PolicyError> {
        let written = &placed.value;
        let tools = self.tools(&written.tool)?;
        let grammars: Vec<&Tool> = match tools.is_empty() {
            true => otherwise.to_vec(),
            false => tools.iter().filter_map(|name| (self.find)(name)).collect(),
        };
        let mut values = Vec::new();
        for (which, texts) in [
            (Values::Operands, &written.operands),
            (Values::Role(Role::Source), &written.source),
            (Values::Role(Role::Destination), &written.destination),
            (Values::Role(Role::Target), &written.target),
            (Values::Role(Role::Input), &written.input),
            (Values::Writes, &written.writes),
            (Values::Role(Role::Url), &written.url),
            (Values::Path, &written.path),
        ] {
            if !texts.is_empty() {
                values.push((which, self.patterns(texts)?));
            }
        }
        let facts = Facts {
            commands: written.command.placed().map(|(text, at)| self.command(text, at)).collect::<Result<_, _>>()?,
            flags: self.flags(&written.flags, &grammars)?,
            values,
            sql: self.words(&written.sql, &SQL, "something that SQL does")?,
            code: self.code(&written.code)?,
            env: self.env(&written.env)?,
            stdin: self.words(&written.stdin, &STDIN, "a kind of standard input")?,
            pipe_from: self.tools(&written.pipe_from)?,
            pipe_to: self.tools(&written.pipe_to)?,
            via: self.patterns(&written.via)?,
            remote: self.patterns(&written.remote)?,
            privileged: written.privileged,
            dry_run: written.dry_run,
            help: written.help,
            unresolved: self.unresolved(&written.unresolved)?,
            certain: written.certain,
            known: written.known,
            tools,
        };
        if facts.certain && facts.known {
            return Err(self.origin.at(placed, "`certain` asks for more than `known`: name one of them"));
        }
        if facts == Facts::default() {
            return Err(self.origin.at(placed, "no fact is named, so that it would hold of everything"));
        }
        Ok(facts)
    }

    fn tools(&self, texts: &Texts) -> Result<Vec<String>, PolicyError> {
        let mut names = BTreeSet::new();
        for (text, at) in texts.placed() {
            let Some(tool) = (self.find)(text) else {
                let hint = "describe it under `tools:`, so that gate can read its command line";
                return Err(self.origin.hinted(at, format!("no tool describes `{text}`"), hint));
            };
            names.insert(tool.name.clone());
        }
        Ok(names.into_iter().collect())
    }

    fn command(&self, text: &str, at: &Placed<Text>) -> Result<Vec<CommandPart>, PolicyError> {
        let part = |word: &str| match word {
            "**" => Ok(CommandPart::Any),
            word => {
                let alternatives = word.split('|').map(|one| self.pattern(one, at)).collect::<Result<Vec<_>, _>>()?;
                Ok(CommandPart::OneOf(alternatives.into_iter().flatten().collect()))
            }
        };
        if let Some(flag) = text.split_whitespace().find(|word| word.starts_with('-')) {
            let message = format!("`{flag}` is an option, and no subcommand: the rule can never fire");
            return Err(self.origin.hinted(at, message, "name options under `flags`"));
        }
        let parts = text.split_whitespace().map(part).collect::<Result<Vec<_>, _>>()?;
        match parts.is_empty() {
            true => Err(self.origin.at(at, "an empty command")),
            false => Ok(parts),
        }
    }

    fn pattern(&self, text: &str, at: &Placed<Text>) -> Result<Vec<String>, PolicyError> {
        let refused = |error: pattern::InvalidPattern| self.origin.at(at, format!("`{text}`: {error}"));
        let all = pattern::alternatives(text).map_err(refused)?;
        for one in &all {
            pattern::steps(one).map_err(refused)?;
        }
        Ok(all)
    }

    fn patterns(&self, texts: &Texts) -> Result<Vec<String>, PolicyError> {
        let mut patterns = Vec::new();
        for (text, at) in texts.placed() {
            match text.strip_prefix('@') {
                None => patterns.extend(self.pattern(text, at)?),
                Some(name) => match (self.set)(name) {
                    Some(SetOf::Keep) => patterns.push(text.to_owned()),
                    Some(SetOf::Patterns(own)) => patterns.extend(own),
                    None => return Err(self.origin.at(at, format!("no set is called `@{name}`"))),
                },
            }
        }
        Ok(patterns)
    }

    fn flags(&self, texts: &Texts, tools: &[&Tool]) -> Result<Vec<Vec<FlagPattern>>, PolicyError> {
        let mut any = Vec::new();
        let mut spellings = Vec::new();
        for (text, at) in texts.placed() {
            spellings.extend(self.pattern(text, at)?.into_iter().map(|text| (text, at)));
        }
        for (text, at) in &spellings {
            // What an option is called differs between tools, and may differ under a subcommand.
            let mut spelled: Vec<Vec<FlagPattern>> = Vec::new();
            let mut grammars: Vec<Vec<_>> = tools.iter().map(|tool| every_option(tool).cloned().collect()).collect();
            grammars.extend(
                tools
                    .iter()
                    .flat_map(|tool| bodies(tool).map(|body| body.options.clone()))
                    .filter(|own| !own.is_empty()),
            );
            grammars.push(Vec::new());
            for options in grammars {
                let all: Vec<FlagPattern> = text
                    .split("+-")
                    .enumerate()
                    .map(|(i, one)| {
                        let one = if i == 0 { one.to_owned() } else { format!("-{one}") };
                        let one = named(&options, &one);
                        let (name, value) = one.split_once('=').map_or((one.as_str(), None), |(n, v)| (n, Some(v)));
                        FlagPattern { name: name.to_owned(), value: value.map(str::to_owned) }
                    })
                    .collect();
                if !spelled.contains(&all) {
                    spelled.push(all);
                }
            }
            for flag in spelled.iter().flatten() {
                if !flag.name.starts_with(['-', '+']) && !tools.is_empty() {
                    let assigned = tools.iter().any(|tool| tool.syntax == crate::model::Syntax::Assignments);
                    if !assigned {
                        return Err(self.origin.at(at, format!("`{}` is not an option: it has no dash", flag.name)));
                    }
                }
                if let Some(value) = &flag.value {
                    self.pattern(value, at)?;
                }
            }
            any.extend(spelled);
        }
        Ok(any)
    }

    fn words(&self, texts: &Texts, known: &[&'static str], what: &str) -> Result<Vec<String>, PolicyError> {
        for (text, at) in texts.placed() {
            if !known.contains(&text) {
                return Err(self.origin.unknown(at, format!("`{text}` is not {what}"), text, known.iter().copied()));
            }
        }
        Ok(texts.owned())
    }

    fn code(&self, texts: &Texts) -> Result<Vec<String>, PolicyError> {
        // Sets of words are no patterns, but may be named like them.
        let mut words = Vec::new();
        for (text, at) in texts.placed() {
            match text.strip_prefix('@').map(|name| (self.set)(name)) {
                None => words.push(text.to_owned()),
                Some(Some(SetOf::Keep)) => words.push(text.to_owned()),
                Some(Some(SetOf::Patterns(own))) => words.extend(own),
                Some(None) => return Err(self.origin.at(at, format!("no set is called `{text}`"))),
            }
        }
        Ok(words)
    }

    fn env(&self, texts: &Texts) -> Result<Vec<(String, Option<String>)>, PolicyError> {
        let mut all = Vec::new();
        for (text, at) in texts.placed() {
            let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            for name in self.pattern(name, at)? {
                match value.map(|value| self.pattern(value, at)).transpose()? {
                    None => all.push((name, None)),
                    Some(values) => all.extend(values.into_iter().map(|value| (name.clone(), Some(value)))),
                }
            }
        }
        Ok(all)
    }

    fn unresolved(&self, texts: &Texts) -> Result<Vec<UnresolvedKind>, PolicyError> {
        let names = UNRESOLVED.map(UnresolvedKind::name);
        self.words(texts, &names, "something that gate could not find out")?;
        Ok(UNRESOLVED.into_iter().filter(|kind| texts.iter().any(|text| text == kind.name())).collect())
    }
}
