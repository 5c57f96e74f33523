//! A token made of software, for tests: it signs whatever it is told, with whatever flags, as an attacker's would.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use sha2::{Digest as _, Sha256, Sha512};

use super::ed25519::SigningKey;
use crate::model::{KeyKind, PublicKey, put_string, take_string};

pub(crate) const TOUCHED: u8 = 0x01;
pub(crate) const VERIFIED: u8 = 0x05;

/// A private key that claims to be in a token.
pub(crate) struct Soft {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Ed25519(SigningKey),
    P256(p256::ecdsa::SigningKey),
}

impl Soft {
    pub(crate) fn ed25519(seed: u8, application: &str) -> Self {
        let secret = SigningKey::from_seed(&[seed; 32]).unwrap();
        let public = public(KeyKind::SkEd25519, &[secret.public().point(), application.as_bytes()]);
        Self { secret: Secret::Ed25519(secret), public }
    }

    pub(crate) fn p256(seed: u8, application: &str) -> Self {
        let secret = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
        let point = secret.verifying_key().to_sec1_point(false);
        let public = public(KeyKind::SkEcdsaP256, &[b"nistp256", point.as_bytes(), application.as_bytes()]);
        Self { secret: Secret::P256(secret), public }
    }

    pub(crate) const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// DER, or 64 bytes.
    pub(crate) fn signature(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(secret) => secret.sign(bytes).to_vec(),
            Secret::P256(secret) => {
                let signature: p256::ecdsa::Signature = secret.sign(bytes);
                signature.to_der().as_bytes().to_vec()
            }
        }
    }

    /// An armored SSHSIG with these flags and this count.
    pub(crate) fn sshsig(&self, namespace: &str, message: &[u8], flags: u8, counter: u32) -> String {
        let fields = |fields: &[&[u8]]| {
            let mut blob = Vec::new();
            fields.iter().for_each(|field| put_string(&mut blob, field));
            blob
        };
        let hash = Sha512::digest(message);
        let text = [b"SSHSIG".as_slice(), &fields(&[namespace.as_bytes(), b"", b"sha512", &hash])].concat();
        let said = [&[flags], counter.to_be_bytes().as_slice()].concat();
        let application = Sha256::digest(self.public.application().unwrap());
        let signed = [application.as_slice(), &said, &Sha256::digest(&text)].concat();
        let raw = match &self.secret {
            Secret::Ed25519(secret) => secret.sign(&signed).to_vec(),
            Secret::P256(secret) => {
                let signature: p256::ecdsa::Signature = secret.sign(&signed);
                super::ecdsa::Scalars::from_der(signature.to_der().as_bytes()).unwrap().mpints()
            }
        };
        let inner = [fields(&[self.public.kind().name().as_bytes(), &raw]), said].concat();
        let outer = fields(&[self.public.blob(), namespace.as_bytes(), b"", b"sha512", &inner]);
        let body = STANDARD.encode([b"SSHSIG\0\0\0\x01".as_slice(), &outer].concat());
        let lines: Vec<_> = body.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
    }

    /// The public half as tokens write it.
    pub(crate) fn cose(&self) -> Vec<u8> {
        let point = self.public.point();
        match &self.secret {
            Secret::Ed25519(_) => [&b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..], point].concat(),
            Secret::P256(_) => {
                let start: &[u8] = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
                [start, &point[1..33], b"\x22\x58\x20", &point[33..]].concat()
            }
        }
    }

    /// What a browser brings: authenticator's data, client's data and signature, base64url.
    pub(crate) fn assertion(&self, client: &str, flags: u8, counter: u32) -> [String; 3] {
        let authenticator = fields(self.public.application().unwrap(), flags, counter);
        let signed = [authenticator.as_slice(), &Sha256::digest(client)].concat();
        [authenticator, client.as_bytes().to_vec(), self.signature(&signed)].map(|part| URL_SAFE_NO_PAD.encode(part))
    }
}

/// The same two numbers with the other `s`, which holds as well.
pub(crate) fn other_form(der: &str) -> String {
    let signature = p256::ecdsa::Signature::from_der(&URL_SAFE_NO_PAD.decode(der).unwrap()).unwrap();
    let (r, s) = (signature.r(), -*signature.s());
    let other = p256::ecdsa::Signature::from_scalars(r.to_bytes(), s.to_bytes()).unwrap();
    URL_SAFE_NO_PAD.encode(other.to_der().as_bytes())
}

/// The fixed part of an authenticator's data.
pub(crate) fn fields(id: &str, flags: u8, counter: u32) -> Vec<u8> {
    [Sha256::digest(id).as_slice(), &[flags], &counter.to_be_bytes()].concat()
}

/// What a browser says, in its order (WebAuthn Level 3 section 5.8.1.1).
pub(crate) fn client(challenge: &[u8; 32], origin: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(challenge);
    format!("{{\"type\":\"webauthn.get\",\"challenge\":\"{challenge}\",\"origin\":\"{origin}\",\"crossOrigin\":false}}")
}

fn public(kind: KeyKind, parts: &[&[u8]]) -> PublicKey {
    let mut blob = Vec::new();
    put_string(&mut blob, kind.name().as_bytes());
    parts.iter().for_each(|part| put_string(&mut blob, part));
    assert!(take_string(&mut blob.as_slice()).is_some());
    PublicKey::from_blob(&blob).unwrap()
}
