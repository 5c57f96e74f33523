//! A shipment is held against what is there, line by line: what was here before is compared, what is new is verified behind
//! it. Refuses all of a shipment where one line does not hold; a line that its host signed and that contradicts what it
//! signed before is kept as proof.

use std::collections::BTreeMap;

use super::change::{Arrived, Kept, Shipped, column};
use super::stored::{Log, log_of};
use super::{place_of, place_of_blob, place_of_conflict, place_of_standing};
use crate::audit::{Fault, Kind, Known, Mark, Record, Standing, Verifier, What, leaf};
use crate::encoding::json::{self, Value};
use crate::encoding::unpadded;
use crate::model::{Digest, LogHead, LogId, PublicKey, Shown, Timestamp};
use crate::remote::records::{End, MOST_LINES, Shipment};
use crate::server::change::{Change, Outcome, Refused};
use crate::server::clock::now;
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::writer::WriteError;

/// How often it is tried again where the same host ships by two ways at once.
const TRIES: usize = 3;

/// A shipment whose bytes were read.
struct Lines {
    log: LogId,
    from: u64,
    lines: Vec<(u64, Vec<u8>)>,
    blobs: BTreeMap<Digest, Vec<u8>>,
}

/// What came of new lines.
enum Judged {
    /// All hold.
    Hold(Box<Shipped>),
    /// One does not.
    Fault(Box<Fault>, Vec<u8>),
}

/// Takes lines of a host's log; says how far it is here then, and whether anything was new.
///
/// # Errors
/// Where a line does not hold, another is there, or the log is another than the host's.
pub async fn arrive(app: &App, host: &str, shipment: &Shipment) -> Result<(End, Outcome), Problem> {
    let lines = Lines::read(shipment)?;
    for _ in 0..TRIES {
        match lines.arrive(app, host).await? {
            Some(told) => return Ok(told),
            // Somebody else shipped the same meanwhile; now it is compared.
            None => continue,
        }
    }
    Err(Problem::unavailable("others ship the same log, again and again"))
}

impl Lines {
    fn read(shipment: &Shipment) -> Result<Self, Problem> {
        let form = || Problem::form("a line or blob is not base64 without padding");
        let decoded = |text: &str| unpadded::decoded(text.as_bytes()).ok_or_else(form);
        if shipment.lines.is_empty() || shipment.lines.len() > MOST_LINES {
            return Err(Problem::form(format!("a shipment has 1 to {MOST_LINES} lines")));
        }
        let lines = shipment.lines.iter().map(|line| Ok((line.segment, decoded(&line.line)?)));
        let lines = lines.collect::<Result<Vec<_>, Problem>>()?;
        let blobs = shipment.blobs.iter().map(|blob| decoded(blob).map(|bytes| (Digest::of(&bytes), bytes)));
        let blobs = blobs.collect::<Result<BTreeMap<_, _>, Problem>>()?;
        Ok(Self { log: shipment.log, from: shipment.from, lines, blobs })
    }

