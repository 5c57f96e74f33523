//! gate's reading of a line, held against the tool's.

use std::path::Path;

use gate::command::{Around, Asked, Tools, read};
use gate::model::{Answers, Command, Syntax, Tool, Word};
use gate::policy::Policy;

use super::line::Line;

/// The built-in grammars.
#[derive(Default)]
pub struct Shelf(Policy);

impl Tools for Shelf {
    fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.0.tool(file_name)
    }

    fn looks_at(&self, _: &str) -> bool {
        false
    }
}

/// An option and its value.
type Given<'a> = (&'a str, Option<&'a str>);

/// What gate reads otherwise than the tool, if anything.
pub fn difference(line: &Line, shelf: &Shelf) -> Option<String> {
    let arguments: Vec<std::ffi::OsString> = line.words.iter().map(Into::into).collect();
    let around = Around { directory: Path::new("/work"), environment: &[] };
    let reading = read(Asked::Arguments(&arguments), &around, shelf, &Answers::default());
    let command = &reading.commands[0];
    let go = shelf.tool(&line.words[0]).is_some_and(|tool| tool.syntax == Syntax::Go);
    let expected: Vec<&str> = line.path.iter().chain(&line.operands).map(String::as_str).collect();
    let mut operands = texts(command, command.path.iter().chain(&command.operands));
    // What runs inside stands in a command of its own.
    if let Some(inner) = reading.commands.get(1)
        && operands.len() < expected.len()
        && expected.starts_with(&operands)
    {
        operands.extend(inner.words.iter().filter_map(Word::text));
    }
    if operands != expected {
        return Some(format!("operands {operands:?}, not {expected:?}"));
    }
    // awscli reads global options first, so that their order says nothing.
    let mut flags: Vec<(&str, Option<&str>)> =
        command.flags.iter().map(|flag| (flag.name.as_str(), flag.value.as_ref().and_then(Word::text))).collect();
    let mut wanted: Vec<(&str, Option<&str>)> =
        line.flags.iter().map(|(spellings, value)| (spellings.last().unwrap().as_str(), value.as_deref())).collect();
    for list in [&mut flags, &mut wanted] {
        if go {
            list.iter_mut().for_each(|(name, _)| *name = name.trim_start_matches('-'));
        }
        list.sort_unstable();
    }
    if flags == wanted {
        return None;
    }
    // Where unlisted options take values, an abbreviation of one keeps its own name: no rule speaks of what is not listed.
    let tool = shelf.tool(&line.words[0]).filter(|tool| tool.valued);
    let listed = |tool: &Tool, name: &str| {
        let all = tool.options.iter().chain(tool.commands.iter().flat_map(|(_, body)| &body.options));
        all.into_iter().any(|option| option.spellings.iter().any(|spelling| spelling == name))
    };
    if let Some(tool) = tool {
        let short = |(own, wanted): (&Given<'_>, &Given<'_>)| {
            own.1 == wanted.1 && (own.0 == wanted.0 || wanted.0.starts_with(own.0) && !listed(tool, wanted.0))
        };
        if flags.len() == wanted.len() && flags.iter().zip(&wanted).all(short) {
            return None;
        }
    }
    let only = |these: &[(&str, Option<&str>)], those: &[(&str, Option<&str>)]| -> Vec<String> {
        let absent = these.iter().filter(|one| !those.contains(one));
        absent.map(|(name, value)| format!("{name} {}", value.unwrap_or("-"))).collect()
    };
    Some(format!("options {:?}, not {:?}", only(&flags, &wanted), only(&wanted, &flags)))
}

fn texts<'a>(command: &'a Command, indexes: impl Iterator<Item = &'a usize>) -> Vec<&'a str> {
    indexes.filter_map(|&index| command.words.get(index).and_then(Word::text)).collect()
}
