//! Records, chain, tree and their verification as pure functions over bytes (format version 1); refuses to guess: what
//! is not written exactly so is a fault with a name and a place.

#[cfg(test)]
mod attacks;
mod blob;
mod body;
mod entry;
mod fault;
#[cfg(test)]
mod history;
mod line;
mod lines;
mod report;
mod seal;
mod tree;
mod verify;

pub use blob::{Blob, Lookup};
pub use body::{Genesis, Opening, Pin, Torn, clock_stepped, closing};
pub use entry::{Entry, Kind, Mode, Reserved};
pub use fault::{Fault, What};
pub use line::{LineFault, Record, Sealed, leaf};
pub use lines::{Lines, body, seconds, visible, whole};
pub use report::{Note, Report};
pub use seal::{Line, SealError, Stamp, Tip, sealed};
pub use tree::{Tree, TreeFault};
pub use verify::{Known, Mark, Standing, Verifier};

/// The DSSE payload type of a record's body.
pub const PAYLOAD_TYPE: &str = "application/vnd.gate.audit.v1+json";

/// The longest line, without its newline (the length prefix of C2SP tlog-tiles has 16 bits).
pub const LONGEST_LINE: usize = 65_535;
