//! `gate audit ship`: keeps a copy of this host's log at the approval server, record by record, each verified there. Refuses
//! to go on where the server has another history than this host: then somebody changed one of them.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;

use crate::audit::leaf;
use crate::encoding::unpadded;
use crate::host::log::{self, Raw, Shipping};
use crate::model::LogId;
use crate::remote::records::{ENOUGH, End, Line, MOST_LINES, Shipment};
use crate::remote::{RemoteError, RemoteSink};

use super::super::exit;
use super::super::failure::Complaint;
use super::super::inbox::access;
use super::super::place::Place;
use super::{PATIENCE, counted, unreadable};

/// Send the records that the approval server does not have yet
///
/// The server verifies each, keeps it encrypted, and shows it to auditors. It goes on where it was left, so that a timer may
/// call it as often as wanted; no run waits for it.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Say nothing where all went well
    #[arg(long)]
    pub quiet: bool,
}

/// Ships this host's log.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Complaint> {
    let place = Place::read()?;
    let Some(remote) = &place.config.remote else {
        return Err(Complaint::new(exit::CONFIGURATION, "config.yaml names no approval server")
            .hint("`remote: {url: https://…}` names one"));
    };
    let access = access(remote, &place.paths, place.config.keys)
        .map_err(|failure| Complaint::failure(exit::CONFIGURATION, failure))?;
    let audit = place.paths.audit();
    let pin = log::read_pin(&place.paths.pin()).map_err(|fault| unreadable(fault, None))?;
    let pin = pin.ok_or_else(|| unreadable(log::LogError::Missing(audit.clone()), Some(&place.paths)))?;
    let sink = RemoteSink::new(access)?;
    let end = sink.end()?;
    same_log(&end, pin.log)?;
    // With the last one that is there already, so that the server sees it where this log is another by now.
    let from = end.size().saturating_sub(1);
    let mut lines = Shipping::from(&audit, from, PATIENCE).map_err(|fault| unreadable(fault, Some(&place.paths)))?;
    let (size, mut now) = (end.size(), end);
    let mut batch = Batch::new(pin.log);
    let mut read = 0;
    while let Some(raw) = lines.line().map_err(|fault| unreadable(fault, Some(&place.paths)))? {
        read += 1;
        if raw.number + 1 == size && Some(leaf(&raw.bytes)) == now.last && read == 1 {
            continue;
        }
        if batch.is_full_with(&raw) {
            now = shipped(&sink, batch.taken())?;
        }
        batch.add(raw);
    }
    if read == 0 && size > 0 {
        let why =
            format!("truncated: the approval server has {} of this log, and here are fewer", counted(size, "record"));
        return Err(
            Complaint::new(exit::EVIDENCE, why).hint("records at the end are gone here; the server has them still")
        );
    }
    if !batch.is_empty() {
        now = shipped(&sink, batch.taken())?;
    }
    if !arguments.quiet {
        let new = now.size().saturating_sub(size);
        let text = format!("shipped {}; the approval server has {}\n", counted(new, "record"), now.size());
        std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses to ship a log that is another than the one the server has.
fn same_log(end: &End, here: LogId) -> Result<(), Complaint> {
    match &end.head {
        Some(head) if head.log != here => {
            let why =
                format!("replaced: the approval server has the log {} of this host, and here is {here}", head.log);
            Err(Complaint::new(exit::EVIDENCE, why)
                .hint("find out who began a new log, and where the one before it is"))
        }
        Some(_) | None => Ok(()),
    }
}

fn shipped(sink: &RemoteSink, shipment: Shipment) -> Result<End, Complaint> {
    sink.ship(&shipment).map_err(|error| match error {
        RemoteError::Refused { status: 409 | 422, detail } => {
            Complaint::new(exit::EVIDENCE, format!("the approval server does not take the records: {detail}"))
                .hint("`gate audit verify --against-server` says whether this log or the server's copy was changed")
        }
        other => other.into(),
    })
}

/// Lines that travel together.
struct Batch {
    shipment: Shipment,
    bytes: usize,
}

impl Batch {
    const fn new(log: LogId) -> Self {
        Self { shipment: Shipment { log, from: 0, lines: Vec::new(), blobs: Vec::new() }, bytes: 0 }
    }

    const fn is_empty(&self) -> bool {
        self.shipment.lines.is_empty()
    }

    fn is_full_with(&self, raw: &Raw) -> bool {
        !self.is_empty() && (self.shipment.lines.len() >= MOST_LINES || self.bytes + weight(raw) > ENOUGH)
    }

    fn add(&mut self, raw: Raw) {
        if self.is_empty() {
            self.shipment.from = raw.number;
        }
        self.bytes += weight(&raw);
        for blob in raw.blobs {
            let blob = unpadded::encoded(&blob);
            if !self.shipment.blobs.contains(&blob) {
                self.shipment.blobs.push(blob);
            }
        }
        self.shipment.lines.push(Line { segment: raw.segment, line: unpadded::encoded(&raw.bytes) });
    }

    fn taken(&mut self) -> Shipment {
        std::mem::replace(self, Self::new(self.shipment.log)).shipment
    }
}

fn weight(raw: &Raw) -> usize {
    raw.bytes.len() + raw.blobs.iter().map(Vec::len).sum::<usize>()
}