    /// None where what is there changed meanwhile.
    async fn arrive(&self, app: &App, host: &str) -> Result<Option<(End, Outcome)>, Problem> {
        let log = log_of(app, host).await?;
        if let Some(log) = log.as_ref().filter(|log| log.head.log != self.log) {
            let why = format!("this host's log is {}, and {} is another", log.head.log, self.log);
            return Err(Problem::evidence(why));
        }
        let size = log.as_ref().map_or(0, |log| log.head.size);
        if self.from > size {
            return Err(Problem::conflict(format!("records {size} to {} are missing before these", self.from - 1)));
        }
        let known = self.same(app, host, log.as_ref()).await?;
        let new = self.lines.get(known..).unwrap_or_default();
        if new.is_empty() {
            return Ok(log.map(|log| (log.end(), Outcome::Same)));
        }
        let heads = self.heads(app, size).await?;
        let shipped = match tokio::task::block_in_place(|| self.verified(app, host, log.as_ref(), new, heads))? {
            Judged::Hold(shipped) => *shipped,
            Judged::Fault(fault, line) => return Err(self.refused(app, host, log.as_ref(), &fault, &line).await?),
        };
        if log.is_none() {
            self.own(app, host).await?;
        }
        let end = End { head: Some(shipped.head), last: Some(shipped.last) };
        match app.writer.make(Change::Kept(Kept::Shipped(shipped))).await {
            Ok(outcome) => Ok(Some((end, outcome))),
            Err(WriteError::Refused(Refused::Moved)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// How many of the lines are here already, byte for byte.
    async fn same(&self, app: &App, host: &str, log: Option<&Log>) -> Result<usize, Problem> {
        let Some(log) = log.filter(|log| self.from < log.head.size) else { return Ok(0) };
        let statement = "SELECT number, digest FROM records WHERE log = $1 AND number >= $2 ORDER BY number LIMIT $3";
        let most = i64::try_from(self.lines.len()).unwrap_or(i64::MAX);
        let values = [self.log.to_string().into(), column(self.from).into(), most.into()];
        let rows = app.database.rows(statement, &values).await?;
        if rows.first().map(|row| row.int(0)).transpose()? != Some(column(self.from)) {
            return Err(Problem::conflict(format!("there is no record {}: a person gave up on it", self.from)));
        }
        for (row, (_, line)) in rows.iter().zip(&self.lines) {
            let (had, digest): (Digest, Digest) = (row.parsed(1)?, leaf(line));
            if had != digest {
                let number = u64::try_from(row.int(0)?).unwrap_or_default();
                let why = format!("record {number} is here already, and is another");
                return Err(self
                    .contradicts(app, host, log.standing(app)?.key(), number, (Some(had), line), why)
                    .await?);
            }
        }
        Ok(rows.len())
    }

    /// Heads that the host has shown, of what follows.
    async fn heads(&self, app: &App, size: u64) -> Result<Vec<Known>, Problem> {
        let most = size.saturating_add(u64::try_from(self.lines.len()).unwrap_or(u64::MAX));
        let statement = "SELECT size, root FROM heads WHERE log = $1 AND size > $2 AND size <= $3 ORDER BY size";
        let values = [self.log.to_string().into(), column(size).into(), column(most).into()];
        let rows = app.database.rows(statement, &values).await?;
        let known = rows.iter().map(|row| {
            let size = u64::try_from(row.int(0)?).unwrap_or_default();
            Ok(Known { size, mark: Mark::Root(row.parsed(1)?), source: "the server".to_owned() })
        });
        known.collect()
    }

    /// What the new lines are, or the first fault and its line.
    fn verified(
        &self,
        app: &App,
        host: &str,
        log: Option<&Log>,
        new: &[(u64, Vec<u8>)],
        heads: Vec<Known>,
    ) -> Result<Judged, Problem> {
        let (mut verifier, mut segment) = match log {
            Some(log) => {
                let standing = log.standing(app)?;
                let segment = standing.segment();
                (Verifier::resumed(standing, heads), Some(segment))
            }
            None => (Verifier::new(None, heads), None),
        };
        let mut records = Vec::with_capacity(new.len());
        let mut time = now();
        for (stands_in, line) in new {
            if segment != Some(*stands_in) {
                verifier.segment(*stands_in);
                segment = Some(*stands_in);
            }
            let record = verifier.line(line, &mut |digest| self.blobs.get(digest).cloned());
            time = record.as_ref().map_or(time, |record| record.time);
            let (size, root) = verifier.size_and_root();
            let number = size.saturating_sub(1);
            let sealed = app.sealing.sealed(&place_of(self.log, number), line)?;
            let stored = Place { number, segment: *stands_in, time, digest: leaf(line), root, sealed };
            records.push(stored.arrived(record.as_ref()));
        }
        let Some(standing) = verifier.standing() else {
            let fault = verifier
                .first_fault()
                .cloned()
                .ok_or_else(|| Problem::unavailable("a log does not hold, and nothing says where"))?;
            // Where it lies among the lines, the numbers say: no gap was accepted.
            let first = log.map_or(0, |log| log.head.size);
            let at = usize::try_from(fault.seq.saturating_sub(first)).unwrap_or(usize::MAX);
            let line = new.get(at).or(new.last()).map(|(_, line)| line.clone()).unwrap_or_default();
            return Ok(Judged::Fault(Box::new(fault), line));
        };
        if standing.head().log != self.log {
            return Err(Problem::evidence(format!("the records are of the log {}", standing.head().log)));
        }
        Ok(Judged::Hold(Box::new(Shipped {
            host: host.to_owned(),
            key: standing.key().fingerprint(),
            before: log.map_or(0, |log| log.head.size),
            head: standing.head(),
            last: standing.last(),
            records,
            blobs: self.sealed_blobs(app)?,
            sealed: sealed_standing(app, &standing)?,
        })))
    }

    /// Whoever has a copy of another host's log does not become that host: where the name in the records has a token of its
    /// own, only its owner ships them.
    async fn own(&self, app: &App, host: &str) -> Result<(), Problem> {
        let first = self.lines.first().and_then(|(_, line)| Record::read(line).ok());
        let named = first.map_or_else(String::new, |(record, _)| record.host);
        if named == host || named.contains('\0') {
            return Ok(());
        }
        let statement = "SELECT id FROM tokens WHERE role = 'host' AND name = $1 AND revoked IS NULL";
        match app.database.rows(statement, &[named.as_str().into()]).await?.first() {
            Some(_) => Err(Problem::evidence(format!("the records are of the host `{}`", Shown::text(&named)))),
            None => Ok(()),
        }
    }

    fn sealed_blobs(&self, app: &App) -> Result<Vec<(Digest, Vec<u8>)>, Problem> {
        let sealed = |(digest, bytes): (&Digest, &Vec<u8>)| {
            Ok((*digest, app.sealing.sealed(&place_of_blob(self.log, digest), bytes)?))
        };
        self.blobs.iter().map(sealed).collect()
    }

    /// A fault among new lines: a refusal, and proof where the line is signed and yet joins on to another history.
    async fn refused(
        &self,
        app: &App,
        host: &str,
        log: Option<&Log>,
        fault: &Fault,
        line: &[u8],
    ) -> Result<Problem, Problem> {
        let why = format!("record {}: {}", fault.seq, fault.what);
        match (&fault.what, log) {
            (What::Chain | What::Head(..) | What::UsedTwice(_), Some(log)) => {
                let standing = log.standing(app)?;
                self.contradicts(app, host, standing.key(), fault.seq, (None, line), why).await
            }
            _ => Ok(Problem::evidence(why)),
        }
    }

    /// Keeps a line as proof, if the host's own key signed it as this record of this log.
    async fn contradicts(
        &self,
        app: &App,
        host: &str,
        key: &PublicKey,
        number: u64,
        (had, line): (Option<Digest>, &[u8]),
        why: String,
    ) -> Result<Problem, Problem> {
        let signed = Record::read(line)
            .is_ok_and(|(record, sealed)| record.log == self.log && record.seq == number && sealed.is_signed_by(key));
        if !signed {
            return Ok(Problem::evidence(format!("{why}; what was sent is not signed by the host's key")));
        }
        let digest = leaf(line);
        let sealed = app.sealing.sealed(&place_of_conflict(self.log, number, &digest), line)?;
        let (host, log) = (host.to_owned(), self.log);
        let conflict = Kept::Conflict { host, log, number, had, digest, why: why.clone(), sealed };
        app.writer.make(Change::Kept(conflict)).await?;
        Ok(Problem::conflict(format!("{why}; the host's key signed both, and the server keeps both")))
    }
}

/// Where a record stands, and what is stored of it.
struct Place {
    number: u64,
    segment: u64,
    time: Timestamp,
    digest: Digest,
    root: Digest,
    sealed: Vec<u8>,
}

impl Place {
    /// With what is plain of the record; none of a line that a person gave up on.
    fn arrived(self, record: Option<&Record>) -> Arrived {
        let Self { number, segment, time, digest, root, sealed } = self;
        Arrived {
            number,
            segment,
            time,
            kind: record.map_or("damaged", |record| record.kind.word()),
            rules: record.map(rules).unwrap_or_default(),
            outcome: record.and_then(outcome),
            request: record.and_then(|record| record.text("id").or_else(|| record.text("used"))).map(str::to_owned),
            digest,
            root,
            sealed,
        }
    }
}

fn sealed_standing(app: &App, standing: &Standing) -> Result<Vec<u8>, Problem> {
    let text =
        json::canonical(standing).map_err(|error| Problem::unavailable(format!("what is known of a log: {error}")))?;
    let LogHead { log, size, .. } = standing.head();
    Ok(app.sealing.sealed(&place_of_standing(log, size), &text)?)
}

/// The rules of a record's findings, each once, with a space before and behind it.
fn rules(record: &Record) -> String {
    let subject = record.members.get("subject").or_else(|| record.members.get("request")?.get("subject"));
    let findings = subject.and_then(|subject| subject.pointer("/seen/findings")).and_then(Value::as_array);
    let mut text = String::new();
    for rule in findings.into_iter().flatten().filter_map(|finding| finding.get("rule")?.as_str()) {
        // No rule has such a name.
        let odd = rule.chars().any(|c| c.is_whitespace() || c == '\0');
        if !odd && !text.contains(&format!(" {rule} ")) {
            text = format!("{} {rule} ", text.trim_end());
        }
    }
    text
}

/// What was decided, or how it ended, in a word.
fn outcome(record: &Record) -> Option<String> {
    let word = match record.kind {
        Kind::Run => record.text("decision")?.to_owned(),
        Kind::Refuse => record.text("why")?.to_owned(),
        Kind::Verdict => record.members.get("verdict")?.get("statement")?.get("decision")?.as_str()?.to_owned(),
        Kind::Outcome => match (record.members.get("code").and_then(Value::as_i64), record.number("signal")) {
            (Some(code), _) => format!("exit-{code}"),
            (None, Some(signal)) => format!("signal-{signal}"),
            (None, None) => "not-started".to_owned(),
        },
        Kind::Genesis
        | Kind::Request
        | Kind::Grant
        | Kind::Policy
        | Kind::Key
        | Kind::Segment
        | Kind::Anchor
        | Kind::Repair
        | Kind::Clock
        | Kind::Erase => return None,
    };
    // PostgreSQL keeps no zero bytes.
    Some(word.replace('\0', "")).filter(|word| word.len() <= 64)
}
