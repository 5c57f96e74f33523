//! A request is used up before its run is recorded. Refuses a second use, whether the claim or only the run record of the
//! first one is still there.

use serde::{Deserialize, Serialize};

use super::AuditLog;
use super::dir::Dir;
use super::disk::Step;
use super::error::{ClaimError, Doing as _, LogError};
use super::key::written;
use super::read::{Piece, Snapshot};
use super::turn::Turn;
use crate::audit::{Entry, Kind, Known, Mark, Record, Tip};
use crate::clearance::Receipt;
use crate::encoding::json::{canonical, strict};
use crate::model::{Digest, LogHead, LogId, RequestId};

/// The directory, one file a request.
const USED: &str = "used";

/// What a claim says: the head of the log just before the run.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    last: Digest,
    log: LogId,
    size: u64,
}

impl AuditLog {
    /// Uses a request up and records the run it clears, naming the request in the member `used`. `head` is the head that
    /// the request itself names: runs recorded before it can't be the request's.
    ///
    /// # Errors
    /// `AlreadyUsed` if the request was claimed before; whatever else keeps a record from being durable.
    pub fn claim(&mut self, request: RequestId, head: &LogHead, run: Entry) -> Result<Receipt, ClaimError> {
        if run.kind() != Kind::Run {
            return Err(ClaimError::NotRun);
        }
        // Claims can be lost when files are restored from elsewhere; the log then still knows.
        let lost = self.recorded_use(request, head.size)?;
        let mut turn = Turn::taken(self)?;
        let used = self.dir.sub_made(USED)?;
        let name = request.to_string();
        if let Some(before) = lost {
            if !used.has(&name)? {
                self.keep_claim(&used, &name, &before)?;
            }
            return Err(ClaimError::AlreadyUsed(request));
        }
        if used.has(&name)? {
            return Err(ClaimError::AlreadyUsed(request));
        }
        self.keep_claim(&used, &name, &turn.tip)?;
        self.reached(Step::Claimed)?;
        let written = turn.add(&run.using(request))?;
        Ok(turn.finish(written)?)
    }

    fn keep_claim(&self, used: &Dir, name: &str, tip: &Tip) -> Result<(), LogError> {
        let claim = canonical(&Claim { last: tip.prev, log: tip.log, size: tip.seq })?;
        // INVARIANT (one run): O_EXCL decides, whatever was looked at before.
        let mut file = used.make(name).doing("claim", used.path(name))?;
        written(&*self.disk, &mut file, &claim).doing("write", used.path(name))?;
        used.sync()
    }

    /// Where a run record that used this request stands, if there is one.
    fn recorded_use(&self, request: RequestId, since: u64) -> Result<Option<Tip>, LogError> {
        let snapshot = Snapshot::taken(&self.dir, self.limits.patience)?;
        let from = snapshot.segments.iter().map(|(first, _)| *first).filter(|first| *first <= since).max().unwrap_or(0);
        let wanted = format!("\"used\":\"{request}\"");
        let mut found = None;
        snapshot.each(&self.dir, (from, 0), &mut |piece| {
            let Piece::Line(_, line) = piece else { return Ok(()) };
            // Cheap to look for, and only then read: a record may talk about such a text without being one.
            if std::str::from_utf8(line).is_ok_and(|text| text.contains(&wanted)) {
                let record = Record::read(line).ok().map(|(record, _)| record);
                let run = record.filter(|record| record.kind == Kind::Run && record.parsed("used") == Some(request));
                found = found.or(run.map(|run| Tip { log: run.log, seq: run.seq, prev: run.prev }));
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// The heads that claims know.
pub(super) fn heads(dir: &Dir) -> Result<Vec<Known>, LogError> {
    let Some(used) = dir.sub(USED)? else { return Ok(Vec::new()) };
    let mut heads = Vec::new();
    for name in used.names()?.into_iter().filter(|name| name.parse::<RequestId>().is_ok()) {
        // An unreadable claim still uses its request up; it only knows no head.
        let claim: Option<Claim> = used.content(&name, 4096)?.and_then(|bytes| strict(&bytes).ok());
        heads.extend(claim.map(|claim| Known {
            size: claim.size,
            mark: Mark::Last(claim.last),
            source: format!("{USED}/{name}"),
        }));
    }
    Ok(heads)
}
