//! The house rules: tests that read the sources and hold what no compiler holds. They judge text, never behaviour.

mod broken;
mod exceptions;
mod floors;
mod forgotten;
mod rules;
mod sandbox;
mod source;
mod text;
