//! Files that a script makes before it runs them: written from its own text, copied, downloaded. Nothing is looked up;
//! what is not known of such a file is said to be unknown.

use std::path::{Component, Path, PathBuf};

use crate::model::{Command, Role, Stdin, Touch, Word};

use super::reading::Place;

/// What a file holds that was made by what ran before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Made {
    /// This text.
    Text(String),
    /// What another file holds.
    Copy(Word),
    /// Something else.
    Unknown,
}

/// The path that a word names, as far as it can be compared with others.
pub(super) fn path(word: &Word, place: &Place) -> Option<PathBuf> {
    let named = Path::new(word.known()?);
    let whole = match &place.directory {
        Some(directory) => directory.join(named),
        None => named.to_owned(),
    };
    let mut parts = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    (!parts.as_os_str().is_empty()).then_some(parts)
}

/// The files that a command makes, and what they hold; `appended` tells those that a redirection only adds to.
pub(super) fn files(command: &Command, redirected: &[(Word, bool)], place: &Place) -> Vec<(PathBuf, Made, bool)> {
    let mut files = Vec::new();
    for (target, appended) in redirected {
        if let Some(path) = path(target, place) {
            files.push((path, printed(command).map_or(Made::Unknown, Made::Text), *appended));
        }
    }
    let text = |word: &Word| word.text().map(str::to_owned);
    let name = command.words.first().and_then(text).unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    let touched = |wanted: &dyn Fn(&Touch) -> bool| -> Vec<&Word> {
        command.touches.iter().filter(|touch| wanted(touch)).map(|touch| &touch.word).collect()
    };
    let sources = touched(&|touch| touch.role == Role::Source && touch.index.is_some());
    let destinations = touched(&|touch| touch.role == Role::Destination);
    match (name, sources.as_slice(), destinations.as_slice()) {
        ("cp" | "mv" | "ln" | "install", [source], [destination]) => {
            let inside = destination.text().is_some_and(|text| text.ends_with('/') || text == "." || text == "..");
            let joined = match (inside, source.text().and_then(|text| text.rsplit('/').next()), destination.text()) {
                (true, Some(file), Some(directory)) => Word::exact(format!("{directory}/{file}")),
                _ => (*destination).clone(),
            };
            files.extend(path(&joined, place).map(|path| (path, Made::Copy((*source).clone()), false)));
        }
        ("tee", ..) => {
            for target in touched(&|touch| touch.role == Role::Writes && touch.index.is_some()) {
                let made = match &command.stdin {
                    Stdin::Text(Some(text)) => Made::Text(text.clone()),
                    _ => Made::Unknown,
                };
                files.extend(path(target, place).map(|path| (path, made, false)));
            }
        }
        // What comes from elsewhere.
        _ if command.touches.iter().any(|touch| touch.role == Role::Url) => {
            let named =
                touched(&|touch| matches!(touch.role, Role::Writes | Role::Destination) && touch.index.is_some());
            files.extend(named.iter().filter_map(|word| Some((path(word, place)?, Made::Unknown, false))));
            if command.flags.iter().any(|flag| flag.name == "--remote-name") || named.is_empty() && name == "wget" {
                let urls = touched(&|touch| touch.role == Role::Url);
                let last = urls.iter().filter_map(|url| url.text()?.rsplit('/').next().map(Word::exact));
                files.extend(last.filter_map(|word| Some((path(&word, place)?, Made::Unknown, false))));
            }
        }
        _ => {}
    }
    files
}

/// Programs that put no file anywhere without a redirection: what the shells do themselves, and wrappers that only start
/// what stands in them.
const QUIET: &str = "cd pushd popd set shopt export unset readonly declare typeset local umask echo printf test [ [[ true false : \
    sleep pwd date wait trap alias ulimit hash type command exec sh bash dash zsh ksh sudo doas env timeout time nice nohup \
    ionice stdbuf setsid";

/// Whether what runs before puts no file anywhere, as far as the names of its programs tell.
pub(super) fn makes_nothing(before: &[Command]) -> bool {
    let writes = |command: &Command| command.touches.iter().any(|touch| touch.role == Role::Writes);
    let quiet = |name: &str| QUIET.split_whitespace().any(|quiet| quiet == name);
    before.iter().all(|command| !writes(command) && command.name.as_deref().is_none_or(quiet))
}

/// The text that a command prints, where it prints what the script itself says.
fn printed(command: &Command) -> Option<String> {
    let words: Option<Vec<&str>> = command.words.iter().map(Word::text).collect();
    match (words?.as_slice(), &command.stdin) {
        (["cat"] | ["cat", "-"], Stdin::Text(Some(text))) => Some(text.clone()),
        ([], _) | ([":"], _) => Some(String::new()),
        (["echo", rest @ ..], _) if !rest.iter().any(|word| word.starts_with('-') || word.contains('\\')) => {
            Some(format!("{}\n", rest.join(" ")))
        }
        (["printf", "%s\\n", lines @ ..], _) if !lines.is_empty() => {
            Some(lines.iter().map(|line| format!("{line}\n")).collect())
        }
        (["printf", text], _) if !text.contains('%') => Some(text.replace("\\n", "\n").replace("\\t", "\t")),
        _ => None,
    }
}

/// The shell that a text names in its first line, or the usual one; `None` where it names another program.
pub(super) fn interpreter(text: &str) -> Option<String> {
    let Some(line) = text.strip_prefix("#!").map(|rest| rest.lines().next().unwrap_or_default()) else {
        return Some("sh".to_owned());
    };
    let mut words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let first = words.next()?;
    let name = if first == "env" { words.find(|word| !word.starts_with('-') && !word.contains('='))? } else { first };
    super::shell::Dialect::of_program(name).map(|_| name.to_owned())
}
