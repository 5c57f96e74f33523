//! JSON and YAML; nothing here signs.

#[path = "../../../src/encoding/json/mod.rs"]
pub mod json;
#[path = "../../../src/encoding/yaml/mod.rs"]
pub mod yaml;
