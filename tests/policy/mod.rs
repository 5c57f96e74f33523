//! The built-in packs, judged as commands are: every rule proves its own examples through the whole classification.

mod compiled;
mod examples;
