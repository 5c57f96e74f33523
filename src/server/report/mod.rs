//! What the server says of itself while it serves: lines, and spans for a collector of OpenTelemetry's. Refuses to
//! hold anybody up for it, and to say what was asked: routes, roles and the names of tokens, never bodies, addresses of
//! requests, or secrets.

mod call;
mod lines;
mod spans;

use std::sync::Arc;

pub use call::{Call, Cause, Owner, Trace};
pub use lines::{Form, Lines};
pub use spans::Spans;

/// Where reports go.
#[derive(Clone)]
pub struct Report {
    lines: Lines,
    spans: Option<Arc<Spans>>,
}

impl Report {
    /// Reports in lines, and to a collector if there is one.
    #[must_use]
    pub fn new(lines: Lines, spans: Option<Spans>) -> Self {
        Self { lines, spans: spans.map(Arc::new) }
    }

    /// Something happened that operators want to know.
    pub fn news(&self, news: &str) {
        self.lines.news(news);
    }

    /// A call is over.
    pub fn call(&self, call: &Call) {
        self.lines.call(call);
        if let Some(spans) = &self.spans {
            spans.add(call);
        }
    }

    /// Waits until everything so far is said, for a moment.
    pub async fn end(self) {
        if let Some(spans) = &self.spans {
            spans.end().await;
        }
        self.lines.end();
    }
}
