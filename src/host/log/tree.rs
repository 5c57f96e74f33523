//! The kept tree: how far it was computed, so that a request's root costs only the records since. Refuses to be used where
//! it does not lead to the last line; `audit verify` never reads it.

use std::io::Write as _;

use serde::{Deserialize, Serialize};

use super::AuditLog;
use super::dir::Dir;
use super::error::LogError;
use super::read::{Piece, Snapshot};
use super::turn::Turn;
use crate::audit::{Tree, leaf};
use crate::encoding::json::{canonical, strict};
use crate::model::Digest;

/// The file.
const FILE: &str = "tree";

/// The tree of all records before a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Leaf hash of the last of them.
    last: Digest,
    /// Where that line begins.
    line: u64,
    /// In which segment.
    segment: u64,
    /// Their tree.
    tree: Tree,
}

impl Kept {
    const fn nothing(tree: Tree) -> Self {
        Self { last: Digest::ZERO, line: 0, segment: 0, tree }
    }

    /// What was kept, if it is as it was written.
    fn read(dir: &Dir) -> Option<Self> {
        let bytes = dir.content(FILE, 64 * 1024).ok()??;
        let (check, text) = bytes.split_at_checked(Digest::ZERO.to_string().len())?;
        (check == Digest::of(text).to_string().as_bytes()).then_some(())?;
        strict(text.strip_prefix(b"\n")?).ok()
    }

    /// Keeps it. Losing it costs time and nothing else, so nothing is synced and a failure needs no answer.
    fn keep(&self, dir: &Dir) {
        let staged = format!("{FILE}.{}", std::process::id());
        let kept = canonical(self).ok().and_then(|json| {
            let text = [b"\n", json.as_slice()].concat();
            let mut file = dir.make_empty(&staged).ok()?;
            file.write_all(Digest::of(&text).to_string().as_bytes()).ok()?;
            file.write_all(&text).ok()
        });
        if kept.is_none() || dir.rename(&staged, FILE).is_err() {
            dir.remove(&staged).ok();
        }
    }

    /// Takes in the finished lines up to the end of the snapshot.
    fn advance(&mut self, dir: &Dir, snapshot: &Snapshot) -> Result<(), LogError> {
        let from = (self.segment, self.line);
        // The last line that is in the tree is read again: it must be the one that the tree was kept for.
        let mut known = self.tree.size() > 0;
        let (mut segment, mut begin) = from;
        snapshot.each(dir, from, &mut |piece| {
            match piece {
                Piece::Segment(first) if first != segment => (segment, begin) = (first, 0),
                Piece::Line(end, line) => {
                    let digest = leaf(line);
                    if known && (digest != self.last || segment != self.segment) {
                        return Err(LogError::Tree);
                    }
                    if !known {
                        if segment != self.segment {
                            // Only a repair leaves a gap; see the verifier's invariant (leaf).
                            self.tree.pad(segment).map_err(|_| LogError::Tree)?;
                        }
                        self.tree.push(digest);
                        (self.last, self.segment, self.line) = (digest, segment, begin);
                    }
                    (known, begin) = (false, end);
                }
                Piece::Segment(_) | Piece::Unfinished(_) => {}
            }
            Ok(())
        })
    }
}

impl AuditLog {
    /// Brings the kept tree near the end without holding up anybody.
    pub(super) fn catch_up(&self) -> Result<(), LogError> {
        let mut kept = Kept::read(&self.dir).unwrap_or_else(|| Kept::nothing(Tree::default()));
        let before = kept.clone();
        let advanced = kept.advance(&self.dir, &Snapshot::taken(&self.dir, self.limits.patience)?);
        if advanced.is_ok() && kept != before {
            kept.keep(&self.dir);
        }
        Ok(())
    }

    /// The tree of all records before the next one of this turn.
    pub(super) fn tree_at(&self, turn: &Turn<'_>) -> Result<Tree, LogError> {
        let snapshot = Snapshot::now(&self.dir)?;
        let fits = |kept: &Kept| kept.tree.size() == turn.on_disk.seq && kept.last == turn.on_disk.prev;
        let mut kept = Kept::read(&self.dir).unwrap_or_else(|| Kept::nothing(Tree::default()));
        if kept.advance(&self.dir, &snapshot).is_err() || !fits(&kept) {
            kept = Kept::nothing(Tree::default());
            kept.advance(&self.dir, &snapshot)?;
            if !fits(&kept) {
                return Err(LogError::Tree);
            }
        }
        kept.keep(&self.dir);
        let mut tree = kept.tree;
        turn.leaves().for_each(|leaf| tree.push(leaf));
        Ok(tree)
    }
}
