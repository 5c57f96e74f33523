//! From a durable receipt to the one value a command can be run from. Nothing outside this crate can make either, and
//! inside it `tests/house/floors.rs` names the only callers: the log makes receipts, the run action earns clearances.
//!
//! A receipt cannot be made up:
//!
//! ```compile_fail,E0624
//! use gate::clearance::{Receipt, Written};
//! fn forged(written: Written) -> Receipt {
//!     Receipt::durable(written)
//! }
//! ```
//!
//! And a clearance cannot be made without one:
//!
//! ```compile_fail,E0451
//! use gate::clearance::{Clearance, Written};
//! fn forged(written: Written, launch: gate::model::Launch) -> Clearance {
//!     Clearance { written, launch }
//! }
//! ```
//!
//! Nor can one receipt clear two runs:
//!
//! ```compile_fail,E0599
//! fn twice(receipt: gate::clearance::Receipt) {
//!     let second = receipt.clone();
//! }
//! ```

use crate::model::{Digest, Launch, LogId};

/// Where a record stands in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The log it is in.
    pub log: LogId,
    /// Its sequence number.
    pub seq: u64,
    /// The leaf hash of its line (RFC 6962).
    pub digest: Digest,
    /// Whether the record is of type `run`, so that it clears a command.
    pub cleared: bool,
}

/// Proof that a record is on disk and will survive a power cut.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Receipt(Written);

impl Receipt {
    /// Only the log may say this, after the record was synced.
    pub(crate) const fn durable(written: Written) -> Self {
        Self(written)
    }

    /// Where the record stands.
    #[must_use]
    pub const fn written(&self) -> &Written {
        &self.0
    }
}

/// The record behind the receipt does not clear a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {0} is not a run record, so nothing may run")]
pub struct NotCleared(u64);

/// The permission to run one command once; consumed by the launcher.
#[derive(Debug)]
#[must_use]
pub struct Clearance {
    written: Written,
    launch: Launch,
}

impl Clearance {
    /// Earned by a durable `run` record, for the launch that record describes.
    ///
    /// # Errors
    /// When the receipt is for a record of another type.
    pub(crate) fn earned(receipt: Receipt, launch: Launch) -> Result<Self, NotCleared> {
        let written = receipt.0;
        if written.cleared { Ok(Self { written, launch }) } else { Err(NotCleared(written.seq)) }
    }

    /// The record that cleared the command.
    #[must_use]
    pub const fn written(&self) -> &Written {
        &self.written
    }

    /// Gives the clearance up for what it allows to run.
    #[must_use]
    pub fn redeem(self) -> Launch {
        self.launch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cleared: bool) -> Written {
        Written { log: LogId::new([3; 16]), seq: 4, digest: Digest::of(b"line"), cleared }
    }

    fn launch() -> Launch {
        Launch {
            executable: "/bin/true".into(),
            held: None,
            arguments: vec!["true".into()],
            inputs: vec![],
            environment: vec![],
        }
    }

    #[test]
    fn only_a_run_record_clears_a_command() {
        assert!(Clearance::earned(Receipt::durable(written(false)), launch()).is_err());
        assert_eq!(Clearance::earned(Receipt::durable(written(true)), launch()).unwrap().redeem(), launch());
    }
}
