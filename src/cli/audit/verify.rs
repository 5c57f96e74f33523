//! `gate audit verify`: three statements, what there was, and the first thing that is wrong. Refuses to call a log whole
//! that is merely consistent: whether anybody outside vouches for it is said apart.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::actions::verify::{Examination, Examined, Expected, What};
use crate::approval::{LARGEST_REQUEST, Received};
use crate::audit::{self, Known, Mark, Mode, Note, Pin, seconds};
use crate::host::log;
use crate::model::{Fingerprint, LogId, PublicKey, Shown};

use super::super::exit;
use super::super::failure::Complaint;
use super::super::output;
use super::super::surroundings::paths;
use super::{PATIENCE, counted, place, unreadable};

/// After so many records, somebody at a terminal is told that it goes on.
const MANY: u64 = 20_000;

/// Check that the log was not changed and that every run had the approvals it needed
#[derive(Debug, Args)]
pub struct Arguments {
    /// The log's id, as the file `log` beside `config.yaml` names it [default: this host's]
    #[arg(long, value_name = "ID", requires = "key")]
    pub log: Option<LogId>,
    /// The key that signs the log, or its fingerprint [default: this host's]
    #[arg(long, value_name = "KEY", requires = "log", value_parser = fingerprint)]
    pub key: Option<Fingerprint>,
    /// A request that was kept elsewhere: the log must hold the history it names
    #[arg(long, value_name = "FILE")]
    pub kept: Vec<PathBuf>,
    /// The log must hold every head that the approval server has seen of it
    #[arg(long, conflicts_with = "dir")]
    pub against_server: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The log's directory, or a copy of one [default: this host's log]
    pub dir: Option<PathBuf>,
}

/// Verifies a log.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Complaint> {
    let paths = paths()?;
    let own = arguments.dir.is_none();
    let audit = place(arguments.dir.as_ref(), &paths);
    let expected = arguments.log.zip(arguments.key).map(|(log, key)| Expected { log, key });
    let pin = if own && expected.is_none() {
        log::read_pin(&paths.pin()).map_err(|fault| unreadable(fault, None))?
    } else {
        None
    };
    let mut known = kept(&arguments.kept)?;
    if own {
        known.extend(waiting(&paths.requests(), pin.as_ref().map(|pin| pin.log).or(arguments.log)));
    }
    if arguments.against_server {
        let here = pin.as_ref().map(|pin| pin.log).or(arguments.log);
        known.extend(super::elsewhere::heads(here)?);
    }
    let examined = examined(&audit, pin, expected, known).map_err(|fault| unreadable(fault, own.then_some(&paths)))?;
    let text = if arguments.json { output::json(&examined.json())? } else { shown(&examined, &audit) };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Complaint::output(&error))?;
    match examined.first() {
        None if examined.is_consistent() => Ok(ExitCode::SUCCESS),
        None => Err(Complaint::new(exit::EVIDENCE, "there are more faults than can be listed")),
        Some(fault) => {
            Err(Complaint::new(exit::EVIDENCE, Shown::text(&fault.to_string()).to_string()).hint(hint(&fault.what)))
        }
    }
}

const fn hint(what: &What) -> &'static str {
    match what {
        What::Log(audit::What::Truncated(..)) => CUT,
        What::Log(_) => DAMAGED,
        What::Papers(_) => UNPROVEN,
    }
}

const CUT: &str = "records at the end are gone; only a copy kept elsewhere can bring them back";
const DAMAGED: &str = "keep a copy of the directory, find out who could write to it, and compare with copies kept \
                       elsewhere; `gate audit repair` lets gate go on behind the damage and changes none of it";
const UNPROVEN: &str = "every line is signed, so whoever wrote this could use the record key; \
                        `gate audit show SEQ` shows the record";

