//! Policies, judged as commands are: every built-in rule proves its own examples through the whole classification, and
//! environments are told by real files.

mod compiled;
mod contents;
mod examples;
mod labelled;
mod landing;
mod replay;
mod results;
mod schema;
mod tables;
