//! What is known of the words that a command touches, in the form that patterns are compared with; a word that is not
//! known whole may be anything that it could be.

mod forms;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use super::load::pattern::{self, Step};
use super::load::rule::Values;
use crate::model::{Command, Hole, Piece, Role, Word};
use forms::bytes;

pub use forms::{absolute, level, plain};

/// A word that a command touches.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub word: &'a Word,
    /// Where it stands in the command, if it does.
    pub index: Option<usize>,
    /// Whether everything below it is touched too.
    pub recursive: bool,
}

/// Where a command runs, as far as words depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Whereabouts<'a> {
    pub directory: Option<&'a Path>,
    pub home: Option<&'a Path>,
    /// Where gate was called, if that alone makes nothing harmless: whoever works below `/tmp` or in a folder called
    /// `build` works there on what is as dear as anything.
    pub called: Option<&'a Path>,
}

/// The words of a command that a fact speaks of.
pub fn values(command: &Command, which: Values) -> Vec<Seen<'_>> {
    let touched = |wanted: &dyn Fn(Role, &Word) -> bool| {
        let touches = command.touches.iter().filter(|touch| wanted(touch.role, &touch.word));
        touches.map(|touch| Seen { word: &touch.word, index: touch.index, recursive: touch.recursive }).collect()
    };
    match which {
        Values::Operands => {
            // Of several touches of one word the first counts.
            let touches = command.touches.iter().rev();
            let recursive: HashMap<usize, bool> =
                touches.filter_map(|touch| Some((touch.index?, touch.recursive))).collect();
            let seen = command.operands.iter().filter_map(|index| {
                let recursive = recursive.get(index).copied().unwrap_or_default();
                Some(Seen { word: command.words.get(*index)?, index: Some(*index), recursive })
            });
            seen.collect()
        }
        // What is sent from a local file comes from there.
        Values::Role(Role::Source) => touched(&|role, _| matches!(role, Role::Source | Role::AtInput)),
        Values::Role(wanted) => touched(&|role, _| role == wanted),
        Values::Writes => touched(&|role, word| match role {
            Role::Writes => true,
            Role::Destination => is_local(word),
            _ => false,
        }),
        Values::Path => touched(&|role, word| !matches!(role, Role::Url | Role::Sql) && is_local(word)),
    }
}

/// Longest word, in bytes, of which all is compared: no file has a longer name (PATH_MAX, limits.h).
const LONGEST: usize = 4096;

/// A longer word than is compared up to there, with an end that is not known; `None` where it is short enough.
pub fn cut(word: &Word) -> Option<Word> {
    let size = |piece: &Piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Hole(Hole::Glob(shape) | Hole::Fitting(shape)) => shape.len(),
        Piece::Hole(_) => 1,
    };
    if word.pieces().iter().map(size).sum::<usize>() <= LONGEST {
        return None;
    }
    let mut left = LONGEST;
    let mut kept = Vec::new();
    for piece in word.pieces() {
        match piece {
            Piece::Text(text) => {
                let start: Vec<u8> = text.as_bytes().iter().take(left).copied().collect();
                kept.push(Piece::Text(OsString::from_vec(start)));
            }
            Piece::Hole(_) if size(piece) <= left => kept.push(piece.clone()),
            Piece::Hole(_) => left = 0,
        }
        left = left.saturating_sub(size(piece));
        if left == 0 {
            break;
        }
    }
    kept.push(Piece::Hole(Hole::Substitution));
    Some(Word::of(kept))
}

/// Whether a word may name a local file: no URL, no `host:path`, and not standard input.
pub fn is_local(word: &Word) -> bool {
    let prefix = word.prefix();
    if word.text() == Some("-") {
        return false;
    }
    let part = prefix.split(|byte| *byte == b'/').next().unwrap_or_default();
    !(part.len() > 1 && part.contains(&b':') && !part.starts_with(b"."))
}

/// Whether a pattern speaks of absolute paths.
pub fn is_path_pattern(pattern: &str) -> bool {
    pattern.starts_with('/') || pattern.starts_with('~') || pattern.starts_with("**/")
}

impl<'a> Seen<'a> {
    /// Whether some value that the word may have, or something below it, is an instance of the pattern.
    pub fn may_match(&self, pattern: &str, at: Whereabouts<'_>) -> bool {
        self.compared(pattern, at, self.recursive, pattern::overlap) && !self.only_by_chance(pattern, at)
    }

