//! The local files that a word names, as far as it is known, and how much of them is meant.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::super::load::pattern::Step;
use super::super::seen::{Whereabouts, is_local, plain};
use crate::model::{Command, DataQuestion, Extent, Hole, Piece, Word};

/// The attributes that count for a command: a folder is looked into only where a grammar says that the command does so.
pub(super) fn attribute(command: &Command, path: PathBuf, extent: Extent) -> DataQuestion {
    let extent = if command.described { extent } else { Extent::Itself };
    DataQuestion::Attribute(path, extent)
}

/// The path of a word that names local files, as far as it is known, and what of it is meant.
pub(super) fn local(word: &Word, recursive: bool, at: Whereabouts<'_>) -> Option<(PathBuf, Extent)> {
    if !is_local(word) || word.prefix().contains(&0) {
        return None;
    }
    let steps = plain(word, at);
    if let Some(path) = bytes(&steps) {
        let path = rooted(&path, at)?;
        return Some((path, if recursive { Extent::Below } else { Extent::Itself }));
    }
    // A pattern in the last part stands for files of one folder.
    let folder = steps.iter().rposition(|step| *step == Step::Byte(b'/')).map_or(0, |slash| slash + 1);
    let folder = bytes(steps.get(..folder)?)?;
    let [.., Piece::Hole(Hole::Glob(_)) | Piece::Text(_)] = word.pieces() else {
        return None;
    };
    let name: String = word.pieces().iter().map(piece_pattern).collect::<Option<Vec<_>>>()?.concat();
    let name = name.rsplit('/').next().unwrap_or(&name);
    let folder = if folder.is_empty() { at.directory?.to_owned() } else { rooted(&folder, at)? };
    Some((folder, Extent::Matching(name.to_owned())))
}

/// A piece of a word as a part of a pattern.
fn piece_pattern(piece: &Piece) -> Option<String> {
    match piece {
        Piece::Text(text) => {
            let mut pattern = String::new();
            for letter in text.to_str()?.chars() {
                if matches!(letter, '*' | '?' | '[' | '\\') {
                    pattern.push('\\');
                }
                pattern.push(letter);
            }
            Some(pattern)
        }
        Piece::Hole(Hole::Glob(glob)) => Some(glob.clone()),
        Piece::Hole(Hole::Home(_) | Hole::Variable(_)) => Some(String::new()),
        Piece::Hole(Hole::Substitution | Hole::Input | Hole::Fitting(_)) => None,
    }
}

/// The bytes that steps are, if nothing in them is open.
fn bytes(steps: &[Step]) -> Option<Vec<u8>> {
    steps.iter().map(byte).collect()
}

/// The byte that a step is, if it is one.
pub(super) const fn byte(step: &Step) -> Option<u8> {
    match step {
        Step::Byte(byte) => Some(*byte),
        Step::One
        | Step::Class(..)
        | Step::Run(..)
        | Step::Part
        | Step::All
        | Step::Above
        | Step::Inside
        | Step::Below => None,
    }
}

fn rooted(path: &[u8], at: Whereabouts<'_>) -> Option<PathBuf> {
    if path.is_empty() {
        return None;
    }
    let path = Path::new(OsStr::from_bytes(path));
    match at.directory {
        _ if path.is_absolute() => Some(path.to_owned()),
        Some(directory) => Some(directory.join(path)),
        None => None,
    }
}
