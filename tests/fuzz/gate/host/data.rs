//! What catalogs say of data.

#[path = "../../../../src/host/data/catalog/mod.rs"]
pub mod catalog;
