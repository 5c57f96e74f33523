//! What a FIDO2 token signs and says of itself while it does (WebAuthn Level 3 section 6.1, OpenSSH's PROTOCOL.u2f); refuses to
//! grade it: any software can say the same of itself.

use sha2::{Digest as _, Sha256};

use super::ecdsa::{self, Scalars};
use super::ed25519::{self, SignatureError};
use crate::model::{KeyKind, PublicKey};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;

/// What the token says of the moment it signed; signed with the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    flags: u8,
    counter: u32,
}

impl Presence {
    pub(super) const fn new(flags: u8, counter: u32) -> Self {
        Self { flags, counter }
    }

    /// All flags, as they were signed.
    #[must_use]
    pub const fn flags(self) -> u8 {
        self.flags
    }

    /// Somebody touched it (UP).
    #[must_use]
    pub const fn is_touched(self) -> bool {
        self.flags & PRESENT != 0
    }

    /// It checked a PIN, a finger or a face (UV).
    #[must_use]
    pub const fn is_verified(self) -> bool {
        self.flags & VERIFIED != 0
    }

    /// The key may be copied to other devices (BE), so that it does not live in this one alone.
    #[must_use]
    pub const fn may_be_copied(self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    /// The key has been copied (BS).
    #[must_use]
    pub const fn is_copied(self) -> bool {
        self.flags & BACKED_UP != 0
    }

    /// How many signatures it made, by its own count; 0 where it does not count.
    #[must_use]
    pub const fn counter(self) -> u32 {
        self.counter
    }
}

/// A signature in the form of its curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    Ed25519([u8; 64]),
    EcdsaP256(Scalars),
}

/// Whether signatures of this key can be checked here; asked before somebody is counted on.
///
/// # Errors
/// `Point` for bytes that are no key.
pub fn usable(key: &PublicKey) -> Result<(), SignatureError> {
    let is_point = match key.kind() {
        KeyKind::Ed25519 | KeyKind::SkEd25519 => ed25519::is_point(key.point()),
        KeyKind::EcdsaP256 | KeyKind::SkEcdsaP256 => ecdsa::is_point(key.point()),
    };
    if is_point { Ok(()) } else { Err(SignatureError::Point) }
}

/// Checks a signature over exactly these bytes.
pub(super) fn verify(key: &PublicKey, bytes: &[u8], signature: &Raw) -> Result<(), SignatureError> {
    match (key.kind(), signature) {
        (KeyKind::Ed25519 | KeyKind::SkEd25519, Raw::Ed25519(raw)) => ed25519::verify_point(key.point(), bytes, raw),
        (KeyKind::EcdsaP256 | KeyKind::SkEcdsaP256, Raw::EcdsaP256(raw)) => {
            ecdsa::verify_point(key.point(), bytes, raw)
        }
        (kind, Raw::Ed25519(_) | Raw::EcdsaP256(_)) => Err(SignatureError::Unsupported(kind)),
    }
}

/// What a token signs for OpenSSH: the hash of the application, flags, counter, the hash of the message.
pub(super) fn signed(application: &str, presence: Presence, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(69);
    bytes.extend_from_slice(&Sha256::digest(application));
    bytes.push(presence.flags);
    bytes.extend_from_slice(&presence.counter.to_be_bytes());
    bytes.extend_from_slice(&Sha256::digest(message));
    bytes
}
