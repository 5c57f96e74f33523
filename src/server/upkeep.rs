//! What a server does beside answering calls: it hears other servers, closes what is over and forgets it. Refuses to stop at
//! a fault: what fails is tried again.

use std::time::Duration;

use super::change::{Change, Outcome};
use super::clock::now;
use super::http::App;
use super::http::row::EXPIRY;
use super::journal;
use crate::remote::wire::State;

/// How often the journal is looked at for news that nobody brought.
const LOOK: Duration = Duration::from_secs(3);

/// Wakes those who wait here with the news of other servers.
pub async fn hear(app: App) {
    let heard = |news: Option<&str>| match news.and_then(|news| news.parse().ok()) {
        Some(id) => app.hub.wake(id),
        None => app.hub.wake_all(),
    };
    loop {
        // Why it ended changes nothing.
        let _ = app.database.hear(&heard).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Wakes those whose news got lost on the way from another server: what is new in the journal behind this entry. One look
/// serves everybody who waits, however many they are.
pub async fn look(app: App, mut last: i64) {
    loop {
        tokio::time::sleep(LOOK).await;
        // What cannot be read now is read next time.
        while let Ok(happened) = journal::since(&app.database, last).await {
            last = happened.last;
            happened.requests.into_iter().for_each(|id| app.hub.wake(id));
            if !happened.more {
                break;
            }
        }
    }
}

/// Forgets what is over for so long.
pub async fn forget(app: App, keep: Duration) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    loop {
        every.tick().await;
        let before = now().minus(keep);
        // What fails, or is left, is tried again within a minute.
        while matches!(app.writer.make(Change::Forgotten { before }).await, Ok(Outcome::Done)) {}
    }
}

/// Closes requests whose time is over, though their hosts did not say so.
pub async fn expire(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    loop {
        every.tick().await;
        let statement = format!("SELECT id FROM requests WHERE state = 'waiting' AND {EXPIRY} < $1 LIMIT 1000");
        let Ok(rows) = app.database.rows(&statement, &[now().micros().into()]).await else { continue };
        for request in rows.iter().filter_map(|row| row.text(0).ok()?.parse().ok()) {
            let state = State::Expired;
            // Tried again within a minute.
            let _ = app.writer.make(Change::Closed { request, host: None, state }).await;
        }
    }
}
