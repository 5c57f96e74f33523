//! The pre-authentication encoding of DSSE (secure-systems-lab/dsse, protocol.md, version 1): what the record key signs;
//! refuses nothing, since every pair of type and body has exactly one encoding.

/// The bytes to sign for a body of this type: `DSSEv1 <length> <type> <length> <body>`.
#[must_use]
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload_type.len() + body.len() + 32);
    out.extend_from_slice(b"DSSEv1 ");
    out.extend_from_slice(payload_type.len().to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(payload_type.as_bytes());
    out.push(b' ');
    out.extend_from_slice(body.len().to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_vector_is_met() {
        let encoded = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn lengths_are_in_bytes_and_an_empty_body_has_one() {
        assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
    }

    proptest! {
        #[test]
        fn text_cannot_move_between_type_and_body(a in "[ 0-9a]{0,6}", b in "[ 0-9a]{0,6}", c in "[ 0-9a]{0,6}", d in "[ 0-9a]{0,6}") {
            prop_assert_eq!((&a, &b) == (&c, &d), pae(&a, b.as_bytes()) == pae(&c, d.as_bytes()));
        }
    }
}
