//! Segments: their names, the one that is written to, and the end of a file. Refuses a finished line that does not verify.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::dir::Dir;
use super::error::{Doing as _, LogError};
use crate::audit::{LONGEST_LINE, Pin, Record, leaf};
use crate::model::Digest;

/// How much of the end is read at first; most lines fit.
const WINDOW: u64 = 8 * 1024;

/// How many bytes without a newline are still taken for a torn line.
const LONGEST_TORN: u64 = 16 * 1024 * 1024;

/// The file name of the segment that begins with this sequence number.
pub(super) fn name(first: u64) -> String {
    format!("{first:012}.jsonl")
}

/// The sequence number a segment's file name says.
pub(super) fn first(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(".jsonl")?;
    let first = digits.parse().ok()?;
    (name(first) == file).then_some(first)
}

/// All segments in order.
pub(super) fn all(dir: &Dir) -> Result<Vec<u64>, LogError> {
    let mut segments: Vec<u64> = dir.names()?.iter().filter_map(|file| first(file)).collect();
    segments.sort_unstable();
    Ok(segments)
}

/// A segment open for appending.
#[derive(Debug)]
pub(super) struct Segment {
    /// Its first sequence number.
    pub first: u64,
    /// The file.
    pub file: File,
    /// Its length.
    pub size: u64,
}

/// The end of a segment.
#[derive(Debug)]
pub(super) struct Tail {
    /// The last whole line, verified; `None` if there is none.
    pub last: Option<Record>,
    /// Bytes after the last newline.
    pub torn: Vec<u8>,
}

impl Segment {
    /// Opens a segment; `None` if there is no such file.
    pub fn open(dir: &Dir, first: u64) -> Result<Option<Self>, LogError> {
        let name = name(first);
        let file = match dir.append(&name) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault).doing("open", dir.path(&name)),
        };
        let stat = file.metadata().doing("look at", dir.path(&name))?;
        if !stat.is_file() {
            return Err(LogError::Unfit { path: dir.path(&name), why: "is not a regular file" });
        }
        Ok(Some(Self { first, size: stat.len(), file }))
    }

    /// Reads the end and verifies the last whole line.
    pub fn tail(&self, dir: &Dir, pin: &Pin) -> Result<Tail, LogError> {
        let mut window = WINDOW.min(self.size);
        loop {
            let start = self.size - window;
            let bytes = self.bytes(dir, start, window)?;
            let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            let (whole, torn) = bytes.split_at_checked(end).unwrap_or_default();
            let lines = whole.strip_suffix(b"\n");
            let newline = lines.and_then(|lines| lines.iter().rposition(|byte| *byte == b'\n'));
            let begin = newline.map(|newline| newline + 1).or((start == 0).then_some(0));
            match (lines, begin) {
                (Some(lines), Some(begin)) => {
                    let offset = start + u64::try_from(begin).unwrap_or(0);
                    let record = verified(lines.get(begin..).unwrap_or_default(), pin)
                        .map_err(|what| self.damaged(dir, offset, self.seq_at(offset), what))?;
                    return Ok(Tail { last: Some(record), torn: torn.to_vec() });
                }
                (None, Some(_)) => return Ok(Tail { last: None, torn: torn.to_vec() }),
                (Some(line), None) if line.len() > LONGEST_LINE => {
                    return Err(self.damaged(dir, start, self.first, "the line is too long".to_owned()));
                }
                (None, None) if window >= LONGEST_TORN => {
                    return Err(self.damaged(dir, start, self.first, "the end is no line".to_owned()));
                }
                (_, None) => window = (window * 8).min(self.size),
            }
        }
    }

    /// Checks that the last `span` bytes are a chain: after a power cut, lines can be on disk without those before them.
    pub fn check_chain(&self, dir: &Dir, span: u64) -> Result<(), LogError> {
        let start = self.size.saturating_sub(span);
        let bytes = self.bytes(dir, start, self.size - start)?;
        let mut offset = start;
        let mut before: Option<(u64, Digest)> = None;
        for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            // What stands after the last newline is a torn line, and has its own answer.
            let Some(line) = line.strip_suffix(b"\n") else { break };
            // The first piece may be the end of a line.
            if at > 0 || start == 0 {
                let seq = before.map_or(self.first, |(seq, _)| seq + 1);
                let (record, _) =
                    Record::read(line).map_err(|fault| self.damaged(dir, offset, seq, fault.to_string()))?;
                if before.is_some_and(|(_, digest)| record.seq != seq || record.prev != digest) {
                    return Err(self.damaged(dir, offset, seq, "it does not follow the line before it".to_owned()));
                }
                before = Some((record.seq, leaf(line)));
            }
            offset += u64::try_from(line.len()).unwrap_or(0) + 1;
        }
        Ok(())
    }

    /// The number that belongs to the line at this offset; only asked to say where the damage is.
    fn seq_at(&self, offset: u64) -> u64 {
        let mut seq = self.first;
        let mut at = 0;
        let mut bytes = vec![0; 64 * 1024];
        while let Some(length) = self.file.read_at(&mut bytes, at).ok().filter(|length| *length > 0) {
            let within = usize::try_from(offset.saturating_sub(at)).map_or(length, |rest| rest.min(length));
            let newlines = bytes.iter().take(within).filter(|byte| **byte == b'\n').count();
            seq = seq.saturating_add(u64::try_from(newlines).unwrap_or(0));
            at += u64::try_from(length).unwrap_or(0);
            if at >= offset {
                break;
            }
        }
        seq
    }

    fn bytes(&self, dir: &Dir, start: u64, length: u64) -> Result<Vec<u8>, LogError> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, start).doing("read", dir.path(&name(self.first)))?;
        Ok(bytes)
    }

    pub(super) fn damaged(&self, dir: &Dir, offset: u64, seq: u64, what: String) -> LogError {
        LogError::Damaged { path: dir.path(&name(self.first)), offset, seq, what }
    }
}

/// A line that is a record of this log, signed by its key.
pub(super) fn verified(line: &[u8], pin: &Pin) -> Result<Record, String> {
    let (record, sealed) = Record::read(line).map_err(|fault| fault.to_string())?;
    if record.log != pin.log {
        return Err(format!("it belongs to the log {}", record.log));
    }
    if !sealed.is_signed_by(&pin.key) {
        return Err("the signature does not fit the body".to_owned());
    }
    Ok(record)
}
