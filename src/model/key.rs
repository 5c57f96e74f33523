//! Public keys as OpenSSH writes them, and their fingerprints; refuses any other spelling, and Ed25519 keys under which
//! anybody could sign. Checking a signature is the business of `encoding`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Longest line that is looked at; real keys of the kinds known here stay under 300 bytes.
const LONGEST_LINE: usize = 4096;

/// A public key in OpenSSH's wire form (RFC 4253 section 6.6), written `ssh-ed25519 AAAA…` without comment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    kind: KeyKind,
    blob: Vec<u8>,
}

/// The kinds of keys that can be enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// `ssh-ed25519`.
    Ed25519,
    /// `ecdsa-sha2-nistp256`.
    EcdsaP256,
    /// `sk-ssh-ed25519@openssh.com`: Ed25519 in a FIDO2 token.
    SkEd25519,
    /// `sk-ecdsa-sha2-nistp256@openssh.com`: ECDSA in a FIDO2 token.
    SkEcdsaP256,
}

/// Why a text is not a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// Not `KIND BASE64 [COMMENT]` on one line.
    #[error("not a public key of the form `ssh-ed25519 AAAA…`")]
    Form,
    /// A private key stands where a public one belongs; its text is not repeated.
    #[error("a private key stands where a public key is expected (the file that ends in .pub holds it)")]
    Private,
    /// A kind of key that gate does not know.
    #[error("keys of kind `{0}` are not supported (ssh-ed25519, ecdsa-sha2-nistp256 and their sk- forms are)")]
    Kind(String),
    /// The second word is not base64 (RFC 4648 section 4, padded).
    #[error("the key's second word is not base64")]
    Base64,
    /// The bytes name another kind than the first word, have a wrong length, or go on after their end.
    #[error("the key's bytes are not those of a `{0}` key")]
    Blob(KeyKind),
    /// The point has small order or is not in its one form, so that signatures prove nothing.
    #[error("the key is weak: anybody could sign with it")]
    Weak,
}

impl KeyKind {
    const ALL: [Self; 4] = [Self::Ed25519, Self::EcdsaP256, Self::SkEd25519, Self::SkEcdsaP256];

