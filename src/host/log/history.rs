//! What the log says about one request: its record, and how it ended. Refuses to believe a line that talks about the
//! request and does not verify.

use super::AuditLog;
use super::dir::Dir;
use super::error::LogError;
use super::read::{Piece, Snapshot};
use super::{blob, segment};
use crate::audit::{Kind, Pin, Record, Tip};
use crate::encoding::json::canonical;
use crate::model::RequestId;

/// What was found about a request.
#[derive(Debug)]
pub(super) struct History {
    id: RequestId,
    /// The record that holds it.
    pub request: Option<Record>,
    /// Why it ended without a run.
    pub ended: Option<String>,
    /// Where the run stands that it was used for.
    pub used: Option<Tip>,
    /// How far the log was read.
    end: (u64, u64),
}

impl History {
    /// Looks from the newest segment back until the request's own record is found: nothing about it can be older.
    pub fn of(dir: &Dir, pin: &Pin, id: RequestId, snapshot: &Snapshot) -> Result<Self, LogError> {
        let end = snapshot.segments.last().copied().unwrap_or_default();
        let mut history = Self { id, request: None, ended: None, used: None, end };
        for segment in snapshot.segments.iter().rev() {
            history.read(dir, pin, &Snapshot { segments: vec![*segment] }, (segment.0, 0))?;
            if history.request.is_some() {
                break;
            }
        }
        Ok(history)
    }

    /// Takes in what was written since.
    pub fn go_on(&mut self, dir: &Dir, pin: &Pin, snapshot: &Snapshot) -> Result<(), LogError> {
        self.read(dir, pin, snapshot, self.end)?;
        self.end = snapshot.segments.last().copied().unwrap_or_default();
        Ok(())
    }

    fn read(&mut self, dir: &Dir, pin: &Pin, snapshot: &Snapshot, from: (u64, u64)) -> Result<(), LogError> {
        // Cheap to look for, and only then read: a record may talk about a request without being about it.
        let wanted = format!("\"{}\"", self.id);
        let (mut in_segment, mut begin) = from;
        snapshot.each(dir, from, &mut |piece| {
            match piece {
                Piece::Segment(first) if first != in_segment => (in_segment, begin) = (first, 0),
                Piece::Line(end, line) => {
                    if std::str::from_utf8(line).is_ok_and(|text| text.contains(&wanted)) {
                        let path = dir.path(&segment::name(in_segment));
                        let damaged = |what| LogError::Damaged { path, offset: begin, seq: in_segment, what };
                        self.take(segment::verified(line, pin).map_err(damaged)?);
                    }
                    begin = end;
                }
                Piece::Segment(_) | Piece::Unfinished(_) => {}
            }
            Ok(())
        })
    }

    fn take(&mut self, record: Record) {
        match record.kind {
            Kind::Request if record.parsed("id") == Some(self.id) => self.request = Some(record),
            Kind::Run if record.parsed("used") == Some(self.id) => {
                self.used = Some(Tip { log: record.log, seq: record.seq, prev: record.prev });
            }
            Kind::Refuse if record.parsed("id") == Some(self.id) => {
                self.ended = Some(record.text("why").unwrap_or("refused").to_owned());
            }
            Kind::Genesis
            | Kind::Request
            | Kind::Verdict
            | Kind::Run
            | Kind::Refuse
            | Kind::Outcome
            | Kind::Grant
            | Kind::Policy
            | Kind::Key
            | Kind::Segment
            | Kind::Anchor
            | Kind::Repair
            | Kind::Clock
            | Kind::Erase => {}
        }
    }
}

/// A request as its durable record holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How it ended, if it did: `used`, or what its `refuse` record says.
    pub ended: Option<String>,
}

impl AuditLog {
    /// A request as its durable record holds it; `None` if the log holds no such request.
    ///
    /// # Errors
    /// If the log can't be read, or a line about the request does not verify.
    pub fn request(&self, id: RequestId) -> Result<Option<Recorded>, LogError> {
        let snapshot = Snapshot::taken(&self.dir, self.limits.patience)?;
        let history = History::of(&self.dir, &self.pin, id, &snapshot)?;
        let claimed = self.is_claimed(id)?;
        let Some(mut record) = history.request else { return Ok(None) };
        let blobs = self.dir.sub(blob::BLOBS)?;
        let seq = record.seq;
        let damaged = |what| LogError::Damaged { path: self.dir.path(blob::BLOBS), offset: 0, seq, what };
        record
            .restore(&mut |digest| blob::content(blobs.as_ref(), digest))
            .map_err(|what| damaged(what.to_string()))?;
        let request = record.members.get("request").ok_or_else(|| damaged("the record holds no request".to_owned()))?;
        let used = (history.used.is_some() || claimed).then(|| "used".to_owned());
        Ok(Some(Recorded { bytes: canonical(request)?, ended: used.or(history.ended) }))
    }
}