    /// Whether what is found by its name fits a pattern of names anywhere only because neither says all of a name: that
    /// `*.tf` and `.env*` have instances in common makes nobody look for secrets.
    fn only_by_chance(&self, pattern: &str, at: Whereabouts<'_>) -> bool {
        let [before @ .., Piece::Hole(Hole::Fitting(shape))] = self.word.pieces() else { return false };
        let (Some(name), Some((above, last))) = (shape.strip_prefix("**/"), pattern.rsplit_once('/')) else {
            return false;
        };
        if !pattern.starts_with("**/") {
            return false;
        }
        match last {
            "*" | "**" => {
                let start = Word::of(before.iter().cloned());
                let start = Seen { word: &start, index: None, recursive: false };
                !start.compared(pattern, at, false, pattern::overlap)
                    && !start.compared(above, at, false, pattern::overlap)
            }
            last if last.contains(['*', '?', '[']) => match (pattern::steps(last), pattern::steps(name)) {
                (Ok(last), Ok(name)) => !pattern::covers(&last, &name),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether every value that the word may have, and all below it, is an instance of the pattern.
    pub fn surely_matches(&self, pattern: &str, at: Whereabouts<'_>) -> bool {
        // A home is one wherever its owner stands.
        let by_place = is_path_pattern(pattern) && !pattern.starts_with('~') && is_local(self.word);
        let Some(called) = at.called.filter(|_| by_place) else {
            return self.compared(pattern, at, self.recursive, pattern::covers);
        };
        let word = absolute(self.word, at);
        let called: Vec<Step> = bytes(called).collect();
        match word.strip_prefix(called.as_slice()) {
            // Only what it is called below the directory speaks for it.
            Some(below @ [Step::Byte(b'/'), ..]) if pattern.starts_with("**/") => {
                Self::instance(pattern, at, below.to_vec(), self.recursive, pattern::covers)
            }
            Some([] | [Step::Byte(b'/'), ..]) => {
                let here = Self::instance(pattern, at, called, false, pattern::covers);
                !here && Self::instance(pattern, at, word, self.recursive, pattern::covers)
            }
            // The directory itself lies below it, or somewhere else.
            Some(_) | None => {
                let mut inside = word.clone();
                inside.push(Step::Byte(b'/'));
                let above = called.starts_with(&inside);
                !above && Self::instance(pattern, at, word, self.recursive, pattern::covers)
            }
        }
    }

    /// Whether the word itself, whatever its unknown end, begins as an instance of a pattern that leaves its end open does
    /// (`+$branch` and `+**`).
    pub fn begins_as(&self, text: &str, at: Whereabouts<'_>) -> bool {
        if is_path_pattern(text) || !text.ends_with("**") {
            return false;
        }
        let mut word = plain(self.word, at);
        let Some(known) = word.iter().position(|step| *step == Step::All) else { return false };
        word.truncate(known);
        known > 0 && pattern::steps(text).is_ok_and(|pattern| pattern::covers(&pattern, &word))
    }

    /// Whether the word itself, whatever is below it, is an instance of the pattern.
    pub fn itself_matches(&self, pattern: &str, at: Whereabouts<'_>) -> bool {
        self.compared(pattern, at, false, pattern::covers)
    }

    fn compared(&self, text: &str, at: Whereabouts<'_>, below: bool, how: fn(&[Step], &[Step]) -> bool) -> bool {
        if is_path_pattern(text) && !is_local(self.word) {
            return false;
        }
        let word = match is_path_pattern(text) && (at.home.is_some() || !text.starts_with('~')) {
            true => absolute(self.word, at),
            false => plain(self.word, at),
        };
        Self::instance(text, at, word, below, how)
    }

    /// Whether what is known of a word is an instance of a pattern.
    fn instance(
        text: &str,
        at: Whereabouts<'_>,
        mut word: Vec<Step>,
        below: bool,
        how: fn(&[Step], &[Step]) -> bool,
    ) -> bool {
        let text = with_home(text, at.home);
        if pattern::differs(&text, &word) {
            return false;
        }
        let Ok(pattern) = pattern::steps(&text) else {
            return false;
        };
        if below {
            word.extend([Step::Below, Step::All]);
        }
        how(&pattern, &word)
    }
}

/// A pattern that begins with the home directory, with that directory in full.
pub fn with_home<'p>(pattern: &'p str, home: Option<&Path>) -> Cow<'p, str> {
    match (pattern.strip_prefix('~'), home.and_then(Path::to_str)) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => Cow::Owned(format!("{home}{rest}")),
        _ => Cow::Borrowed(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: Whereabouts<'_> = Whereabouts { directory: None, home: None, called: None };

    fn at() -> Whereabouts<'static> {
        let (directory, home) = (Some(Path::new("/home/dev/app")), Some(Path::new("/home/dev")));
        Whereabouts { directory, home, called: None }
    }

    fn seen(word: &Word, recursive: bool) -> Seen<'_> {
        Seen { word, index: None, recursive }
    }

    fn glob(before: &str, glob: &str) -> Word {
        Word::of([Piece::Text(before.into()), Piece::Hole(Hole::Glob(glob.into()))])
    }

    fn variable(before: &str, after: &str) -> Word {
        Word::of([Piece::Text(before.into()), Piece::Hole(Hole::Variable("X".into())), Piece::Text(after.into())])
    }

