//! The local queue of requests: a directory through which a waiting gate and the approvers' gates pass files. Nothing in
//! it is believed: it can lose or delay a message, and never make a command run.
//!
//! `ID.request` is a request whose process waits and holds a lock on it; `ID.parked` is one that stays without (made by
//! `--no-wait`); `ID.verdict.RANDOM` is an answer; `ID.withdrawn` takes a request back.

mod dir;
mod wait;

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use self::dir::{Content, Dir, Unfit, random_name};
use super::config::file::words;
use crate::approval::{LARGEST_REQUEST, LARGEST_VERDICT, Received};
use crate::model::{Apart, RequestId, Shown};
use crate::ports::{Failure, Requests};

pub use dir::Place;
pub use wait::LocalApprovals;

/// How many answers to one request are looked at.
const MOST_ANSWERS: usize = 256;
/// How many requests are listed.
const MOST_REQUESTS: usize = 4096;
/// How long the mark of a request that was taken back stays, in seconds.
const MARKS_STAY: i64 = 7 * 24 * 3600;

/// Why the queue cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// Something about a file or the directory failed.
    #[error("cannot {doing} `{}`: {}", Shown::os(.path.as_os_str()), words(.source))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The directory is not one to be trusted.
    #[error("the queue `{}` {why}", Shown::os(.path.as_os_str()))]
    Unfit {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// A shared queue that is configured and not there.
    #[error("the queue `{}` does not exist", Shown::os(.0.as_os_str()))]
    Missing(PathBuf),
    /// There is no such request.
    #[error("there is no request {0} in the queue")]
    NoRequest(RequestId),
    /// There is one, and its process died.
    #[error("nobody waits for the request {0} any more: its process is gone")]
    Gone(RequestId),
    /// There is one, and it cannot be believed.
    #[error("the request {id} cannot be used: {why}")]
    Unusable {
        /// Which.
        id: RequestId,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else's request.
    #[error("the request {0} is not yours to withdraw (hint: gate deny)")]
    NotYours(RequestId),
    /// Too much at once.
    #[error("a {what} may have at most {limit} bytes")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The system has no random bytes.
    #[error("the system gives no random bytes")]
    NoEntropy,
}

impl QueueError {
    fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    fn of(doing: &'static str, path: &Path, fault: Errno) -> Self {
        Self::io(doing, path, fault.into())
    }
}

/// What became of a request's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Waiting,
    /// It went on purpose; the request stays until it is resumed or expires.
    Parked,
    /// It died: nobody waits for an answer.
    Gone,
}

/// A request in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The request, and the digest of its bytes.
    pub received: Received,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// What became of its process.
    pub state: State,
    /// Who put it there.
    pub owner: u32,
    /// How many answers lie beside it.
    pub answers: usize,
}

/// Everything in the queue, oldest first, and what was skipped and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The requests.
    pub requests: Vec<Queued>,
    /// One line for each file that was skipped or cleaned away.
    pub notices: Vec<String>,
}

/// An answer in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedAnswer {
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// Who put it there.
    pub owner: u32,
}

/// The queue as approvers and onlookers use it.
#[derive(Debug)]
pub struct Queue {
    dir: Dir,
}

impl Queue {
    /// Opens a queue; `None` where nothing was ever asked.
    ///
    /// # Errors
    /// When the directory cannot be opened or trusted.
    pub fn existing(place: &Place) -> Result<Option<Self>, QueueError> {
        Ok(Dir::open(place)?.map(|dir| Self { dir }))
    }

    /// All requests, oldest first. Those of this user whose process died are cleaned away.
    ///
    /// # Errors
    /// When the directory cannot be read; a file that cannot be used is a notice.
    pub fn list(&self, now: crate::model::Timestamp) -> Result<Listing, QueueError> {
        let names = self.dir.names()?;
        let mut listing = Listing::default();
        let found = names.iter().filter_map(|name| named(name)).filter(|(_, kind)| kind.is_request());
        for (id, kind) in found.take(MOST_REQUESTS) {
            match self.queued(id, kind, &names) {
                Ok(queued) if queued.state == State::Gone && queued.owner == self.dir.uid() => {
                    self.clean(id);
                    listing.notices.push(format!("the request {id} was taken away: its process is gone"));
                }
                Ok(queued) => listing.requests.push(queued),
                Err(Unfit::Gone) => {}
                Err(why) => listing.notices.push(skipped(&kind.name(id), &why.to_string())),
            }
        }
        self.sweep(&names, now.micros() / 1_000_000);
        Ok(listing)
    }

    /// One request.
    ///
    /// # Errors
    /// `NoRequest`, `Unusable`.
    pub fn read(&self, id: RequestId) -> Result<Queued, QueueError> {
        let names = self.dir.names()?;
        for kind in [Kind::Request, Kind::Parked] {
            match self.queued(id, kind, &names) {
                Ok(queued) => return Ok(queued),
                Err(Unfit::Gone) => {}
                Err(why) => return Err(QueueError::Unusable { id, why: why.to_string() }),
            }
        }
        Err(QueueError::NoRequest(id))
    }

