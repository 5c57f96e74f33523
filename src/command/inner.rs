//! Inner commands: the words of a wrapper that are a command themselves, found where its grammar says.

use crate::model::{Body, Command, Form, Hole, Piece, Role, Runs, Slot, Stdin, Tool, Touch, UnresolvedKind, Word};

use super::arguments::{Taken, inside};
use super::built;
use super::made::Made;
use super::reading::{Place, Reader, Surroundings};
use super::unseen::{Found, completed, found};

/// Reads everything that runs inside the command at `index`.
pub(super) fn follow(reader: &mut Reader<'_>, index: usize, tool: &Tool, taken: &Taken, place: &Place) {
    let bodies: Vec<_> = taken.bodies(tool).collect();
    built::follow(reader, index, tool, taken, place);
    if bodies.iter().all(|body| body.runs.is_empty()) {
        return;
    }
    let Some(command) = reader.reading.commands.get(index).cloned() else { return };
    let mut place = inside(&command, taken, tool, place);
    let assignments = bodies.iter().any(|body| body.assignments);
    let scripted = bodies.iter().flat_map(|body| &body.runs).any(|runs| code_given(runs, &command));
    let operands = |body: &&Body| body.runs.iter().any(|runs| matches!(runs.at, Slot::After(_) | Slot::Dashes(_)));
    let specific = bodies.len() > 1 && bodies.first().is_some_and(operands);
    for (position, runs) in
        bodies.iter().enumerate().flat_map(|(at, body)| body.runs.iter().map(move |runs| (at, runs)))
    {
        if command.flags.iter().any(|flag| runs.except.contains(&flag.name)) {
            continue;
        }
        let found = found(&command, runs);
        match &runs.at {
            // What a subcommand says of its operands stands for what the tool says of all.
            Slot::After(_) | Slot::Dashes(_) if specific && position > 0 => {}
            Slot::After(count) | Slot::Dashes(count) => {
                let mut words = after(&command, taken, *count, matches!(runs.at, Slot::Dashes(_)));
                // No subcommand of the tool's own is named: what stands in its place is the inner command's first word.
                if runs.own && taken.command.is_none() && !taken.parsed.dashes {
                    let from = taken.path.iter().chain(&taken.operands).nth(*count).copied();
                    words = command.words.iter().skip(from.unwrap_or(usize::MAX)).cloned().collect();
                }
                if assignments {
                    words = without_assignments(words, &mut place);
                }
                let first = words.first().and_then(Word::text);
                if !words.is_empty() && !first.is_some_and(|word| runs.except.iter().any(|own| own == word)) {
                    run(reader, words, (runs, &found), &command, index, &place);
                }
            }
            Slot::Options(names) => {
                for (at, flag) in command.flags.iter().enumerate().filter(|(_, flag)| names.contains(&flag.name)) {
                    let list = taken.parsed.lists.iter().find(|(owner, _)| *owner == at).map(|(_, words)| words);
                    let words: Vec<Word> = match (list, &flag.value) {
                        (Some(list), joined) => {
                            let list = list.iter().filter_map(|&word| command.words.get(word).cloned());
                            joined.iter().cloned().chain(list).collect()
                        }
                        (None, Some(value)) => vec![value.clone()],
                        (None, None) => continue,
                    };
                    if !words.is_empty() {
                        let mut words = words;
                        if runs.form == Form::Split {
                            // What it is split into stands before the words that follow.
                            words.extend(after(&command, taken, 0, false));
                        }
                        if let Some(count) = runs.then {
                            words.extend(after(&command, taken, count, false));
                        }
                        run(reader, words, (runs, &found), &command, index, &place);
                    }
                }
            }
            Slot::Setting(option, keys) => {
                for flag in command.flags.iter().filter(|flag| flag.name == *option) {
                    setting(reader, flag.value.as_ref(), keys, runs, index, &place);
                }
            }
            Slot::ScriptIf(_) => {
                if script_given(runs, &command) {
                    script_operand(reader, &command, tool, index, &place);
                }
            }
            Slot::ScriptUnless(flags) => {
                let elsewhere = command.flags.iter().any(|flag| flags.contains(&flag.name));
                let files = command.flags.iter().filter(|flag| flags.contains(&flag.name));
                for file in files.filter_map(|flag| flag.value.as_ref()) {
                    built::file(reader, file, index, &place);
                }
                let operand = command.operands.first().and_then(|&at| command.words.get(at));
                if let Some(word) = operand.filter(|_| !elsewhere) {
                    reader.slot(runs.form, vec![word.clone()], index, &place);
                }
            }
            Slot::FileOrInput => {
                if !scripted {
                    file_or_input(reader, &command, taken, runs, tool, index, &place);
                }
            }
        }
    }
}

