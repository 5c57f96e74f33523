//! The JSON Schema (draft 2020-12) of `config.yaml`, made from the types that read it. It says what may stand where; that
//! keys are whole, and that people and accounts fit together, is checked only when the file is read.

use schemars::generate::SchemaSettings;

use super::Written;
use crate::encoding::json::Value;

/// The schema of one `config.yaml`.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Written>();
    schema.insert("title".to_owned(), "gate configuration".into());
    // A file of comments says nothing, as no file does.
    schema.insert("type".to_owned(), vec!["object", "null"].into());
    schema.into()
}
