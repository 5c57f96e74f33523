//! What is known of a word, as steps of a pattern: as it is given, and as an absolute path.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::super::load::pattern::{self, Step};
use super::Whereabouts;
use crate::model::{Hole, Piece, Word};

pub(super) fn bytes(path: &Path) -> impl Iterator<Item = Step> {
    path.as_os_str().as_bytes().iter().copied().map(Step::Byte)
}

/// The word as it is given.
pub fn plain(word: &Word, at: Whereabouts<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for piece in word.pieces() {
        match piece {
            Piece::Text(text) => steps.extend(text.as_bytes().iter().copied().map(Step::Byte)),
            Piece::Hole(Hole::Fitting(shape)) if shape == "/**" => steps.extend([Step::Below, Step::All]),
            Piece::Hole(Hole::Fitting(shape)) => match pattern::steps(shape) {
                Ok(shape) if shape.first() == Some(&Step::Above) => steps.extend(shape),
                Ok(shape) => steps.extend(repeated(shape)),
                Err(_) => steps.push(Step::All),
            },
            Piece::Hole(Hole::Glob(glob)) => match pattern::steps(glob) {
                // A name that begins with a dot is meant only by who says so.
                Ok(glob)
                    if matches!(glob.first(), Some(Step::Part | Step::One))
                        && matches!(steps.last(), None | Some(Step::Byte(b'/'))) =>
                {
                    steps.push(Step::Class(true, vec![(b'.', b'.')]));
                    let from = usize::from(glob.first() == Some(&Step::One));
                    steps.extend(glob.into_iter().skip(from));
                }
                Ok(glob) => steps.extend(glob),
                Err(_) => steps.push(Step::Part),
            },
            Piece::Hole(Hole::Home(home)) if home == "~" => match at.home {
                Some(home) => steps.extend(bytes(home)),
                None => steps.push(Step::Byte(b'~')),
            },
            Piece::Hole(Hole::Variable(name)) => match (name.as_str(), at.home, at.directory) {
                ("HOME", Some(home), _) => steps.extend(bytes(home)),
                ("HOME", None, _) => steps.push(Step::Byte(b'~')),
                ("PWD", _, Some(directory)) => steps.extend(bytes(directory)),
                _ => steps.push(Step::All),
            },
            Piece::Hole(Hole::Substitution | Hole::Input | Hole::Home(_)) => steps.push(Step::All),
        }
    }
    steps
}

/// In a shape a star behind brackets repeats them.
fn repeated(shape: Vec<Step>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(shape.len());
    for step in shape {
        match (steps.last(), step) {
            (Some(Step::Class(negated, ranges)), Step::Part) => {
                let run = Step::Run(*negated, ranges.clone());
                steps.push(run);
            }
            (_, step) => steps.push(step),
        }
    }
    steps
}

/// The word as an absolute path without `.` and `..`. What cannot be known may climb, so that nothing before it counts.
pub fn absolute(word: &Word, at: Whereabouts<'_>) -> Vec<Step> {
    let mut given = plain(word, at);
    let climbs = |at: usize| match at.checked_sub(1).and_then(|before| given.get(before)) {
        // What is below a directory stays there.
        Some(Step::Below) => false,
        _ => given.get(at) == Some(&Step::All),
    };
    if let Some(last) = (0..given.len()).rev().find(|at| climbs(*at)) {
        given.drain(..last);
        return normal(&given, vec![]);
    }
    rooted(&given, word, at)
}

/// The word as an absolute path, where what is not known begins a path of its own only if it stands first.
pub fn level(word: &Word, at: Whereabouts<'_>) -> Vec<Step> {
    let mut given = Vec::new();
    for step in plain(word, at) {
        // At least one byte, so that nothing in a part makes it `.` or `..`.
        given.extend((step == Step::All).then_some(Step::One));
        given.push(step);
    }
    match given.as_slice() {
        [Step::One, Step::All, ..] => normal(&given, vec![]),
        _ => rooted(&given, word, at),
    }
}

fn rooted(given: &[Step], word: &Word, at: Whereabouts<'_>) -> Vec<Step> {
    let from_root = given.first() == Some(&Step::Byte(b'/'));
    let home = given.first() == Some(&Step::Byte(b'~')) && at.home.is_none() && word.prefix().is_empty();
    match (from_root, at.directory) {
        (true, _) => normal(given, Vec::new()),
        (false, Some(directory)) if !home => {
            let mut whole: Vec<Step> = bytes(directory).collect();
            whole.push(Step::Byte(b'/'));
            whole.extend(given.iter().cloned());
            normal(&whole, Vec::new())
        }
        // Some directory, which is nowhere else than where it is.
        (false, _) => normal(given, vec![vec![Step::Above, Step::Inside]]),
    }
}

/// Whether this is `/proc/PID/root` (proc_pid_root(5)), whatever the process.
fn is_root_of_process(parts: &[Vec<Step>]) -> bool {
    let is = |part: &[Step], name: &str| part.iter().cloned().eq(bytes(Path::new(name)));
    matches!(parts, [proc, _, root] if is(proc, "proc") && is(root, "root"))
}

/// Puts parts together again, `.` and `..` resolved.
fn normal(steps: &[Step], base: Vec<Vec<Step>>) -> Vec<Step> {
    let mut parts = base;
    for part in steps.split(|step| *step == Step::Byte(b'/')) {
        match part {
            [] | [Step::Byte(b'.')] => {}
            [Step::Byte(b'.'), Step::Byte(b'.')] => match parts.last().map(Vec::as_slice) {
                // Above what is not known is not known.
                Some([Step::Above, ..]) => parts = vec![vec![Step::All]],
                // What stands there may be several parts, or none.
                Some(last) if last.contains(&Step::All) => parts = vec![vec![Step::All]],
                _ => {
                    parts.pop();
                }
            },
            // With nothing in it, what is not known leaves `.` or `..`.
            part if part.contains(&Step::All)
                && part.iter().all(|step| matches!(step, Step::All | Step::Byte(b'.'))) =>
            {
                parts = vec![vec![Step::All]];
            }
            // Older shells let `.*` stand for `..`.
            [Step::Byte(b'.'), Step::Part, ..] => parts = vec![vec![Step::All]],
            part => parts.push(part.to_vec()),
        }
        // The root of a process is the root of this host, as far as can be told.
        if is_root_of_process(&parts) {
            parts.clear();
        }
    }
    let mut path = Vec::new();
    for part in &parts {
        match part.as_slice() {
            // What may be anything begins with its own slash, and what is above ends with one.
            [Step::All, ..] if path.is_empty() => path.extend(part.iter().cloned()),
            _ if path.last() == Some(&Step::Inside) => path.extend(part.iter().cloned()),
            part => {
                path.push(Step::Byte(b'/'));
                path.extend(part.iter().cloned());
            }
        }
    }
    match path.is_empty() {
        true => vec![Step::Byte(b'/')],
        false => path,
    }
}
