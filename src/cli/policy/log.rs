//! The audit log, read for what it says about rules; refuses one that does not verify.

use std::path::PathBuf;

use crate::audit::Record;
use crate::host::clock::HostClock;
use crate::host::log;
use crate::model::{Shown, Timestamp};
use crate::ports::Clock as _;

use super::super::audit::show::Since;
use super::super::audit::{PATIENCE, place, unreadable};
use super::super::exit;
use super::super::failure::Complaint;
use super::super::surroundings::paths;

/// Shows every record to `visit`, in order.
pub fn each(dir: Option<&PathBuf>, visit: &mut dyn FnMut(&Record)) -> Result<(), Complaint> {
    let paths = paths()?;
    let own = dir.is_none();
    let pin = if own { log::read_pin(&paths.pin()).map_err(|fault| unreadable(fault, None))? } else { None };
    let report = log::verify(&place(dir, &paths), pin, Vec::new(), PATIENCE, visit)
        .map_err(|fault| unreadable(fault, own.then_some(&paths)))?;
    match report.first() {
        None => Ok(()),
        Some(fault) => {
            let message = format!("not every record verifies: {}", Shown::text(&fault.to_string()));
            Err(Complaint::new(exit::EVIDENCE, message).hint("`gate audit verify` says more"))
        }
    }
}

/// From when on.
pub fn moment(since: Option<Since>) -> Option<Timestamp> {
    since.map(|since| since.moment(HostClock.now().wall))
}
