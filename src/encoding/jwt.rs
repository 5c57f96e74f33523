//! Signed tokens of an OpenID provider (RFC 7519, RFC 7515) and the keys it publishes (RFC 7517); refuses tokens that nobody
//! signed, and those that anybody could have signed who knows a secret or the provider's public key. What the claims say is
//! for the caller to judge.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde::Deserialize;

use super::json::{self, Map, Value};

/// Longest token that is looked at.
const LONGEST: usize = 64 << 10;
/// How many keys of a provider are looked at.
const MOST_KEYS: usize = 64;

/// What a provider may sign with: its private key, always. No secret is shared with anybody, and `none` is no signature.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// The public keys of a provider.
#[derive(Debug, Clone)]
pub struct Keys(Vec<Jwk>);

/// Why a token does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// It is no signed token.
    #[error("it is no signed token")]
    Form,
    /// It is signed in a way that proves nothing, or not at all.
    #[error("it is signed with `{}`, which proves nothing", .0.escape_debug())]
    Algorithm(String),
    /// None of the keys is the one that it names.
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    /// The key did not sign it.
    #[error("its signature does not hold")]
    Signature,
}

/// What the head of a token says.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

/// A set of keys as it is published.
#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl Keys {
    /// Reads what a provider publishes; `None` if it is no set of keys. Keys of kinds that are not known are left out: a
    /// provider may publish them for others.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let published: Published = json::foreign(bytes)?;
        let keys = published.keys.iter().take(MOST_KEYS);
        Some(Self(keys.filter_map(|key| json::foreign(&json_bytes(key)?)).collect()))
    }
}

/// The claims of a token that one of these keys signed.
///
/// # Errors
/// Each reason of [`JwtError`].
pub fn verified(token: &str, keys: &Keys) -> Result<Map<String, Value>, JwtError> {
    if token.len() > LONGEST {
        return Err(JwtError::Form);
    }
    let head = token.split('.').next().and_then(|head| URL_SAFE_NO_PAD.decode(head).ok()).ok_or(JwtError::Form)?;
    let Head { alg, kid } = json::foreign(&head).ok_or(JwtError::Form)?;
    // INVARIANT (signed by the provider): the list holds public-key signatures alone, whatever the token asks for.
    let known = ALGORITHMS.iter().find(|(name, _)| *name == alg);
    let (name, algorithm) = known.ok_or_else(|| JwtError::Algorithm(alg.chars().take(32).collect()))?;
    let mut candidates = keys.0.iter().filter(|key| signs(key, name, *algorithm)).peekable();
    if let Some(kid) = &kid {
        let key = candidates.find(|key| key.common.key_id.as_ref() == Some(kid)).ok_or(JwtError::UnknownKey)?;
        return opened(token, key, *algorithm);
    }
    candidates.peek().ok_or(JwtError::UnknownKey)?;
    candidates.find_map(|key| opened(token, key, *algorithm).ok()).ok_or(JwtError::Signature)
}

/// Whether a key is for signatures of this kind.
fn signs(key: &Jwk, name: &str, algorithm: Algorithm) -> bool {
    let family = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), _) => AlgorithmFamily::Rsa,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) if key.curve == EllipticCurve::P256 => {
            AlgorithmFamily::Ec
        }
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) if key.curve == EllipticCurve::P384 => {
            AlgorithmFamily::Ec
        }
        (AlgorithmParameters::OctetKeyPair(key), _) if key.curve == EllipticCurve::Ed25519 => AlgorithmFamily::Ed,
        _ => return false,
    };
    let meant = key.common.key_algorithm.is_none_or(|own| own.to_string() == name);
    let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_)));
    family == algorithm.family() && meant && signs
}

fn opened(token: &str, key: &Jwk, algorithm: Algorithm) -> Result<Map<String, Value>, JwtError> {
    let key = DecodingKey::from_jwk(key).map_err(|_| JwtError::UnknownKey)?;
    let mut validation = Validation::new(algorithm);
    // Times and names are judged by the caller, who knows what time it is.
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let opened = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
    opened.map(|token| token.claims).map_err(|_| JwtError::Signature)
}

