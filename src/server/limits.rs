//! How much one caller may ask: so many calls a second for each token, so many strangers' tries for each address, so many
//! waits at a time. Refuses what is more, and says when to come again; nobody's share is taken from somebody else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how many seconds of calls a token may save up.
const SAVED: f64 = 4.0;
/// How many tries without a token that counts an address has at once, and how many come back a second.
const STRANGERS: (f64, f64) = (60.0, 1.0);
/// How many buckets are kept before the full ones are thrown away.
const KEPT: usize = 10_000;

/// The limits, and what is used of them.
#[derive(Debug)]
pub struct Limits {
    rate: f64,
    waits: u32,
    tokens: Mutex<HashMap<String, Bucket>>,
    strangers: Mutex<HashMap<IpAddr, Bucket>>,
    waiting: Arc<Mutex<HashMap<String, u32>>>,
}

/// What is left, and when that was.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// A wait that counts as long as this lives.
#[derive(Debug)]
pub struct Wait {
    waiting: Arc<Mutex<HashMap<String, u32>>>,
    token: String,
}

impl Limits {
    /// So many calls a second, and so many waits at a time, for each token.
    #[must_use]
    pub fn new(rate: u32, waits: u32) -> Self {
        Self {
            rate: f64::from(rate.max(1)),
            waits,
            tokens: Mutex::default(),
            strangers: Mutex::default(),
            waiting: Arc::default(),
        }
    }

    /// Counts a call of a token.
    ///
    /// # Errors
    /// For how long it must wait.
    pub fn call(&self, token: &str) -> Result<(), Duration> {
        take(&self.tokens, token.to_owned(), self.rate * SAVED, self.rate)
    }

    /// Counts a call of somebody unknown.
    ///
    /// # Errors
    /// For how long the address must wait.
    pub fn stranger(&self, address: IpAddr) -> Result<(), Duration> {
        take(&self.strangers, address, STRANGERS.0, STRANGERS.1)
    }

    /// Begins to wait, unless too many do.
    #[must_use]
    pub fn wait(&self, token: &str) -> Option<Wait> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.entry(token.to_owned()).or_insert(0);
        if *count >= self.waits {
            return None;
        }
        *count += 1;
        Some(Wait { waiting: Arc::clone(&self.waiting), token: token.to_owned() })
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(&self.token) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.remove(&self.token);
            }
        }
    }
}

fn take<K: Eq + std::hash::Hash>(
    buckets: &Mutex<HashMap<K, Bucket>>,
    key: K,
    size: f64,
    rate: f64,
) -> Result<(), Duration> {
    let now = Instant::now();
    let filled = |bucket: &Bucket| (bucket.left + now.duration_since(bucket.at).as_secs_f64() * rate).min(size);
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    if buckets.len() >= KEPT {
        // A full bucket is as good as none.
        buckets.retain(|_, bucket| filled(bucket) < size);
    }
    let bucket = buckets.entry(key).or_insert(Bucket { left: size, at: now });
    let left = filled(bucket);
    *bucket = Bucket { left: if left >= 1.0 { left - 1.0 } else { left }, at: now };
    if left >= 1.0 { Ok(()) } else { Err(Duration::from_secs_f64((1.0 - left) / rate)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_is_held_back_and_no_other() {
        let limits = Limits::new(1, 2);
        assert!((0..4).all(|_| limits.call("one").is_ok()));
        let pause = limits.call("one").unwrap_err();
        assert!(pause > Duration::ZERO && pause <= Duration::from_secs(1), "{pause:?}");
        assert!(limits.call("two").is_ok());
        let address = [127, 0, 0, 1].into();
        assert!((0..60).all(|_| limits.stranger(address).is_ok()));
        assert!(limits.stranger(address).is_err());
        assert!(limits.stranger([127, 0, 0, 2].into()).is_ok());
    }

    #[test]
    fn waits_are_counted_while_they_last() {
        let limits = Limits::new(1, 2);
        let (one, _two) = (limits.wait("one").unwrap(), limits.wait("one").unwrap());
        assert!(limits.wait("one").is_none() && limits.wait("two").is_some());
        drop(one);
        assert!(limits.wait("one").is_some());
        assert_eq!(limits.waiting(), 1);
    }
}
