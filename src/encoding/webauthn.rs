//! What a browser brings from a passkey (WebAuthn Level 3 sections 5.8.1, 6.1 and 7.2): checks that a key answered one
//! challenge, on a page it may answer from, with somebody there; refuses what the client may not say twice or leave open.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

use super::cbor;
use super::ecdsa::Scalars;
use super::ed25519::SignatureError;
use super::token::{self, Presence, Raw};
use crate::model::{KeyKind, Page, PublicKey, put_string};

/// What an answer's client data says it is; `webauthn.create` is said of a new key.
const TYPE: &str = "webauthn.get";
/// Longest member that is looked at; real ones stay under 1000 bytes.
const LONGEST: usize = 16 * 1024;
const ATTESTED: u8 = 0x40;
const EXTENDED: u8 = 0x80;
/// Hash of the relying party, flags, counter.
const FIXED: usize = 37;

/// What the browser brought, not yet checked against anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    authenticator: Vec<u8>,
    client: Vec<u8>,
    signature: Vec<u8>,
}

/// Why an answer of a passkey proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebauthnError {
    /// A member that is not base64url without padding (RFC 4648 section 5), or too long.
    #[error("`{0}` is not base64url without padding, or too long")]
    Base64(&'static str),
    /// The authenticator's data end too early, go on after their end, or hold what is no CBOR of a token.
    #[error("the authenticator's data are damaged")]
    Authenticator,
    /// They bring a key, as at an enrolment.
    #[error("the authenticator's data bring a key, which an answer never does")]
    BringsKey,
    /// They bring none where one is enrolled.
    #[error("the authenticator's data bring no key")]
    NoKey,
    /// The key is not one of the two kinds, or not written as a token writes it.
    #[error("the passkey is not an ES256 or Ed25519 key as a token writes it")]
    Cose,
    /// The client's data are not one JSON object in UTF-8 with the members they need.
    #[error("the client's data cannot be read: {0}")]
    Client(String),
    /// Made for something else.
    #[error("the client's data are of type `{}`, not `{TYPE}`", .0.escape_debug())]
    Type(String),
    /// An answer to something else.
    #[error("the passkey answered another challenge")]
    Challenge,
    /// Given on another page.
    #[error("the passkey answered on `{}`, where it may not", .0.escape_debug())]
    Page(String),
    /// Given inside of another page.
    #[error("the passkey answered inside of a page of somebody else")]
    Framed,
    /// The key is not made for web pages.
    #[error("the key is no passkey")]
    NoPasskey,
    /// The authenticator answered for another host.
    #[error("the authenticator's data are for another host than `{0}`")]
    OtherHost(String),
    /// Nobody touched it.
    #[error("nobody touched the authenticator (its flag UP is not set)")]
    Untouched,
    /// It says that the key was copied and that it can't be.
    #[error("the authenticator contradicts itself: a copy of a key that cannot be copied")]
    Copied,
    /// Not this key's signature.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Assertion {
    /// Reads the three members of a proof, each base64url without padding.
    ///
    /// # Errors
    /// `Base64` with the member's name.
    pub fn read(authenticator: &str, client: &str, signature: &str) -> Result<Self, WebauthnError> {
        let bytes = |name, text: &str| {
            let decoded = if text.len() > LONGEST { None } else { URL_SAFE_NO_PAD.decode(text).ok() };
            decoded.ok_or(WebauthnError::Base64(name))
        };
        Ok(Self {
            authenticator: bytes("authenticator_data", authenticator)?,
            client: bytes("client_data", client)?,
            signature: bytes("signature", signature)?,
        })
    }

    /// The bytes that the key signed: the authenticator's data and the hash of the client's (section 6.3.3).
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        [self.authenticator.as_slice(), &Sha256::digest(&self.client)].concat()
    }

    /// The signature: DER for ES256, 64 bytes for Ed25519 (section 6.5.5).
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The JSON that the browser made.
    #[must_use]
    pub fn client(&self) -> &[u8] {
        &self.client
    }
}

