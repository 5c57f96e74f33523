//! What every file looks like: it opens by saying what it is for, stays short, and promises nothing for later.

use super::source::{Source, tree};

const LONGEST: usize = 600;

fn faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = source.text.lines().count();
    if lines > LONGEST {
        faults.push(format!("{}:{LONGEST}: {lines} lines; split it by noun", source.path));
    }
    if !source.text.starts_with("//! ") {
        faults.push(format!("{}:1: does not open with `//!`", source.path));
    }
    for (at, line) in source.text.lines().enumerate() {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '!');
        if source.path.starts_with("src/") && words.any(is_promise) {
            faults.push(format!("{}:{}: a promise for later: {}", source.path, at + 1, line.trim()));
        }
    }
    faults
}

fn is_promise(word: &str) -> bool {
    matches!(word.trim_end_matches('!'), "TODO" | "FIXME" | "XXX") || matches!(word, "todo!" | "unimplemented!")
}

#[test]
fn every_file_says_what_it_is_for_and_is_short_and_whole() {
    let faults: Vec<String> = tree(&["src", "tests", "policies"]).iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_file_without_purpose_too_long_or_unfinished_is_refused() {
    let refused = |text: &str| !faults(&Source::new("src/host/x.rs", text)).is_empty();
    assert!(!refused("//! Says why.\nfn todo() {}\n"));
    assert!(refused("// Says why.\n"));
    assert!(refused("//! Says why.\n// TODO: more\n"));
    assert!(refused("//! Says why.\nfn f() { todo!() }\n"));
    assert!(refused("//! Says why.\nfn f() { unimplemented!(\"x\") }\n"));
    assert!(refused(&format!("//! Says why.\n{}", "\n".repeat(LONGEST))));
}