/// Reads the words that stand in a slot: as one command or each as one, a verb of the tool as what it stands for.
fn run(
    reader: &mut Reader<'_>,
    words: Vec<Word>,
    (runs, found): (&Runs, &Found),
    command: &Command,
    index: usize,
    place: &Place,
) {
    let commands: Vec<Vec<Word>> = match runs.each {
        true => words.into_iter().filter(|word| word.text() != Some("--")).map(|word| vec![word]).collect(),
        false => vec![words],
    };
    for words in commands {
        let verb = words.first().and_then(|word| Some((word.origin(), runs.spelled.get(word.text()?)?)));
        let words: Vec<Word> = match verb {
            Some((origin, spelled)) => {
                let own = spelled.iter().map(|word| Word::exact(word.as_str()).at(origin));
                own.chain(words.iter().skip(1).cloned()).collect()
            }
            None => words,
        };
        for words in completed(words, runs, command, found) {
            reader.slot(runs.form, words, index, place);
        }
    }
}

fn script_given(runs: &Runs, command: &Command) -> bool {
    match &runs.at {
        Slot::ScriptIf(flags) => command.flags.iter().any(|flag| flags.contains(&flag.name)),
        Slot::After(_)
        | Slot::Dashes(_)
        | Slot::Options(_)
        | Slot::ScriptUnless(_)
        | Slot::Setting(..)
        | Slot::FileOrInput => false,
    }
}

/// Whether the code stands in the command itself, so that neither a file nor standard input is.
fn code_given(runs: &Runs, command: &Command) -> bool {
    match &runs.at {
        Slot::Options(names) => command.flags.iter().any(|flag| names.contains(&flag.name)),
        _ => script_given(runs, command),
    }
}

/// The words after `count` operands, or after `--`.
fn after(command: &Command, taken: &Taken, count: usize, dashes: bool) -> Vec<Word> {
    let from = match taken.parsed.rest {
        Some(rest) if dashes && taken.parsed.dashes => Some(rest),
        Some(rest) if taken.operands.len() == count || taken.parsed.dashes && taken.operands.len() > count => {
            Some(rest)
        }
        _ => taken.operands.get(count).copied(),
    };
    from.map(|from| command.words.iter().skip(from).cloned().collect()).unwrap_or_default()
}

fn without_assignments(words: Vec<Word>, place: &mut Place) -> Vec<Word> {
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.peek() {
        let Some((name, _)) = std::str::from_utf8(word.prefix()).ok().and_then(|text| text.split_once('=')) else {
            break;
        };
        if name.is_empty() {
            break;
        }
        if let Some(value) = word.without_prefix(name.len() + 1) {
            place.environment.push((name.to_owned(), value));
        }
        words.next();
    }
    words.next_if(|word| word.text() == Some("--"));
    words.collect()
}

/// `git -c core.pager=CODE`: the value of a key that is code.
fn setting(reader: &mut Reader<'_>, value: Option<&Word>, keys: &[String], runs: &Runs, index: usize, place: &Place) {
    let Some(value) = value else { return };
    let Some((key, _)) = std::str::from_utf8(value.prefix()).ok().and_then(|text| text.split_once('=')) else {
        if !value.is_known() {
            reader.unresolved(UnresolvedKind::Option, Some(index), "a setting that is not known before it runs");
        }
        return;
    };
    let lower = key.to_ascii_lowercase();
    let wanted = |pattern: &String| match pattern.split_once('*') {
        Some((before, after)) => {
            lower.starts_with(before) && lower.ends_with(after) && lower.len() >= before.len() + after.len()
        }
        None => lower == *pattern,
    };
    if !keys.iter().any(wanted) {
        return;
    }
    let Some(mut code) = value.without_prefix(key.len() + 1) else { return };
    if lower.starts_with("alias.") {
        // Only an alias that begins with `!` is shell code; another is a subcommand of the same program.
        if code.prefix().first() != Some(&b'!') {
            return;
        }
        code = code.without_prefix(1).unwrap_or(code);
    }
    reader.slot(runs.form, vec![code], index, place);
}

/// `sh -c SCRIPT NAME ARG…`
fn script_operand(reader: &mut Reader<'_>, command: &Command, tool: &Tool, index: usize, place: &Place) {
    let mut operands = command.operands.iter().filter_map(|&at| command.words.get(at));
    let Some(script) = operands.next() else {
        reader.unresolved(UnresolvedKind::Code, Some(index), "a shell that is given no script");
        return;
    };
    let positional: Vec<Word> = operands.cloned().collect();
    reader.script(script, &tool_shell(command, tool), &positional, place);
}

fn tool_shell(command: &Command, tool: &Tool) -> String {
    let called = command.words.first().and_then(Word::text).and_then(|text| text.rsplit('/').next());
    called.unwrap_or(&tool.name).to_owned()
}

