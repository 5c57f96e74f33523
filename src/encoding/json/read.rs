//! Reads what others wrote in canonical JSON into a type; refuses bytes that are not the one spelling of what they say.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::scan::{Fault, check};
use crate::model::Shown;

/// Why bytes were not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StrictError {
    /// Not canonical JSON; the offset of the first byte at fault.
    #[error("not canonical JSON at byte {at}: {fault}")]
    Spelling {
        /// Offset of the byte, from 0.
        at: usize,
        /// What is wrong there.
        fault: Fault,
    },
    /// Canonical, but not what is expected here: a member too many or too few, or another kind of value.
    #[error("{0}")]
    Shape(String),
}

/// Reads canonical JSON. Unknown members are refused by a type that denies unknown fields, and by no other.
///
/// # Errors
/// `Spelling` before anything is believed, `Shape` if the type does not take what stands there.
pub fn strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StrictError> {
    check(bytes).map_err(|(at, fault)| StrictError::Spelling { at, fault })?;
    serde_json::from_slice(bytes).map_err(|fault| StrictError::Shape(shape(&fault)))
}

/// What the type said, less the names of types and the place in a line that has no other; it may repeat foreign text.
fn shape(fault: &serde_json::Error) -> String {
    let said = fault.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    match said.split_once(", expected struct ") {
        Some((found, _)) => Shown::text(&format!("{found}, expected an object")).to_string(),
        None => Shown::text(said).to_string(),
    }
}

