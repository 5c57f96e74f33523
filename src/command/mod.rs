//! Text and arguments in, simple commands out; what it cannot see it calls unresolved, and never safe.

mod arguments;
mod built;
mod code;
mod context;
mod exports;
mod fuel;
mod identity;
mod inner;
mod made;
mod options;
mod package;
mod printed;
mod program;
mod reading;
mod script;
pub mod shell;
mod sql;
#[cfg(test)]
mod table;
mod unseen;
mod wrapped;

pub use reading::{Around, Asked, MAX_COMMANDS, MAX_DEPTH, Reading, Tools, read};
