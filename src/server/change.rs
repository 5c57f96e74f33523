//! Everything that changes what the server knows, one after the other: each is checked against what is there, applied, and
//! written into the journal in the same transaction. Refuses what is already otherwise.

use super::database::{DatabaseError, Transaction, Value};
use super::door::Door;
use super::journal::{self, Last};
use super::records::Kept;
use super::tokens::Role;
use crate::encoding::json::{self, json};
use crate::model::{Answer, Digest, Fingerprint, LogHead, LogId, RequestId, Timestamp};
use crate::remote::wire::State;

/// One change.
#[derive(Debug, Clone)]
pub enum Change {
    /// Somebody may call.
    Token {
        /// What the token is called.
        id: String,
        /// As what.
        role: Role,
        /// The host, or the principal.
        name: String,
        /// The digest of its text.
        digest: Digest,
        /// When it ends, if it does.
        expires: Option<Timestamp>,
    },
    /// Somebody may call no more.
    Revoked {
        /// Which token.
        id: String,
    },
    /// A host asks.
    Published {
        /// The host.
        host: String,
        /// The key of its records.
        key: Fingerprint,
        /// The request.
        id: RequestId,
        /// The digest of its bytes.
        digest: Digest,
        /// When it was made.
        created: Timestamp,
        /// When it dies.
        expires: Timestamp,
        /// How large the host's log was then.
        head: LogHead,
        /// The publication, encrypted.
        sealed: Vec<u8>,
    },
    /// Somebody answers.
    Answered {
        /// To which request.
        request: RequestId,
        /// The digest of the verdict's bytes.
        digest: Digest,
        /// Who, by the verdict's own words.
        approver: String,
        /// What.
        decision: Answer,
        /// By which token.
        by: String,
        /// The verdict, encrypted.
        sealed: Vec<u8>,
    },
    /// A request is over.
    Closed {
        /// Which.
        request: RequestId,
        /// The host it must be of; none for the server itself.
        host: Option<String>,
        /// How it ended.
        state: State,
    },
    /// Somebody comes in by a browser, or may.
    Door(Door),
    /// Everything before was filled in from a copy.
    Restored {
        /// The digest of the copy.
        digest: Digest,
        /// When it was made.
        taken: Timestamp,
    },
    /// Requests that were over by then, and their answers, are no longer kept; nor is who was in.
    Forgotten {
        /// When.
        before: Timestamp,
    },
    /// What is stored is encrypted under another key.
    Rekeyed {
        /// The digest of the key.
        key: Digest,
    },
    /// A host ships its log.
    Kept(Kept),
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is so now.
    Done,
    /// It was so before; nothing changed.
    Same,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is none.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// Something else has this name.
    #[error("another {0} has this name")]
    Other(&'static str),
    /// The host's log is signed by another key than before.
    #[error("the host `{host}` is known by the key {known}, and this is signed by another")]
    OtherKey {
        /// The host.
        host: String,
        /// The fingerprint of its key.
        known: String,
    },
    /// The host showed another log, or the same with other records, before.
    #[error("the log of `{host}` is not the one it showed before: {why}")]
    OtherLog {
        /// The host.
        host: String,
        /// What differs.
        why: String,
    },
    /// The request is over.
    #[error("the request is over: {0}")]
    Over(&'static str),
    /// More than are kept.
    #[error("there are {0} answers to it already")]
    Full(i64),
    /// Somebody else was faster, so that it was checked against what is no more.
    #[error("somebody else changed it at the same time")]
    Moved,
    /// The database failed; whether it happened is not known.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What is stored has no canonical form.
    #[error("it cannot be written: {0}")]
    Unwritten(#[from] json::CanonicalError),
}

/// How many answers to one request are kept.
const MOST_ANSWERS: i64 = 64;

impl Change {
    /// Applies it. `last` is what this transaction wrote into the journal last, if it did.
    ///
    /// # Errors
    /// Each reason of [`Refused`]; all but `Database` are found before anything is written.
    pub async fn apply(
        &self,
        on: &mut Transaction<'_>,
        last: &mut Option<Last>,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        let outcome = match self {
            Self::Token { id, role, name, digest, expires } => {
                let values: [Value; 6] = [
                    id.as_str().into(),
                    role.name().into(),
                    name.as_str().into(),
                    digest.bytes().to_vec().into(),
                    now.micros().into(),
                    expires.map(Timestamp::micros).into(),
                ];
                on.change(
                    "INSERT INTO tokens (id, role, name, digest, created, expires) VALUES ($1, $2, $3, $4, $5, $6)",
                    &values,
                )
                .await?;
                Outcome::Done
            }
            Self::Revoked { id } => {
                let statement = "UPDATE tokens SET revoked = $1 WHERE id = $2 AND revoked IS NULL";
                match on.change(statement, &[now.micros().into(), id.as_str().into()]).await? {
                    0 => return Err(Refused::Missing("token")),
                    _ => Outcome::Done,
                }
            }
            Self::Published { .. } => self.publish(on, now).await?,
            Self::Answered { .. } => self.answer(on, now).await?,
            Self::Closed { request, host, state } => close(on, now, *request, host.as_deref(), *state).await?,
            Self::Door(door) => door.apply(on, now).await?,
            Self::Forgotten { before } => forget(on, *before).await?,
            Self::Restored { .. } | Self::Rekeyed { .. } => Outcome::Done,
            Self::Kept(kept) => kept.apply(on, now).await?,
        };
        if outcome == Outcome::Done {
            journal::add(on, last, now, self.told()).await?;
        }
        Ok(outcome)
    }

    /// The request whose waiters want to know.
    #[must_use]
    pub const fn about(&self) -> Option<RequestId> {
        match self {
            Self::Token { .. }
            | Self::Revoked { .. }
            | Self::Door(_)
            | Self::Restored { .. }
            | Self::Rekeyed { .. }
            | Self::Forgotten { .. }
            | Self::Kept(_) => None,
            Self::Published { id, .. } => Some(*id),
            Self::Answered { request, .. } | Self::Closed { request, .. } => Some(*request),
        }
    }

    async fn publish(&self, on: &mut Transaction<'_>, now: Timestamp) -> Result<Outcome, Refused> {
        let Self::Published { host, key, id, digest, created, expires, head, sealed } = self else {
            return Ok(Outcome::Same);
        };
        let found = on.rows("SELECT digest, host FROM requests WHERE id = $1", &[id.to_string().into()]).await?;
        if let Some(row) = found.first() {
            let same = row.text(0)? == digest.to_string() && row.text(1)? == host;
            return if same { Ok(Outcome::Same) } else { Err(Refused::Other("request")) };
        }
        known(on, host, *key, head.log, now).await?;
        seen(on, host, head, now).await?;
        let values: [Value; 7] = [
            id.to_string().into(),
            host.as_str().into(),
            digest.to_string().into(),
            created.micros().into(),
            expires.micros().into(),
            now.micros().into(),
            sealed.clone().into(),
        ];
        on.change(
            "INSERT INTO requests (id, host, digest, created, expires, arrived, state, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7)",
            &values,
        )
        .await?;
        Ok(Outcome::Done)
    }

    async fn answer(&self, on: &mut Transaction<'_>, now: Timestamp) -> Result<Outcome, Refused> {
        let Self::Answered { request, digest, approver, decision, by, sealed } = self else {
            return Ok(Outcome::Same);
        };
        let (id, digest) = (request.to_string(), digest.to_string());
        let found = on.rows("SELECT state FROM requests WHERE id = $1", &[id.as_str().into()]).await?;
        let state = found.first().ok_or(Refused::Missing("request"))?.text(0)?;
        let statement = "SELECT number FROM answers WHERE request = $1 AND digest = $2";
        if !on.rows(statement, &[id.as_str().into(), digest.as_str().into()]).await?.is_empty() {
            return Ok(Outcome::Same);
        }
        match State::named(state) {
            Some(State::Waiting) => {}
            over => return Err(Refused::Over(over.unwrap_or(State::Broken).name())),
        }
        let statement = "SELECT COALESCE(MAX(number), 0) FROM answers WHERE request = $1";
        let last = on.rows(statement, &[id.as_str().into()]).await?.first().map_or(Ok(0), |row| row.int(0))?;
        if last >= MOST_ANSWERS {
            return Err(Refused::Full(last));
        }
        let values: [Value; 8] = [
            id.into(),
            (last + 1).into(),
            digest.into(),
            approver.as_str().into(),
            word(*decision).into(),
            now.micros().into(),
            by.as_str().into(),
            sealed.clone().into(),
        ];
        on.change(
            "INSERT INTO answers (request, number, digest, approver, decision, arrived, by_token, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &values,
        )
        .await?;
        Ok(Outcome::Done)
    }

    /// What the journal says of it: who and which, and nothing that was asked.
    fn told(&self) -> json::Value {
        match self {
            Self::Token { id, role, name, .. } => json!({"kind": "token", "id": id, "role": role.name(), "name": name}),
            Self::Revoked { id } => json!({"kind": "revoked", "id": id}),
            Self::Published { host, key, id, digest, head, .. } => {
                json!({"kind": "published", "host": host, "key": key, "request": id, "digest": digest, "head": head})
            }
            Self::Answered { request, digest, approver, decision, by, .. } => {
                json!({"kind": "answered", "request": request, "verdict": digest, "approver": approver,
                    "decision": decision, "token": by})
            }
            Self::Closed { request, host, state } => {
                json!({"kind": "closed", "request": request, "host": host, "state": state.name()})
            }
            Self::Door(door) => door.told(),
            Self::Restored { digest, taken } => json!({"kind": "restored", "copy": digest, "taken": taken}),
            Self::Forgotten { before } => json!({"kind": "forgotten", "before": before}),
            Self::Rekeyed { key } => json!({"kind": "rekeyed", "key": key}),
            Self::Kept(kept) => kept.told(),
        }
    }
}

/// The word for an answer.
pub const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Approve => "approve",
        Answer::Deny => "deny",
    }
}

/// A host is known by the key that it showed first.
pub(super) async fn known(
    on: &mut Transaction<'_>,
    host: &str,
    key: Fingerprint,
    log: LogId,
    now: Timestamp,
) -> Result<(), Refused> {
    let (key, log) = (key.to_string(), log.to_string());
    let found = on.rows("SELECT record_key, log FROM hosts WHERE name = $1", &[host.into()]).await?;
    let Some(row) = found.first() else {
        let values = [host.into(), key.into(), log.into(), now.micros().into()];
        on.change("INSERT INTO hosts (name, record_key, log, first) VALUES ($1, $2, $3, $4)", &values).await?;
        return Ok(());
    };
    if row.text(0)? != key {
        return Err(Refused::OtherKey { host: host.to_owned(), known: row.text(0)?.to_owned() });
    }
    if row.text(1)? != log {
        let why = format!("it has the id {log}, and had {}", row.text(1)?);
        return Err(Refused::OtherLog { host: host.to_owned(), why });
    }
    Ok(())
}

/// One size of a log has one root, whether a request named it or the records themselves are here.
pub(super) async fn seen(on: &mut Transaction<'_>, host: &str, head: &LogHead, now: Timestamp) -> Result<(), Refused> {
    let size = i64::try_from(head.size).unwrap_or(i64::MAX);
    let (log, root) = (head.log.to_string(), head.root.to_string());
    let statement = "SELECT root FROM records WHERE log = $1 AND number = $2";
    let found = on.rows(statement, &[log.as_str().into(), (size - 1).into()]).await?;
    if let Some(row) = found.first().filter(|row| row.text(0).ok() != Some(&root)) {
        let why = format!("{size} records had the root {}, and now have {root}", row.text(0)?);
        return Err(Refused::OtherLog { host: host.to_owned(), why });
    }
    let statement = "SELECT root FROM heads WHERE log = $1 AND size = $2";
    let found = on.rows(statement, &[log.as_str().into(), size.into()]).await?;
    match found.first() {
        Some(row) if row.text(0)? != root => {
            let why = format!("{size} records had the root {}, and now have {root}", row.text(0)?);
            Err(Refused::OtherLog { host: host.to_owned(), why })
        }
        Some(_) => Ok(()),
        None => {
            let values = [host.into(), log.into(), size.into(), root.into(), now.micros().into()];
            on.change("INSERT INTO heads (host, log, size, root, seen) VALUES ($1, $2, $3, $4, $5)", &values).await?;
            Ok(())
        }
    }
}

async fn close(
    on: &mut Transaction<'_>,
    now: Timestamp,
    request: RequestId,
    host: Option<&str>,
    state: State,
) -> Result<Outcome, Refused> {
    let id = request.to_string();
    let found = on.rows("SELECT state, host FROM requests WHERE id = $1", &[id.as_str().into()]).await?;
    let row = found.first().ok_or(Refused::Missing("request"))?;
    if host.is_some_and(|host| row.text(1).ok() != Some(host)) {
        return Err(Refused::Missing("request"));
    }
    match State::named(row.text(0)?) {
        Some(State::Waiting) => {}
        Some(before) if before == state => return Ok(Outcome::Same),
        before => return Err(Refused::Over(before.unwrap_or(State::Broken).name())),
    }
    let values = [state.name().into(), now.micros().into(), id.into()];
    on.change("UPDATE requests SET state = $1, closed = $2 WHERE id = $3", &values).await?;
    Ok(Outcome::Done)
}

/// So many requests are forgotten together.
const FORGOTTEN: i64 = 500;

async fn forget(on: &mut Transaction<'_>, before: Timestamp) -> Result<Outcome, Refused> {
    let over = "SELECT id FROM requests WHERE state <> 'waiting' AND closed < $1 ORDER BY id LIMIT $2";
    let values = [before.micros().into(), FORGOTTEN.into()];
    let mut gone = on.change(&format!("DELETE FROM answers WHERE request IN ({over})"), &values).await?;
    gone += on.change(&format!("DELETE FROM requests WHERE id IN ({over})"), &values).await?;
    for table in ["sessions", "invitations"] {
        gone += on.change(&format!("DELETE FROM {table} WHERE expires < $1"), &[before.micros().into()]).await?;
    }
    Ok(if gone == 0 { Outcome::Same } else { Outcome::Done })
}
