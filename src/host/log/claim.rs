//! A request is used up before its run is recorded. Refuses a second use, whether the claim or only the run record of the
//! first one is still there.

use serde::{Deserialize, Serialize};

use super::AuditLog;
use super::dir::Dir;
use super::disk::Step;
use super::error::{ClaimError, Doing as _, LogError};
use super::history::History;
use super::key::written;
use super::read::Snapshot;
use super::turn::Turn;
use crate::audit::{Entry, Kind, Known, Mark, Tip};
use crate::clearance::Receipt;
use crate::encoding::json::{canonical, strict};
use crate::model::{Digest, LogId, RequestId};

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
    /// Uses a request up and records the run it clears, naming the request in the member `used`.
    ///
    /// # Errors
    /// `AlreadyUsed` if the request was claimed before, `Ended` if it was denied, withdrawn or the like, `Unknown` if it is
    /// not in this log; whatever else keeps a record from being durable.
    pub fn claim(&mut self, request: RequestId, run: Entry) -> Result<Receipt, ClaimError> {
        if run.kind() != Kind::Run {
            return Err(ClaimError::NotRun);
        }
        // Most is read before the lock is taken, and what came since with the lock held.
        let snapshot = Snapshot::taken(&self.dir, self.limits.patience)?;
        let mut history = History::of(&self.dir, &self.pin, request, &snapshot)?;
        self.reached(Step::Looked)?;
        let mut turn = Turn::taken(self)?;
        history.go_on(&self.dir, &self.pin, &Snapshot::now(&self.dir)?)?;
        let used = self.dir.sub_made(USED)?;
        let name = request.to_string();
        let claimed = used.has(&name)?;
        if let Some(before) = history.used.filter(|_| !claimed) {
            // Claims can be lost when files are restored from elsewhere; the log still knows.
            self.keep_claim(&used, &name, &before)?;
            return Err(ClaimError::AlreadyUsed(request));
        }
        if claimed {
            return Err(ClaimError::AlreadyUsed(request));
        }
        if let Some(why) = history.ended {
            return Err(ClaimError::Ended(request, why));
        }
        if history.request.is_none() {
            return Err(ClaimError::Unknown(request));
        }
        // A claim is a head that is known: what it counts must not be less durable than itself.
        turn.settle()?;
        self.keep_claim(&used, &name, &turn.tip)?;
        self.reached(Step::Claimed)?;
        let written = turn.add(&run.using(request))?;
        Ok(turn.finish(written)?)
    }

    /// Whether a claim for the request is there.
    pub(super) fn is_claimed(&self, request: RequestId) -> Result<bool, LogError> {
        self.dir.has(&format!("{USED}/{request}"))
    }

    fn keep_claim(&self, used: &Dir, name: &str, tip: &Tip) -> Result<(), LogError> {
        let claim = canonical(&Claim { last: tip.prev, log: tip.log, size: tip.seq })?;
        // INVARIANT (one run): O_EXCL decides, whatever was looked at before.
        let mut file = used.make(name).doing("claim", used.path(name))?;
        written(&*self.disk, &mut file, &claim).doing("write", used.path(name))?;
        used.sync()
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
