//! A waiting host's side: a thread of its own puts the request before approvers, asks again and again what is new, and hands
//! on what comes. It tries as long as the request lives: servers restart, networks break, laptops sleep.

use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::client::{Access, Client, RemoteError};
use super::wire::{self, Closing, LONGEST_WAIT, News, State};
use crate::encoding::unpadded;
use crate::model::{Apart, RequestId, Unreachable};
use crate::ports::{Carrier, Event, Failure, Publication};

/// How long a request may take to reach the server before its host hears of it.
const REACH: Duration = Duration::from_secs(20);
/// How long the end of a request may take to reach the server before the host goes on.
const FAREWELL: Duration = Duration::from_secs(2);
/// The first pause after a failure, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The server as a waiting host uses it. Nothing is started before something is asked.
pub struct RemoteApprovals<'a> {
    access: &'a dyn Fn() -> Result<Access, Failure>,
    unreachable: Unreachable,
    speaking: Option<Speaking>,
    notice: Option<String>,
}

/// The thread that speaks with the server.
struct Speaking {
    orders: UnboundedSender<State>,
    events: Receiver<Event>,
    wake: UnixStream,
    thread: JoinHandle<()>,
}

impl<'a> RemoteApprovals<'a> {
    /// A server; how to come in there is found out when something is asked.
    #[must_use]
    pub const fn new(access: &'a dyn Fn() -> Result<Access, Failure>, unreachable: Unreachable) -> Self {
        Self { access, unreachable, speaking: None, notice: None }
    }
}

impl Carrier for RemoteApprovals<'_> {
    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), Failure> {
        let access = match ((self.access)(), self.unreachable) {
            (Ok(access), _) => access,
            (Err(failure), Unreachable::Refuse) => return Err(failure),
            (Err(failure), Unreachable::Local) => {
                self.notice = Some(failure.message);
                return Ok(());
            }
        };
        let (key, signature) = publication.signed;
        let published = wire::Publication {
            request: unpadded::encoded(publication.bytes),
            key: key.clone(),
            signature: unpadded::encoded(&signature),
            stays: publication.stays,
        };
        let system = |error: std::io::Error| Failure::of(&error);
        let (wake, waker) = UnixStream::pair().map_err(system)?;
        wake.set_nonblocking(true).map_err(system)?;
        waker.set_nonblocking(true).map_err(system)?;
        let (orders, ordered) = unbounded_channel();
        let (sender, events) = channel();
        let (arrived, arrival) = channel();
        let task = Task { access, id: publication.id, published, to: Telling { sender, waker } };
        let thread = std::thread::Builder::new().name("remote".to_owned());
        let thread = thread.spawn(move || task.run(&arrived, ordered)).map_err(system)?;
        self.speaking = Some(Speaking { orders, events, wake, thread });
        match (self.unreachable, publication.stays) {
            (Unreachable::Local, false) => Ok(()),
            // What stays is left there by a process that goes.
            (Unreachable::Local, true) => {
                let _ = arrival.recv_timeout(REACH);
                Ok(())
            }
            (Unreachable::Refuse, _) => match arrival.recv_timeout(REACH) {
                Ok(told) => told.map_err(Failure::from),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    Err(RemoteError::Unreachable(format!("nothing in {} seconds", REACH.as_secs())).into())
                }
            },
        }
    }

    fn close(&mut self, _: RequestId, why: &str) {
        if let Some(speaking) = &self.speaking {
            // Where the thread is gone there is nobody to tell.
            let _ = speaking.orders.send(State::named(why).unwrap_or(State::Broken));
        }
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        self.speaking.as_ref().map(|speaking| speaking.wake.as_fd())
    }

    fn take(&mut self) -> Option<Event> {
        if let Some(notice) = self.notice.take() {
            return Some(Event::Notice(notice));
        }
        let speaking = self.speaking.as_mut()?;
        let event = speaking.events.try_recv().ok();
        if event.is_none() {
            // Only once nothing is left, so that what comes meanwhile wakes again.
            let mut bytes = [0; 64];
            while speaking.wake.read(&mut bytes).is_ok_and(|read| read > 0) {}
            return speaking.events.try_recv().ok();
        }
        event
    }
}

impl Drop for RemoteApprovals<'_> {
    /// Gives the last word a moment to arrive.
    fn drop(&mut self) {
        if let Some(Speaking { orders, thread, .. }) = self.speaking.take() {
            drop(orders);
            // It ends by itself: with nobody to give orders, or after the farewell.
            let _ = thread.join();
        }
    }
}

