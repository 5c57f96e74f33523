//! JSON, base64 and YAML; nothing here signs.

#[path = "../../../src/encoding/json/mod.rs"]
pub mod json;
#[path = "../../../src/encoding/mime.rs"]
pub mod mime;
#[path = "../../../src/encoding/yaml/mod.rs"]
pub mod yaml;
