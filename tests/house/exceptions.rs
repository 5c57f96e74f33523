//! Every lint that the program switches off, and why. A new one is a row here; a row without its attribute goes.

use super::source::{Kind, Source, tree};
use std::collections::BTreeMap;

/// File, lint, how often, and why.
const EXCEPTIONS: &[(&str, &str, usize, &str)] =
    &[("src/host/raw.rs", "unsafe_code", 1, "the one fence around fork, exec and sigaction")];

/// Lints switched off in what is compiled into the program, and those without a reason.
fn found(sources: &[Source]) -> (BTreeMap<(String, String), usize>, Vec<String>) {
    let mut counts = BTreeMap::new();
    let mut unreasoned = Vec::new();
    for source in sources {
        for (at, token) in source.tokens.iter().enumerate() {
            let attribute = at > 0 && (source.tokens[at - 1].sign('[') || source.tokens[at - 1].sign(','));
            let opens = source.tokens.get(at + 1).is_some_and(|next| next.sign('('));
            if !(attribute && opens && (token.is("allow") || token.is("expect"))) {
                continue;
            }
            let inside: Vec<&Kind> = source.tokens[at + 2..]
                .iter()
                .map(|token| &token.kind)
                .take_while(|k| **k != Kind::Sign(')'))
                .collect();
            if !inside.contains(&&Kind::Word("reason".to_owned())) {
                unreasoned.push(format!("{}:{}: no reason", source.path, token.line));
            }
            for lint in inside.split(|kind| **kind == Kind::Sign(',')) {
                let words: Vec<&str> = lint
                    .iter()
                    .filter_map(|kind| if let Kind::Word(word) = kind { Some(word.as_str()) } else { None })
                    .collect();
                if !words.is_empty() && words != ["reason"] {
                    *counts.entry((source.path.clone(), words.join("::"))).or_insert(0) += 1;
                }
            }
        }
    }
    (counts, unreasoned)
}

#[test]
fn every_lint_that_is_switched_off_is_listed_with_its_reason() {
    let (counts, unreasoned) = found(&tree(&["src"]));
    assert!(unreasoned.is_empty(), "\n{}\n", unreasoned.join("\n"));
    let listed: BTreeMap<(String, String), usize> =
        EXCEPTIONS.iter().map(|(file, lint, count, _)| (((*file).to_owned(), (*lint).to_owned()), *count)).collect();
    assert_eq!(counts, listed, "left: src/, right: the table in tests/house/exceptions.rs");
    assert!(EXCEPTIONS.iter().all(|(_, _, _, why)| why.len() > 10));
}

#[test]
fn a_lint_switched_off_is_seen_however_it_is_written() {
    let text = "#![allow(dead_code, reason = \"x\")]\n#[expect(clippy::panic)]\nfn f() { x.expect(\"y\") }\n\
                #[cfg_attr(test, allow(unused))]\nfn g() {}\n#[cfg(test)]\n#[allow(unused)]\nmod tests {}\n";
    let (counts, unreasoned) = found(&[Source::new("src/a.rs", text)]);
    let lints: Vec<(&str, usize)> = counts.iter().map(|((_, lint), count)| (lint.as_str(), *count)).collect();
    assert_eq!(lints, [("clippy::panic", 1), ("dead_code", 1), ("unused", 1)]);
    assert_eq!(unreasoned, ["src/a.rs:2: no reason", "src/a.rs:4: no reason"]);
}