/// Where events go.
struct Telling {
    sender: Sender<Event>,
    waker: UnixStream,
}

impl Telling {
    fn tell(&mut self, event: Event) {
        if self.sender.send(event).is_ok() {
            // A full pipe wakes as well.
            let _ = self.waker.write(&[1]);
        }
    }
}

/// One request.
struct Task {
    access: Access,
    id: RequestId,
    published: wire::Publication,
    to: Telling,
}

/// How speaking ended.
type Arrived = Sender<Result<(), RemoteError>>;

impl Task {
    fn run(mut self, arrived: &Arrived, mut orders: UnboundedReceiver<State>) {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match built {
            Ok(runtime) => runtime,
            Err(error) => return drop(arrived.send(Err(RemoteError::Unreachable(error.to_string())))),
        };
        let client = match Client::new(self.access.clone()) {
            Ok(client) => client,
            Err(error) => return drop(arrived.send(Err(error))),
        };
        runtime.block_on(async {
            let last = tokio::select! {
                biased;
                last = orders.recv() => last,
                () = self.speak(&client, arrived) => orders.recv().await,
            };
            if let Some(state) = last {
                let path = format!("v1/requests/{}/close", self.id);
                let _ = tokio::time::timeout(FAREWELL, client.post(&path, &Closing { state })).await;
            }
        });
        runtime.shutdown_background();
    }

    /// Publishes, then hands on what is new; ends where the server says that the request is over.
    async fn speak(&mut self, client: &Client, arrived: &Arrived) {
        let mut pause = Pause::default();
        loop {
            match client.post("v1/requests", &self.published).await {
                Ok(()) => break,
                Err(error) if error.is_passing() => self.wait(&mut pause, &error).await,
                Err(error) => {
                    self.to.tell(Event::Notice(error.to_string()));
                    return drop(arrived.send(Err(error)));
                }
            }
        }
        self.again(&mut pause);
        // Nobody listens where the local queue is enough.
        let _ = arrived.send(Ok(()));
        let mut after = 0;
        loop {
            let path = format!("v1/requests/{}/answers?after={after}&wait={LONGEST_WAIT}", self.id);
            match client.get::<News>(&path, Duration::from_secs(LONGEST_WAIT)).await {
                Ok(news) => {
                    self.again(&mut pause);
                    for answer in news.answers {
                        after = after.max(answer.number);
                        let Some(bytes) = unpadded::decoded(answer.verdict.as_bytes()) else { continue };
                        self.to.tell(Event::Answer { bytes, apart: Apart::Key });
                    }
                    if news.state != State::Waiting {
                        let notice = format!("the approval server says that the request is {}", news.state.name());
                        self.to.tell(Event::Notice(notice));
                        return;
                    }
                }
                // A database that was set back has lost it.
                Err(RemoteError::Refused { status: 404, .. }) => {
                    if let Err(error) = client.post("v1/requests", &self.published).await {
                        self.wait(&mut pause, &error).await;
                    }
                    after = 0;
                }
                Err(error) => self.wait(&mut pause, &error).await,
            }
        }
    }

    async fn wait(&mut self, pause: &mut Pause, error: &RemoteError) {
        if pause.times == 1 {
            self.to.tell(Event::Notice(format!("{error}; it is tried again")));
        }
        tokio::time::sleep(pause.next(self.id)).await;
    }

    fn again(&mut self, pause: &mut Pause) {
        if pause.times > 1 {
            self.to.tell(Event::Notice("the approval server can be reached again".to_owned()));
        }
        *pause = Pause::default();
    }
}

/// Pauses that grow, and differ between hosts.
#[derive(Debug, Default)]
struct Pause {
    times: u32,
}

impl Pause {
    fn next(&mut self, id: RequestId) -> Duration {
        let (first, longest) = PAUSES;
        let pause = first.saturating_mul(1 << self.times.min(10)).min(longest);
        self.times = self.times.saturating_add(1);
        // Half of it is by chance: the last bytes of the id are random, and each time others are looked at.
        let bytes = id.to_string().into_bytes();
        let at = bytes.len().saturating_sub(1 + self.times as usize % 12);
        let chance = u32::from(bytes.get(at).copied().unwrap_or(0)) % 16;
        pause / 2 + pause / 32 * chance
    }
}
