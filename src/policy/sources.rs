//! The files of all layers, and the digest of what they are together, which is computed once.

use super::built_in::BuiltIn;
use super::load::layer::Source;
use crate::model::{Digest, Digesting};

/// Files and their digest.
#[derive(Debug)]
pub struct Sources {
    files: Vec<Source>,
    digest: Digest,
}

impl Sources {
    /// The files, in order of trust.
    #[must_use]
    pub fn of(files: Vec<Source>) -> Self {
        let digest = digest(&files);
        Self { files, digest }
    }

    /// What identifies everything that decides: gate's version, the built-in packs, and every layer's text.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether there is none above the built-in packs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files.
    #[must_use]
    pub fn files(self) -> Vec<Source> {
        self.files
    }
}

/// The digest of the policy that these files are.
pub(super) fn digest(files: &[Source]) -> Digest {
    if files.is_empty() {
        return BuiltIn::digest();
    }
    let mut digesting = Digesting::default();
    digesting.add(BuiltIn::digest().bytes());
    for source in files {
        for part in [source.layer.name(), &source.file, &source.text] {
            digesting.add(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digesting.add(part.as_bytes());
        }
    }
    digesting.digest()
}
