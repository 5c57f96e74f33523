//! Ed25519 (RFC 8032): signs with a key held in memory and checks signatures; refuses keys of other kinds, weak keys, and
//! signatures that another verifier might judge differently.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};

use crate::model::{InvalidKey, KeyKind, PublicKey};

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The key is known, but signs in another way than is checked here.
    #[error("the key is of kind `{0}`, whose signatures are not of this form")]
    Unsupported(KeyKind),
    /// The key's bytes are not a point of the curve.
    #[error("the public key is not a point of the curve")]
    Point,
    /// The signature is not this key's over this message.
    #[error("the signature is not by this key over this text")]
    Invalid,
}

/// A private Ed25519 key, wiped from memory when dropped and never shown.
pub struct SigningKey {
    secret: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// The key that follows from 32 random bytes.
    ///
    /// # Errors
    /// Never for a seed that was drawn at random; a weak key is refused all the same.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::ed25519(secret.verifying_key().as_bytes())?;
        Ok(Self { secret, public })
    }

    /// The 64 bytes of a signature over a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn seed(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }
}

/// Shows the public half alone.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "private half of {}", self.public)
    }
}

/// Checks a signature strictly: the cofactorless equation, canonical encodings, no points of small order.
///
/// # Errors
/// `Invalid` if it is not this key's over this message; `Unsupported`, `Point` if the key can't be used.
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
    let point = key.ed25519_bytes().ok_or(SignatureError::Unsupported(key.kind()))?;
    verify_point(point, message, signature)
}

/// As [`verify`], for the point of a key in a token too.
pub(super) fn verify_point(point: &[u8], message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
    verifier(point)?.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| SignatureError::Invalid)
}

/// Whether the bytes are a point at all.
pub(super) fn is_point(point: &[u8]) -> bool {
    verifier(point).is_ok()
}

fn verifier(point: &[u8]) -> Result<VerifyingKey, SignatureError> {
    let point = point.try_into().map_err(|_| SignatureError::Point)?;
    VerifyingKey::from_bytes(point).map_err(|_| SignatureError::Point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap())
    }

    #[test]
    fn the_vectors_of_rfc_8032_are_met() {
        for (seed, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                b"".as_slice(),
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                &[0x72],
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ] {
            let key = SigningKey::from_seed(&bytes(seed)).unwrap();
            assert_eq!(key.public().ed25519_bytes(), Some(&bytes(public)));
            assert_eq!(key.sign(message), bytes(signature));
            assert_eq!(verify(key.public(), message, &bytes(signature)), Ok(()));
        }
    }

    #[test]
    fn a_changed_signature_message_or_key_is_refused() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let other = SigningKey::from_seed(&[8; 32]).unwrap();
        let signature = key.sign(b"text");
        assert_eq!(verify(key.public(), b"text", &signature), Ok(()));
        assert_eq!(verify(key.public(), b"texT", &signature), Err(SignatureError::Invalid));
        assert_eq!(verify(other.public(), b"text", &signature), Err(SignatureError::Invalid));
        for at in 0..64 {
            let mut changed = signature;
            changed[at] ^= 1;
            assert_eq!(verify(key.public(), b"text", &changed), Err(SignatureError::Invalid), "{at}");
        }
    }

    #[test]
    fn a_second_form_of_a_good_signature_is_refused() {
        // S plus the order of the group satisfies the equation as well.
        let order: [u8; 32] = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let mut signature = key.sign(b"text");
        let mut carry = 0;
        for (byte, add) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert_eq!(verify(key.public(), b"text", &signature), Err(SignatureError::Invalid));
    }

    #[test]
    fn the_model_and_the_curve_agree_on_which_keys_are_weak() {
        // Every encoding that the curve calls weak has a small-order y, in its one form or in a second one.
        let mut weak = 0;
        let small = ["00", "01", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"];
        let large = ["c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"];
        let mut candidates: Vec<[u8; 32]> = Vec::new();
        for hex in small.into_iter().chain(large) {
            candidates.push(bytes(&format!("{hex:0<64}")));
        }
        for first in 0xe0..=0xff {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (first, 0x7f);
            candidates.push(point);
        }
        for mut point in candidates {
            for _ in 0..2 {
                if VerifyingKey::from_bytes(&point).is_ok_and(|key| key.is_weak()) {
                    weak += 1;
                    assert_eq!(PublicKey::ed25519(&point), Err(InvalidKey::Weak));
                }
                point[31] ^= 0x80;
            }
        }
        assert!(weak >= 8, "{weak}");
    }

    #[test]
    fn a_key_that_is_no_point_is_refused() {
        let key = (2..).find_map(|y| {
            let mut point = [0; 32];
            point[0] = y;
            VerifyingKey::from_bytes(&point).is_err().then_some(point)
        });
        let key = PublicKey::ed25519(&key.unwrap()).unwrap();
        assert!(!is_point(key.point()));
        assert_eq!(verify(&key, b"", &[0; 64]), Err(SignatureError::Point));
    }

    #[test]
    fn a_key_of_another_kind_verifies_nothing() {
        let mut blob = Vec::new();
        crate::model::put_string(&mut blob, b"sk-ssh-ed25519@openssh.com");
        let inner = SigningKey::from_seed(&[7; 32]).unwrap();
        crate::model::put_string(&mut blob, inner.public().ed25519_bytes().unwrap());
        crate::model::put_string(&mut blob, b"ssh:");
        let key = PublicKey::from_blob(&blob).unwrap();
        let fault = SignatureError::Unsupported(KeyKind::SkEd25519);
        assert_eq!(verify(&key, b"text", &inner.sign(b"text")), Err(fault));
        assert!(fault.to_string().contains("sk-ssh-ed25519@openssh.com"));
    }

    #[test]
    fn the_secret_is_never_shown() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("private half of {}", key.public()));
        assert!(!shown.contains("7, 7") && !shown.contains("0707"));
    }
}