fn examined(
    audit: &Path,
    pin: Option<Pin>,
    expected: Option<Expected>,
    known: Vec<Known>,
) -> Result<Examined, log::LogError> {
    let mut examination = Examination::new(expected);
    let mut progress = Progress::default();
    let report = log::verify(audit, pin, known, PATIENCE, &mut |record| {
        progress.step();
        examination.record(record);
    });
    progress.clear();
    Ok(examination.finish(report?))
}

/// Silent until it takes long, and wherever nobody looks.
#[derive(Default)]
struct Progress {
    records: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn step(&mut self) {
        self.records += 1;
        if self.records == MANY && std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} verified {pos} records in {elapsed}") {
                bar.set_style(style);
            }
            self.bar = Some(bar);
        }
        if let Some(bar) = self.bar.as_ref().filter(|_| self.records.is_multiple_of(1000)) {
            bar.set_position(self.records);
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// The heads of requests in files that somebody kept.
fn kept(files: &[PathBuf]) -> Result<Vec<Known>, Complaint> {
    let read = |file: &PathBuf| {
        let complaint = |why: String| {
            Complaint::new(exit::USAGE, format!("`{}` is no request: {why}", Shown::os(file.as_os_str())))
        };
        let bytes = std::fs::read(file).map_err(|error| complaint(error.to_string()))?;
        let received = Received::read(&bytes).map_err(|error| complaint(error.to_string()))?;
        Ok(head(&received))
    };
    files.iter().map(read).collect()
}

/// The heads of requests that wait in this host's own queue: each was recorded before it was put there.
fn waiting(queue: &Path, log: Option<LogId>) -> Vec<Known> {
    let Ok(entries) = std::fs::read_dir(queue) else { return Vec::new() };
    let small = |entry: &std::fs::DirEntry| {
        // What the entry itself is, never what a link leads to.
        let found = entry.metadata().ok().filter(std::fs::Metadata::is_file);
        found.is_some_and(|found| usize::try_from(found.len()).is_ok_and(|length| length <= LARGEST_REQUEST))
    };
    let requests = entries.flatten().filter(small).filter_map(|entry| {
        let bytes = std::fs::read(entry.path()).ok()?;
        Received::read(&bytes).ok().filter(|received| Some(received.request().head.log) == log)
    });
    requests.map(|received| head(&received)).collect()
}

fn head(received: &Received) -> Known {
    let request = received.request();
    let (size, root) = (request.head.size, request.head.root);
    Known { size, mark: Mark::Root(root), source: format!("request {}", request.id) }
}

/// A fingerprint, or the key it is of.
fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    let key = || PublicKey::with_comment(text).map(|(key, _)| key.fingerprint());
    text.parse::<Fingerprint>()
        .or_else(|_| key())
        .map_err(|_| "neither a fingerprint (`SHA256:…`) nor a public key (`ssh-ed25519 AAAA…`)".to_owned())
}

/// What people read: the statements first, then what there was.
fn shown(examined: &Examined, audit: &Path) -> String {
    let Examined { report, tally, .. } = examined;
    let log = report.log.map_or_else(|| "unknown".to_owned(), |log| log.to_string());
    let mut lines = vec![format!(
        "log {log} in `{}`: {} in {}",
        Shown::os(audit.as_os_str()),
        counted(report.records, "record"),
        counted(report.segments, "segment")
    )];
    lines.push(consistent(examined));
    lines.push(anchored(examined));
    lines.push(match examined.unanchored() {
        0 => "not anchored: nothing".to_owned(),
        count => format!("not anchored: {}; only the record key vouches for them", counted(count, "record")),
    });
    if examined.is_truncated() {
        lines.push("truncated: a head that is known lies beyond the end of the log".to_owned());
    }
    lines.push(format!(
        "runs: {} allowed, {} approved; {} refused; {}, {}, {}",
        tally.allowed,
        tally.approved,
        tally.refused,
        counted(tally.requests, "request"),
        counted(tally.verdicts, "verdict"),
        counted(tally.outcomes, "outcome"),
    ));
    if !tally.proofs.is_empty() {
        let counts =
            tally.proofs.iter().map(|((proof, grade), count)| format!("{count} {} {}", proof.word(), grade.word()));
        lines.push(format!("proofs: {}", counts.collect::<Vec<_>>().join(", ")));
    }
    lines.push(format!(
        "self-approval: {} by an agent's owner, {} from an account nobody claims; waived: {}; repairs: {}",
        tally.own_agents,
        tally.unclaimed,
        counted(tally.waived, "finding"),
        report.repairs(),
    ));
    lines.extend(notes(examined, audit));
    lines.push(format!("head: {} {}", report.size, report.root));
    lines.push(String::new());
    lines.join("\n")
}

