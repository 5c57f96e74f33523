//! The log as the use cases see it; decides nothing.

use super::error::{ClaimError, LogError};
use super::{AuditLog, BROKEN, LOCK};
use crate::audit::Entry;
use crate::clearance::Receipt;
use crate::encoding::dsse;
use crate::encoding::json::{Map, Value};
use crate::model::{Digest, Fingerprint, LogHead, LogId, PublicKey, RequestId};
use crate::ports::{Failure, Log, Recorded, Unclaimed};

impl Log for AuditLog {
    fn id(&self) -> LogId {
        self.pin.log
    }

    fn key(&self) -> Fingerprint {
        self.pin.key.fingerprint()
    }

    fn sign(&self, payload_type: &str, bytes: &[u8]) -> (PublicKey, [u8; 64]) {
        (self.key.public().clone(), self.key.sign(&dsse::pae(payload_type, bytes)))
    }

    fn has_policy(&mut self, digest: &Digest) -> Result<bool, Failure> {
        Ok(Self::has_policy(self, digest)?)
    }

    fn append(&mut self, entries: Vec<Entry>) -> Result<Receipt, Failure> {
        Ok(Self::append(self, &entries)?)
    }

    fn append_at_head(
        &mut self,
        build: &mut dyn FnMut(&LogHead) -> Result<Entry, Failure>,
    ) -> Result<Receipt, Failure> {
        self.append_with_head(build).map(|(receipt, _)| receipt)
    }

    fn claim(&mut self, request: RequestId, entry: Entry) -> Result<Receipt, Unclaimed> {
        Self::claim(self, request, entry).map_err(|fault| match fault {
            ClaimError::AlreadyUsed(id) => Unclaimed::Used(id),
            ClaimError::Log(fault) => Unclaimed::Failed(fault.into()),
            ClaimError::NotRun | ClaimError::Unknown(_) | ClaimError::Ended(..) => {
                Unclaimed::Failed(Failure::of(&fault))
            }
        })
    }

    fn enrolment(&mut self) -> Result<Option<Map<String, Value>>, Failure> {
        Ok(Self::enrolment(self)?)
    }

    fn request(&mut self, id: RequestId) -> Result<Option<Recorded>, Failure> {
        let recorded = Self::request(self, id)?;
        Ok(recorded.map(|super::Recorded { bytes, ended }| Recorded { bytes, ended }))
    }
}

/// With the next step, where there is one.
impl From<LogError> for Failure {
    fn from(fault: LogError) -> Self {
        let hint = match &fault {
            LogError::Broken(_) | LogError::NotDurable(_) => Some(format!(
                "once the disk is well: gate audit verify, then gate audit repair takes `audit/{BROKEN}` away"
            )),
            LogError::Damaged { .. } | LogError::Tree => {
                Some("gate audit verify says what is wrong; gate audit repair goes on behind it".to_owned())
            }
            LogError::Missing(_) | LogError::NotPinned { .. } | LogError::OtherLog { .. } => {
                Some("put it back, or begin another log with gate init --new-log".to_owned())
            }
            LogError::Busy(_) => Some(format!("fuser -v audit/{LOCK} shows who holds it")),
            LogError::Short(..) => Some("make room on the disk; the next record repairs the torn one".to_owned()),
            LogError::Io { .. }
            | LogError::LockReplaced(_)
            | LogError::Unfit { .. }
            | LogError::Keyring(_)
            | LogError::Seal(_)
            | LogError::Nothing => None,
        };
        Self { message: fault.to_string(), hint }
    }
}
