//! Rules in, a decision out; refuses a policy that it cannot read in full.

mod built_in;
mod layers;
pub mod load;

pub use layers::Policy;
pub use load::error::PolicyError;
pub use load::layer::{Layer, Source};
