//! Approver keys in a keyring, for whoever chose one in `config.yaml`: made there, and named `keyring:NAME`. Their public
//! halves lie in `.pub` files among the keys.

use std::path::{Path, PathBuf};

use crate::model::PublicKey;

use super::exit;
use super::failure::Complaint;
use super::place::Place;

/// The name after `keyring:`, if a key is named so.
pub fn named(key: &Path) -> Option<&str> {
    key.to_str()?.strip_prefix("keyring:")
}

#[cfg(feature = "keyring")]
mod chosen {
    use super::{Complaint, PathBuf, Place, PublicKey, exit};
    use crate::host::keyring::{Ring, RingSigner, keep_key};
    use crate::host::keys;

    fn ring(place: &Place) -> Result<Ring, Complaint> {
        Ring::chosen(place.config.keys).ok_or_else(|| {
            Complaint::new(exit::CONFIGURATION, "config.yaml keeps keys in files")
                .hint("`keys: secret-service` or `keys: kernel` chooses a keyring")
        })
    }

    /// Makes a key in the keyring; gives its public half and where that was written.
    pub fn made(place: &Place, name: &str, comment: &str) -> Result<(PublicKey, PathBuf), Complaint> {
        let ring = ring(place)?;
        let broken = |error: &dyn std::error::Error| Complaint::new(exit::CONFIGURATION, error.to_string());
        let (path, key) = place.keys().create_public(name, comment)?;
        keep_key(ring, name, &key).map_err(|error| {
            // Without its other half it is of no use, and would stand in the way of the next try.
            let _ = std::fs::remove_file(&path);
            broken(&error)
        })?;
        Ok((key.public().clone(), path))
    }

    /// What signs with the key of this name.
    pub fn signer(place: &Place, name: &str) -> Result<RingSigner, Complaint> {
        let (public, _) = keys::public(&place.keys().public_file(name)?)?;
        Ok(RingSigner { ring: ring(place)?, name: name.to_owned(), public })
    }
}

#[cfg(not(feature = "keyring"))]
mod chosen {
    use super::{Complaint, PathBuf, Place, PublicKey, exit};
    use crate::host::keys::FileSigner;

    fn absent() -> Complaint {
        Complaint::new(exit::CONFIGURATION, "this gate was built without keyrings")
    }

    /// There is no keyring to make a key in.
    pub fn made(_: &Place, _: &str, _: &str) -> Result<(PublicKey, PathBuf), Complaint> {
        Err(absent())
    }

    /// There is no keyring to sign with.
    pub fn signer(_: &Place, _: &str) -> Result<FileSigner<'static>, Complaint> {
        Err(absent())
    }
}

pub use chosen::{made, signer};
