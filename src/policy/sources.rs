//! The files of all layers, and the digest of what they are together. Files whose digest is known from before are read only
//! where their text is wanted, and are not taken if they have changed since.

use std::fmt;
use std::sync::OnceLock;

use super::built_in::BuiltIn;
use super::load::error::{Origin, PolicyError};
use super::load::layer::Source;
use crate::model::{Digest, Digesting};

/// Reads the files again; none where one cannot be read.
pub type Rereading = Box<dyn Fn() -> Option<Vec<Source>> + Send + Sync>;

/// Files and their digest.
#[derive(Default)]
pub struct Sources {
    files: OnceLock<Vec<Source>>,
    digest: OnceLock<Digest>,
    rereading: Option<Rereading>,
}

impl Sources {
    /// The files, in order of trust.
    #[must_use]
    pub fn of(files: Vec<Source>) -> Self {
        Self { files: OnceLock::from(files), ..Self::default() }
    }

    /// Files that have this digest, not read.
    #[must_use]
    pub fn known(digest: Digest, rereading: Rereading) -> Self {
        Self { files: OnceLock::new(), digest: OnceLock::from(digest), rereading: Some(rereading) }
    }

    /// What identifies everything that decides: gate's version, the built-in packs, and every layer's text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| digest(self.files.get().map_or(&[], Vec::as_slice)))
    }

    /// Whether there is none above the built-in packs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rereading.is_none() && self.files.get().is_none_or(Vec::is_empty)
    }

    /// The files.
    ///
    /// # Errors
    /// When files of a known digest are not those any more.
    pub fn files(&self) -> Result<&[Source], PolicyError> {
        if let (None, Some(rereading)) = (self.files.get(), &self.rereading) {
            let changed =
                || Origin { file: "policies", text: "" }.whole("the policy changed while gate was reading it");
            let files = rereading().filter(|files| digest(files) == self.digest()).ok_or_else(changed)?;
            return Ok(self.files.get_or_init(|| files));
        }
        Ok(self.files.get().map_or(&[], Vec::as_slice))
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("digest", &self.digest()).finish_non_exhaustive()
    }
}

/// The digest of the policy that these files are.
fn digest(files: &[Source]) -> Digest {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Layer;

    fn source(text: &str) -> Vec<Source> {
        vec![Source { layer: Layer::User, file: "acme.yaml".into(), text: text.into() }]
    }

    #[test]
    fn files_of_a_known_digest_are_read_late_and_only_as_they_were() {
        let digest = Sources::of(source("gate: 1")).digest();
        let same = Sources::known(digest, Box::new(|| Some(source("gate: 1"))));
        assert!(!same.is_empty());
        assert_eq!(same.files().unwrap()[0].text, "gate: 1");
        let none: [Rereading; 2] = [Box::new(|| Some(source("gate: 2"))), Box::new(|| None)];
        for rereading in none {
            let changed = Sources::known(digest, rereading);
            assert_eq!(changed.digest(), digest);
            assert!(
                changed.files().unwrap_err().to_string().contains("changed while"),
                "not the text of another digest"
            );
        }
    }
}
