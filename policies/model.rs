//! The nouns that the loader of policies needs, for the build script: the same files as in `src/model`.

#[path = "../src/model/class.rs"]
mod class;
#[path = "../src/model/command.rs"]
mod command;
#[path = "../src/model/detector.rs"]
mod detector;
#[path = "../src/model/listing.rs"]
mod listing;
#[path = "../src/model/table.rs"]
mod table;
#[path = "../src/model/text.rs"]
mod text;
#[path = "../src/model/tool.rs"]
mod tool;
#[path = "../src/model/word.rs"]
mod word;

pub use class::{ActionClass, Apart, DataLabel, Effect, Grade};
pub use command::UnresolvedKind;
pub use detector::Detector;
pub use listing::Listing;
use table::Table;
pub use text::Shown;
pub use tool::{Body, Context, Form, OperandGrammar, OptionGrammar, Place, Role, Runs, Slot, Syntax, Tool, Value};
pub use word::Word;