/// Checks that this passkey answered this challenge on one of these pages, touched; gives what the authenticator says of
/// that moment.
///
/// # Errors
/// Each fault of [`WebauthnError`]; the signature is looked at last.
pub fn verify(
    assertion: &Assertion,
    key: &PublicKey,
    challenge: &[u8; 32],
    pages: &BTreeSet<Page>,
) -> Result<Presence, WebauthnError> {
    let id = relying_party(key)?;
    let client = ClientData::read(&assertion.client)?;
    if client.kind != TYPE {
        return Err(WebauthnError::Type(short(&client.kind)));
    }
    if client.challenge != URL_SAFE_NO_PAD.encode(challenge) {
        return Err(WebauthnError::Challenge);
    }
    if !pages.iter().any(|page| page.text() == client.origin) {
        return Err(WebauthnError::Page(short(&client.origin)));
    }
    if client.framed {
        return Err(WebauthnError::Framed);
    }
    let (presence, rest) = opened(&assertion.authenticator, id)?;
    if presence.flags() & ATTESTED != 0 {
        return Err(WebauthnError::BringsKey);
    }
    ended(presence, rest)?;
    if !presence.is_touched() {
        return Err(WebauthnError::Untouched);
    }
    let raw = raw(key.kind(), &assertion.signature).ok_or(SignatureError::Invalid)?;
    token::verify(key, &assertion.signed(), &raw)?;
    Ok(presence)
}

/// The key that an enrolment brings, as OpenSSH would write it: its application is the host it was made for (relying
/// party id). With it the id by which the browser finds it. Nothing is proven by this: whoever enrols decides.
///
/// # Errors
/// When the authenticator's data (section 6.1) are for another host or bring no key that can be used.
pub fn enrolled(authenticator: &[u8], id: &str) -> Result<(Vec<u8>, PublicKey), WebauthnError> {
    let (presence, rest) = opened(authenticator, id)?;
    if presence.flags() & ATTESTED == 0 {
        return Err(WebauthnError::NoKey);
    }
    // Section 6.5.1: the authenticator's make, the length of the credential's id, the id, the key.
    let rest = rest.get(16..).ok_or(WebauthnError::Authenticator)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(WebauthnError::Authenticator)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (credential, rest) = rest.split_at_checked(length).ok_or(WebauthnError::Authenticator)?;
    let after = cbor::skipped(rest).ok_or(WebauthnError::Authenticator)?;
    let cose = rest.get(..rest.len() - after.len()).ok_or(WebauthnError::Authenticator)?;
    ended(presence, after)?;
    Ok((credential.to_vec(), public_key(cose, id)?))
}

/// A key as tokens write it (COSE, RFC 9053 section 7; the only members are those that section 5.8.5 names, in the order of
/// CTAP 2.1 section 8) as OpenSSH writes it, for this host.
///
/// # Errors
/// `Cose` for other kinds of keys and other spellings, `NoPasskey` where the host has no usable name.
pub fn public_key(cose: &[u8], id: &str) -> Result<PublicKey, WebauthnError> {
    const ES256: &[u8] = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
    const EDDSA: &[u8] = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20";
    let mut blob = Vec::with_capacity(160);
    let mut name = |kind: KeyKind| put_string(&mut blob, kind.name().as_bytes());
    if let Some(point) = cose.strip_prefix(EDDSA).filter(|point| point.len() == 32) {
        name(KeyKind::SkEd25519);
        put_string(&mut blob, point);
    } else {
        let point = cose.strip_prefix(ES256).and_then(|rest| rest.split_at_checked(32));
        let (x, y) = point.ok_or(WebauthnError::Cose)?;
        let y = y.strip_prefix(b"\x22\x58\x20").filter(|y| y.len() == 32).ok_or(WebauthnError::Cose)?;
        name(KeyKind::SkEcdsaP256);
        put_string(&mut blob, b"nistp256");
        put_string(&mut blob, &[&[4], x, y].concat());
    }
    put_string(&mut blob, id.as_bytes());
    let key = PublicKey::from_blob(&blob).map_err(|_| WebauthnError::Cose)?;
    relying_party(&key)?;
    token::usable(&key).map_err(|_| WebauthnError::Cose)?;
    Ok(key)
}

