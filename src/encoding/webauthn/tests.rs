//! Attacks on one answer of a passkey, made by a token of software; vectors of another implementation are in
//! `tests/encoding`.

use super::*;
use crate::encoding::soft::{Soft, TOUCHED, client, fields};

const PAGE: &str = "https://gate.acme.com";

fn pages() -> BTreeSet<Page> {
    BTreeSet::from([PAGE.parse().unwrap()])
}

fn challenge() -> [u8; 32] {
    Sha256::digest("the statement").into()
}

/// What the soft token signs, from data that an attack may have spoiled.
fn answered(soft: &Soft, authenticator: &[u8], client: &str) -> Result<Presence, WebauthnError> {
    let signed = [authenticator, &Sha256::digest(client)].concat();
    let assertion =
        Assertion { authenticator: authenticator.to_vec(), client: client.into(), signature: soft.signature(&signed) };
    verify(&assertion, soft.public(), &challenge(), &pages())
}

#[test]
fn an_honest_answer_of_either_kind_holds_and_says_what_the_token_said() {
    for soft in [Soft::ed25519(1, "gate.acme.com"), Soft::p256(1, "gate.acme.com")] {
        let text = client(&challenge(), PAGE);
        let presence = answered(&soft, &fields("gate.acme.com", TOUCHED, 7), &text).unwrap();
        assert_eq!((presence.is_touched(), presence.is_verified(), presence.counter()), (true, false, 7));
        let extended = [fields("gate.acme.com", 0x85, 8).as_slice(), b"\xa1\x6bcredProtect\x02"].concat();
        assert!(answered(&soft, &extended, &text).unwrap().is_verified());
        let more = text.replace('{', "{\"other\":{\"a\":[1,2]},").replace(",\"crossOrigin\":false", "");
        assert!(answered(&soft, &fields("gate.acme.com", TOUCHED, 7), &more).is_ok(), "{more}");
    }
}

#[test]
fn every_attack_is_refused_by_its_fault() {
    use WebauthnError as E;
    let good = client(&challenge(), PAGE);
    let fixed = |flags| fields("gate.acme.com", flags, 1);
    let damaged = |text: &str| E::Client(text.into());
    let table: Vec<(E, Vec<u8>, String)> = vec![
        (E::Type("webauthn.create".into()), fixed(1), good.replace(".get", ".create")),
        (E::Challenge, fixed(1), client(&Sha256::digest("another statement").into(), PAGE)),
        (E::Challenge, fixed(1), good.replace("\",\"origin", "=\",\"origin")),
        (E::Page("https://evil.acme.com".into()), fixed(1), good.replace("gate.acme", "evil.acme")),
        (E::Page("https://gate.acme.com/".into()), fixed(1), good.replace(".com\"", ".com/\"")),
        (E::Page("http://gate.acme.com".into()), fixed(1), good.replace("https", "http")),
        (E::Framed, fixed(1), good.replace("false", "true")),
        (E::Framed, fixed(1), good.replace('}', ",\"topOrigin\":\"https://evil.com\"}")),
        (
            damaged("a member stands there twice (column 139)"),
            fixed(1),
            good.replace('}', ",\"type\":\"webauthn.get\"}"),
        ),
        (damaged("a member stands there twice (column 141)"), fixed(1), good.replace('{', "{\"a\":1,\"\\u0061\":2,")),
        (damaged("trailing characters (column 125)"), fixed(1), format!("{good}{{}}")),
        (damaged("missing field `type` (column 112)"), fixed(1), good.replace("type", "kind")),
        (E::OtherHost("gate.acme.com".into()), fields("acme.com", 1, 1), good.clone()),
        (E::OtherHost("gate.acme.com".into()), fields("ssh:", 1, 1), good.clone()),
        (E::Untouched, fixed(0), good.clone()),
        (E::Untouched, fixed(4), good.clone()),
        (E::Copied, fixed(0x11), good.clone()),
        (E::BringsKey, fixed(0x41), good.clone()),
        (E::Authenticator, fixed(0x81), good.clone()),
        (E::Authenticator, [fixed(0x81).as_slice(), b"\x01"].concat(), good.clone()),
        (E::Authenticator, [fixed(0x81).as_slice(), b"\xa0\xa0"].concat(), good.clone()),
        (E::Authenticator, [fixed(1).as_slice(), b"\xa0"].concat(), good.clone()),
        (E::Authenticator, fixed(1)[..36].to_vec(), good.clone()),
    ];
    for soft in [Soft::ed25519(1, "gate.acme.com"), Soft::p256(1, "gate.acme.com")] {
        assert!(answered(&soft, &fixed(1), &good).is_ok());
        for (fault, authenticator, client) in &table {
            let found = answered(&soft, authenticator, client).unwrap_err();
            match (&found, fault) {
                // Where in the text it was noticed is no matter.
                (E::Client(found), E::Client(fault)) => {
                    assert_eq!(found.split(" (").next(), fault.split(" (").next(), "{client}");
                }
                _ => assert_eq!(&found, fault, "{client}"),
            }
        }
    }
}