/// Whether a word is a process substitution.
fn is_process(file: &Word) -> bool {
    matches!(file.pieces().first(), Some(Piece::Hole(Hole::Fitting(shape))) if shape == super::script::PROCESS)
}

/// Whether a script's name stands for something that is no file: `<(…)`, `/dev/stdin`, `/dev/fd/3`.
fn is_stream(file: &Word) -> bool {
    let streams = [&b"/dev/stdin"[..], b"/dev/fd/", b"/proc/self/fd/"];
    streams.iter().any(|stream| file.prefix().starts_with(stream))
        || matches!(file.pieces().first(), Some(Piece::Hole(Hole::Substitution)))
        || is_process(file)
}

/// An interpreter without inline code: its first operand is a script file; without one, standard input is the code.
fn file_or_input(
    reader: &mut Reader<'_>,
    command: &Command,
    taken: &Taken,
    runs: &Runs,
    tool: &Tool,
    index: usize,
    place: &Place,
) {
    let input = command.flags.iter().any(|flag| flag.name == "-s");
    let mut operands = command.operands.iter().filter_map(|&at| Some((at, command.words.get(at)?)));
    let first = if input { None } else { operands.next().filter(|(_, word)| word.text() != Some("-")) };
    if let (Some((at, word)), Some(read)) = (first, reader.reading.commands.get_mut(index)) {
        let touch = Touch { role: Role::Script, word: word.clone(), index: Some(at), recursive: false };
        read.touches.push(touch);
    }
    let file = first.map(|(_, word)| word);
    let sourced = matches!(tool.name.as_str(), "source" | ".");
    let positional: Vec<Word> = file.into_iter().chain(operands.map(|(_, word)| word)).cloned().collect();
    let text = match file {
        Some(file) if is_input(file) => input_text(reader, command, taken, index, place),
        Some(file) if is_process(file) => {
            reader.unresolved(UnresolvedKind::Code, Some(index), "code that another command prints");
            None
        }
        Some(file) if is_stream(file) => {
            reader.unresolved(UnresolvedKind::Code, Some(index), "code that is not known before it runs");
            None
        }
        Some(file) => match reader.written(file, place) {
            Some(Made::Text(text)) => Some(text),
            Some(Made::Copy(from)) if runs.form != Form::Code => reader.script_file(&from, index, place),
            Some(Made::Copy(_) | Made::Unknown) => {
                reader.unresolved(UnresolvedKind::Code, Some(index), "a script that is made by what runs before it");
                None
            }
            // A script of another language is not read, as little as a program is, unless it is a tool by its name; nor is
            // a file that a shell reads into itself, where it is not there to read.
            None if runs.form == Form::Code => {
                if super::program::file_name(file).is_some_and(|name| reader.tools.tool(name).is_some()) {
                    reader.words(positional.clone(), Surroundings::default(), place);
                }
                None
            }
            None if sourced => reader.sourced_file(file, index, place),
            None => reader.script_file(file, index, place),
        },
        None if sourced => None,
        None => input_text(reader, command, taken, index, place),
    };
    let Some(text) = text else { return };
    match runs.form {
        Form::Shell if sourced => reader.script(&Word::exact(text), "bash", &[], place),
        Form::Shell => reader.script(&Word::exact(text), &tool_shell(command, tool), &positional, place),
        Form::Argv | Form::Split | Form::Code | Form::Package | Form::Image => {
            reader.code(&Word::exact(text), index, place)
        }
    }
}

/// Whether a script's name stands for standard input.
fn is_input(file: &Word) -> bool {
    matches!(file.text(), Some("/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0"))
}

/// The code that standard input is.
fn input_text(
    reader: &mut Reader<'_>,
    command: &Command,
    taken: &Taken,
    index: usize,
    place: &Place,
) -> Option<String> {
    let why = match &command.stdin {
        Stdin::Text(Some(text)) => return Some(text.clone()),
        Stdin::File(file) if is_process(file) => "code that another command prints",
        Stdin::File(file) => {
            let file = file.clone();
            return match reader.written(&file, place) {
                Some(Made::Text(text)) => Some(text),
                Some(Made::Copy(_) | Made::Unknown) | None => reader.script_file(&file, index, place),
            };
        }
        Stdin::Text(None) => "code that is not known before it runs",
        Stdin::Pipe if taken.piped.is_some() => return taken.piped.clone(),
        Stdin::Pipe => "code that comes out of a pipe",
        // What a person types into a container is as little gate's as what is typed outside of it.
        Stdin::Inherited if place.typed => return None,
        Stdin::Inherited => "code that is typed or comes from standard input",
        Stdin::Closed => return None,
    };
    reader.unresolved(UnresolvedKind::Code, Some(index), why);
    None
}
