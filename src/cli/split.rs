//! Cuts gate's own options from the command, before anything else reads them: what stands after `--` or `-c` is the
//! command's, whatever it looks like.

use std::ffi::OsString;

/// gate's arguments, apart from those of the command.
#[derive(Debug, PartialEq, Eq)]
pub struct Split {
    /// What belongs to gate, its own name first.
    pub own: Vec<OsString>,
    /// What is to be run, if anything is named.
    pub command: Option<Named>,
}

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
pub enum Named {
    /// `-- COMMAND ARG…`
    Arguments(Vec<OsString>),
    /// `-c SCRIPT NAME ARG…`
    Script(Vec<OsString>),
}

/// Options of a run that take a value.
const VALUES: [&str; 5] = ["--reason", "--within", "--resume", "--status", "--shell"];
/// Options of a run that do not, and words that may stand before `--`.
const SWITCHES: [&str; 2] = ["--no-wait", "--json"];

/// Cuts at the first `--` or `-c` that only options of a run, or `explain`, stand before.
#[must_use]
pub fn split(arguments: impl IntoIterator<Item = OsString>) -> Split {
    let mut rest = arguments.into_iter();
    let mut own: Vec<OsString> = rest.next().into_iter().collect();
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            Some("--") => return Split { own, command: Some(Named::Arguments(rest.collect())) },
            Some("-c") => return Split { own, command: Some(Named::Script(rest.collect())) },
            Some(option) if VALUES.contains(&option) => {
                own.push(argument);
                own.extend(rest.next());
            }
            Some(word) if is_own(word) || (word == "explain" && own.len() == 1) => own.push(argument),
            _ => {
                own.push(argument);
                own.extend(rest);
                return Split { own, command: None };
            }
        }
    }
    Split { own, command: None }
}

fn is_own(word: &str) -> bool {
    SWITCHES.contains(&word)
        || VALUES.iter().any(|value| word.strip_prefix(value).is_some_and(|rest| rest.starts_with('=')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        let Split { own, command } = split(line.split(' ').map(OsString::from));
        let join = |words: &[OsString]| words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        match command {
            None => join(&own),
            Some(Named::Arguments(words)) => format!("{} | -- {}", join(&own), join(&words)),
            Some(Named::Script(words)) => format!("{} | -c {}", join(&own), join(&words)),
        }
    }

    #[test]
    fn everything_after_the_cut_is_the_command() {
        for (line, expected) in [
            ("gate -- requests --json", "gate | -- requests --json"),
            ("gate --reason -- -- ls --", "gate --reason -- | -- ls --"),
            ("gate --within=5m --no-wait -- ls -- -c", "gate --within=5m --no-wait | -- ls -- -c"),
            ("gate --shell bash -c x requests", "gate --shell bash | -c x requests"),
            ("gate explain --json -- ls", "gate explain --json | -- ls"),
            ("gate approve ID --reason x", "gate approve ID --reason x"),
            ("gate ls -- x", "gate ls -- x"),
            ("gate", "gate"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }
}
