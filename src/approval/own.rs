//! Nobody approves their own request. Which request is one's own, and the two exceptions, each of which stays on record.

use serde::{Deserialize, Serialize};

use super::roster::{Roster, is_unclaimed, is_workload, unclaimed_parts};
use crate::model::{Requester, SelfApproval};

/// Why an approval counts although gate does not know, or knows too well, who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exception {
    /// `self_approval: agents`: the owner answers for an agent under an account of theirs.
    Agent,
    /// Nobody claims the requester's account: the approver may also be the one who asks.
    Unclaimed,
}

/// How somebody stands to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standpoint {
    /// Somebody else's request, as far as can be known.
    Other,
    /// Somebody else's, or their own: nobody claims the account.
    Unknown,
    /// Their own, asked by an agent of theirs under their account, where that is allowed.
    OwnAgent,
    /// Their own: the request names them.
    OwnRequest,
    /// Their own: it comes from an account that they claim.
    OwnAccount(String),
}

pub(super) fn standpoint(roster: &Roster, requester: &Requester, approver: &str) -> Standpoint {
    let claims = &requester.principals;
    let account = claims.iter().find_map(|claim| {
        let (name, host) = unclaimed_parts(&claim.principal)?;
        let enrolled = roster.principal(approver)?;
        enrolled.accounts.iter().any(|own| own.is(name, host)).then(|| format!("{name}@{host}"))
    });
    let own = match (claims.iter().find(|claim| claim.principal == approver), account) {
        // A source that is an account names people through what they claim.
        (Some(claim), _) if is_account_source(&claim.source) => {
            Standpoint::OwnAccount(format!("uid {}", requester.uid))
        }
        (Some(_), _) => Standpoint::OwnRequest,
        (None, Some(account)) => Standpoint::OwnAccount(account),
        // INVARIANT (nobody unknown): a request that names no requester is everybody's own.
        (None, None) if claims.is_empty() => Standpoint::OwnRequest,
        (None, None) if claims.iter().any(|claim| is_unclaimed(&claim.principal)) => Standpoint::Unknown,
        (None, None) => Standpoint::Other,
    };
    let agent = claims.iter().any(|claim| {
        let owner = roster.principal(&claim.principal).and_then(|principal| principal.owner.as_deref());
        is_workload(&claim.principal) && owner == Some(approver)
    });
    match (own, roster.self_approval()) {
        (Standpoint::OwnAccount(_), SelfApproval::Agents) if agent => Standpoint::OwnAgent,
        (own, SelfApproval::Agents | SelfApproval::Never) => own,
    }
}

fn is_account_source(source: &str) -> bool {
    matches!(source, "uid" | "ancestor" | "login" | "SUDO_UID" | "DOAS_USER")
}
