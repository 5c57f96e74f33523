//! What operators watch, in the text format of Prometheus (version 0.0.4). Refuses to name anybody: numbers and closed sets
//! of words alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the classes of durations, in milliseconds.
const CLASSES: [u64; 9] = [1, 2, 5, 10, 25, 50, 100, 250, 1000];

/// What was counted since the server began.
#[derive(Debug, Default)]
pub struct Metrics {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    responses: BTreeMap<u16, u64>,
    batches: [u64; CLASSES.len()],
    batch_count: u64,
    batch_micros: u128,
    changes: u64,
}

/// What the database and the hub say at the moment.
#[derive(Debug)]
pub struct Now {
    /// Requests by state.
    pub requests: Vec<(String, i64)>,
    /// Answers by decision.
    pub answers: Vec<(String, i64)>,
    /// Hosts that wait.
    pub waiting: u32,
}

impl Metrics {
    /// A response was given.
    pub fn response(&self, status: u16) {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner).responses.entry(status).or_insert(0) += 1;
    }

    /// So many changes were made durable together, and it took so long.
    pub fn batch(&self, changes: usize, took: Duration) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.batch_count += 1;
        counted.batch_micros += took.as_micros();
        counted.changes += changes as u64;
        for (end, count) in CLASSES.iter().zip(&mut counted.batches) {
            if took <= Duration::from_millis(*end) {
                *count += 1;
            }
        }
    }

    /// All of it as text.
    #[must_use]
    pub fn text(&self, now: &Now) -> String {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = Text(String::new());
        text.head("gate_requests", "gauge", "Requests by state.");
        now.requests.iter().for_each(|(state, count)| text.line("gate_requests", &label("state", state), count));
        text.head("gate_answers", "gauge", "Answers that are kept, by decision.");
        now.answers.iter().for_each(|(word, count)| text.line("gate_answers", &label("decision", word), count));
        text.head("gate_waiting", "gauge", "Hosts that wait for news at this server.");
        text.line("gate_waiting", "", &now.waiting);
        text.head("gate_http_responses_total", "counter", "Responses of this server by status.");
        for (status, count) in &counted.responses {
            text.line("gate_http_responses_total", &label("status", &status.to_string()), count);
        }
        text.head("gate_changes_total", "counter", "Changes that this server made durable.");
        text.line("gate_changes_total", "", &counted.changes);
        let name = "gate_write_seconds";
        text.head(name, "histogram", "How long it took to make a batch of changes durable.");
        for (end, count) in CLASSES.iter().zip(&counted.batches) {
            let end = Duration::from_millis(*end).as_secs_f64().to_string();
            text.line(&format!("{name}_bucket"), &label("le", &end), count);
        }
        text.line(&format!("{name}_bucket"), &label("le", "+Inf"), &counted.batch_count);
        let micros = u64::try_from(counted.batch_micros).unwrap_or(u64::MAX);
        text.line(&format!("{name}_sum"), "", &Duration::from_micros(micros).as_secs_f64());
        text.line(&format!("{name}_count"), "", &counted.batch_count);
        text.0
    }
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // A text takes whatever is written.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, label: &str, value: &dyn std::fmt::Display) {
        let _ = writeln!(self.0, "{name}{label} {value}");
    }
}

fn label(name: &str, value: &str) -> String {
    format!("{{{name}=\"{value}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_in_every_class_that_holds_them() {
        let metrics = Metrics::default();
        metrics.response(200);
        metrics.response(200);
        metrics.batch(3, Duration::from_millis(4));
        metrics.batch(1, Duration::from_secs(2));
        let now = Now { requests: vec![("waiting".to_owned(), 2)], answers: Vec::new(), waiting: 1 };
        let text = metrics.text(&now);
        for line in [
            "gate_requests{state=\"waiting\"} 2",
            "gate_http_responses_total{status=\"200\"} 2",
            "gate_changes_total 4",
            "gate_write_seconds_bucket{le=\"0.002\"} 0",
            "gate_write_seconds_bucket{le=\"0.005\"} 1",
            "gate_write_seconds_bucket{le=\"+Inf\"} 2",
            "gate_write_seconds_sum 2.004",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
