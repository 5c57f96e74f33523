//! The nouns of gate as plain, checked values; refuses to read files, clocks or the environment.

mod class;
mod command;
mod digest;
mod finding;
mod id;
mod key;
mod launch;
mod text;
mod time;
mod tool;
mod word;

pub use class::{ActionClass, Apart, DataLabel, Effect, Grade};
pub use command::{Command, ContextName, Flag, SecretWord, Stdin, Touch, Unresolved, UnresolvedKind, Via};
pub use digest::{Digest, InvalidDigest};
pub use finding::{Clause, Decision, Finding, Requirement};
pub use id::{InvalidId, LogId, RequestId};
pub use key::{Fingerprint, InvalidFingerprint, InvalidKey, KeyKind, PublicKey};
pub use launch::{Ended, Held, Launch};
pub use text::{Shown, quoted, quoted_word};
pub use time::{InvalidSpan, InvalidTimestamp, Span, Timestamp};
pub use tool::{Body, Context, Form, OperandGrammar, OptionGrammar, Place, Role, Runs, Slot, Syntax, Tool, Value};
pub use word::{Hole, Origin, Piece, Word};
