//! What a command prints, as far as its name and options tell: new temporary files, numbers, names of branches, the words
//! of `echo`. What may print anything is not known; nothing here runs.

use std::rc::Rc;

use shuck_ast::{BinaryOp, Command, Stmt, StmtSeq};

use super::expand::Expansion;
use super::scope::Text;
use super::tree::{Hole, Piece, Word};
use super::unit::Unit;
use super::walk::Walker;

/// A name that begins with no dash or dot and holds no slash.
const NAME: &str = "[a-zA-Z0-9_][a-zA-Z0-9_.@+-]*";
const DIGITS: &str = "[0-9]*";

impl Walker {
    /// What the text of a substitution becomes; its commands were walked.
    pub(super) fn output(&mut self, unit: &Rc<Unit>, body: &StmtSeq) -> Expansion {
        let quiet = std::mem::replace(&mut self.quiet, true);
        let text = match body.stmts.as_slice() {
            [stmt] => self.printed(unit, stmt),
            _ => None,
        };
        self.quiet = quiet;
        Expansion::Text(text.unwrap_or_else(|| vec![Piece::Hole(Hole::Substitution)]))
    }

    fn printed(&mut self, unit: &Rc<Unit>, stmt: &Stmt) -> Option<Text> {
        if stmt.terminator.is_some() && unit.slice(stmt.span).trim_end().ends_with('&') {
            return None;
        }
        match &stmt.command {
            Command::Simple(command) if command.assignments.is_empty() => {
                let name = self.constant(unit, &command.name)?;
                let plain = !self.scope.functions.contains_key(&name) && !self.scope.aliases.contains_key(&name);
                let diverted = stmt.redirects.iter().any(|redirect| redirect.fd != Some(2));
                if !plain || diverted || !PRINTERS.contains(&name.as_str()) {
                    return None;
                }
                let nodes: Vec<_> = std::iter::once(&command.name).chain(&command.args).collect();
                let words = self.fields(unit, &nodes);
                if words.iter().any(|word| word.many) { None } else { printed(&words) }
            }
            Command::Binary(binary) => match binary.op {
                // What stands behind `||` is what is said instead, unless it gives up.
                BinaryOp::Or => match &binary.right.command {
                    Command::Builtin(_) => self.printed(unit, &binary.left),
                    _ => None,
                },
                BinaryOp::Pipe => match &binary.right.command {
                    Command::Simple(last) if last.assignments.is_empty() && binary.right.redirects.is_empty() => {
                        let words: Option<Vec<String>> = std::iter::once(&last.name)
                            .chain(&last.args)
                            .map(|word| self.constant(unit, word))
                            .collect();
                        let words = words?;
                        let words: Vec<&str> = words.iter().map(String::as_str).collect();
                        if self.scope.functions.contains_key(*words.first()?) {
                            return None;
                        }
                        match words.as_slice() {
                            ["wc", "-l" | "-c" | "-w" | "-m"] => Some(fitting(DIGITS)),
                            ["head" | "tail" | "sort" | "uniq" | "grep", rest @ ..]
                                if !rest.iter().any(|word| word.starts_with("-o") || *word == "-c") =>
                            {
                                self.printed(unit, &binary.left)
                            }
                            _ => None,
                        }
                    }
                    _ => None,
                },
                BinaryOp::And | BinaryOp::PipeAll => None,
            },
            _ => None,
        }
    }
}

/// The programs whose output is known to some degree.
const PRINTERS: &[&str] = &[
    "mktemp", "pwd", "id", "whoami", "logname", "nproc", "uname", "arch", "hostname", "date", "git", "echo", "printf",
    "basename", "wc",
];

fn fitting(shape: &str) -> Text {
    vec![Piece::Hole(Hole::Fitting(shape.to_owned()))]
}

/// The text that a command prints.
fn printed(words: &[Word]) -> Option<Text> {
    let (first, arguments) = words.split_first()?;
    let exact: Option<Vec<&str>> = arguments.iter().map(Word::exact).collect();
    match (first.exact()?, exact.as_deref()) {
        ("mktemp", _) => temporary(arguments),
        ("basename", Some([path])) if !path.starts_with('-') => {
            let trimmed = path.trim_end_matches('/');
            Some(vec![Piece::Text(trimmed.rsplit('/').next().unwrap_or("/").to_owned())])
        }
        ("basename", _) => Some(fitting("*")),
        ("pwd", Some([] | ["-P" | "-L"])) => Some(vec![Piece::Hole(Hole::Variable("PWD".to_owned()))]),
        ("echo" | "printf", Some(words)) => {
            let plain = words.iter().all(|word| !word.starts_with('-') && !word.contains(['\\', '%']));
            let one = first.exact() == Some("echo") || words.len() == 1;
            (plain && one).then(|| vec![Piece::Text(words.join(" ").trim_end_matches('\n').to_owned())])
        }
        (name, Some(arguments)) => shape(name, arguments),
        (_, None) => None,
    }
}