fn consistent(examined: &Examined) -> String {
    let runs = examined.tally.allowed + examined.tally.approved;
    let faults = examined.faults.iter().filter(|fault| fault.acknowledged.is_none()).count();
    match u64::try_from(faults).unwrap_or(u64::MAX).saturating_add(examined.unlisted) {
        0 => format!("consistent: every line and link holds, and so do the papers of {}", counted(runs, "run")),
        count => format!("NOT consistent: {}", counted(count, "fault")),
    }
}

fn anchored(examined: &Examined) -> String {
    match &examined.anchor {
        None => "anchored: nothing; no approver's signature vouches for this log".to_owned(),
        Some(anchor) => format!(
            "anchored: up to record {}, by `{}` with the key {} at {} (request {})",
            anchor.size.saturating_sub(1),
            Shown::text(&anchor.approver),
            anchor.key,
            seconds(anchor.at),
            anchor.request
        ),
    }
}

fn notes(examined: &Examined, audit: &Path) -> Vec<String> {
    let Examined { report, tally, pinned, .. } = examined;
    let mut notes = Vec::new();
    if !pinned {
        notes.push(
            "note: genesis not pinned: nothing says that this is the right log; give --log and --key from the file \
             `log` beside the host's config.yaml"
                .to_owned(),
        );
    }
    if examined.anchor.is_some() {
        notes.push("note: the log itself names the approver's key; compare it with a list of your own".to_owned());
    }
    if tally.modes.contains_key(&Mode::Wrapper) {
        notes.push(
            "note: mode `wrapper`: whoever asks can read the record key, so where nothing anchors the log it is a claim"
                .to_owned(),
        );
    }
    notes.extend(tally.fallen.iter().map(|fallen| {
        format!(
            "note: record {}: the token {} had counted {} signatures and now says {}; it may have been copied",
            fallen.seq, fallen.key, fallen.before, fallen.counter
        )
    }));
    if audit.join("broken").exists() {
        notes.push("note: `broken` says that a sync failed; gate runs nothing until `gate audit repair`".to_owned());
    }
    notes.extend(report.notes.iter().filter_map(|note| match note {
        Note::NotPinned | Note::TornRepaired { .. } => None,
        Note::TimeBackwards { seq, before, time } => {
            Some(format!("note: the clock went back before record {seq}: {} to {}", seconds(*before), seconds(*time)))
        }
        Note::GivenUp { seq, what } => {
            Some(format!("note: a person gave up on what stands before record {seq}: {}", Shown::text(what)))
        }
        Note::Torn { segment, offset, length } => Some(format!(
            "note: {} of an unfinished line at the end (segment {segment:012}, offset {offset}); nothing ran because of it",
            counted(*length, "byte")
        )),
    }));
    notes
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_key_is_named_by_itself_or_by_its_fingerprint() {
        let key = crate::approval::trial::key(1);
        let fingerprint = key.public().fingerprint();
        assert_eq!(super::fingerprint(&key.public().to_string()), Ok(fingerprint));
        assert_eq!(super::fingerprint(&format!("{} alice@laptop", key.public())), Ok(fingerprint));
        assert_eq!(super::fingerprint(&fingerprint.to_string()), Ok(fingerprint));
        assert!(super::fingerprint("alice").is_err());
    }
}
