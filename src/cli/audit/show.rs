//! `gate audit show`: the records for people, one line each, and for programs, one JSON object each. Refuses to show a
//! record that does not verify: `gate audit verify` says where it is.

use std::collections::{BTreeSet, VecDeque};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::audit::{Kind, Lines, Record, body, visible, whole};
use crate::encoding::json::Value;
use crate::host::clock::HostClock;
use crate::host::log;
use crate::model::{RequestId, Shown, Span, Timestamp};
use crate::ports::Clock as _;

use super::super::exit;
use super::super::failure::Complaint;
use super::super::output;
use super::super::surroundings::paths;
use super::{PATIENCE, counted, place, unreadable};

/// Show the records, one line each
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print the body of each record as one JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Show the last N records only [default: all]
    #[arg(long, value_name = "N", conflicts_with = "seq")]
    pub last: Option<usize>,
    /// Show records from this time on, such as 2h, 2026-11-22 or 2026-11-22T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since, conflicts_with = "seq")]
    pub since: Option<Since>,
    /// Show what belongs to this request
    #[arg(long, value_name = "ID", conflicts_with = "seq")]
    pub request: Option<RequestId>,
    /// The log's directory, or a copy of one [default: this host's log]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Show all of this record
    #[arg(value_name = "SEQ")]
    pub seq: Option<u64>,
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Span),
    /// This moment, in UTC.
    At(Timestamp),
}

impl Since {
    /// The moment, if it is now.
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(span) => {
                let micros = i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX);
                Timestamp::from_micros(now.micros().saturating_sub(micros)).unwrap_or(now)
            }
        }
    }
}

/// Shows records.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Complaint> {
    let paths = paths()?;
    let own = arguments.dir.is_none();
    let audit = place(arguments.dir.as_ref(), &paths);
    let pin = if own { log::read_pin(&paths.pin()).map_err(|fault| unreadable(fault, None))? } else { None };
    let mut shown = Showing::new(arguments, HostClock.now().wall);
    let report = log::verify(&audit, pin, Vec::new(), PATIENCE, &mut |record| shown.record(record))
        .map_err(|fault| unreadable(fault, own.then_some(&paths)))?;
    let found = shown.finish()?;
    if let Some(fault) = report.first() {
        let message = format!("not every record verifies: {}", Shown::text(&fault.to_string()));
        return Err(Complaint::new(exit::EVIDENCE, message).hint("`gate audit verify` says more"));
    }
    match arguments.seq.filter(|_| !found) {
        Some(seq) => Err(Complaint::new(exit::USAGE, format!("there is no record {seq}"))
            .hint(format!("the log has {}", counted(report.next, "record")))),
        None => Ok(ExitCode::SUCCESS),
    }
}

struct Showing<'a> {
    arguments: &'a Arguments,
    since: Option<Timestamp>,
    lines: Lines,
    /// Runs of the wanted request, whose outcomes belong to it.
    runs: BTreeSet<u64>,
    last: VecDeque<String>,
    out: std::io::BufWriter<std::io::StdoutLock<'static>>,
    failed: Option<std::io::Error>,
    found: bool,
}

impl<'a> Showing<'a> {
    fn new(arguments: &'a Arguments, now: Timestamp) -> Self {
        let since = arguments.since.map(|since| since.moment(now));
        let out = std::io::BufWriter::new(std::io::stdout().lock());
        let (lines, runs, last) = (Lines::default(), BTreeSet::new(), VecDeque::new());
        Self { arguments, since, lines, runs, last, out, failed: None, found: false }
    }

    fn record(&mut self, record: &Record) {
        // Every record is taken in, since a run names what was asked before.
        let line = self.lines.line(record);
        let wanted = self.belongs(record)
            && self.since.is_none_or(|since| record.time >= since)
            && self.arguments.seq.is_none_or(|seq| seq == record.seq);
        if !wanted || self.failed.is_some() {
            return;
        }
        self.found = true;
        let text = if self.arguments.json {
            match output::json(&body(record)) {
                Ok(text) => visible(&text),
                Err(complaint) => return self.failed = Some(std::io::Error::other(complaint.message)),
            }
        } else if self.arguments.seq.is_some() {
            format!("{line}\n{}", whole(record))
        } else {
            format!("{line}\n")
        };
        match self.arguments.last {
            None => self.print(&text),
            Some(0) => {}
            Some(last) => {
                if self.last.len() >= last {
                    self.last.pop_front();
                }
                self.last.push_back(text);
            }
        }
    }

    fn belongs(&mut self, record: &Record) -> bool {
        let Some(id) = self.arguments.request else { return true };
        let run = record.members.get("run").and_then(|run| run.get("seq")).and_then(Value::as_u64);
        let own = record.parsed("id") == Some(id) || record.parsed("used") == Some(id);
        if own && record.kind == Kind::Run {
            self.runs.insert(record.seq);
        }
        own || run.is_some_and(|run| self.runs.contains(&run))
    }

    fn print(&mut self, text: &str) {
        self.failed = self.out.write_all(text.as_bytes()).err();
    }

    /// Whether anything was there to be shown.
    fn finish(mut self) -> Result<bool, Complaint> {
        for text in std::mem::take(&mut self.last) {
            if self.failed.is_none() {
                self.print(&text);
            }
        }
        let written = self.failed.take().map_or_else(|| self.out.flush(), Err);
        match written {
            // Whoever read has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(self.found),
            Err(error) => Err(Complaint::output(&error)),
            Ok(()) => Ok(self.found),
        }
    }
}

/// A length of time before now, a day, or a moment; in UTC.
pub fn since(text: &str) -> Result<Since, String> {
    if let Ok(span) = text.parse() {
        return Ok(Since::Ago(span));
    }
    let whole = match (text.strip_suffix('Z'), text.contains('.')) {
        (Some(_), true) => text.to_owned(),
        (Some(seconds), false) => format!("{seconds}.000000Z"),
        (None, _) => format!("{text}T00:00:00.000000Z"),
    };
    let time = whole.parse().map_err(|_| "not a time such as 2h, 2026-11-22 or 2026-11-22T10:00:00Z (UTC)".to_owned());
    time.map(Since::At)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_length_a_day_or_a_moment() {
        let at = |text: &str| Ok(Since::At(text.parse().unwrap()));
        assert_eq!(since("2h"), Ok(Since::Ago(Span::from_secs(7200))));
        assert_eq!(since("2026-11-22"), at("2026-11-22T00:00:00.000000Z"));
        assert_eq!(since("2026-11-22T10:00:00Z"), at("2026-11-22T10:00:00.000000Z"));
        assert!(since("2026-11-22T10:00:00.5Z").is_err());
        for bad in ["", "yesterday", "2026-13-01", "2026-11-22T10:00:00+01:00"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }
}
