//! Who waits for news of a request is woken when there is some; they look for themselves what it is, so that a wake-up too
//! many does no harm.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::model::RequestId;

/// The waiting, by request.
#[derive(Debug, Clone, Default)]
pub struct Hub {
    waiting: Arc<Mutex<HashMap<RequestId, watch::Sender<u64>>>>,
    ended: Arc<AtomicBool>,
    any: watch::Sender<u64>,
}

/// Wakes with the next news of one request.
#[derive(Debug)]
pub struct Waiting {
    hub: Hub,
    id: RequestId,
    news: watch::Receiver<u64>,
}

impl Hub {
    /// Begins to wait: news from now on is not missed.
    #[must_use]
    pub fn waiting(&self, id: RequestId) -> Waiting {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let news = waiting.entry(id).or_insert_with(|| watch::channel(0).0).subscribe();
        drop(waiting);
        Waiting { hub: self.clone(), id, news }
    }

    /// Begins to wait for news of whatever request.
    #[must_use]
    pub fn any(&self) -> watch::Receiver<u64> {
        self.any.subscribe()
    }

    /// Wakes everybody who waits for this request.
    pub fn wake(&self, id: RequestId) {
        tell(&self.any);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(&id).into_iter().for_each(tell);
    }

    /// Wakes everybody: what happened meanwhile is not known.
    pub fn wake_all(&self) {
        tell(&self.any);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.values().for_each(tell);
    }

    /// Nobody waits any longer: the server ends.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.wake_all();
    }

    /// Whether it ends.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}

/// Wakes those who listen.
fn tell(news: &watch::Sender<u64>) {
    news.send_modify(|count| *count = count.wrapping_add(1));
}

impl Waiting {
    /// Until there is news.
    pub async fn news(&mut self) {
        // The sender lives as long as somebody waits.
        let _ = self.news.changed().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waiting = self.hub.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // This one is still counted.
        if waiting.get(&self.id).is_some_and(|news| news.receiver_count() <= 1) {
            waiting.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn id(seed: u8) -> RequestId {
        RequestId::new(crate::model::Timestamp::from_micros(1_800_000_000_000_000).unwrap(), &[seed; 10])
    }

    #[tokio::test]
    async fn news_wakes_those_who_wait_for_it_and_nobody_is_left_behind() {
        let hub = Hub::default();
        let (mut one, mut two, mut other) = (hub.waiting(id(1)), hub.waiting(id(1)), hub.waiting(id(2)));
        // Before they look.
        hub.wake(id(1));
        one.news().await;
        two.news().await;
        assert!(tokio::time::timeout(Duration::from_millis(5), other.news()).await.is_err());
        drop(one);
        assert_eq!(hub.waiting.lock().unwrap().len(), 2);
        drop((two, other));
        assert!(hub.waiting.lock().unwrap().is_empty());
        hub.wake(id(1));
    }
}
