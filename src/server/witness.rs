//! The key with which this server says who somebody was that answered. Its word is graded `asserted`, counts on hosts that
//! pinned the key, and there for no clause that asks for more; refuses to sign anything but such a word.

use std::path::{Path, PathBuf};

use super::secret;
use crate::approval::WITNESS_NAMESPACE;
use crate::encoding::json::{CanonicalError, canonical};
use crate::encoding::openssh::PrivateKey;
use crate::encoding::sshsig;
use crate::model::{Digest, Fingerprint, Proof, PublicKey, Statement, Timestamp, Verdict, Witness, WitnessType};

/// What the key is called in the line that prints it.
const COMMENT: &str = "gate-serve";

/// The key of this server's word.
#[derive(Debug)]
pub struct WitnessKey(PrivateKey);

/// The file of the key cannot be read or made.
#[derive(Debug, thiserror::Error)]
#[error("the key `{}`: {why}", .path.display())]
pub struct WitnessError {
    /// The file.
    path: PathBuf,
    /// What is wrong.
    why: String,
}

impl WitnessKey {
    /// The key in a file, which is made where there is none.
    ///
    /// # Errors
    /// When it cannot be read or made, or others can read it.
    pub fn open(path: &Path) -> Result<Self, WitnessError> {
        let fault = |why: String| WitnessError { path: path.to_owned(), why };
        let seed = secret::kept(path).map_err(|error| fault(error.to_string()))?;
        PrivateKey::from_seed(&seed, COMMENT).map(Self).map_err(|error| fault(error.to_string()))
    }

    /// What hosts pin.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        self.0.public()
    }

    /// What a statement names that this key speaks for.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.public().fingerprint()
    }

    /// An answer with this server's word for who gave it: how they were known, and who they were there.
    ///
    /// # Errors
    /// When a text in it cannot be written.
    pub fn verdict(
        &self,
        statement: Statement,
        (how, subject): (&str, &str),
        at: Timestamp,
    ) -> Result<Verdict, CanonicalError> {
        let digest = Digest::of(&canonical(&statement)?);
        let (how, subject) = (how.to_owned(), subject.to_owned());
        let witness = Witness { kind: WitnessType::V1, statement: digest, how, subject, at };
        let signature = sshsig::sign(&self.0, WITNESS_NAMESPACE, &canonical(&witness)?);
        Ok(Verdict { statement, proof: Proof::Witness { witness, signature } })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness.key");
        let made = WitnessKey::open(&path).unwrap();
        assert_eq!(WitnessKey::open(&path).unwrap().public(), made.public());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(WitnessKey::open(&path).unwrap_err().to_string().contains("others can read it"));
    }
}