#[test]
fn a_signature_of_another_key_or_over_other_bytes_proves_nothing() {
    for (soft, other) in [
        (Soft::ed25519(1, "gate.acme.com"), Soft::ed25519(2, "gate.acme.com")),
        (Soft::p256(1, "gate.acme.com"), Soft::p256(2, "gate.acme.com")),
        (Soft::ed25519(1, "gate.acme.com"), Soft::p256(1, "gate.acme.com")),
    ] {
        let text = client(&challenge(), PAGE);
        let made = |flags| {
            let authenticator = fields("gate.acme.com", flags, 1);
            let signature = soft.signature(&[authenticator.as_slice(), &Sha256::digest(&text)].concat());
            Assertion { authenticator, client: text.clone().into(), signature }
        };
        let check = |assertion: &Assertion, soft: &Soft| verify(assertion, soft.public(), &challenge(), &pages());
        assert!(check(&made(1), &soft).is_ok());
        let invalid = Err(E_INVALID);
        assert_eq!(check(&made(1), &other), invalid);
        let claimed = Assertion { authenticator: fields("gate.acme.com", 5, 1), ..made(1) };
        assert_eq!(check(&claimed, &soft), invalid, "UV that nobody signed");
        let earlier = Assertion { authenticator: fields("gate.acme.com", 1, 2), ..made(1) };
        assert_eq!(check(&earlier, &soft), invalid, "another count");
        let spaced = Assertion { client: text.replace(',', ", ").into(), ..made(1) };
        assert_eq!(check(&spaced, &soft), invalid, "other JSON with the same meaning");
        for end in 0..made(1).signature.len() {
            let cut = Assertion { signature: made(1).signature[..end].to_vec(), ..made(1) };
            assert_eq!(check(&cut, &soft), invalid);
        }
        let longer = Assertion { signature: [made(1).signature, vec![0]].concat(), ..made(1) };
        assert_eq!(check(&longer, &soft), invalid);
    }
}

const E_INVALID: WebauthnError = WebauthnError::Signature(SignatureError::Invalid);

#[test]
fn der_that_is_not_the_one_spelling_is_refused() {
    let soft = Soft::p256(3, "gate.acme.com");
    let (text, authenticator) = (client(&challenge(), PAGE), fields("gate.acme.com", 1, 1));
    let good = soft.signature(&[authenticator.as_slice(), &Sha256::digest(&text)].concat());
    let r = usize::from(good[3]);
    let (length, first, second) = (good[1], good[2..4 + r].to_vec(), good[4 + r..].to_vec());
    let padded = |part: &[u8]| [&[2, part[1] + 1, 0], &part[2..]].concat();
    let sequence = |inner: &[&[u8]]| {
        let inner = inner.concat();
        [&[0x30, u8::try_from(inner.len()).unwrap()], inner.as_slice()].concat()
    };
    assert_eq!(sequence(&[&first, &second]), good);
    for bad in [
        sequence(&[&padded(&first), &second]),
        sequence(&[&first, &padded(&second)]),
        [good.as_slice(), &[0]].concat(),
        sequence(&[&first, &second, &[2, 1, 1]]),
        sequence(&[&first]),
        sequence(&[&[2, 1, 0], &second]),
        sequence(&[&first, &[2, 1, 0]]),
        sequence(&[&first, &[2, 0]]),
        [&[0x30, 0x81, length], &good[2..]].concat(),
        [&[0x31, length], &good[2..]].concat(),
        [&[0x30, 0x80], &good[2..], &[0, 0]].concat(),
        sequence(&[&[&[2, 33], [0x80; 33].as_slice()].concat(), &second]),
        Vec::new(),
    ] {
        assert_eq!(Scalars::from_der(&bad), None, "{bad:x?}");
    }
}

#[test]
fn members_that_are_not_base64url_are_named() {
    for bad in ["a", "YQ==", "Y+", "Y/", "YR", "Y Q", "\n"] {
        assert_eq!(Assertion::read(bad, "", ""), Err(WebauthnError::Base64("authenticator_data")), "{bad:?}");
        assert_eq!(Assertion::read("", bad, ""), Err(WebauthnError::Base64("client_data")));
        assert_eq!(Assertion::read("", "", bad), Err(WebauthnError::Base64("signature")));
    }
    assert!(Assertion::read(&"A".repeat(LONGEST + 4), "", "").is_err());
}

#[test]
fn a_key_that_a_token_writes_becomes_one_that_openssh_writes() {
    for soft in [Soft::ed25519(1, "gate.acme.com"), Soft::p256(1, "gate.acme.com")] {
        let cose = soft.cose();
        assert_eq!(public_key(&cose, "gate.acme.com").as_ref(), Ok(soft.public()));
        assert_eq!(public_key(&cose, "ssh:gate"), Err(WebauthnError::NoPasskey));
        for end in 0..cose.len() {
            assert_eq!(public_key(&cose[..end], "gate.acme.com"), Err(WebauthnError::Cose));
        }
        assert_eq!(public_key(&[&cose[..], &[0]].concat(), "gate.acme.com"), Err(WebauthnError::Cose));

        let attested = [&fields("gate.acme.com", 0x41, 0)[..], &[0; 16], &[0, 3], b"abc", &cose].concat();
        assert_eq!(enrolled(&attested, "gate.acme.com"), Ok((b"abc".to_vec(), soft.public().clone())));
        assert!(enrolled(&attested, "acme.com").is_err());
        assert!(enrolled(&[&attested[..], &[0xa0]].concat(), "gate.acme.com").is_err());
        assert_eq!(enrolled(&fields("gate.acme.com", 1, 0), "gate.acme.com"), Err(WebauthnError::NoKey));
        for end in 0..attested.len() {
            assert!(enrolled(&attested[..end], "gate.acme.com").is_err());
        }
    }
    // A point that is on no curve, and one under which anybody could sign.
    let mut cose = Soft::p256(1, "gate.acme.com").cose();
    cose[76] ^= 1;
    assert_eq!(public_key(&cose, "gate.acme.com"), Err(WebauthnError::Cose));
    let weak = [&b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..], &[0; 32]].concat();
    assert_eq!(public_key(&weak, "gate.acme.com"), Err(WebauthnError::Cose));
}