    /// The answers to a request, and what was skipped.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn answers(&self, id: RequestId) -> Result<(Vec<QueuedAnswer>, Vec<String>), QueueError> {
        let (mut answers, mut notices) = (Vec::new(), Vec::new());
        for name in self.dir.names()?.iter().filter(|name| is_answer(name, id)).take(MOST_ANSWERS) {
            match self.dir.content(name, LARGEST_VERDICT) {
                Ok(Content { bytes, owner, .. }) => answers.push(QueuedAnswer { bytes, owner }),
                Err(why) => notices.push(skipped(name, &why.to_string())),
            }
        }
        Ok((answers, notices))
    }

    /// Puts an answer beside a request.
    ///
    /// # Errors
    /// When it is too large or cannot be written.
    pub fn answer(&self, id: RequestId, verdict: &[u8]) -> Result<(), QueueError> {
        if verdict.len() > LARGEST_VERDICT {
            return Err(QueueError::TooLarge { what: "verdict", limit: LARGEST_VERDICT });
        }
        let name = format!("{id}.verdict.{}", random_name()?);
        self.dir.put(&name, verdict, |_| Ok(())).map(drop)
    }

    /// Takes a request back: the waiting process hears of it, and a parked one is not resumed.
    ///
    /// # Errors
    /// `NoRequest`, `NotYours`, or when the mark cannot be written.
    pub fn withdraw(&self, id: RequestId) -> Result<State, QueueError> {
        let queued = self.read(id)?;
        if queued.owner != self.dir.uid() {
            return Err(QueueError::NotYours(id));
        }
        if queued.state == State::Gone {
            self.clean(id);
            return Ok(State::Gone);
        }
        match self.dir.put(&Kind::Withdrawn.name(id), b"", |_| Ok(())) {
            Err(QueueError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
            put => drop(put?),
        }
        if queued.state == State::Parked {
            self.dir.remove(&Kind::Parked.name(id));
        }
        Ok(queued.state)
    }

    /// How far apart from a requester with this uid an answer from here will be.
    #[must_use]
    pub fn apart(&self, uid: u32) -> Apart {
        if self.dir.uid() == uid { Apart::Key } else { Apart::Account }
    }

    fn queued(&self, id: RequestId, kind: Kind, names: &[String]) -> Result<Queued, Unfit> {
        let Content { bytes, owner, file } = self.dir.content(&kind.name(id), LARGEST_REQUEST)?;
        let received = Received::read(&bytes).map_err(|fault| Unfit::Unopened(fault.to_string()))?;
        let request = received.request();
        if request.id != id {
            return Err(Unfit::Unopened(format!("it holds the request {}", request.id)));
        }
        if request.subject.requester.uid != owner {
            return Err(Unfit::Owner(owner));
        }
        let state = match kind {
            Kind::Parked => State::Parked,
            // Its process holds the lock from before it had this name.
            Kind::Request | Kind::Withdrawn => match flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => State::Gone,
                Err(_) => State::Waiting,
            },
        };
        let answers = names.iter().filter(|name| is_answer(name, id)).count();
        Ok(Queued { received, bytes, state, owner, answers })
    }

    /// Takes away what is ours of a request.
    fn clean(&self, id: RequestId) {
        clean(&self.dir, id);
    }

    /// Takes away old marks and answers of ours to requests that are no more.
    fn sweep(&self, names: &[String], now: i64) {
        let old = |name: &str| self.dir.changed(name).is_some_and(|at| now.saturating_sub(at) > MARKS_STAY);
        let stands = |id: RequestId| names.contains(&Kind::Request.name(id)) || names.contains(&Kind::Parked.name(id));
        for name in names {
            let about = name.split('.').next().and_then(|id| id.parse::<RequestId>().ok());
            if about.is_some_and(|id| !stands(id)) && old(name) {
                self.dir.remove(name);
            }
        }
    }
}

impl Requests for Queue {
    fn bytes(&self, id: RequestId) -> Result<Vec<u8>, Failure> {
        let queued = self.read(id).map_err(|fault| Failure::of(&fault))?;
        match queued.state {
            State::Waiting | State::Parked => Ok(queued.bytes),
            State::Gone => Err(Failure::of(&QueueError::Gone(id))),
        }
    }

    fn apart(&self, uid: u32) -> Apart {
        Self::apart(self, uid)
    }

    fn answer(&self, id: RequestId, verdict: &[u8]) -> Result<(), Failure> {
        Self::answer(self, id, verdict).map_err(|fault| Failure::of(&fault))
    }
}

/// What a file of the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Parked,
    Withdrawn,
}

impl Kind {
    const fn is_request(self) -> bool {
        match self {
            Self::Request | Self::Parked => true,
            Self::Withdrawn => false,
        }
    }

    fn name(self, id: RequestId) -> String {
        match self {
            Self::Request => format!("{id}.request"),
            Self::Parked => format!("{id}.parked"),
            Self::Withdrawn => format!("{id}.withdrawn"),
        }
    }
}

/// Which file of which request a name stands for. The id is read as a whole before it is part of a path again.
fn named(name: &str) -> Option<(RequestId, Kind)> {
    let (id, kind) = name.split_once('.')?;
    let kind = match kind {
        "request" => Kind::Request,
        "parked" => Kind::Parked,
        "withdrawn" => Kind::Withdrawn,
        _ => return None,
    };
    Some((id.parse().ok()?, kind))
}

fn is_answer(name: &str, id: RequestId) -> bool {
    name.strip_prefix(&id.to_string()).and_then(|rest| rest.strip_prefix(".verdict.")).is_some()
}

fn skipped(name: &str, why: &str) -> String {
    format!("skipped `{}` in the queue: {}", Shown::text(name), Shown::text(why))
}

fn clean(dir: &Dir, id: RequestId) {
    for kind in [Kind::Request, Kind::Parked, Kind::Withdrawn] {
        dir.remove(&kind.name(id));
    }
    for name in dir.names().unwrap_or_default().iter().filter(|name| is_answer(name, id)) {
        dir.remove(name);
    }
}

#[cfg(test)]
mod tests;
