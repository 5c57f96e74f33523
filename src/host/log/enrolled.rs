//! The newest `key` record: who was enrolled last, as the log has it. Refuses to believe a line that does not verify.

use super::error::LogError;
use super::read::{Piece, Snapshot};
use super::{AuditLog, blob, segment};
use crate::audit::{Kind, Record};
use crate::encoding::json::{Map, Value};

impl AuditLog {
    /// The members of the newest `key` record; `None` where nobody was ever enrolled.
    ///
    /// # Errors
    /// If the log can't be read, or that record does not verify.
    pub(super) fn enrolment(&self) -> Result<Option<Map<String, Value>>, LogError> {
        let snapshot = Snapshot::taken(&self.dir, self.limits.patience)?;
        for part in snapshot.segments.iter().rev() {
            let Some(mut record) = self.newest_of(&Snapshot { segments: vec![*part] })? else { continue };
            let blobs = self.dir.sub(blob::BLOBS)?;
            let seq = record.seq;
            record.restore(&mut |digest| blob::content(blobs.as_ref(), digest)).map_err(|what| LogError::Damaged {
                path: self.dir.path(blob::BLOBS),
                offset: 0,
                seq,
                what: what.to_string(),
            })?;
            return Ok(Some(record.members));
        }
        Ok(None)
    }

    fn newest_of(&self, part: &Snapshot) -> Result<Option<Record>, LogError> {
        let (mut newest, mut in_segment, mut begin) = (None, 0, 0);
        part.each(&self.dir, (0, 0), &mut |piece| {
            match piece {
                Piece::Segment(first) => (in_segment, begin) = (first, 0),
                Piece::Line(end, line) => {
                    // Cheap to look for, and only then read: a record may talk about the text without being of the type.
                    if std::str::from_utf8(line).is_ok_and(|text| text.contains("\"type\":\"key\"")) {
                        let path = self.dir.path(&segment::name(in_segment));
                        let damaged = |what| LogError::Damaged { path, offset: begin, seq: in_segment, what };
                        let record = segment::verified(line, &self.pin).map_err(damaged)?;
                        newest = Some(record).filter(|record| record.kind == Kind::Key).or(newest.take());
                    }
                    begin = end;
                }
                Piece::Unfinished(_) => {}
            }
            Ok(())
        })?;
        Ok(newest)
    }
}
