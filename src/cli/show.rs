//! `gate show`: one request as an approver sees it, what was answered, and the exact bytes that were signed.

use std::io::Write as _;

use clap::Args;
use serde::{Deserialize as _, Serialize};

use crate::approval::{Known, Received, Screen, proven};
use crate::audit::Kind;
use crate::encoding::json::{canonical, strict};
use crate::encoding::webauthn::Assertion;
use crate::host::log::{read_pin, verify};
use crate::host::queue::{QueueError, Queued, State};
use crate::host::terminal::Terminal;
use crate::model::{Digest, Grade, Proof, ProofKind, Request, RequestId, Shown, Verdict};

use super::exit;
use super::failure::Complaint;
use super::inbox::{self, Inbox};
use super::output;
use super::place::{Place, broken, now};
use super::screen;

/// Show one request and its answers
#[derive(Debug, Args)]
pub struct Arguments {
    /// The request
    #[arg(value_name = "ID")]
    id: RequestId,
    /// Print one JSON object
    #[arg(long, conflicts_with_all = ["verdict"])]
    json: bool,
    /// The answer with this number, as listed
    #[arg(long, value_name = "N", requires = "part")]
    verdict: Option<usize>,
    #[command(flatten)]
    part: Part,
}

/// A part of an answer, in the bytes that were signed.
#[derive(Debug, Args)]
#[group(id = "part", multiple = false, requires = "verdict")]
struct Part {
    /// Write the statement that was signed
    #[arg(long)]
    statement: bool,
    /// Write the signature, as `ssh-keygen -Y verify` reads it; of a passkey its bytes, DER for ES256
    #[arg(long)]
    signature: bool,
    /// Write the bytes that the signature is over: the statement, the server's statement or, of a passkey, the data of the
    /// authenticator and the hash of the client's
    #[arg(long)]
    signed: bool,
}

/// A request, wherever it was found.
struct Found {
    received: Received,
    state: String,
    /// In the order of their times.
    verdicts: Vec<Paper>,
}

/// An answer in its exact bytes, and how well it is proven: as the host that ran judged it, else as it would be now.
struct Paper {
    bytes: Vec<u8>,
    grade: Option<Grade>,
}

#[derive(Debug, Serialize)]
struct Whole<'a> {
    id: RequestId,
    digest: Digest,
    state: &'a str,
    request: &'a Request,
    answers: Vec<Numbered>,
}

#[derive(Debug, Serialize)]
struct Numbered {
    number: usize,
    digest: Digest,
    proof: ProofKind,
    grade: Option<Grade>,
    verdict: Verdict,
}

/// Shows a request.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let place = Place::read()?;
    let found = found(&place, arguments.id)?;
    let bytes = match arguments.verdict {
        Some(number) => part(&found, number, &arguments.part)?,
        None if arguments.json => output::json(&whole(&found))?.into_bytes(),
        None => shown(&found, &place.config.host).into_bytes(),
    };
    std::io::stdout().write_all(&bytes).map_err(|error| Complaint::output(&error))
}

/// In the queue while it is open, afterwards in the log.
fn found(place: &Place, id: RequestId) -> Result<Found, Complaint> {
    let missing = || Complaint::from(QueueError::NoRequest(id));
    // What is over stands in the log, whether or not the server can be asked.
    let inbox::Found { queued: Queued { received, state, .. }, over, verdicts } = match Inbox::open(place)?.find(id) {
        Ok(Some(found)) => found,
        Ok(None) => return recorded(place, id)?.ok_or_else(missing),
        Err(complaint) => return recorded(place, id)?.ok_or(complaint),
    };
    let state = match (over, state) {
        (Some(over), _) => over,
        (None, State::Waiting) => "waiting",
        (None, State::Parked) => "parked",
        (None, State::Gone) => "gone: nobody waits for it any more",
    };
    let (revoked, record_key) = (place.revoked()?, place.record_key()?);
    let known = Known { roster: &place.config.roster, revoked: &revoked, record_key: record_key.as_ref() };
    let verdicts = verdicts.into_iter().map(|bytes| {
        let grade = proven(&bytes, &known).ok().map(|proven| proven.grade);
        Paper { bytes, grade }
    });
    let verdicts = verdicts.collect();
    Ok(Found { received, state: state.to_owned(), verdicts: sorted(verdicts) })
}

