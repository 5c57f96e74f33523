//! The JSON Schema (draft 2020-12) of policy files, made from the types that read them. It says what may stand where; that
//! names are known and patterns can be read is checked only when a policy is read.

use schemars::generate::SchemaSettings;

use super::load::written::WrittenFile;
use crate::encoding::json::Value;

/// The schema of one policy file.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<WrittenFile>();
    schema.insert("title".to_owned(), "gate policy".into());
    schema.into()
}
