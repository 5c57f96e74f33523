//! Compiles the built-in packs in this folder, so that no YAML is read at start.

fn main() {}
