//! Lines for operators, written by a thread of their own. Where nobody reads them fast enough, lines are left out, and how many
//! is said.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::call::{Call, Cause};
use crate::encoding::json::{self, json};
use crate::model::Shown;
use crate::server::clock::now;

/// How many lines wait to be written.
const WAITING: usize = 4096;

/// How lines look, and which there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// News and failures, for people.
    Failures,
    /// Every call too, for people.
    Text,
    /// Every call too, one JSON object a line.
    Json,
}

/// Where lines are handed in.
#[derive(Clone)]
pub struct Lines {
    form: Form,
    queue: Option<SyncSender<String>>,
    left_out: Arc<AtomicU64>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Lines {
    /// Starts the thread, which says every line.
    ///
    /// # Errors
    /// When the system has none.
    pub fn start(form: Form, say: fn(&str)) -> std::io::Result<Self> {
        let (queue, lines) = sync_channel(WAITING);
        let left_out = Arc::new(AtomicU64::new(0));
        let missing = Arc::clone(&left_out);
        let writer =
            std::thread::Builder::new().name("report".to_owned()).spawn(move || write(form, say, &lines, &missing))?;
        Ok(Self { form, queue: Some(queue), left_out, writer: Arc::new(Mutex::new(Some(writer))) })
    }

    /// A line about the server itself.
    pub fn news(&self, news: &str) {
        self.add(match self.form {
            Form::Json => json_line(&json!({"time": now(), "level": "info", "event": "news", "said": news})),
            Form::Failures | Form::Text => format!("{news}\n"),
        });
    }

    /// A line about a call, where it is one that is told.
    pub fn call(&self, call: &Call) {
        match self.form {
            Form::Json => self.add(json_line(&told(call))),
            Form::Text => self.add(text(call)),
            Form::Failures if call.cause.is_some() => self.add(text(call)),
            Form::Failures => {}
        }
    }

    /// Waits until everything is written.
    pub fn end(mut self) {
        drop(self.queue.take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Others may still hand lines in: they are the ones that the server does not wait for.
        if let Some(writer) = writer.filter(|_| Arc::strong_count(&self.left_out) <= 2) {
            let _ = writer.join();
        }
    }

    fn add(&self, line: String) {
        if self.queue.as_ref().is_none_or(|queue| queue.try_send(line).is_err()) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write(form: Form, say: fn(&str), lines: &Receiver<String>, left_out: &AtomicU64) {
    while let Ok(line) = lines.recv() {
        say(&line);
        let missing = left_out.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let said = format!("{missing} lines were left out here");
            let line = match form {
                Form::Json => json_line(&json!({"time": now(), "level": "warn", "event": "news", "said": said})),
                Form::Failures | Form::Text => format!("gate: {said}\n"),
            };
            say(&line);
        }
    }
}

fn level(call: &Call) -> &'static str {
    match call.status {
        500.. => "error",
        400.. => "warn",
        _ => "info",
    }
}

fn told(call: &Call) -> json::Value {
    let (role, by) = call.owner.get().unzip();
    json!({
        "time": call.begun, "level": level(call), "event": "call", "method": call.method, "route": call.route,
        "status": call.status, "microseconds": u64::try_from(call.took.as_micros()).unwrap_or(json::MAX_INTEGER),
        "role": role, "by": by, "trace": call.trace.id, "span": call.trace.span,
        "cause": call.cause.as_ref().map(|Cause(cause)| cause),
    })
}

/// Canonical JSON escapes every line break.
fn json_line(value: &json::Value) -> String {
    let bytes = json::canonical(value).unwrap_or_default();
    format!("{}\n", String::from_utf8_lossy(&bytes))
}

fn text(call: &Call) -> String {
    let owner = call.owner.get().map(|(role, by)| format!(" {role} {by}")).unwrap_or_default();
    let cause = call.cause.as_ref().map(|Cause(cause)| format!(": {cause}")).unwrap_or_default();
    let micros = call.took.as_micros();
    let line = format!(
        "{} {} {} {} {}.{:03} ms{owner}{cause}",
        call.begun,
        call.method,
        call.route.as_deref().unwrap_or("-"),
        call.status,
        micros / 1000,
        micros % 1000
    );
    format!("gate: {}\n", Shown::text(&line))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::call::{Owner, Trace};
    use super::*;
    use crate::model::Timestamp;
    use crate::server::tokens::Role;

    fn call() -> Call {
        let owner = Owner::default();
        owner.is(Role::Host, "0123456789abcdef");
        Call {
            begun: Timestamp::EPOCH,
            took: Duration::from_micros(1234),
            method: "GET".to_owned(),
            route: Some("/v1/requests/{id}".to_owned()),
            status: 503,
            owner,
            cause: Some(Cause("the database: \u{1b}[31m\ngate: a second line".to_owned())),
            trace: Trace::of(None),
        }
    }

    #[test]
    fn what_others_say_makes_no_second_line() {
        for line in [json_line(&told(&call())), text(&call())] {
            assert!(line.ends_with('\n') && line.lines().count() == 1 && !line.contains('\u{1b}'), "{line}");
        }
        let read = json::strict_value(json_line(&told(&call())).trim_end().as_bytes()).unwrap();
        assert_eq!((read["status"].as_u64(), read["microseconds"].as_u64()), (Some(503), Some(1234)));
        assert_eq!((read["level"].as_str(), read["role"].as_str()), (Some("error"), Some("host")));
        assert!(text(&call()).contains(" GET /v1/requests/{id} 503 1.234 ms host 0123456789abcdef: the database"));
    }
}
