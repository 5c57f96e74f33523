//! Lines as they stand on the disk, from a number on, with what they name: for whoever keeps them elsewhere and verifies
//! them there. Refuses to judge them.

use std::path::Path;
use std::time::Duration;

use super::blob;
use super::dir::Dir;
use super::error::{Doing as _, LogError};
use super::read::{Lines, Snapshot};
use super::segment;
use crate::audit::Record;

/// The lines of a log, as it was at one moment.
pub struct Shipping {
    dir: Dir,
    /// Segments that are still to be read, the last first, and how long they were.
    segments: Vec<(u64, u64)>,
    open: Option<(u64, Lines)>,
    /// The number of the next line.
    next: u64,
    from: u64,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The segment it stands in, by the segment's first number.
    pub segment: u64,
    /// Its number, which is its place in the log's tree.
    pub number: u64,
    /// Its bytes, without the newline.
    pub bytes: Vec<u8>,
    /// What it names.
    pub blobs: Vec<Vec<u8>>,
}

impl Shipping {
    /// From this number on.
    ///
    /// # Errors
    /// If there is no log, or writers do not finish their line in time.
    pub fn from(audit: &Path, from: u64, patience: Duration) -> Result<Self, LogError> {
        let dir = Dir::open(audit)?.ok_or_else(|| LogError::Missing(audit.to_owned()))?;
        let mut segments = Snapshot::taken(&dir, patience)?.segments;
        // Numbers begin anew with each segment's name, also where a repair left a gap before it.
        let first = segments.iter().rposition(|(first, _)| *first <= from).unwrap_or(0);
        segments.drain(..first);
        segments.reverse();
        Ok(Self { dir, segments, open: None, next: 0, from })
    }

    /// The next line; none at the end. An unfinished last line is not there yet.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn line(&mut self) -> Result<Option<Raw>, LogError> {
        loop {
            let Some((segment, lines)) = &mut self.open else {
                let Some((first, length)) = self.segments.pop() else { return Ok(None) };
                self.open = Some((first, Lines::of(&self.dir, first, length, 0)?));
                self.next = first;
                continue;
            };
            let whole = lines.next().doing("read", self.dir.path(&segment::name(*segment)))?;
            if whole != Some(true) {
                self.open = None;
                continue;
            }
            let number = self.next;
            self.next += 1;
            if number >= self.from {
                let (segment, bytes) = (*segment, lines.line.clone());
                let blobs = self.blobs(&bytes)?;
                return Ok(Some(Raw { segment, number, bytes, blobs }));
            }
        }
    }

    /// What a line names, as far as it is there.
    fn blobs(&self, line: &[u8]) -> Result<Vec<Vec<u8>>, LogError> {
        let mut found = Vec::new();
        if let Ok((mut record, _)) = Record::read(line) {
            let blobs = self.dir.sub(blob::BLOBS)?;
            // What is missing, whoever verifies will find.
            let _ = record.restore(&mut |digest| {
                let bytes = blob::content(blobs.as_ref(), digest);
                found.extend(bytes.clone());
                bytes
            });
        }
        Ok(found)
    }
}
