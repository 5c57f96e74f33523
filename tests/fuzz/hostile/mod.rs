//! Inputs that are made to be slow: nested, repeated, or short for very much.

mod arguments;
mod catalog;
mod code;
mod growing;
mod policy;
mod script;

/// Bytes of a long script: as many as gate reads.
const SCRIPT: usize = 64 << 10;

/// Something to read.
pub enum Input {
    /// For `bash -c`.
    Script(String),
    /// A program and its arguments.
    Arguments(Vec<String>),
    /// A policy of the user.
    Policy(String),
    /// A catalog.
    Catalog(String),
}

/// All of them, by what they are.
pub fn inputs() -> Vec<(String, Input)> {
    let mut all = Vec::new();
    for (name, text) in script::repeated().into_iter().chain(script::deep()).chain(growing::scripts()) {
        all.push((format!("script: {name}"), Input::Script(text)));
    }
    for (name, words) in arguments::arguments().into_iter().chain(code::code()) {
        all.push((format!("arguments: {name}"), Input::Arguments(words)));
    }
    for (name, text) in policy::policies() {
        all.push((format!("policy: {name}"), Input::Policy(format!("gate: 1\nname: a\n{text}"))));
    }
    for (name, text) in catalog::catalogs() {
        all.push((format!("catalog: {name}"), Input::Catalog(text)));
    }
    all
}

/// As often as it fits.
fn filled(text: &str) -> String {
    text.repeat(SCRIPT / text.len())
}

/// `open` so often, something within, and `close` as often.
fn nested(open: &str, within: &str, close: &str, deep: usize) -> String {
    format!("{}{within}{}", open.repeat(deep), close.repeat(deep))
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

/// A command with so many more words.
fn with(text: &[&str], more: impl Iterator<Item = String>) -> Vec<String> {
    words(text).into_iter().chain(more).collect()
}
