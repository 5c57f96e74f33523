//! `gate requests`: what waits for an answer.

use std::io::Write as _;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::encoding::json::strict;
use crate::host::queue::{Queued, State};
use crate::host::terminal::Terminal;
use crate::model::{
    Answer, Clause, Digest, Fingerprint, ProofKind, RequestId, Requester, Shown, Text, Timestamp, Verdict,
};

use super::explain::clause_line;
use super::failure::Complaint;
use super::inbox::{Found, Inbox};
use super::output;
use super::place::{Place, now};

/// Before what belongs to a request.
const INDENT: &str = "    ";

/// List the requests that wait for an answer, oldest first
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// A request as `--json` tells it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: RequestId,
    digest: Digest,
    created: Timestamp,
    expires: Timestamp,
    requester: &'a Requester,
    command: String,
    arguments: &'a [Text],
    directory: &'a Text,
    requirement: &'a [Clause],
    state: &'static str,
    answers: Vec<Answering>,
}

/// An answer as it lies in the queue; the host that runs judges it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answering {
    /// Who signs as whom, by their own words.
    pub approver: String,
    /// What they say.
    pub decision: Answer,
    /// With which key, by their own words.
    pub key: Fingerprint,
    /// When, by their clock.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// By what it is proven.
    pub proof: ProofKind,
    /// The digest of the whole verdict.
    pub digest: Digest,
}

/// Lists requests.
pub fn run(arguments: &Arguments) -> Result<(), Complaint> {
    let place = Place::read()?;
    let (waiting, notices) = Inbox::open(&place)?.waiting()?;
    for notice in notices {
        super::complain(&Complaint::new(0, notice));
    }
    let text = if arguments.json {
        output::json(&waiting.iter().map(row).collect::<Vec<_>>())?
    } else if waiting.is_empty() {
        "no request waits for an answer\n".to_owned()
    } else {
        let width = Terminal::open().map_or(100, |terminal| terminal.columns());
        table(&waiting.iter().map(|found| found.queued.clone()).collect::<Vec<_>>(), now(), width)
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))
}

fn row(found: &Found) -> Row<'_> {
    let queued = &found.queued;
    let request = queued.received.request();
    let subject = &request.subject;
    Row {
        id: request.id,
        digest: queued.received.digest(),
        created: request.created,
        expires: request.expires,
        requester: &subject.requester,
        command: command(queued),
        arguments: &subject.invocation.arguments,
        directory: &subject.invocation.directory.path,
        requirement: &subject.requirement,
        state: state(queued, now()),
        answers: answers(&found.verdicts),
    }
}

/// The answers to a request in the order of their times, as they lie there.
fn answers(verdicts: &[Vec<u8>]) -> Vec<Answering> {
    let mut answers: Vec<Answering> = verdicts.iter().filter_map(|bytes| answering(bytes)).collect();
    answers.sort_by_key(|answer| (answer.at, answer.digest));
    answers
}

fn answering(bytes: &[u8]) -> Option<Answering> {
    let Verdict { statement, proof } = strict(bytes).ok()?;
    Some(Answering {
        approver: statement.approver,
        decision: statement.decision,
        key: statement.key,
        at: statement.at,
        reason: statement.reason,
        proof: proof.kind(),
        digest: Digest::of(bytes),
    })
}

/// All requests, the oldest first.
fn table(requests: &[Queued], now: Timestamp, width: usize) -> String {
    let mut lines = vec![head()];
    lines.extend(requests.iter().flat_map(|queued| entry(queued, now, width)));
    lines.push(String::new());
    lines.join("\n")
}

/// What stands above the entries.
pub fn head() -> String {
    format!("{:38}{:>7}{:>8}   STATE", "REQUEST", "AGE", "LEFT")
}

/// The whole id with its times; below it what would run, who asks and what it needs.
pub fn entry(queued: &Queued, now: Timestamp, width: usize) -> Vec<String> {
    let request = queued.received.request();
    let subject = &request.subject;
    let mut lines = vec![format!(
        "{:38}{:>7}{:>8}   {}",
        request.id.to_string(),
        brief(now.since(request.created)),
        brief(request.expires.since(now)),
        state(queued, now)
    )];
    let room = width.saturating_sub(INDENT.len()).max(40);
    let asks: Vec<String> =
        subject.requester.principals.iter().map(|claim| Shown::text(&claim.principal).to_string()).collect();
    let needs: Vec<String> = subject.requirement.iter().map(clause_line).collect();
    let answers = match queued.answers {
        0 => String::new(),
        1 => "; 1 answer".to_owned(),
        more => format!("; {more} answers"),
    };
    let rest = format!("asked by {}; needs {}{answers}", asks.join(", "), needs.join(" and "));
    lines.push(format!("{INDENT}{}", cut(&command(queued), room)));
    lines.extend(super::screen::folded(&rest, room).iter().map(|piece| format!("{INDENT}{}", piece.trim_end())));
    lines
}

fn state(queued: &Queued, now: Timestamp) -> &'static str {
    match queued.state {
        _ if queued.received.request().expires <= now => "expired",
        State::Waiting => "waiting",
        State::Parked => "parked",
        State::Gone => "gone",
    }
}

/// The whole command in one line.
fn command(queued: &Queued) -> String {
    let arguments = &queued.received.request().subject.invocation.arguments;
    arguments.iter().map(super::console::shown_word).collect::<Vec<_>>().join(" ")
}

/// The start of a text that is too long, and how much is missing.
fn cut(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(30);
    let start: String = text.chars().take(kept).collect();
    format!("{start}… ({} more characters)", length - kept)
}

/// A duration in its two largest units at most.
fn brief(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds % 86400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("rm -rf /srv", 40), "rm -rf /srv");
        let long = "x".repeat(100);
        assert_eq!(cut(&long, 50), format!("{}… (80 more characters)", "x".repeat(20)));
        assert!(cut(&"漢".repeat(100), 50).chars().count() <= 50);
    }

    #[test]
    fn times_are_told_in_two_units_at_most() {
        let told = [0, 59, 60, 3599, 3600, 86_399, 90_000].map(|seconds| brief(Duration::from_secs(seconds)));
        assert_eq!(told, ["0s", "59s", "1m", "59m", "1h00m", "23h59m", "1d01h"]);
    }
}
