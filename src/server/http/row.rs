//! Rows of the database as they are told.

use super::App;
use super::problem::Problem;
use crate::encoding::{json, unpadded};
use crate::model::{Answer, RequestId, Timestamp};
use crate::remote::wire::{Answered, Listed, Publication, State};
use crate::server::clock::now;
use crate::server::database::Row;
use crate::server::sealing::{of_answer, of_request};

/// When a request is over by the server's clock: it lives as long as its host says from when it arrived, since the host's
/// clock may be another.
pub const EXPIRY: &str = "(arrived + (expires - created))";

/// The columns that [`listed`] reads; the last one is [`EXPIRY`].
pub const LISTED: &str = "id, host, digest, created, expires, state,
    (SELECT COUNT(*) FROM answers WHERE answers.request = requests.id), (arrived + (expires - created))";

/// Which column stands behind those of [`LISTED`].
pub const BEHIND: usize = 8;

/// A request in a list. One whose time is over is told so, before anybody has closed it.
pub fn listed(row: &Row) -> Result<Listed, Problem> {
    let broken = |_| Problem::unavailable("a request counts a negative number of answers");
    let state = State::named(row.text(5)?)
        .ok_or_else(|| Problem::unavailable("a request has a state that this gate does not know"))?;
    Ok(Listed {
        id: row.parsed(0)?,
        host: row.text(1)?.to_owned(),
        digest: row.parsed(2)?,
        created: time(row.int(3)?),
        expires: time(row.int(4)?),
        state: if state == State::Waiting && time(row.int(7)?) <= now() { State::Expired } else { state },
        answers: u64::try_from(row.int(6)?).map_err(broken)?,
    })
}

/// A request as it was published.
pub fn publication(app: &App, id: RequestId, sealed: &[u8]) -> Result<Publication, Problem> {
    let text = app.sealing.opened(&of_request(&id.to_string()), sealed)?;
    json::strict(&text).map_err(|error| Problem::unavailable(format!("request {id} as it is stored: {error}")))
}

/// The answers to a request behind this number.
pub async fn answers(app: &App, id: RequestId, after: u64) -> Result<Vec<Answered>, Problem> {
    let statement = "SELECT number, digest, approver, decision, arrived, sealed FROM answers
        WHERE request = $1 AND number > $2 ORDER BY number";
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = app.database.rows(statement, &[id.to_string().into(), after.into()]).await?;
    rows.iter().map(|row| answered(app, id, row)).collect()
}

fn answered(app: &App, id: RequestId, row: &Row) -> Result<Answered, Problem> {
    let digest = row.text(1)?;
    let verdict = app.sealing.opened(&of_answer(&id.to_string(), digest), row.blob(5)?)?;
    Ok(Answered {
        number: u64::try_from(row.int(0)?).map_err(|_| Problem::unavailable("an answer has a negative number"))?,
        digest: row.parsed(1)?,
        approver: row.text(2)?.to_owned(),
        decision: if row.text(3)? == "approve" { Answer::Approve } else { Answer::Deny },
        arrived: time(row.int(4)?),
        verdict: unpadded::encoded(&verdict),
    })
}

/// A time as the database has it.
pub fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH)
}