fn json_bytes(value: &Value) -> Option<Vec<u8>> {
    serde_json::to_vec(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::ed25519::SigningKey;
    use crate::encoding::json::json;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32]).unwrap()
    }

    /// A key as a provider publishes it, with more said of it.
    fn published(seed: u8, more: Value) -> Value {
        let x = URL_SAFE_NO_PAD.encode(key(seed).public().ed25519_bytes().unwrap());
        let mut jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        jwk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        jwk
    }

    fn keys(all: &[Value]) -> Keys {
        Keys::read(&json_bytes(&json!({ "keys": all })).unwrap()).unwrap()
    }

    fn token(head: Value, seed: u8) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(json_bytes(value).unwrap());
        let text = format!("{}.{}", part(&head), part(&json!({"sub": "alice"})));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(key(seed).sign(text.as_bytes())))
    }

    #[test]
    fn a_token_by_a_published_key_says_what_it_says() {
        for (head, published) in [
            (json!({"alg": "EdDSA"}), published(1, json!({}))),
            (json!({"alg": "EdDSA", "kid": "a"}), published(1, json!({"kid": "a", "use": "sig", "alg": "EdDSA"}))),
        ] {
            let claims = verified(&token(head, 1), &keys(&[published])).unwrap();
            assert_eq!(claims.get("sub").and_then(Value::as_str), Some("alice"));
        }
        // One key of several, among some that nobody here can read.
        let more = [published(2, json!({})), json!({"kty": "new"}), json!(7), published(1, json!({}))];
        assert!(verified(&token(json!({"alg": "EdDSA"}), 1), &keys(&more)).is_ok());
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        let own = keys(&[published(1, json!({"kid": "a"}))]);
        let by = |head: Value| verified(&token(head, 1), &own).unwrap_err();
        for alg in ["none", "None", "nOnE", "", "HS256", "HS384", "HS512", "ES256K", "eddsa"] {
            assert_eq!(by(json!({"alg": alg, "kid": "a"})), JwtError::Algorithm(alg.to_owned()));
        }
        assert_eq!(by(json!({"kid": "a"})), JwtError::Form);
        assert_eq!(by(json!({"alg": "RS256", "kid": "a"})), JwtError::UnknownKey, "the key signs otherwise");
        assert_eq!(by(json!({"alg": "EdDSA", "kid": "b"})), JwtError::UnknownKey);
        assert_eq!(by(json!({"alg": "EdDSA", "kid": "a", "crit": ["x"], "x": 1})), JwtError::Signature);
        // A key that the token brings along is nobody's.
        let brought = json!({"alg": "EdDSA", "jwk": published(2, json!({}))});
        assert_eq!(verified(&token(brought, 2), &own), Err(JwtError::Signature));
        for (more, is) in [
            (json!({"kid": "a", "use": "enc"}), JwtError::UnknownKey),
            (json!({"kid": "a", "alg": "ES256"}), JwtError::UnknownKey),
            (json!({"kid": "a", "crv": "X25519"}), JwtError::UnknownKey),
        ] {
            let head = json!({"alg": "EdDSA", "kid": "a"});
            assert_eq!(verified(&token(head, 1), &keys(&[published(1, more)])), Err(is));
        }
        assert_eq!(verified(&token(json!({"alg": "EdDSA"}), 1), &keys(&[])), Err(JwtError::UnknownKey));
        let good = token(json!({"alg": "EdDSA", "kid": "a"}), 1);
        let cut: String = good.chars().take(good.len() - 2).collect();
        for broken in ["", ".", "..", "a.b.c", &cut, &format!("{good}.x"), &format!(".{good}"), &good.repeat(900)] {
            assert!(verified(broken, &own).is_err(), "{broken}");
        }
        let (text, _) = good.rsplit_once('.').unwrap();
        assert_eq!(verified(&format!("{text}."), &own), Err(JwtError::Signature));
    }
}
