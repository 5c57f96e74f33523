//! The log's Merkle tree (RFC 6962 section 2.1) as a compact range: the roots of its perfect subtrees, from which the
//! root of any later size can be computed. Refuses a range whose number of hashes does not fit its size.

use serde::{Deserialize, Serialize};

use crate::model::Digest;

/// How many leaves may be filled in at once for records that a repair gave up.
const MOST_PADDED: u64 = 1 << 20;

/// The Merkle tree of the first `size` records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Range", into = "Range")]
pub struct Tree {
    size: u64,
    /// Roots of perfect subtrees, largest first: one for each bit set in `size`.
    roots: Vec<Digest>,
}

/// Why there is no such tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    /// A range of this size has another number of hashes.
    #[error("a tree of {0} leaves does not have this many subtrees")]
    Shape(u64),
    /// The tree can't be filled up to this size.
    #[error("a tree can't be filled up to {0} leaves")]
    Padding(u64),
}

impl Tree {
    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next leaf, already hashed.
    pub fn push(&mut self, leaf: Digest) {
        let mut root = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = node(&left, &root);
            }
        }
        self.roots.push(root);
        self.size += 1;
    }

    /// Fills up to `size` with leaves of zeros, which stand for records that are lost.
    ///
    /// # Errors
    /// If the tree is larger already, or the gap is beyond all reason.
    pub fn pad(&mut self, size: u64) -> Result<(), TreeFault> {
        if size.checked_sub(self.size).is_none_or(|gap| gap > MOST_PADDED) {
            return Err(TreeFault::Padding(size));
        }
        while self.size < size {
            self.push(Digest::ZERO);
        }
        Ok(())
    }

    /// The root; of an empty tree it is the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return Digest::of(b"") };
        roots.fold(*last, |right, left| node(left, &right))
    }
}

fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], left.bytes(), right.bytes()])
}

/// How a tree is kept in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    roots: Vec<Digest>,
    size: u64,
}

impl From<Tree> for Range {
    fn from(Tree { size, roots }: Tree) -> Self {
        Self { roots, size }
    }
}

impl TryFrom<Range> for Tree {
    type Error = TreeFault;

    fn try_from(Range { roots, size }: Range) -> Result<Self, TreeFault> {
        if u32::try_from(roots.len()) == Ok(size.count_ones()) {
            Ok(Self { size, roots })
        } else {
            Err(TreeFault::Shape(size))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaf;
    use super::*;

    /// The definition in RFC 6962 section 2.1, word for word.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn every_prefix_has_the_root_the_definition_gives_it() {
        let leaves: Vec<_> = (0..70_u8).map(|n| leaf(&[n])).collect();
        let mut tree = Tree::default();
        for size in 0..leaves.len() {
            assert_eq!(tree.root(), by_definition(&leaves[..size]), "{size}");
            let kept = serde_json::to_string(&tree).unwrap();
            assert_eq!(serde_json::from_str::<Tree>(&kept).unwrap(), tree);
            tree.push(leaves[size]);
        }
    }

    #[test]
    fn the_vectors_of_certificate_transparency_are_met() {
        // google/certificate-transparency, merkletree test vectors: the tree of eight leaves.
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let mut tree = Tree::default();
        leaves.iter().for_each(|data| tree.push(leaf(data)));
        assert_eq!(tree.root().hex(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }

    #[test]
    fn a_range_that_does_not_fit_its_size_is_refused() {
        let kept = format!(r#"{{"roots":["{}"],"size":3}}"#, Digest::ZERO);
        assert!(serde_json::from_str::<Tree>(&kept).is_err());
    }

    #[test]
    fn filling_goes_forward_and_not_without_end() {
        let mut tree = Tree::default();
        tree.pad(5).unwrap();
        assert_eq!(tree.size(), 5);
        assert_eq!(tree.pad(4), Err(TreeFault::Padding(4)));
        assert_eq!(tree.pad(u64::MAX), Err(TreeFault::Padding(u64::MAX)));
    }
}