/// The shape of what a command of known words prints, for each of its lines.
fn shape(name: &str, arguments: &[&str]) -> Option<Text> {
    let only = |allowed: &[&str]| arguments.iter().all(|argument| allowed.contains(argument));
    match name {
        "id" if only(&["-u", "-g", "-r", "--user", "--group", "--real"]) && !arguments.is_empty() => {
            Some(fitting(DIGITS))
        }
        "id" if only(&["-un", "-gn", "-u", "-g", "-n"]) && !arguments.is_empty() => Some(fitting(NAME)),
        "whoami" | "logname" if arguments.is_empty() => Some(fitting(NAME)),
        "nproc" => Some(fitting(DIGITS)),
        "uname" | "arch" if only(&["-s", "-m", "-r", "-n", "-p", "-o"]) => Some(fitting(NAME)),
        "hostname" if only(&["-s", "-f"]) => Some(fitting(NAME)),
        "date" => date(arguments).map(fitting),
        "git" => git(arguments),
        _ => None,
    }
}

/// A date in a format of digits, names and marks holds no slash.
fn date<'a>(arguments: &[&str]) -> Option<&'a str> {
    let format = arguments.iter().find_map(|argument| argument.strip_prefix('+'))?;
    dated(format).then_some("[0-9A-Z][0-9A-Za-z_.:+-]*")
}

/// Whether a format gives digits, names of days and months, and marks between them.
fn dated(format: &str) -> bool {
    let mut rest = format;
    if !rest.starts_with('%') {
        return false;
    }
    while let Some((before, after)) = rest.split_once('%') {
        let mut after = after.chars();
        if !before.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c))
            || !after.next().is_some_and(|c| "YmdHMSFTsjyGVabeuwNZz".contains(c))
        {
            return false;
        }
        rest = after.as_str();
    }
    rest.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c))
}

/// Names of branches begin with no dash and hold no colon; those of files lie where the command was told to look.
fn git(arguments: &[&str]) -> Option<Text> {
    const COMMIT: &str = "[0-9a-f]*";
    match arguments {
        ["symbolic-ref", rest @ ..] if rest.contains(&"HEAD") => Some(fitting(NAME)),
        ["branch", "--show-current"] | ["rev-parse", "--abbrev-ref", ..] | ["describe", ..] => Some(fitting(NAME)),
        ["rev-parse", rest @ ..] => {
            let commit = |word: &&str| !word.starts_with("--") || word.starts_with("--short") || *word == "--verify";
            rest.iter().all(commit).then(|| fitting(COMMIT))
        }
        ["rev-list" | "merge-base" | "write-tree" | "hash-object", ..] => Some(fitting(COMMIT)),
        ["diff" | "ls-files" | "ls-tree" | "diff-tree", rest @ ..] => {
            let names = arguments.first() == Some(&"ls-files") || rest.contains(&"--name-only");
            let at = rest.iter().position(|word| *word == "--")?;
            let [below] = rest.get(at + 1..)? else { return None };
            let inside =
                !below.is_empty() && !below.starts_with([':', '/', '.', '-']) && !below.contains(['*', '?', '[', '\\']);
            let text = || {
                vec![Piece::Text(below.trim_end_matches('/').to_owned()), Piece::Hole(Hole::Fitting("/**".to_owned()))]
            };
            (names && inside && !below.contains("..")).then(text)
        }
        _ => None,
    }
}

/// `mktemp`: a new name below the directory for temporary files, or where its template says.
fn temporary(arguments: &[Word]) -> Option<Text> {
    let (mut template, mut parent, mut under, mut suffix) = (None, None, false, String::new());
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let pieces = word.text.pieces();
        let Some(Piece::Text(start)) = pieces.first() else {
            template = Some(pieces);
            continue;
        };
        match start.as_str() {
            "-d" | "-q" | "-u" | "-dq" | "-qd" | "-du" | "--directory" | "--quiet" | "--dry-run" | "--" => {}
            "-t" | "-dt" | "-td" => under = true,
            "--tmpdir" => under = true,
            "-p" | "-dp" => parent = Some(rest.next()?.text.pieces()),
            text if text.starts_with("--tmpdir=") => parent = Some(without(&pieces, "--tmpdir=".len())?),
            text if text.starts_with("-p") => parent = Some(without(&pieces, 2)?),
            text if text.starts_with("--suffix=") => suffix = text.get("--suffix=".len()..)?.to_owned(),
            text if text.starts_with('-') => return None,
            _ => template = Some(pieces),
        }
    }
    let mut text: Text = Vec::new();
    match (parent, under || template.is_none()) {
        (Some(parent), _) => text.extend(parent),
        (None, true) => text.push(Piece::Hole(Hole::Temporary)),
        (None, false) => {}
    }
    if !text.is_empty() {
        text.push(Piece::Text("/".to_owned()));
    }
    match template {
        None => text.push(Piece::Text("tmp.".to_owned())),
        Some(pieces) => {
            for piece in pieces {
                match piece {
                    Piece::Text(known) => {
                        let kept = known.find("XX").and_then(|at| known.get(..at));
                        text.push(Piece::Text(kept.unwrap_or(&known).to_owned()));
                        if kept.is_some() {
                            break;
                        }
                    }
                    hole => text.push(hole),
                }
            }
        }
    }
    text.push(Piece::Hole(Hole::Fitting("[a-zA-Z0-9.]*".to_owned())));
    if !suffix.is_empty() {
        text.push(Piece::Text(suffix));
    }
    Some(text)
}

fn without(pieces: &[Piece], length: usize) -> Option<Text> {
    let (first, rest) = pieces.split_first()?;
    let Piece::Text(first) = first else { return None };
    let mut text = vec![Piece::Text(first.get(length..)?.to_owned())];
    text.extend(rest.iter().cloned());
    Some(text)
}