    #[test]
    fn where_gate_is_called_makes_nothing_harmless() {
        for (called, word, pattern, harmless) in [
            ("/tmp/work", "src", "/tmp/*/**", false),
            ("/tmp/work", "/tmp/work/src", "/tmp/*/**", false),
            ("/tmp/work/sub", "..", "/tmp/*/**", false),
            ("/tmp/work", ".", "/tmp/*/**", false),
            ("/tmp/work", "/tmp/other", "/tmp/*/**", true),
            ("/tmp", "other", "/tmp/*/**", true),
            ("/home/dev", "/tmp/other", "/tmp/*/**", true),
            ("/home/dev/build/app", "src", "**/build/**", false),
            ("/home/dev/build/app", "../../build", "**/build/**", false),
            ("/home/dev/build/app", "build/x", "**/build/**", true),
            ("/home/dev/app", "/srv/build/x", "**/build/**", true),
            ("/", "tmp/x", "/tmp/*/**", true),
        ] {
            let directory = Some(Path::new(called));
            let word = Word::exact(word);
            let surely =
                |called| seen(&word, true).surely_matches(pattern, Whereabouts { directory, home: None, called });
            assert_eq!(surely(directory), harmless, "{called} {word:?} {pattern}");
        }
        // A site that says so means it.
        let at = Whereabouts { directory: Some(Path::new("/tmp/work")), home: None, called: None };
        assert!(seen(&Word::exact("src"), true).surely_matches("/tmp/*/**", at));
    }

    #[test]
    fn relative_paths_dots_and_home_are_resolved() {
        for (word, pattern) in [
            ("target", "/home/dev/app/target"),
            ("./a/../target/", "/home/dev/app/target"),
            ("../../../../etc", "/etc"),
            ("/usr//lib/.", "/usr/lib"),
            ("..", "~"),
            ("../.ssh/id_rsa", "~/.ssh/*"),
            ("/", "/"),
        ] {
            let word = Word::exact(word);
            assert!(seen(&word, false).surely_matches(pattern, at()), "{pattern}");
        }
        let home = Word::of([Piece::Hole(Hole::Home("~".into())), Piece::Text("/.ssh/id_rsa".into())]);
        assert!(seen(&home, false).surely_matches("**/.ssh/id_*", at()));
        assert!(seen(&home, false).surely_matches("~/.ssh/id_*", AT), "elsewhere it is somebody else's");
    }

    #[test]
    fn what_is_not_known_may_climb_and_is_never_certain() {
        let word = variable("/srv/", "");
        assert!(seen(&word, false).may_match("/etc/passwd", at()));
        assert!(!seen(&word, false).surely_matches("/srv/**", at()));
        let word = variable("", "/x.log");
        assert!(seen(&word, false).may_match("/var/log/x.log", at()));
        assert!(!seen(&word, false).may_match("/var/log/y.log", at()));
        assert!(seen(&glob("target/", "*"), true).surely_matches("**/target/**", at()));
        assert!(!seen(&glob("target/", ".*"), true).surely_matches("**/target/**", at()), "`.*` may be `..`");
        assert!(!seen(&glob("", "*"), true).surely_matches("**/target/**", at()));
    }

    #[test]
    fn an_unknown_directory_is_no_word_that_climbs() {
        let word = Word::exact("node_modules");
        assert!(seen(&word, true).surely_matches("**/node_modules/**", AT));
        assert!(seen(&word, true).may_match("/srv/node_modules", AT));
        assert!(!seen(&Word::exact("../x"), true).surely_matches("**/x/**", AT));
        assert!(seen(&Word::exact("../x"), true).may_match("/x", AT));
    }

    #[test]
    fn urls_and_hosts_are_no_local_paths() {
        for remote in ["s3://b/k", "host:/x", "user@host:x", "-", "https://x/y"] {
            assert!(!is_local(&Word::exact(remote)), "{remote}");
        }
        for local in ["a", "/a:b", "./a:b", "a/b:c"] {
            assert!(is_local(&Word::exact(local)), "{local}");
        }
    }

    proptest! {
        #[test]
        fn what_a_value_of_a_variable_matches_may_match(
            before in "[ab./]{0,4}", value in "[ab./]{0,5}", after in "[ab./]{0,4}",
            pattern in "(/|\\*\\*/)[ab*/]{0,5}", recursive: bool, below in "[ab]{0,2}",
        ) {
            let word = variable(&before, &after);
            let tail = if recursive && !below.is_empty() { format!("/{below}") } else { String::new() };
            let concrete = Word::exact(format!("{before}{value}{after}{tail}"));
            if seen(&concrete, false).surely_matches(&pattern, at()) {
                prop_assert!(seen(&word, recursive).may_match(&pattern, at()));
            }
        }

        #[test]
        fn what_is_certain_of_a_star_holds_of_every_name(
            before in "[ab./]{0,4}", name in "[ab][ab.]{0,2}", pattern in "(/|\\*\\*/)[ab*/]{0,5}",
        ) {
            let word = glob(&before, "*");
            let concrete = Word::exact(format!("{before}{name}"));
            if seen(&word, false).surely_matches(&pattern, at()) {
                prop_assert!(seen(&concrete, false).surely_matches(&pattern, at()));
            }
            if seen(&concrete, false).surely_matches(&pattern, at()) {
                prop_assert!(seen(&word, false).may_match(&pattern, at()));
            }
        }
    }
}
