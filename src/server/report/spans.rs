//! Spans for a collector, as OTLP/HTTP in JSON has them (OpenTelemetry Protocol 1.x; semantic conventions for HTTP servers).
//! They are a convenience and never evidence: what the collector does not take in time is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use super::call::Call;
use crate::encoding::json::{self, json};
use crate::remote::Collector;

/// How many spans wait to be sent, and how many are sent together.
const WAITING: usize = 2048;
const TOGETHER: usize = 512;
/// How long they are collected.
const EVERY: Duration = Duration::from_secs(1);
/// How long the last ones may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where spans are handed in.
pub struct Spans {
    queue: mpsc::Sender<json::Value>,
    end: Arc<Notify>,
    ended: Arc<Notify>,
    left_out: Arc<AtomicU64>,
}

impl Spans {
    /// Sends to a collector, under the name of a service.
    #[must_use]
    pub fn start(collector: Collector, service: String) -> Self {
        let (queue, spans) = mpsc::channel(WAITING);
        let (end, ended, left_out) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::default());
        let sending = Sending { collector, service, left_out: Arc::clone(&left_out) };
        tokio::spawn(sending.run(spans, Arc::clone(&end), Arc::clone(&ended)));
        Self { queue, end, ended, left_out }
    }

    /// A call is over.
    pub fn add(&self, call: &Call) {
        if call.trace.sampled
            && let Err(TrySendError::Full(_)) = self.queue.try_send(span(call))
        {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends what there is.
    pub async fn end(&self) {
        self.end.notify_one();
        // The collector has had its time.
        let _ = timeout(FAREWELL, self.ended.notified()).await;
    }
}

struct Sending {
    collector: Collector,
    service: String,
    left_out: Arc<AtomicU64>,
}

impl Sending {
    async fn run(self, mut spans: mpsc::Receiver<json::Value>, end: Arc<Notify>, ended: Arc<Notify>) {
        let (mut batch, mut over) = (Vec::new(), false);
        while !over {
            let until = Instant::now() + EVERY;
            while batch.len() < TOGETHER {
                tokio::select! {
                    taken = timeout_at(until, spans.recv_many(&mut batch, TOGETHER)) => match taken {
                        Ok(1..) => {}
                        Ok(0) => { over = true; break }
                        Err(_) => break,
                    },
                    () = end.notified() => {
                        spans.close();
                        while let Some(span) = spans.recv().await {
                            batch.push(span);
                        }
                        over = true;
                        break;
                    }
                }
            }
            if !batch.is_empty() {
                self.send(std::mem::take(&mut batch)).await;
            }
        }
        ended.notify_one();
    }

    /// A span that the collector does not take is gone: it says so itself where it is asked.
    async fn send(&self, spans: Vec<json::Value>) {
        let mut about = vec![text("service.name", &self.service), text("service.version", env!("CARGO_PKG_VERSION"))];
        let missing = self.left_out.swap(0, Ordering::Relaxed);
        if missing > 0 {
            about.push(number("gate.spans.left_out", missing));
        }
        let _ = self
            .collector
            .send(&json!({"resourceSpans": [{
                "resource": {"attributes": about},
                "scopeSpans": [{"scope": {"name": "gate"}, "spans": spans}],
            }]}))
            .await;
    }
}

fn span(call: &Call) -> json::Value {
    let route = call.route.as_deref().unwrap_or("unknown");
    let begun = u128::try_from(call.begun.micros()).unwrap_or(0) * 1000;
    let mut about = vec![
        text("http.request.method", &call.method),
        text("http.route", route),
        number("http.response.status_code", u64::from(call.status)),
    ];
    if let Some((role, by)) = call.owner.get() {
        about.extend([text("gate.role", role), text("gate.by", by)]);
    }
    // 2: a server's span; a fault is the server's own from 500 on.
    let status = if call.status >= 500 { 2 } else { 0 };
    json!({
        "traceId": call.trace.id, "spanId": call.trace.span, "parentSpanId": call.trace.parent.as_deref().unwrap_or(""),
        "name": format!("{} {route}", call.method), "kind": 2,
        "startTimeUnixNano": begun.to_string(), "endTimeUnixNano": (begun + call.took.as_nanos()).to_string(),
        "attributes": about, "status": {"code": status},
    })
}

fn text(key: &str, value: &str) -> json::Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn number(key: &str, value: u64) -> json::Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}
