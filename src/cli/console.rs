//! What the person who runs a command sees while gate decides: lines on stderr, a spinner where that is a terminal, and
//! the same for scripts in the file that `--status` names.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::actions::run::Stop;
use crate::encoding::json::{canonical, json};
use crate::host::status::StatusFile;
use crate::model::{Digest, Ended, Grade, ProofKind, Request, RequestId, Shown, Timestamp};
use crate::ports::{Clock, Person, Progress};

use super::explain::clause_line;

/// The terminal and the status file.
pub struct Console<'a> {
    clock: &'a dyn Clock,
    status: Option<StatusFile>,
    terminal: bool,
    /// Whether nobody outside can see a request that waits here.
    alone: bool,
    spinner: Option<ProgressBar>,
    request: Option<RequestId>,
    record: Option<Digest>,
}

impl<'a> Console<'a> {
    /// Speaks on stderr.
    pub fn new(clock: &'a dyn Clock, status: Option<StatusFile>, alone: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { clock, status, terminal, alone, spinner: None, request: None, record: None }
    }

    /// How the command ended, for scripts.
    pub fn ended(&mut self, ended: Ended) {
        let code = match ended {
            Ended::Code(code) => code,
            Ended::Signal(signal) => 128 + signal,
        };
        self.write_status("ended", &[], true, Some(code));
    }

    /// Why nothing ran, for scripts.
    pub fn stopped(&mut self, stop: &Stop) {
        let reason = stop.to_string();
        let (state, reasons): (&str, Vec<String>) = match stop {
            Stop::DeniedByPolicy(reasons) => ("denied", reasons.clone()),
            Stop::DeniedByPerson { .. } => ("denied", vec![reason]),
            Stop::Withdrawn(_) | Stop::Interrupted { .. } => ("withdrawn", vec![reason]),
            Stop::Expired { .. } => ("expired", vec![reason]),
            Stop::Waiting(_) => ("waiting", vec![reason]),
            Stop::Changed(_)
            | Stop::Resume(_)
            | Stop::Unmeetable(_)
            | Stop::Unenrolled(_)
            | Stop::Configuration(_)
            | Stop::Binding(_)
            | Stop::Approvals(_)
            | Stop::Unreachable(_)
            | Stop::Log(_)
            | Stop::Unfound(_) => ("broken", vec![reason]),
        };
        self.write_status(state, &reasons, false, None);
    }

    fn write_status(&mut self, state: &str, reasons: &[String], ran: bool, code: Option<i32>) {
        let Some(status) = &mut self.status else { return };
        let decision = match state {
            "allowed" => Some("allow"),
            "denied" if self.request.is_none() => Some("deny"),
            _ => self.request.map(|_| "ask"),
        };
        let object = json!({
            "code": code,
            "decision": decision,
            "ran": ran,
            "reasons": reasons,
            "record": self.record,
            "request": self.request,
            "state": state,
        });
        let written = canonical(&object)
            .map_err(|error| error.to_string())
            .and_then(|bytes| status.write(&bytes).map_err(|error| error.to_string()));
        if let Err(error) = written {
            self.line(&error);
        }
    }

    fn line(&self, text: &str) {
        let print = || {
            let stamp = if self.terminal { String::new() } else { format!("{} ", seconds(self.clock.now().wall)) };
            // Where nothing can be said, the exit code and the record still stand.
            let _ = std::io::stderr().write_all(format!("{stamp}gate: {text}\n").as_bytes());
        };
        match &self.spinner {
            Some(spinner) => spinner.suspend(print),
            None => print(),
        }
    }

    fn detail(&self, text: &str) {
        let _ = std::io::stderr().write_all(format!("  {text}\n").as_bytes());
    }

    fn waiting(&mut self, request: &Request, short: &str, missing: &[String]) {
        self.request = Some(request.id);
        self.line(&format!("approval needed (request {}, {short})", request.id));
        for line in command_lines(request) {
            self.detail(&line);
        }
        for finding in request.subject.seen.findings.iter().filter(|finding| finding.waived.is_none()) {
            self.detail(&format!("{}: {} [{}]", finding.effect.name(), Shown::text(&finding.why), finding.rule));
        }
        for unresolved in &request.subject.seen.unresolved {
            self.detail(&format!("not known before it runs: {}", Shown::text(&unresolved.why)));
        }
        for clause in &request.subject.requirement {
            self.detail(&format!("needs {}", clause_line(clause)));
        }
        self.detail(&format!("answer in another terminal: gate approve {}", request.id));
        if self.alone {
            self.line("no remote is configured: nobody outside this machine can see the request");
        }
        self.write_status("waiting", missing, false, None);
        if self.terminal {
            self.spin(request);
        } else {
            self.line(&format!("waiting until {}", seconds(request.expires)));
        }
    }

    fn spin(&mut self, request: &Request) {
        let spinner = ProgressBar::new_spinner();
        // A terminal that can only print (`TERM` unset or `dumb`).
        if spinner.is_hidden() {
            return self.line(&format!("waiting until {} (Ctrl-C withdraws)", seconds(request.expires)));
        }
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} waiting for {elapsed}, until {msg} (Ctrl-C withdraws)")
        {
            spinner.set_style(style);
        }
        spinner.set_message(seconds(request.expires));
        spinner.enable_steady_tick(Duration::from_millis(120));
        self.spinner = Some(spinner);
    }

    fn clear(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
    }
}

impl Drop for Console<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Person for Console<'_> {
    fn tell(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Notice(text) => self.line(&Shown::text(text).to_string()),
            Progress::Waiting { request, short, missing } => self.waiting(request, short, missing),
            Progress::Answered { approver, answer, reason, proof, grade, missing } => {
                let (approver, reason) = (Shown::text(approver), Shown::text(reason));
                // The everyday answer, signed with a key of somebody's own, needs no words.
                let how = match (proof, grade) {
                    (ProofKind::Sshsig, Grade::Signed) => String::new(),
                    (proof, grade) => format!(" ({}, {})", proof.word(), grade.word()),
                };
                self.line(&format!("{answer} by {approver}{how}: {reason}"));
                if !missing.is_empty() {
                    self.line(&format!("still needed: {}", missing.join("; ")));
                }
            }
            Progress::Refused(why) => self.line(&format!("an answer does not count: {}", Shown::text(why))),
            Progress::Done => self.clear(),
            Progress::Cleared { record, request } => {
                self.clear();
                self.record = Some(record);
                let (state, ran) = if request.is_some() { ("approved", false) } else { ("allowed", true) };
                self.write_status(state, &[], ran, None);
            }
        }
    }
}

/// The command as the request names it, never cut without saying so.
fn command_lines(request: &Request) -> Vec<String> {
    const LONGEST: usize = 2000;
    let invocation = &request.subject.invocation;
    let words: Vec<String> = invocation.arguments.iter().map(shown_word).collect();
    let line = words.join(" ");
    let mut lines = Vec::new();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            lines.push(format!("command: {} …", line.get(..end).unwrap_or_default()));
            lines.push(format!(
                "the command is {} characters long; `gate show {}` shows all of it",
                line.chars().count(),
                request.id
            ));
        }
        None => lines.push(format!("command: {line}")),
    }
    lines.push(format!("in: {}", invocation.directory.path));
    lines
}

/// One word of a command; a secret stands outside of quotes.
pub fn shown_word(word: &crate::model::Text) -> String {
    match word {
        crate::model::Text::Plain(text) => crate::model::quoted_word(text.as_ref()),
        other => other.to_string(),
    }
}

/// A time without its fraction.
fn seconds(time: Timestamp) -> String {
    let text = time.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}