    /// The name OpenSSH gives this kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    /// Whether keys of this kind claim to live in a hardware token (software can make one too).
    #[must_use]
    pub const fn claims_hardware(self) -> bool {
        match self {
            Self::SkEd25519 | Self::SkEcdsaP256 => true,
            Self::Ed25519 | Self::EcdsaP256 => false,
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PublicKey {
    /// An Ed25519 key from its 32 bytes (RFC 8032 section 5.1.5).
    ///
    /// # Errors
    /// `Weak` for a point of small order or one that is not in its one form. Whether the bytes are a point at all is
    /// found out by `encoding::ed25519`.
    pub fn ed25519(point: &[u8; 32]) -> Result<Self, InvalidKey> {
        let kind = KeyKind::Ed25519;
        let mut blob = Vec::with_capacity(51);
        put_string(&mut blob, kind.name().as_bytes());
        put_string(&mut blob, point);
        if is_weak(point) { Err(InvalidKey::Weak) } else { Ok(Self { kind, blob }) }
    }

    /// From the wire form, the bytes inside the base64.
    ///
    /// # Errors
    /// `Kind`, `Blob`, `Weak`; `Form` where not even a kind can be read.
    pub fn from_blob(blob: &[u8]) -> Result<Self, InvalidKey> {
        let mut rest = blob;
        let name = take_string(&mut rest).ok_or(InvalidKey::Form)?;
        let kind = KeyKind::named(name).ok_or_else(|| InvalidKey::Kind(shown(&String::from_utf8_lossy(name))))?;
        let fault = InvalidKey::Blob(kind);
        let whole = match kind {
            KeyKind::Ed25519 | KeyKind::SkEd25519 => {
                let point: &[u8; 32] =
                    take_string(&mut rest).and_then(|p| p.try_into().ok()).ok_or_else(|| fault.clone())?;
                if is_weak(point) {
                    return Err(InvalidKey::Weak);
                }
                true
            }
            // SEC 1 section 2.3.3: only the uncompressed form, as OpenSSH writes it.
            KeyKind::EcdsaP256 | KeyKind::SkEcdsaP256 => {
                take_string(&mut rest) == Some(b"nistp256")
                    && take_string(&mut rest).is_some_and(|point| point.len() == 65 && point.first() == Some(&4))
            }
        };
        let application = !kind.claims_hardware()
            || take_string(&mut rest).is_some_and(|a| !a.is_empty() && a.iter().all(u8::is_ascii_graphic));
        if whole && application && rest.is_empty() { Ok(Self { kind, blob: blob.to_vec() }) } else { Err(fault) }
    }

    /// A line of a `.pub` file: the key, and its comment (empty if there is none).
    ///
    /// # Errors
    /// Each fault of [`InvalidKey`].
    pub fn with_comment(line: &str) -> Result<(Self, &str), InvalidKey> {
        if line.trim_start().starts_with("-----BEGIN") {
            return Err(InvalidKey::Private);
        }
        let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        if line.len() > LONGEST_LINE || line.contains(char::is_control) {
            return Err(InvalidKey::Form);
        }
        let (name, rest) = line.split_once(' ').ok_or(InvalidKey::Form)?;
        let (base64, comment) = rest.split_once(' ').unwrap_or((rest, ""));
        let kind = KeyKind::named(name.as_bytes()).ok_or_else(|| InvalidKey::Kind(shown(name)))?;
        let key = Self::from_blob(&STANDARD.decode(base64).map_err(|_| InvalidKey::Base64)?)?;
        if key.kind == kind { Ok((key, comment.trim())) } else { Err(InvalidKey::Blob(kind)) }
    }

    /// Which kind of key this is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The wire form.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The 32 bytes of a plain Ed25519 key; `None` for every other kind, that of a token included.
    #[must_use]
    pub fn ed25519_bytes(&self) -> Option<&[u8; 32]> {
        match self.kind {
            KeyKind::Ed25519 => self.blob.last_chunk(),
            KeyKind::EcdsaP256 | KeyKind::SkEd25519 | KeyKind::SkEcdsaP256 => None,
        }
    }

    /// The point of the curve: 32 bytes of Ed25519 (RFC 8032 section 5.1.2), 65 bytes of P-256 (SEC 1 section 2.3.3).
    #[must_use]
    pub fn point(&self) -> &[u8] {
        let mut rest = self.blob.as_slice();
        let before = match self.kind {
            KeyKind::Ed25519 | KeyKind::SkEd25519 => 1,
            KeyKind::EcdsaP256 | KeyKind::SkEcdsaP256 => 2,
        };
        (0..=before).map_while(|_| take_string(&mut rest)).last().unwrap_or_default()
    }

    /// The application a token's key was made for (`ssh:`, `ssh:gate`); `None` for keys outside of tokens.
    #[must_use]
    pub fn application(&self) -> Option<&str> {
        let mut rest = self.blob.as_slice();
        let mut last = None;
        while let Some(field) = take_string(&mut rest) {
            last = Some(field);
        }
        if self.kind.claims_hardware() { std::str::from_utf8(last?).ok() } else { None }
    }

    /// What OpenSSH prints for this key: the SHA-256 of the wire form.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(&self.blob).into())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, STANDARD.encode(&self.blob))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `KIND BASE64 [COMMENT]`; the comment is dropped.
impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::with_comment(text).map(|(key, _)| key)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for PublicKey {
    fn schema_name() -> Cow<'static, str> {
        "PublicKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds = KeyKind::ALL.map(|kind| kind.name().replace('.', "\\.")).join("|");
        let pattern = format!(r"^\s*({kinds})\s+[A-Za-z0-9+/]+={{0,2}}(\s.*)?$");
        json_schema!({"type": "string", "description": "A public key as OpenSSH writes it.", "pattern": pattern})
    }
}

/// The SHA-256 of a key's wire form, written as OpenSSH prints it: `SHA256:` and 43 base64 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// The text is not `SHA256:` followed by 43 base64 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a fingerprint of the form SHA256:<43 base64 characters>")]
pub struct InvalidFingerprint(String);

impl Fingerprint {
    /// The 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("SHA256:")
            .filter(|base64| base64.len() == 43)
            .and_then(|base64| STANDARD_NO_PAD.decode(base64).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| InvalidFingerprint(shown(text)))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The `y` coordinates of the eight points of small order (RFC 7748 section 7; the sign bit is left out), all in their
/// one form. `encoding::ed25519` holds this table against the curve's arithmetic.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
];

fn is_weak(point: &[u8; 32]) -> bool {
    let mut y = *point;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    let [first, middle @ .., last] = &y;
    // p = 2^255 - 19: a y of p or more is a second spelling of a small one.
    let not_reduced = *last == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *first >= 0xed;
    not_reduced || SMALL_ORDER.contains(&y)
}

/// Takes one `string` of RFC 4251 section 5 from the front.
pub(crate) fn take_string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(field)
}

/// Writes one `string` of RFC 4251 section 5 at the end.
pub(crate) fn put_string(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(field);
}

/// Foreign text in a message: short, and nothing in it acts on a terminal.
fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by ssh-keygen; the fingerprint is what `ssh-keygen -lf` printed.
    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC9648ZBRAOlRGrUL+Q4NXBnqX+Fgej1A0bwnBL/XStN";
    const ED25519_FINGERPRINT: &str = "SHA256:IXnp1XzgAcW+Kbab8V56zoNFlnE/wxawvxPjeCCjxfo";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNvKDJHMQIZHP0HWDJtBbyXsOjwj0LYcHGR8c7PY2YD5MCFTRoD05hoi5+foR1SnKO4NCTBw+XmPTlEAU/ylKsI=";

    fn line(kind: KeyKind, fields: &[&[u8]]) -> String {
        let mut blob = Vec::new();
        put_string(&mut blob, kind.name().as_bytes());
        for field in fields {
            put_string(&mut blob, field);
        }
        format!("{kind} {}", STANDARD.encode(blob))
    }

    #[test]
    fn a_key_reads_back_what_it_wrote_without_its_comment() {
        let line = format!("{ED25519} alice at home\n");
        let (key, comment) = PublicKey::with_comment(&line).unwrap();
        assert_eq!((key.to_string().as_str(), comment), (ED25519, "alice at home"));
        assert_eq!(key.kind(), KeyKind::Ed25519);
        assert_eq!(PublicKey::ed25519(key.ed25519_bytes().unwrap()), Ok(key.clone()));
        assert_eq!(serde_json::from_str::<PublicKey>(&serde_json::to_string(&key).unwrap()).unwrap(), key);
    }

    #[test]
    fn the_point_is_found_behind_the_names_of_kind_and_curve() {
        let key: PublicKey = line(KeyKind::SkEd25519, &[&[9; 32], b"ssh:gate"]).parse().unwrap();
        assert_eq!(key.point(), [9; 32]);
        let key: PublicKey = ECDSA.parse().unwrap();
        assert_eq!((key.point().len(), key.point().first()), (65, Some(&4)));
        let key: PublicKey = ED25519.parse().unwrap();
        assert_eq!(key.point(), key.ed25519_bytes().unwrap());
    }

    #[test]
    fn a_fingerprint_is_what_openssh_prints() {
        let fingerprint = ED25519.parse::<PublicKey>().unwrap().fingerprint();
        assert_eq!(fingerprint.to_string(), ED25519_FINGERPRINT);
        assert_eq!(ED25519_FINGERPRINT.parse(), Ok(fingerprint));
    }

    #[test]
    fn another_spelling_of_a_fingerprint_is_refused() {
        let good = ED25519_FINGERPRINT;
        let trailing_bits = format!("{}/", good.strip_suffix(|_: char| true).unwrap());
        for bad in [format!("{good}="), good.replace("SHA256", "sha256"), good.replace("SHA256:", ""), trailing_bits] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_of_other_kinds_are_recognised_and_are_not_taken_for_ed25519() {
        let key: PublicKey = ECDSA.parse().unwrap();
        assert_eq!((key.kind(), key.ed25519_bytes(), key.application()), (KeyKind::EcdsaP256, None, None));
        let point = [9; 32];
        let key: PublicKey = line(KeyKind::SkEd25519, &[&point, b"ssh:gate"]).parse().unwrap();
        assert_eq!((key.kind(), key.ed25519_bytes(), key.application()), (KeyKind::SkEd25519, None, Some("ssh:gate")));
        let mut point = [4; 65];
        point[1] = 7;
        let key: PublicKey = line(KeyKind::SkEcdsaP256, &[b"nistp256", &point, b"ssh:"]).parse().unwrap();
        assert_eq!((key.kind(), key.application()), (KeyKind::SkEcdsaP256, Some("ssh:")));
    }

    #[test]
    fn a_key_whose_bytes_are_not_its_kind_is_refused() {
        let blob = InvalidKey::Blob;
        let point = [9; 32];
        for (fault, text) in [
            (blob(KeyKind::Ed25519), line(KeyKind::Ed25519, &[&point, b""])),
            (blob(KeyKind::Ed25519), line(KeyKind::Ed25519, &[&[9; 31]])),
            (blob(KeyKind::Ed25519), line(KeyKind::Ed25519, &[])),
            (blob(KeyKind::SkEd25519), line(KeyKind::SkEd25519, &[&point])),
            (blob(KeyKind::SkEd25519), line(KeyKind::SkEd25519, &[&point, b""])),
            (blob(KeyKind::SkEd25519), line(KeyKind::SkEd25519, &[&point, b"ssh: \x1b"])),
            (blob(KeyKind::EcdsaP256), line(KeyKind::EcdsaP256, &[b"nistp384", &[4; 65]])),
            (blob(KeyKind::EcdsaP256), line(KeyKind::EcdsaP256, &[b"nistp256", &[2; 33]])),
            (blob(KeyKind::EcdsaP256), ED25519.replacen("ssh-ed25519", "ecdsa-sha2-nistp256", 1)),
            (InvalidKey::Base64, format!("{ED25519}=")),
            (InvalidKey::Form, ED25519.replace(' ', "")),
            (InvalidKey::Form, format!("{ED25519}\n{ED25519}")),
            (InvalidKey::Form, format!("{ED25519} {}", "x".repeat(LONGEST_LINE))),
            (InvalidKey::Form, String::new()),
            (InvalidKey::Kind("ssh-rsa".into()), "ssh-rsa AAAA".into()),
            (InvalidKey::Kind("restrict".into()), format!("restrict {ED25519}")),
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_private_key_is_refused_and_not_repeated() {
        let text = "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n";
        let fault = text.parse::<PublicKey>().unwrap_err();
        assert_eq!(fault, InvalidKey::Private);
        assert!(!fault.to_string().contains("secret"));
    }

    #[test]
    fn keys_under_which_anybody_could_sign_are_refused() {
        for y in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut point = y;
                point[31] |= sign;
                assert_eq!(PublicKey::ed25519(&point), Err(InvalidKey::Weak));
                assert_eq!(line(KeyKind::Ed25519, &[&point]).parse::<PublicKey>(), Err(InvalidKey::Weak));
                assert_eq!(line(KeyKind::SkEd25519, &[&point, b"ssh:"]).parse::<PublicKey>(), Err(InvalidKey::Weak));
            }
        }
    }

    #[test]
    fn a_second_spelling_of_a_point_is_refused() {
        for first in 0xed..=0xff {
            let mut point = [0xff; 32];
            point[0] = first;
            assert_eq!(PublicKey::ed25519(&point), Err(InvalidKey::Weak));
        }
    }
}
