//! YAML with places, for the build script: the same files as in `src/encoding`.

#[path = "../src/encoding/yaml/mod.rs"]
pub mod yaml;
