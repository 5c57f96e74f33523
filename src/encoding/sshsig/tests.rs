//! Good and bad vectors, each bad one named by its fault.

use super::*;
use crate::encoding::soft::Soft;

const MESSAGE: &[u8] = b"what was approved\n";

fn key() -> PrivateKey {
    PrivateKey::from_seed(&[7; 32], "alice@home").unwrap()
}

fn armored(blob: &[u8]) -> String {
    let body = STANDARD.encode(blob);
    let lines: Vec<_> = body.as_bytes().chunks(WIDTH).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("{BEGIN}{}\n{END}", lines.join("\n"))
}

/// A signature whose every field can be said; `rest` follows the last.
fn made(
    version: u32,
    key: &[u8],
    namespace: &[u8],
    reserved: &[u8],
    hash: &[u8],
    inner: &[&[u8]],
    rest: &[u8],
) -> String {
    let mut signature = Vec::new();
    for field in inner {
        put_string(&mut signature, field);
    }
    let mut blob = [MAGIC.as_slice(), &version.to_be_bytes()].concat();
    for field in [key, namespace, reserved, hash, &signature] {
        put_string(&mut blob, field);
    }
    blob.extend_from_slice(rest);
    armored(&blob)
}

#[test]
fn a_signature_verifies_for_its_key_purpose_and_message_alone() {
    let text = sign(&key(), "gate-verdict", MESSAGE);
    let signature = Signature::parse(&text).unwrap();
    assert_eq!((signature.key(), signature.namespace()), (key().public(), "gate-verdict"));
    assert_eq!(signature.to_string(), text);
    assert_eq!(verify(&signature, "gate-verdict", MESSAGE, key().public()), Ok(None));

    let other = PrivateKey::from_seed(&[8; 32], "").unwrap();
    assert_eq!(verify(&signature, "gate-verdict", MESSAGE, other.public()), Err(SshsigError::OtherKey));
    assert_eq!(
        verify(&signature, "gate-verdict", b"something else", key().public()),
        Err(SignatureError::Invalid.into())
    );
    let expected = "gate-grant".to_owned();
    let fault = SshsigError::Namespace { expected, found: "gate-verdict".into() };
    assert_eq!(verify(&signature, "gate-grant", MESSAGE, key().public()), Err(fault));
}

#[test]
fn a_signature_can_t_be_moved_to_another_purpose_or_key() {
    let signature = Signature::parse(&sign(&key(), "gate-grant", MESSAGE)).unwrap();
    let other = PrivateKey::from_seed(&[8; 32], "").unwrap();
    let renamed = Signature { namespace: "gate-verdict".into(), ..signature.clone() };
    assert_eq!(verify(&renamed, "gate-verdict", MESSAGE, key().public()), Err(SignatureError::Invalid.into()));
    let stolen = Signature { key: other.public().clone(), ..signature };
    assert_eq!(verify(&stolen, "gate-grant", MESSAGE, other.public()), Err(SignatureError::Invalid.into()));
}

#[test]
fn a_signature_over_the_bare_message_is_refused() {
    // The record key signs DSSE with the same algorithm; neither may pass for the other.
    let raw = Raw::Ed25519(key().key().sign(MESSAGE));
    let signature = Signature { key: key().public().clone(), namespace: "gate-verdict".into(), raw, presence: None };
    assert_eq!(verify(&signature, "gate-verdict", MESSAGE, key().public()), Err(SignatureError::Invalid.into()));
}

#[test]
fn bad_vectors_are_refused_by_their_fault() {
    let key = key();
    let (blob, bytes) = (key.public().blob(), key.key().sign(&signed_text("nn", MESSAGE)));
    let inner: &[&[u8]] = &[b"ssh-ed25519", &bytes];
    let good = made(1, blob, b"nn", b"", b"sha512", inner, b"");
    assert_eq!(good, sign(&key, "nn", MESSAGE));

    let mut weak = Vec::new();
    put_string(&mut weak, b"ssh-ed25519");
    put_string(&mut weak, &[0; 32]);
    let mut token = Vec::new();
    put_string(&mut token, b"sk-ssh-ed25519@openssh.com");
    put_string(&mut token, key.public().ed25519_bytes().unwrap());
    put_string(&mut token, b"ssh:");
    let (armor, malformed) = (SshsigError::Armor, SshsigError::Malformed);
    let one_line = good.replacen('\n', "@", 1).replace('\n', "").replace('@', "\n").replace("-----END", "\n-----END");
    for (fault, text) in [
        (SshsigError::Version, made(0, blob, b"nn", b"", b"sha512", inner, b"")),
        (SshsigError::Version, made(2, blob, b"nn", b"", b"sha512", inner, b"")),
        (SshsigError::Hash("sha256".into()), made(1, blob, b"nn", b"", b"sha256", inner, b"")),
        (SshsigError::Hash(String::new()), made(1, blob, b"nn", b"", b"", inner, b"")),
        (SshsigError::Reserved, made(1, blob, b"nn", b"x", b"sha512", inner, b"")),
        (SshsigError::Key(InvalidKey::Weak), made(1, &weak, b"nn", b"", b"sha512", inner, b"")),
        (SshsigError::Key(InvalidKey::Form), made(1, b"", b"nn", b"", b"sha512", inner, b"")),
        (malformed.clone(), made(1, &token, b"nn", b"", b"sha512", inner, b"")),
        (malformed.clone(), made(1, blob, b"", b"", b"sha512", inner, b"")),
        (malformed.clone(), made(1, blob, b"\xff", b"", b"sha512", inner, b"")),
        (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", inner, b"\0")),
        (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[b"ssh-ed25519", &bytes, b""], b"")),
        (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[b"ssh-ed25519", &bytes[1..]], b"")),
        (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[b"ssh-rsa", &bytes], b"")),
        (malformed.clone(), made(1, blob, b"nn", b"", b"sha512", &[], b"")),
        (malformed.clone(), armored(b"SSHSIX\0\0\0\x01")),
        (malformed, armored(b"SSHSIG\0\0")),
        (armor.clone(), String::new()),
        (armor.clone(), format!("{good}\n")),
        (armor.clone(), format!("\n{good}")),
        (armor.clone(), format!("{good}{good}")),
        (armor.clone(), good.trim_end().to_owned()),
        (armor.clone(), good.replace('\n', "\r\n")),
        (armor.clone(), one_line),
        (armor.clone(), good.replace("==\n", "\n")),
        (armor.clone(), good.replacen("U1NIU0lH", "U1NIU0lH\n", 1)),
        (armor.clone(), good.replacen("U1NIU0lH", "U1NI U0lH", 1)),
        (armor, format!("{BEGIN}{}{END}", "A".repeat(LONGEST))),
    ] {
        assert_ne!(text, good);
        assert_eq!(Signature::parse(&text), Err(fault), "{text}");
    }
}

