//! Reads a log as it was at one moment, while writers go on. Refuses to hold more than one line in memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Take};
use std::path::Path;
use std::time::Duration;

use super::dir::Dir;
use super::error::{Doing as _, LogError};
use super::lock::Lock;
use super::{blob, claim, segment};
use crate::audit::{Known, LONGEST_LINE, Pin, Record, Report, Verifier};

/// A log as it was at one moment: its segments and how long each was.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub segments: Vec<(u64, u64)>,
}

/// What a reader meets.
pub(super) enum Piece<'a> {
    /// The next segment begins.
    Segment(u64),
    /// A line that ends at this offset of the segment, without its newline.
    Line(u64, &'a [u8]),
    /// So many bytes after the last newline of a segment.
    Unfinished(u64),
}

impl Snapshot {
    /// What is there now; whoever calls holds the lock, or knows that nobody is in the middle of a line.
    pub fn now(dir: &Dir) -> Result<Self, LogError> {
        let mut segments = Vec::new();
        for first in segment::all(dir)? {
            let name = segment::name(first);
            let stat = dir.read(&name).and_then(|file| file.metadata()).doing("look at", dir.path(&name))?;
            segments.push((first, stat.len()));
        }
        Ok(Self { segments })
    }

    /// What was there between two writers' turns.
    pub fn taken(dir: &Dir, patience: Duration) -> Result<Self, LogError> {
        let _lock = Lock::shared(dir, patience)?;
        Self::now(dir)
    }

    /// Goes through all lines from this place on.
    pub fn each(
        &self,
        dir: &Dir,
        from: (u64, u64),
        piece: &mut dyn FnMut(Piece<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        for (first, length) in self.segments.iter().filter(|(first, _)| *first >= from.0) {
            let start = if *first == from.0 { from.1 } else { 0 };
            let name = segment::name(*first);
            let mut lines = Lines::of(dir, *first, *length, start)?;
            piece(Piece::Segment(*first))?;
            loop {
                match lines.next().doing("read", dir.path(&name))? {
                    Some(true) => piece(Piece::Line(lines.offset, &lines.line))?,
                    Some(false) => piece(Piece::Unfinished(length.saturating_sub(lines.offset)))?,
                    None => break,
                }
            }
        }
        Ok(())
    }
}

pub(super) struct Lines {
    reader: BufReader<Take<File>>,
    /// Where the line read last ends; for an unfinished one, where it begins.
    offset: u64,
    /// The line read last, without its newline.
    pub line: Vec<u8>,
}

impl Lines {
    /// The lines of a segment that was so long, from an offset on.
    pub fn of(dir: &Dir, first: u64, length: u64, start: u64) -> Result<Self, LogError> {
        let name = segment::name(first);
        let mut file = dir.read(&name).doing("open", dir.path(&name))?;
        file.seek(SeekFrom::Start(start)).doing("read", dir.path(&name))?;
        let reader = BufReader::with_capacity(256 * 1024, file.take(length.saturating_sub(start)));
        Ok(Self { reader, offset: start, line: Vec::new() })
    }

    /// The next line: whether it is finished, or `None` at the end. What is beyond the length of any line is read and
    /// dropped, so that a file without newlines does not fill the memory.
    pub fn next(&mut self) -> std::io::Result<Option<bool>> {
        self.line.clear();
        let mut length = 0;
        loop {
            let available = self.reader.fill_buf()?;
            if available.is_empty() {
                return Ok((length > 0).then_some(false));
            }
            let newline = available.iter().position(|byte| *byte == b'\n');
            let part = newline.unwrap_or(available.len());
            let room = (LONGEST_LINE + 1).saturating_sub(self.line.len());
            self.line.extend(available.iter().take(part.min(room)));
            let taken = part + usize::from(newline.is_some());
            self.reader.consume(taken);
            length += u64::try_from(taken).unwrap_or(0);
            if newline.is_some() {
                self.offset += length;
                return Ok(Some(true));
            }
        }
    }
}

/// Verifies a log, or a copy of one anywhere. Each record that is what it should be is shown to `visit`, with its blobs
/// put back, in order.
///
/// # Errors
/// If files cannot be read; what is wrong with the log itself stands in the report.
pub fn verify(
    audit: &Path,
    pin: Option<Pin>,
    mut known: Vec<Known>,
    patience: Duration,
    visit: &mut dyn FnMut(&Record),
) -> Result<Report, LogError> {
    let dir = Dir::open(audit)?.ok_or_else(|| LogError::Missing(audit.to_owned()))?;
    // The claims first: one that is made meanwhile names a record that is not in the snapshot.
    known.extend(claim::heads(&dir)?);
    let snapshot = Snapshot::taken(&dir, patience)?;
    verified(&dir, &snapshot, Verifier::new(pin, known), visit)
}

pub(super) fn verified(
    dir: &Dir,
    snapshot: &Snapshot,
    mut verifier: Verifier,
    visit: &mut dyn FnMut(&Record),
) -> Result<Report, LogError> {
    let blobs = dir.sub(blob::BLOBS)?;
    snapshot.each(dir, (0, 0), &mut |piece| {
        match piece {
            Piece::Segment(first) => verifier.segment(first),
            Piece::Line(_, line) => {
                if let Some(record) = verifier.line(line, &mut |digest| blob::content(blobs.as_ref(), digest)) {
                    visit(&record);
                }
            }
            Piece::Unfinished(length) => verifier.unfinished(length),
        }
        Ok(())
    })?;
    Ok(verifier.finish())
}
