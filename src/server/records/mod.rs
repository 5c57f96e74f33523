//! The audit sink: what hosts ship of their logs is verified on arrival with the log's own verifier, stored encrypted, and
//! found again by auditors. Refuses what does not follow from what is there, and keeps proof of what contradicts it.
//!
//! Plain columns say which host, log and number, when, which type, rules and outcome, and which request; what was run, by
//! whom and why opens with the server's key alone.

mod arriving;
mod change;
mod hosts;
mod search;
mod stored;

pub use arriving::arrive;
pub use change::{Arrived, Kept, Shipped};
pub use hosts::{against, anchor, end, hosts};
pub use search::{Order, Search, Seen, one, search};

use crate::model::{Digest, LogId};

/// The row that a record is bound to.
fn place_of(log: LogId, number: u64) -> String {
    format!("record {log} {number}")
}

/// The row that a line is bound to which contradicts a record.
fn place_of_conflict(log: LogId, number: u64, digest: &Digest) -> String {
    format!("conflict {log} {number} {digest}")
}

/// The row that a blob is bound to.
fn place_of_blob(log: LogId, digest: &Digest) -> String {
    format!("blob {log} {digest}")
}

/// The row that the verifier's standing is bound to: an older one does not fit another size.
fn place_of_standing(log: LogId, size: u64) -> String {
    format!("log {log} {size}")
}
