//! Which program a word names: other names of one, one that is several, and files that only have a known name.

use std::path::Path;

use crate::model::{Command, Role, Tool, Touch, Word};

use super::made;
use super::reading::{Place, Tools};
use super::shell::Dialect;

/// The file name of the program, where it is known: what stands after the last slash.
pub(super) fn file_name(word: &Word) -> Option<&str> {
    let text = word.text()?;
    text.rsplit('/').next().filter(|name| !name.is_empty())
}

/// The words with a program's other name as what it stands for: `docker-compose up` as `docker compose up`.
pub(super) fn spelled_out(words: Vec<Word>, tools: &dyn Tools) -> Vec<Word> {
    let stands = words.first().and_then(file_name).and_then(|name| tools.tool(name)).map(|tool| &tool.stands_for);
    let (Some(stands), Some((first, rest))) = (stands.filter(|stands| !stands.is_empty()), words.split_first()) else {
        return words;
    };
    let origin = first.origin();
    stands.iter().map(|word| Word::exact(word.as_str()).at(origin)).chain(rest.iter().cloned()).collect()
}

/// The words with the name that a GNU program has beside the system's own one (`grm`, `gtimeout`) as its usual name.
pub(super) fn without_prefix(words: Vec<Word>, tools: &dyn Tools) -> Vec<Word> {
    let plain = words.first().and_then(file_name).filter(|name| tools.tool(name).is_none()).and_then(|name| {
        let rest = name.strip_prefix('g').filter(|rest| rest.len() > 1)?;
        tools
            .tool(rest)
            .filter(|tool| (tool.abbreviations || rest == "find") && tool.stands_for.is_empty())
            .map(|_| rest.to_owned())
    });
    renamed(words, plain)
}

/// The words with the name of a program that tells its version as the name without it (`kubectl-1.29`, `psql15`); a
/// program of that whole name that gate knows is itself.
pub(super) fn without_version(words: Vec<Word>, tools: &dyn Tools) -> Vec<Word> {
    let named = words.first().and_then(file_name).filter(|name| tools.tool(name).is_none()).and_then(versioned);
    let plain = named.filter(|plain| tools.tool(plain).is_some()).map(str::to_owned);
    renamed(words, plain)
}

/// The words with another file name for the program, in the folder where it is.
fn renamed(words: Vec<Word>, name: Option<String>) -> Vec<Word> {
    match (name, words.split_first()) {
        (Some(name), Some((first, rest))) => {
            let folder = first.text().and_then(|text| text.rsplit_once('/')).map(|(folder, _)| format!("{folder}/"));
            let program = Word::exact(folder.unwrap_or_default() + &name).at(first.origin());
            std::iter::once(program).chain(rest.iter().cloned()).collect()
        }
        _ => words,
    }
}

/// The name before a version: digits and dots at its end, behind a dash, `_`, `@`, `v` or nothing.
fn versioned(name: &str) -> Option<&str> {
    let plain = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    if plain.len() == name.len() {
        return None;
    }
    let marked = plain.strip_suffix('v').filter(|rest| rest.ends_with(['-', '_', '@'])).unwrap_or(plain);
    Some(marked.trim_end_matches(['-', '_', '@'])).filter(|plain| plain.len() > 1)
}

/// A program that is a tool's subcommand (`git-push`), as the two words that it stands for; other words as they are.
pub(super) fn dashed<'t>(
    tools: &'t dyn Tools,
    words: Vec<Word>,
    file_name: Option<&str>,
) -> (Vec<Word>, Option<&'t Tool>) {
    let parts = file_name.and_then(|name| name.split_once('-')).filter(|(_, subcommand)| !subcommand.is_empty());
    let tool = parts.and_then(|(name, _)| tools.tool(name)).filter(|tool| tool.dashed);
    match (parts, tool, words.split_first()) {
        (Some((name, subcommand)), Some(tool), Some((first, rest))) => {
            let two = [name, subcommand].map(|word| Word::exact(word).at(first.origin()));
            (two.into_iter().chain(rest.iter().cloned()).collect(), Some(tool))
        }
        _ => (words, None),
    }
}

/// Whether a path is neither the system's nor that of a set of installed programs (`.venv/bin`, `node_modules/.bin`).
pub(super) fn is_nobodys(word: &Word) -> bool {
    let Some(text) = word.text().filter(|text| text.contains('/')) else { return false };
    const INSTALLED: [&str; 9] =
        ["/bin/", "/sbin/", "/usr/", "/opt/", "/nix/", "/snap/", "/lib/", "/run/current-system/", "/home/linuxbrew/"];
    let parent = Path::new(text).parent().and_then(Path::file_name).and_then(|name| name.to_str());
    !INSTALLED.iter().any(|prefix| text.starts_with(prefix))
        && !matches!(parent, Some("bin" | "sbin" | ".bin" | "shims" | "Scripts"))
}

/// Whether a shell is told to run code although another of its options says to run none.
pub(super) fn runs_after_all(command: &Command) -> bool {
    let shell = command.name.as_deref().is_some_and(|name| Dialect::of_program(name).is_some());
    shell && command.flags.iter().any(|flag| matches!(flag.name.as_str(), "-i" | "+n" | "-s"))
}

/// Whether a path lies right in a directory where anybody may put files.
pub(super) fn is_open(word: &Word, place: &Place) -> bool {
    if !word.prefix().contains(&b'/') {
        return false;
    }
    let path = made::path(word, place);
    let parent = path.as_deref().and_then(Path::parent).and_then(Path::to_str);
    matches!(parent, Some("/tmp" | "/var/tmp" | "/dev/shm" | "/run/shm"))
}

/// Whether a program lies right in a directory where anybody may put files, and nothing before built it there.
pub(super) fn lies_open(command: &Command, before: &[Command], place: &Place) -> bool {
    let Some(program) = command.words.first().filter(|program| is_open(program, place)) else { return false };
    let path = made::path(program, place);
    let builds = |words: &[Word]| match words {
        [option, output] => option.text() == Some("-o") && made::path(output, place) == path,
        _ => false,
    };
    !before.iter().any(|earlier| earlier.words.windows(2).any(builds))
}

/// A redirection without a command empties its file, as `truncate` does.
pub(super) fn empties(command: &mut Command, redirected: &[(Word, bool)], tools: &dyn Tools) {
    let bare = match command.words.as_slice() {
        [] => true,
        [only] => matches!(only.text(), Some(":" | "true")),
        _ => false,
    };
    if !bare {
        return;
    }
    let emptied: Vec<Touch> = redirected
        .iter()
        .filter(|(_, appended)| !appended)
        .map(|(target, _)| Touch { role: Role::Target, word: target.clone(), index: None, recursive: false })
        .collect();
    if emptied.is_empty() {
        return;
    }
    command.touches.extend(emptied);
    command.name = Some("truncate".to_owned());
    command.described = tools.tool("truncate").is_some();
}
