//! ECDSA over P-256 with SHA-256 (FIPS 186-5, WebAuthn's ES256): checks signatures and signs nothing; refuses numbers
//! outside of the group and any second way of writing the same two numbers.
//!
//! With (r, s) also (r, n - s) holds, and tokens give either, so that neither can be refused: a second form of somebody's
//! answer is the same answer, and counts once.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

use super::ed25519::SignatureError;
use crate::model::{put_string, take_string};

/// The two numbers of a signature, each from 1 to the order of the group less one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalars(Signature);

impl Scalars {
    /// From DER (RFC 3279 section 2.2.3), as WebAuthn has it (section 6.5.5).
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        let signature = Signature::from_der(der).ok()?;
        // INVARIANT (one spelling): one DER for these two numbers.
        (signature.to_der().as_bytes() == der).then_some(Self(signature))
    }

    /// From two `mpint`s (RFC 5656 section 3.1.2), as OpenSSH has it.
    pub(super) fn from_mpints(mut blob: &[u8]) -> Option<Self> {
        let (r, s) = (mpint(&mut blob)?, mpint(&mut blob)?);
        if blob.is_empty() { Signature::from_scalars(r, s).ok().map(Self) } else { None }
    }

    /// What [`Scalars::from_mpints`] reads.
    pub(super) fn mpints(&self) -> Vec<u8> {
        let (r, s) = self.0.split_bytes();
        let mut blob = Vec::with_capacity(74);
        for number in [r.as_slice(), s.as_slice()] {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            let number = number.get(zeros..).unwrap_or_default();
            let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
            put_string(&mut blob, &[sign, number].concat());
        }
        blob
    }
}

/// A positive `mpint` of RFC 4251 section 5 in its shortest form.
fn mpint(blob: &mut &[u8]) -> Option<[u8; 32]> {
    let bytes = take_string(blob)?;
    let number = match bytes {
        [0, 0x80..=0xff, ..] => bytes.get(1..)?,
        [0x01..=0x7f, ..] => bytes,
        _ => return None,
    };
    let mut whole = [0; 32];
    let from = whole.len().checked_sub(number.len())?;
    whole.get_mut(from..)?.copy_from_slice(number);
    Some(whole)
}

/// Checks a signature over a message by the key with this uncompressed point.
pub(super) fn verify_point(point: &[u8], message: &[u8], signature: &Scalars) -> Result<(), SignatureError> {
    verifier(point)?.verify(message, &signature.0).map_err(|_| SignatureError::Invalid)
}

/// Whether the bytes are a point at all.
pub(super) fn is_point(point: &[u8]) -> bool {
    verifier(point).is_ok()
}

fn verifier(point: &[u8]) -> Result<VerifyingKey, SignatureError> {
    VerifyingKey::from_sec1_bytes(point).map_err(|_| SignatureError::Point)
}