/// What the log says of a request that is over.
fn recorded(place: &Place, id: RequestId) -> Result<Option<Found>, Complaint> {
    let log = |error: &dyn std::error::Error| Complaint::new(exit::LOG, error.to_string());
    let Some(pin) = read_pin(&place.paths.pin()).map_err(|error| log(&error))? else { return Ok(None) };
    let (mut request, mut state, mut verdicts) = (None, "recorded".to_owned(), Vec::new());
    let wanted = id.to_string();
    let patience = std::time::Duration::from_secs(10);
    let report = verify(&place.paths.audit(), Some(pin), Vec::new(), patience, &mut |record| {
        if record.text("id") != Some(wanted.as_str()) {
            return;
        }
        let member = |name: &str| record.members.get(name).and_then(|value| canonical(value).ok());
        match record.kind {
            Kind::Request => request = member("request"),
            Kind::Verdict => {
                let grade = record.members.get("grade").and_then(|grade| Grade::deserialize(grade).ok());
                verdicts.extend(member("verdict").map(|bytes| Paper { bytes, grade }));
            }
            Kind::Run => "used: it ran".clone_into(&mut state),
            Kind::Refuse => state = format!("over: {}", record.text("why").unwrap_or("refused")),
            Kind::Genesis
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
    })
    .map_err(|error| log(&error))?;
    if !report.is_consistent() {
        let notice = Complaint::new(0, "the log does not verify as a whole").hint("`gate audit verify` says where");
        super::complain(&notice);
    }
    let Some(bytes) = request else { return Ok(None) };
    let received = Received::read(&bytes).map_err(|error| broken(&error))?;
    Ok(Some(Found { received, state, verdicts: sorted(verdicts) }))
}

/// By their own times, then by digest, so that a number stays the same while nothing is added.
fn sorted(mut verdicts: Vec<Paper>) -> Vec<Paper> {
    verdicts.sort_by_cached_key(|Paper { bytes, .. }| {
        let at = strict::<Verdict>(bytes).ok().map(|verdict| verdict.statement.at);
        (at.is_none(), at, Digest::of(bytes))
    });
    verdicts
}

fn part(found: &Found, number: usize, part: &Part) -> Result<Vec<u8>, Complaint> {
    let count = found.verdicts.len();
    let Paper { bytes, .. } = number
        .checked_sub(1)
        .and_then(|at| found.verdicts.get(at))
        .ok_or_else(|| Complaint::new(exit::USAGE, format!("there is no answer {number}: the request has {count}")))?;
    let Verdict { statement, proof } = strict(bytes).map_err(|error| broken(&error))?;
    let statement = canonical(&statement).map_err(|error| broken(&error))?;
    if part.statement {
        return Ok(statement);
    }
    match proof {
        Proof::Sshsig { signature } => Ok(if part.signature { signature.into_bytes() } else { statement }),
        Proof::Witness { signature, .. } if part.signature => Ok(signature.into_bytes()),
        Proof::Witness { witness, .. } => canonical(&witness).map_err(|error| broken(&error)),
        Proof::Webauthn { authenticator_data, client_data, signature } => {
            let assertion = Assertion::read(&authenticator_data, &client_data, &signature);
            let assertion = assertion.map_err(|error| broken(&error))?;
            Ok(if part.signature { assertion.signature().to_vec() } else { assertion.signed() })
        }
    }
}

fn whole(found: &Found) -> Whole<'_> {
    let request = found.received.request();
    let numbered = |(at, Paper { bytes, grade }): (usize, &Paper)| {
        let verdict: Verdict = strict(bytes).ok()?;
        let (digest, proof) = (Digest::of(bytes), verdict.proof.kind());
        Some(Numbered { number: at + 1, digest, proof, grade: *grade, verdict })
    };
    Whole {
        id: request.id,
        digest: found.received.digest(),
        state: &found.state,
        request,
        answers: found.verdicts.iter().enumerate().filter_map(numbered).collect(),
    }
}

fn shown(found: &Found, host: &str) -> String {
    let width = Terminal::open().map_or(100, |terminal| terminal.columns());
    let elapsed = now().since(found.received.request().created);
    let mut lines = screen::lines(&Screen::of(&found.received, elapsed), host, width);
    lines.push(String::new());
    lines.push(format!("State: {}", found.state));
    if !found.verdicts.is_empty() {
        lines.push("Answers, as they were given; the host that runs judges them:".to_owned());
    }
    for (at, Paper { bytes, grade }) in found.verdicts.iter().enumerate() {
        let Ok(Verdict { statement, proof }) = strict(bytes) else {
            lines.push(format!("  {}. cannot be read", at + 1));
            continue;
        };
        let reason = if statement.reason.is_empty() { "no reason" } else { statement.reason.as_str() };
        let line = format!(
            "{} {} at {}: {}",
            super::answer::past(statement.decision),
            Shown::text(&statement.approver),
            screen::seconds(&statement.at.to_string()),
            Shown::text(reason)
        );
        let mut head = format!("  {}. ", at + 1);
        for piece in screen::folded(&line, width.saturating_sub(head.len())) {
            lines.push(format!("{head}{piece}"));
            head = " ".repeat(head.len());
        }
        let grade = grade.map_or_else(|| "does not count".to_owned(), |grade| format!("graded {}", grade.word()));
        lines.push(format!("{head}{} ({}, {grade})", statement.key, proof.kind().word()));
        if let Proof::Witness { witness, .. } = &proof {
            let line = format!("as {} of {} says", Shown::text(&witness.subject), Shown::text(&witness.how));
            let pieces = screen::folded(&line, width.saturating_sub(head.len()));
            lines.extend(pieces.into_iter().map(|piece| format!("{head}{piece}")));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