/// Reads canonical JSON of any shape.
///
/// # Errors
/// `Spelling` if the bytes are not canonical.
pub fn strict_value(bytes: &[u8]) -> Result<Value, StrictError> {
    strict(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::super::{CanonicalError, MAX_DEPTH, MAX_INTEGER, append, canonical};
    use super::*;

    /// The rule as DESIGN puts it: parse, write again, compare.
    fn same_when_written_again(bytes: &[u8]) -> bool {
        serde_json::from_slice::<Value>(bytes)
            .is_ok_and(|value| canonical(&value).is_ok_and(|written| written == bytes))
    }

    fn fault(bytes: &[u8]) -> Fault {
        match strict_value(bytes) {
            Err(StrictError::Spelling { fault, .. }) => fault,
            other => panic!("{:?}: {other:?}", String::from_utf8_lossy(bytes)),
        }
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn good_vectors_are_read_and_written_alike() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-1",
            "9007199254740991",
            "-9007199254740991",
            r#""""#,
            r#""\b\t\n\f\r\"\\\u0000\u001f""#,
            "\"\u{7f}\u{2028}é😀/\"",
            "[]",
            "{}",
            "[[],{}]",
            r#"{"":1,"\n":2,"a":3,"aa":4,"b":{"c":[1,2]}}"#,
            // RFC 8785 section 3.2.3: U+1F600 is written with surrogates and so comes before U+FB33.
            "{\"\\r\":1,\"1\":2,\"\u{80}\":3,\"ö\":4,\"€\":5,\"😀\":6,\"\u{fb33}\":7}",
            &nested(MAX_DEPTH),
        ] {
            let value = strict_value(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(String::from_utf8(canonical(&value).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn bad_vectors_are_refused_by_their_fault() {
        use Fault::*;
        for (expected, bytes) in [
            (Utf8, b"\"\xff\"".as_slice()),
            (Utf8, b"\"\xed\xa0\x80\""),
            (ByteOrderMark, b"\xef\xbb\xbf{}"),
            (Truncated, b""),
            (Truncated, b"{"),
            (Truncated, b"{\"a\""),
            (Truncated, b"[1,"),
            (Truncated, b"\"a"),
            (Truncated, b"\"\\"),
            (Truncated, b"\"\\u00"),
            (Truncated, b"tru"),
            (Truncated, b"-"),
            (Syntax, b"nul1"),
            (Syntax, b"'a'"),
            (Syntax, b"[1,]"),
            (Syntax, b"{\"a\":1,}"),
            (Syntax, b"{a:1}"),
            (Syntax, b"{1:1}"),
            (Syntax, b"{\"a\"}"),
            (Syntax, b"[1}"),
            (Syntax, b"+1"),
            (Syntax, b"NaN"),
            (Syntax, b"/**/1"),
            (Syntax, b"\"\\x41\""),
            (Syntax, b"\"\\u00g0\""),
            (WhiteSpace, b" 1"),
            (WhiteSpace, b"{ }"),
            (WhiteSpace, b"{\"a\": 1}"),
            (WhiteSpace, b"[1, 2]"),
            (WhiteSpace, b"[1\n]"),
            (TrailingText, b"1\n"),
            (TrailingText, b"{}{}"),
            (TrailingText, b"{}\0"),
            (DuplicateMember, b"{\"a\":1,\"a\":1}"),
            (DuplicateMember, b"{\"a\":1,\"a\":2}"),
            (MemberOrder, b"{\"a\":1,\"b\":1,\"a\":1}"),
            (MemberOrder, b"{\"b\":1,\"a\":1}"),
            (MemberOrder, b"{\"a\":1,\"\\n\":1}"),
            (MemberOrder, "{\"\u{fb33}\":7,\"😀\":6}".as_bytes()),
            (Float, b"1.0"),
            (Float, b"1e3"),
            (Float, b"-0.0"),
            (Float, b"1E400"),
            (Integer, b"9007199254740992"),
            (Integer, b"-9007199254740992"),
            (Integer, b"99999999999999999999999999"),
            (Number, b"-0"),
            (Number, b"01"),
            (Number, b"-01"),
            (LoneSurrogate, b"\"\\ud800\""),
            (LoneSurrogate, b"\"\\udc00\\ud800\""),
            (LoneSurrogate, b"\"\\ud800\\u0041\""),
            (Escape, b"\"\\ud83d\\ude00\""),
            (Escape, b"\"\\/\""),
            (Escape, b"\"\\u0041\""),
            (Escape, b"\"\\u000a\""),
            (Escape, b"\"\\u001F\""),
            (Escape, b"\"\\u007f\""),
            (ControlCharacter, b"\"\n\""),
            (ControlCharacter, b"\"\0\""),
            (Depth, nested(MAX_DEPTH + 1).as_bytes()),
            (Depth, "[".repeat(1_000_000).as_bytes()),
            (Depth, "{\"\":".repeat(1_000_000).as_bytes()),
        ] {
            assert_eq!(fault(bytes), expected, "{:?}", String::from_utf8_lossy(bytes.get(..40).unwrap_or(bytes)));
            assert!(!same_when_written_again(bytes), "{expected:?}");
        }
    }

    #[test]
    fn the_last_of_two_members_does_not_win() {
        let bytes = br#"{"a":1,"a":2}"#;
        // The reader below keeps the last one and says nothing.
        assert_eq!(serde_json::from_slice::<Value>(bytes).unwrap().get("a"), Some(&Value::from(2)));
        assert_eq!(fault(bytes), Fault::DuplicateMember);
    }

    #[test]
    fn a_fault_names_its_byte() {
        let at = |bytes: &[u8]| check(bytes).unwrap_err().0;
        assert_eq!((at(b"{\"b\":1,\"a\":1}"), at(b"[1.5]"), at(b"[1]]"), at(b"[\"\xff")), (7, 1, 3, 2));
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Statement {
        r#type: String,
        reason: Option<String>,
        answer: Answer,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Answer {
        Approve,
        Count(u8),
        Pair(u8, bool),
        Scoped { until: u64, from: u64 },
    }

    #[test]
    fn members_are_put_in_order_and_variants_read_back() {
        for (answer, text) in [
            (Answer::Approve, r#""approve""#),
            (Answer::Count(3), r#"{"count":3}"#),
            (Answer::Pair(3, true), r#"{"pair":[3,true]}"#),
            (Answer::Scoped { until: 2, from: 1 }, r#"{"scoped":{"from":1,"until":2}}"#),
        ] {
            let statement = Statement { r#type: "t".into(), reason: None, answer };
            let written = canonical(&statement).unwrap();
            assert_eq!(String::from_utf8_lossy(&written), format!(r#"{{"answer":{text},"reason":null,"type":"t"}}"#));
            assert_eq!(strict(&written), Ok(statement));
        }
    }

    #[test]
    fn an_unknown_member_is_refused_where_the_type_denies_it() {
        let bytes = br#"{"answer":"approve","extra":1,"reason":null,"type":"t"}"#;
        let fault = StrictError::Shape("unknown field `extra`, expected one of `type`, `reason`, `answer`".into());
        assert_eq!(strict::<Statement>(bytes), Err(fault));
        assert!(strict::<BTreeMap<String, Value>>(bytes).is_ok());
    }

    #[test]
    fn a_fault_of_shape_names_no_type_and_repeats_nothing_that_acts_on_a_terminal() {
        let hostile = "{\"answer\":\"approve\",\"e\u{202e}\":1,\"reason\":null,\"type\":\"t\"}";
        let said = strict::<Statement>(hostile.as_bytes()).unwrap_err().to_string();
        assert!(said.starts_with(r"unknown field `e\u{202E}`"), "{said}");
        let said = strict::<Statement>(b"\"x\"").unwrap_err().to_string();
        assert_eq!(said, r#"invalid type: string "x", expected an object"#);
    }

    #[test]
    fn what_has_no_single_spelling_is_not_written() {
        assert_eq!(canonical(&1.0_f64), Err(CanonicalError::Float));
        assert_eq!(canonical(&[0.5_f32]), Err(CanonicalError::Float));
        assert_eq!(canonical(&(MAX_INTEGER + 1)), Err(CanonicalError::Integer(1 << 53)));
        assert_eq!(canonical(&i64::MIN), Err(CanonicalError::Integer(i64::MIN.into())));
        assert_eq!(canonical(&u128::MAX), Err(CanonicalError::Integer(i128::MAX)));
        assert_eq!(canonical(&BTreeMap::from([(1, 2)])), Err(CanonicalError::Name));
        assert_eq!(canonical(&BTreeMap::from([(Some("a"), 2)])), Err(CanonicalError::Name));
        let deep = (0..MAX_DEPTH).fold(Value::Array(Vec::new()), |inner, _| Value::Array(vec![inner]));
        assert_eq!(canonical(&deep), Err(CanonicalError::Depth));
    }

    /// A map that names a member twice, as a hand-written or flattened type might.
    struct Twice;

    impl Serialize for Twice {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("b", 1), ("a", 2), ("b", 3)])
        }
    }

    #[test]
    fn a_member_is_never_written_twice() {
        assert_eq!(canonical(&Twice), Err(CanonicalError::Duplicate("b".into())));
    }

    #[test]
    fn after_a_refusal_the_buffer_is_as_it_was() {
        let mut out = b"{\"body\":".to_vec();
        assert!(append(&mut out, &("text", 1.5)).is_err());
        assert!(append(&mut out, &Twice).is_err());
        assert_eq!(out, b"{\"body\":");
        append(&mut out, &crate::model::Digest::ZERO).unwrap();
        assert!(out.ends_with(b"000\""));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let integer = -(MAX_INTEGER.cast_signed())..=MAX_INTEGER.cast_signed();
        let text = prop_oneof![".{0,6}", "[\\x00-\\x20\"\\\\/\u{7f}\u{d7ff}\u{e000}\u{fb33}\u{ffff}\u{10000}😀]{0,4}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            integer.prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    /// Writes JSON with every liberty a writer has: what canonical bytes turn into when somebody meddles.
    fn meddled(bytes: &[u8], at: prop::sample::Index, with: u8, how: u8) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let place = at.index(bytes.len());
        match how % 4 {
            0 => bytes[place] = with,
            1 => bytes.insert(place, with),
            2 => drop(bytes.remove(place)),
            _ => bytes.push(with),
        }
        bytes
    }

    /// JSON from small alphabets, with members in any order and names that come twice.
    fn any_spelling() -> impl Strategy<Value = String> {
        let text = prop::sample::select(vec![
            r#""""#,
            r#""a""#,
            r#""b""#,
            r#""\n""#,
            r#""\u000a""#,
            r#""\u0001""#,
            r#""\u001f""#,
            r#""\u001F""#,
            r#""\/""#,
            "\"\u{fb33}\"",
            "\"😀\"",
            r#""\ud83d\ude00""#,
        ]);
        let number = prop::sample::select(vec!["0", "-0", "-1", "01", "1.0", "9007199254740991", "9007199254740992"]);
        let leaf = prop_oneof![text.clone(), number, Just("null")].prop_map(str::to_owned);
        leaf.prop_recursive(3, 12, 3, move |inner| {
            let member = (text.clone(), inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(|values| format!("[{}]", values.join(","))),
                prop::collection::vec(member, 0..3).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in any_value()) {
            let written = canonical(&value).unwrap();
            prop_assert!(same_when_written_again(&written));
            prop_assert_eq!(strict_value(&written), Ok(value));
        }

        #[test]
        fn bytes_pass_exactly_when_writing_them_again_changes_nothing(
            value in any_value(),
            at: prop::sample::Index,
            with in prop_oneof![any::<u8>(), prop::sample::select(b" \"\\{}[]:,-+.eE0123456789u/\n".to_vec())],
            how: u8,
        ) {
            let bytes = meddled(&canonical(&value).unwrap(), at, with, how);
            prop_assert_eq!(check(&bytes).is_ok(), same_when_written_again(&bytes), "{}", String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn tokens_in_any_order_pass_exactly_when_writing_them_again_changes_nothing(
            tokens in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ":", ",", "\"a\"", "\"b\"", "\"\\n\"", "\"\\u001f\"", "\"\\ud800\"", "0", "-1", "1.5",
                    "9007199254740993", "null", "true", " ",
                ]),
                0..8,
            ),
        ) {
            let text = tokens.concat();
            prop_assert_eq!(check(text.as_bytes()).is_ok(), same_when_written_again(text.as_bytes()), "{}", text);
        }

        #[test]
        fn liberally_written_json_passes_exactly_when_writing_it_again_changes_nothing(text in any_spelling()) {
            prop_assert_eq!(check(text.as_bytes()).is_ok(), same_when_written_again(text.as_bytes()), "{}", text);
        }

        #[test]
        fn members_stand_in_the_order_of_their_utf_16_code_units(names in prop::collection::btree_set("[a-c\u{d7ff}\u{e000}\u{ffff}\u{10000}😀é]{0,3}", 0..8)) {
            let map: BTreeMap<_, _> = names.iter().map(|name| (name.clone(), 0)).collect();
            let mut sorted: Vec<_> = names.into_iter().collect();
            sorted.sort_by_key(|name| name.encode_utf16().collect::<Vec<_>>());
            let expected: Vec<_> = sorted.iter().map(|name| format!("\"{name}\":0")).collect();
            prop_assert_eq!(String::from_utf8(canonical(&map).unwrap()).unwrap(), format!("{{{}}}", expected.join(",")));
        }
    }
}
