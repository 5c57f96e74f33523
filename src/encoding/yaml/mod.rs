//! YAML as people write it in policies and configuration, with the place of everything in it; refuses duplicate keys,
//! anchors, aliases, merge keys, tags, second documents, and texts too large or too deep to be meant.

mod fault;
mod nearest;
mod placed;
mod said;

use serde::de::DeserializeOwned;
use serde_yaml::MergeKeyPolicy;

pub use fault::YamlError;
pub use nearest::nearest;
pub use placed::Placed;

/// The largest text that is looked at, in bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// How deep lists and mappings may nest.
pub const MAX_DEPTH: usize = 24;

/// How many keys, values, lists and mappings a text may have.
pub const MAX_NODES: usize = 500_000;

/// Reads one document. `name` is what errors call the text, mostly the path of its file. Unknown keys are refused by a
/// type that denies unknown fields, and by no other.
///
/// # Errors
/// The first fault, with its place.
pub fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, YamlError> {
    if text.len() > LARGEST {
        let message = format!("the text has {} bytes, more than {LARGEST}", text.len());
        return Err(YamlError::at(name, "", 0, 0, &message, None));
    }
    // Some editors put a byte order mark at the start of a file; anywhere else it is a character like any other.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = serde_yaml::options! {
        strict_booleans: true,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
        underscored_numbers_as_strings: true,
        // Else `!!binary` would let a policy say in base64 what nobody reads.
        ignore_binary_tag_for_string: true,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_documents: 1,
            max_aliases: 0,
            max_anchors: 0,
        },
    };
    serde_yaml::from_str_with_options(text, options).map_err(|fault| said::in_our_words(name, text, &fault))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Policy {
        gate: u8,
        name: Option<Placed<String>>,
        #[serde(default)]
        rules: Vec<Rule>,
        #[serde(default)]
        strict: bool,
        #[serde(default)]
        counts: BTreeMap<Placed<String>, Placed<u8>>,
        within: Option<crate::model::Span>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Rule {
        id: Placed<String>,
        effect: Effect,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Effect {
        Ask,
        Deny,
    }

    fn fault(text: &str) -> YamlError {
        read::<Policy>("policies/acme.yaml", text).expect_err(text)
    }

    #[test]
    fn an_unknown_key_is_shown_at_its_place_with_what_was_probably_meant() {
        assert_eq!(
            fault("gate: 1\nrules:\n  - id: a\n    efect: ask\n").to_string(),
            "policies/acme.yaml:4:5: unknown key `efect`, expected one of `id`, `effect`
  4 |     efect: ask
    |     ^
hint: did you mean `effect`?"
        );
    }

    #[test]
    fn faults_name_their_place_and_what_to_do() {
        for (text, place, message, hint) in [
            ("", (1, 1), "the text ends before anything is said", None),
            ("gate: 1\nprincipals: {}\n", (2, 1), "unknown key `principals`", None),
            ("gate: 1\nrules: [{id: a, effect: aks}]\n", (2, 25), "unknown value `aks`", Some("did you mean `ask`?")),
            ("gate: 1\nrules: [{id: a}]\n", (2, 10), "the key `effect` is missing", None),
            ("gate: one\n", (1, 7), "expected a whole number from 0 to 255", None),
            ("gate: -1\n", (1, 7), "expected a whole number from 0 to 255", None),
            ("gate: [1]\n", (1, 7), "expected a single value", None),
            ("gate: 1\nrules: 3\n", (2, 8), "expected a list (`- value`)", None),
            ("- a\n", (1, 1), "expected a mapping (`key: value`)", None),
            ("gate: 1\nstrict: yes\n", (2, 9), "expected true or false", None),
            ("gate: 1\nrules: [{id: ~, effect: ask}]\n", (2, 14), "a value is missing here", Some("in quotes")),
            ("gate: 1\nwithin: soon\n", (2, 9), "`soon` is not a length of time such as 30s, 15m or 2h", None),
            ("gate: 1\ngate: 1\n", (2, 1), "the key `gate` stands here twice", None),
            ("gate: 1\ncounts: {a: 1, a: 1}\n", (2, 16), "the key `a` stands here twice", None),
            ("gate: 1\nrules:\n\t- id: a\n", (3, 2), "a tab stands where only spaces may", Some("spaces")),
            ("gate: 1\n<<: {name: a}\n", (2, 1), "merge keys (`<<`) are not allowed", Some("write the keys out")),
            ("gate: &a 1\n", (1, 10), "anchors (`&`) and aliases (`*`) are not allowed", Some("quotes")),
            ("gate: 1\nname: *.sh\n", (2, 7), "anchors (`&`) and aliases (`*`) are not allowed", Some("quotes")),
            ("gate: 1\n---\ngate: 1\n", (2, 1), "a second document (`---`) is not allowed", Some("file")),
            ("gate: !env GATE\n", (1, 12), "the tag `!env` is not allowed", None),
            ("gate: 1\nname: a: b\n", (2, 8), "mapping values are not allowed", Some("put quotes")),
            ("gate: 1\nname: @a\n", (2, 7), "unexpected character", Some("put quotes")),
        ] {
            let fault = fault(text);
            assert_eq!((fault.line(), fault.column()), place, "{text}{fault}");
            assert!(fault.message().starts_with(message), "{text}{fault}");
            assert_eq!(fault.hint().is_some(), hint.is_some(), "{text}{fault}");
            assert!(fault.hint().unwrap_or_default().contains(hint.unwrap_or_default()), "{text}{fault}");
            assert!(!fault.message().contains('\n') && !fault.message().contains("u8"), "{fault}");
        }
    }

    #[test]
    fn values_remember_where_they_stand() {
        let text = "gate: 1\ncounts:\n  one: 1\nname:   acme\n";
        let policy: Policy = read("p", text).unwrap();
        let name = policy.name.unwrap();
        assert_eq!((name.value.as_str(), name.line(), name.column()), ("acme", 4, 9));
        let (key, count) = policy.counts.first_key_value().unwrap();
        assert_eq!((key.line(), key.column(), count.line(), count.column()), (3, 3, 3, 8));
        assert_eq!(
            name.error("p", text, "the name `acme` is taken", Some("choose another")).to_string(),
            "p:4:9: the name `acme` is taken\n  4 | name:   acme\n    |         ^\nhint: choose another"
        );
    }

    #[test]
    fn a_byte_order_mark_is_left_out_and_moves_no_place() {
        let policy: Policy = read("p", "\u{feff}gate: 1\nname: a\n").unwrap();
        assert_eq!(policy.name, Some(Placed::nowhere("a".into())));
        let fault = fault("\u{feff}gate: x\n");
        assert!(fault.to_string().ends_with("\n  1 | gate: x\n    |       ^"), "{fault}");
    }

    #[test]
    fn base64_stays_what_is_written() {
        let policy: Policy = read("p", "gate: 1\nname: !!binary cm0gLXJm\n").unwrap();
        assert_eq!(policy.name.unwrap().value, "cm0gLXJm");
    }

    #[test]
    fn a_text_too_large_is_refused_unread() {
        let text = format!("gate: 1 # {}", "x".repeat(10 * 1024 * 1024));
        let fault = fault(&text);
        assert_eq!((fault.line(), fault.message()), (0, "the text has 10485770 bytes, more than 4194304"));
        let most = format!("gate: 1 #{}", "x".repeat(LARGEST - 9));
        assert_eq!((most.len(), read::<Policy>("p", &most).unwrap().gate), (LARGEST, 1));
    }

    #[test]
    fn bombs_are_refused_quickly_even_where_nobody_looks_at_them() {
        let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, of) in ('b'..='i').zip('a'..) {
            let _ = writeln!(laughs, "{name}: &{name} [{}]", vec![format!("*{of}"); 9].join(", "));
        }
        let start = Instant::now();
        for (text, message) in [
            (laughs, "anchors"),
            ("[".repeat(100_000), "nested deeper"),
            ("{a: ".repeat(20_000), "nested deeper"),
            ("- ".repeat(100_000), "nested deeper"),
            (format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1)), "nested deeper"),
            (format!("x: [{}]", "1,".repeat(MAX_NODES)), "more than 500000"),
        ] {
            let fault = read::<serde::de::IgnoredAny>("p", &text).expect_err(message);
            assert!(fault.message().starts_with(message), "{fault}");
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        let deepest = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(read::<serde::de::IgnoredAny>("p", &deepest).is_ok());
    }

    #[test]
    fn nothing_in_a_shown_line_acts_on_the_terminal() {
        let hostile = "gate: 1\n\"na\u{202e}me\u{200b}\": '\u{7f}C:\\dir'\n";
        let shown = read::<Policy>("a\x1b[2Jb.yaml", hostile).unwrap_err().to_string();
        assert!(shown.starts_with(r"a\e[2Jb.yaml:2:"), "{shown}");
        assert!(shown.contains(r"\u{202E}") && shown.contains(r"C:\dir'"), "{shown}");
        assert!(!shown.contains(['\x1b', '\u{202e}', '\u{200b}', '\u{7f}']), "{shown}");
    }

    #[test]
    fn the_mark_stands_under_the_place_in_long_and_escaped_lines() {
        let line = format!("{}\u{200b}HERE{}", "é".repeat(500), "x".repeat(500));
        let shown = YamlError::at("p", &line, 1, 502, "wrong", None).to_string();
        let lines: Vec<Vec<char>> = shown.lines().map(|line| line.chars().collect()).collect();
        let mark = lines[2].iter().position(|c| *c == '^').unwrap();
        assert_eq!(lines[1][mark..mark + 4], ['H', 'E', 'R', 'E']);
        assert!(lines[1].len() < 200);
        assert!(YamlError::at("p", "a\n", 7, 3, "gone", None).to_string().ends_with("gone"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic_and_every_fault_can_be_shown(text in "[-a-z:\\[\\]{}&*!<>|'\"# \t\n\u{e9}\u{7}\u{feff}]{0,60}") {
            if let Err(fault) = read::<Policy>("p", &text) {
                prop_assert!(!fault.message().is_empty());
                prop_assert!(fault.to_string().chars().all(|c| c == '\n' || !c.is_control()));
            }
        }
    }
}
