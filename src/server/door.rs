//! Who comes in by a browser: invitations to make a passkey, passkeys, sessions. Nothing here lets a command run: which key
//! may answer is pinned on the hosts.

use std::time::Duration;

use super::change::{Outcome, Refused};
use super::database::{Transaction, Value};
use super::tokens::Role;
use crate::encoding::json::{self, json};
use crate::encoding::unpadded;
use crate::model::{Digest, Fingerprint, PublicKey, Timestamp};

/// How long an invitation counts.
pub const INVITED: Duration = Duration::from_secs(15 * 60);
/// How long a session lasts.
pub const SESSION: Duration = Duration::from_secs(8 * 3600);
/// How long one lasts that began at a provider, which may know the person no more.
pub const SESSION_BY_PROVIDER: Duration = Duration::from_secs(3600);

/// One change at the door.
#[derive(Debug, Clone)]
pub enum Door {
    /// Somebody may make a passkey, once.
    Invited {
        /// The digest of the code.
        digest: Digest,
        /// Whose passkey it will be.
        principal: String,
        /// When it ends.
        expires: Timestamp,
    },
    /// They made it.
    Enrolled {
        /// The digest of the code.
        invitation: Digest,
        /// By what the browser finds it.
        credential: Vec<u8>,
        /// The key.
        key: PublicKey,
    },
    /// A passkey comes in no more.
    Dropped {
        /// Which.
        passkey: Fingerprint,
    },
    /// Somebody is in.
    Entered {
        /// The digest of the session's secret.
        digest: Digest,
        /// Who.
        principal: String,
        /// As what.
        role: Role,
        /// By which token or passkey, or who a provider said it is.
        entrance: String,
        /// What must not let anybody in again.
        once: Option<Digest>,
        /// When it ends.
        expires: Timestamp,
    },
    /// They leave.
    Left {
        /// The digest of the session's secret.
        digest: Digest,
    },
}

impl Door {
    /// Applies it.
    ///
    /// # Errors
    /// Each reason of [`Refused`]; all but `Database` are found before anything is written.
    pub async fn apply(&self, on: &mut Transaction<'_>, now: Timestamp) -> Result<Outcome, Refused> {
        match self {
            Self::Invited { digest, principal, expires } => {
                let values: [Value; 4] = [
                    digest.to_string().into(),
                    principal.as_str().into(),
                    now.micros().into(),
                    expires.micros().into(),
                ];
                let statement = "INSERT INTO invitations (digest, principal, created, expires) VALUES ($1, $2, $3, $4)";
                on.change(statement, &values).await?;
            }
            Self::Enrolled { invitation, credential, key } => enrol(on, now, *invitation, credential, key).await?,
            Self::Dropped { passkey } => {
                let statement = "UPDATE passkeys SET revoked = $1 WHERE fingerprint = $2 AND revoked IS NULL";
                if on.change(statement, &[now.micros().into(), passkey.to_string().into()]).await? == 0 {
                    return Err(Refused::Missing("passkey"));
                }
            }
            Self::Entered { digest, principal, role, entrance, once, expires } => {
                let once = once.map(|once| once.to_string());
                if let Some(once) = &once
                    && !on
                        .rows("SELECT digest FROM sessions WHERE once = $1", &[once.as_str().into()])
                        .await?
                        .is_empty()
                {
                    return Err(Refused::Other("session"));
                }
                let values: [Value; 7] = [
                    digest.to_string().into(),
                    principal.as_str().into(),
                    role.name().into(),
                    entrance.as_str().into(),
                    once.into(),
                    now.micros().into(),
                    expires.micros().into(),
                ];
                on.change(
                    "INSERT INTO sessions (digest, principal, role, entrance, once, created, expires)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    &values,
                )
                .await?;
            }
            Self::Left { digest } => {
                let statement = "UPDATE sessions SET ended = $1 WHERE digest = $2 AND ended IS NULL";
                if on.change(statement, &[now.micros().into(), digest.to_string().into()]).await? == 0 {
                    return Ok(Outcome::Same);
                }
            }
        }
        Ok(Outcome::Done)
    }

    /// What the journal says of it.
    pub fn told(&self) -> json::Value {
        match self {
            Self::Invited { principal, expires, .. } => {
                json!({"kind": "invited", "principal": principal, "expires": expires})
            }
            Self::Enrolled { invitation, key, .. } => {
                json!({"kind": "enrolled", "invitation": invitation, "key": key, "fingerprint": key.fingerprint()})
            }
            Self::Dropped { passkey } => json!({"kind": "dropped", "passkey": passkey}),
            Self::Entered { digest, principal, role, entrance, .. } => {
                json!({"kind": "entered", "session": digest, "principal": principal, "role": role.name(), "by": entrance})
            }
            Self::Left { digest } => json!({"kind": "left", "session": digest}),
        }
    }
}

/// An invitation is used up by the passkey that it made.
async fn enrol(
    on: &mut Transaction<'_>,
    now: Timestamp,
    invitation: Digest,
    credential: &[u8],
    key: &PublicKey,
) -> Result<(), Refused> {
    let (invitation, fingerprint) = (invitation.to_string(), key.fingerprint().to_string());
    let credential = unpadded::encoded(credential);
    let statement = "SELECT principal FROM invitations WHERE digest = $1 AND used IS NULL AND expires > $2";
    let found = on.rows(statement, &[invitation.as_str().into(), now.micros().into()]).await?;
    let principal = found.first().ok_or(Refused::Missing("invitation"))?.text(0)?.to_owned();
    let statement = "SELECT fingerprint FROM passkeys WHERE fingerprint = $1 OR credential = $2";
    if !on.rows(statement, &[fingerprint.as_str().into(), credential.as_str().into()]).await?.is_empty() {
        return Err(Refused::Other("passkey"));
    }
    let values: [Value; 2] = [now.micros().into(), invitation.into()];
    on.change("UPDATE invitations SET used = $1 WHERE digest = $2", &values).await?;
    let values: [Value; 5] =
        [fingerprint.into(), credential.into(), principal.into(), key.to_string().into(), now.micros().into()];
    let statement =
        "INSERT INTO passkeys (fingerprint, credential, principal, key, created) VALUES ($1, $2, $3, $4, $5)";
    on.change(statement, &values).await?;
    Ok(())
}
