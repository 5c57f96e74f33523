//! Rules in, a decision out; refuses a policy that it cannot read in full.

mod above;
mod built_in;
mod compared;
mod compiled;
mod facts;
mod judge;
mod known;
mod labels;
mod landing;
mod layers;
pub mod load;
mod matrix;
mod places;
mod requirement;
pub mod resource;
mod schema;
mod seen;
mod sources;
mod tables;
mod waiver;

pub use compiled::Reading;
pub use judge::{Circumstances, Judgement};
pub use layers::Policy;
pub use load::error::PolicyError;
pub use load::layer::{Layer, Source};
pub use load::rule::{Examples, Rule};
pub use places::Places;
pub use schema::schema;
pub use sources::{Rereading, Sources};

#[cfg(test)]
mod tests;