fn relying_party(key: &PublicKey) -> Result<&str, WebauthnError> {
    key.application().filter(|id| crate::model::is_relying_party(id)).ok_or(WebauthnError::NoPasskey)
}

/// The fixed part of the authenticator's data, for this host, and what follows.
fn opened<'a>(authenticator: &'a [u8], id: &str) -> Result<(Presence, &'a [u8]), WebauthnError> {
    let (fixed, rest) = authenticator.split_first_chunk::<FIXED>().ok_or(WebauthnError::Authenticator)?;
    let [hash @ .., flags, a, b, c, d] = fixed;
    let hash: &[u8; 32] = hash;
    if *hash != *Sha256::digest(id) {
        return Err(WebauthnError::OtherHost(id.to_owned()));
    }
    let presence = Presence::new(*flags, u32::from_be_bytes([*a, *b, *c, *d]));
    // Section 6.1.3: what has been copied could be.
    if presence.is_copied() && !presence.may_be_copied() { Err(WebauthnError::Copied) } else { Ok((presence, rest)) }
}

/// Nothing follows but the extensions that the flags announce.
fn ended(presence: Presence, rest: &[u8]) -> Result<(), WebauthnError> {
    let rest = match presence.flags() & EXTENDED {
        0 => rest,
        _ if cbor::is_map(rest) => cbor::skipped(rest).ok_or(WebauthnError::Authenticator)?,
        _ => return Err(WebauthnError::Authenticator),
    };
    if rest.is_empty() { Ok(()) } else { Err(WebauthnError::Authenticator) }
}

fn raw(kind: KeyKind, signature: &[u8]) -> Option<Raw> {
    match kind {
        KeyKind::Ed25519 | KeyKind::SkEd25519 => signature.try_into().ok().map(Raw::Ed25519),
        KeyKind::EcdsaP256 | KeyKind::SkEcdsaP256 => Scalars::from_der(signature).map(Raw::EcdsaP256),
    }
}

/// What of the client's data decides. Browsers may add members (section 5.8.1); none may stand there twice.
struct ClientData {
    kind: String,
    challenge: String,
    origin: String,
    framed: bool,
}

impl ClientData {
    fn read(bytes: &[u8]) -> Result<Self, WebauthnError> {
        let text = std::str::from_utf8(bytes).map_err(|_| WebauthnError::Client("not UTF-8".to_owned()))?;
        super::json::lenient(text).map_err(|fault| WebauthnError::Client(fault.to_string()))
    }
}

impl<'de> Deserialize<'de> for ClientData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClientVisitor)
    }
}

struct ClientVisitor;

impl<'de> Visitor<'de> for ClientVisitor {
    type Value = ClientData;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `type`, `challenge` and `origin`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClientData, A::Error> {
        let (mut kind, mut challenge, mut origin, mut framed) = (None, None, None, false);
        let mut seen = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "type" => kind = Some(map.next_value()?),
                "challenge" => challenge = Some(map.next_value()?),
                "origin" => origin = Some(map.next_value()?),
                "crossOrigin" => framed |= map.next_value::<bool>()?,
                "topOrigin" => {
                    map.next_value::<IgnoredAny>()?;
                    framed = true;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            if !seen.insert(name) {
                return Err(A::Error::custom("a member stands there twice"));
            }
        }
        Ok(ClientData {
            kind: kind.ok_or_else(|| A::Error::missing_field("type"))?,
            challenge: challenge.ok_or_else(|| A::Error::missing_field("challenge"))?,
            origin: origin.ok_or_else(|| A::Error::missing_field("origin"))?,
            framed,
        })
    }
}

/// Foreign text in a message, cut where nobody reads on.
fn short(text: &str) -> String {
    text.chars().take(128).collect()
}

#[cfg(test)]
mod tests;