#[test]
fn a_signature_of_a_token_says_what_the_token_said_touched_or_not() {
    for soft in [Soft::ed25519(3, "ssh:gate"), Soft::p256(3, "ssh:gate")] {
        for flags in [0, 1, 5] {
            let text = soft.sshsig("gate-verdict", MESSAGE, flags, 70_000);
            let signature = Signature::parse(&text).unwrap();
            assert_eq!(signature.to_string(), text);
            let presence = verify(&signature, "gate-verdict", MESSAGE, soft.public()).unwrap().unwrap();
            assert_eq!((presence.flags(), presence.counter()), (flags, 70_000));
            assert_eq!((presence.is_touched(), presence.is_verified()), (flags & 1 != 0, flags & 4 != 0));
            let invalid = Err(SignatureError::Invalid.into());
            assert_eq!(verify(&signature, "gate-verdict", b"something else", soft.public()), invalid);
            let claimed = Signature { presence: Some(Presence::new(flags ^ 4, 70_000)), ..signature.clone() };
            assert_eq!(verify(&claimed, "gate-verdict", MESSAGE, soft.public()), invalid, "flags are signed");
            let earlier = Signature { presence: Some(Presence::new(flags, 69_999)), ..signature.clone() };
            assert_eq!(verify(&earlier, "gate-verdict", MESSAGE, soft.public()), invalid, "the count is signed");
        }
    }
}

#[test]
fn a_token_s_signature_can_t_be_moved_to_a_key_for_another_application() {
    for (made, other) in
        [(Soft::ed25519(3, "ssh:"), Soft::ed25519(3, "ssh:gate")), (Soft::p256(3, "ssh:"), Soft::p256(3, "ssh:gate"))]
    {
        let signature = Signature::parse(&made.sshsig("gate-verdict", MESSAGE, 5, 1)).unwrap();
        let moved = Signature { key: other.public().clone(), ..signature };
        assert_eq!(verify(&moved, "gate-verdict", MESSAGE, other.public()), Err(SignatureError::Invalid.into()));
    }
}

#[test]
fn bad_vectors_of_ecdsa_and_tokens_are_refused() {
    let soft = Soft::p256(3, "ssh:gate");
    let (blob, kind) = (soft.public().blob(), soft.public().kind().name().as_bytes());
    let pair = |r: &[u8], s: &[u8]| {
        let mut pair = Vec::new();
        put_string(&mut pair, r);
        put_string(&mut pair, s);
        pair
    };
    // The order of the group is no number of a signature (FIPS 186-5 section 6.4.2).
    let order = "00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> =
        (0..33).map(|at| u8::from_str_radix(order.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap()).collect();
    let bad = [
        pair(b"", b"\x01"),
        pair(b"\0", b"\x01"),
        pair(b"\x01", b"\0\x01"),
        pair(b"\x80", b"\x01"),
        pair(b"\x01", &[1; 33]),
        pair(&order, b"\x01"),
        [pair(b"\x01", b"\x01"), vec![0]].concat(),
        b"\0\0\0\x01\x01".to_vec(),
    ];
    let said = |inner: &[&[u8]], said: &[u8]| {
        let mut signature = Vec::new();
        inner.iter().for_each(|field| put_string(&mut signature, field));
        signature.extend_from_slice(said);
        let mut whole = [MAGIC.as_slice(), &VERSION].concat();
        for field in [blob, b"nn", b"", b"sha512", &signature] {
            put_string(&mut whole, field);
        }
        armored(&whole)
    };
    let good = pair(b"\x01", b"\x7f");
    assert!(Signature::parse(&said(&[kind, &good], &[1, 0, 0, 0, 9])).is_ok());
    let malformed = Err(SshsigError::Malformed);
    for bad in bad {
        assert_eq!(Signature::parse(&said(&[kind, &bad], &[1, 0, 0, 0, 9])), malformed, "{bad:x?}");
    }
    for (inner, rest) in [
        ([kind, &good], &[][..]),
        ([kind, &good], &[1, 0, 0, 0]),
        ([kind, &good], &[1, 0, 0, 0, 9, 0]),
        ([b"ecdsa-sha2-nistp256".as_slice(), &good], &[1, 0, 0, 0, 9]),
        ([b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com".as_slice(), &good], &[1, 0, 0, 0, 9]),
    ] {
        assert_eq!(Signature::parse(&said(&inner, rest)), malformed, "{rest:?}");
    }
}
