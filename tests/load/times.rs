//! Durations, and what they were at most for most of them.

use std::time::Duration;

/// Durations of one kind.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The median, the 99th percentile and the longest, in milliseconds.
    pub fn told(&mut self) -> String {
        self.0.sort_unstable();
        let part = |share: f64| {
            // Fewer than fit into a fraction.
            let at = (self.0.len() as f64 * share).ceil() as usize;
            self.0.get(at.max(1) - 1).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
        };
        format!("p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", part(0.5), part(0.99), part(1.0))
    }
}

impl Extend<Duration> for Times {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, iterator: I) {
        self.0.extend(iterator);
    }
}
