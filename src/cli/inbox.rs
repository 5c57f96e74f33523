//! What waits for an answer, here and at the approval server: approvers see both as one.

use std::sync::Arc;

use crate::approval::Received;
use crate::host::config::{KeyStore, Paths};
use crate::host::launch::getent::SystemNames;
use crate::host::queue::{Queue, QueueError, Queued, State};
use crate::host::token;
use crate::model::{Remote, RequestId};
use crate::ports::{Failure, Requests};
use crate::remote::{Access, AtServer, RemoteDesk, RemoteError, wire};

use super::exit;
use super::failure::Complaint;
use super::place::{Place, now};
use super::surroundings;

/// The local queue and the server, as far as there are any.
pub struct Inbox {
    local: Option<Queue>,
    /// The server, or why it cannot be used.
    remote: Option<Result<RemoteDesk, Failure>>,
}

/// A request, and where it lies.
pub struct Found {
    /// As in the local queue.
    pub queued: Queued,
    /// What the server says became of it, if it lies there.
    pub over: Option<&'static str>,
    /// The answers to it.
    pub verdicts: Vec<Vec<u8>>,
}

/// How to come in at an approval server.
pub fn access(remote: &Remote, paths: &Paths, store: KeyStore) -> Result<Access, Failure> {
    let place = token::Place { paths, store, variable: &surroundings::variable };
    Ok(Access::new(&remote.url.to_string(), token::read(&place)?, Arc::new(SystemNames))?)
}

impl Inbox {
    /// Opens both; nothing is sent yet.
    pub fn open(place: &Place) -> Result<Self, Complaint> {
        let desk = |remote| Ok(RemoteDesk::new(access(remote, &place.paths, place.config.keys)?)?);
        Ok(Self { local: place.queue()?, remote: place.config.remote.as_ref().map(desk) })
    }

    fn remote(&self) -> Result<Option<&RemoteDesk>, Complaint> {
        match &self.remote {
            None => Ok(None),
            Some(Ok(remote)) => Ok(Some(remote)),
            Some(Err(Failure { message, hint })) => {
                Err(Complaint { message: message.clone(), hint: hint.clone(), code: exit::CONFIGURATION })
            }
        }
    }

    /// Everything that waits, oldest first, and what was skipped.
    pub fn waiting(&self) -> Result<(Vec<Found>, Vec<String>), Complaint> {
        let (mut found, mut notices) = (Vec::new(), Vec::new());
        if let Some(queue) = &self.local {
            let listing = queue.list(now())?;
            notices = listing.notices;
            for queued in listing.requests {
                found.push(here(queue, queued)?.0);
            }
        }
        let there = self.remote().and_then(|remote| Ok(remote.map_or_else(|| Ok(Vec::new()), RemoteDesk::waiting)?));
        match there {
            Ok(requests) => {
                for request in requests {
                    match at_server(request) {
                        // What waits here and there is one request.
                        Ok(new) if found.iter().any(|old| old.queued.bytes == new.queued.bytes) => {}
                        Ok(new) => found.push(new),
                        Err(why) => notices.push(format!("skipped a request at the approval server: {why}")),
                    }
                }
            }
            Err(complaint) if found.is_empty() => return Err(complaint),
            // What waits here can be answered all the same.
            Err(complaint) => notices.push(complaint.message),
        }
        found.sort_by_key(|found| (found.queued.received.request().created, found.queued.received.request().id));
        Ok((found, notices))
    }

    /// One request, where it is open; else none.
    pub fn find(&self, id: RequestId) -> Result<Option<Found>, Complaint> {
        match self.local.as_ref().map(|queue| (queue, queue.read(id))) {
            Some((queue, Ok(queued))) => {
                let (found, notices) = here(queue, queued)?;
                for notice in notices {
                    super::complain(&Complaint::new(0, notice));
                }
                return Ok(Some(found));
            }
            Some((_, Err(QueueError::NoRequest(_)))) | None => {}
            Some((_, Err(error))) => return Err(error.into()),
        }
        match self.remote()?.map(|remote| remote.request(id)) {
            None | Some(Err(RemoteError::Refused { status: 404, .. })) => Ok(None),
            Some(Err(error)) => Err(error.into()),
            Some(Ok(request)) => {
                let why = |why| Complaint::new(exit::CONFIGURATION, format!("the request cannot be used: {why}"));
                at_server(request).map(Some).map_err(why)
            }
        }
    }

    /// Where an answer to a request goes: into the queue that has it, else to the server.
    pub fn desk(&self, id: RequestId) -> Result<&dyn Requests, Complaint> {
        match self.local.as_ref().filter(|queue| queue.read(id).is_ok()) {
            Some(queue) => Ok(queue),
            None => {
                self.remote()?.map(|remote| remote as &dyn Requests).ok_or_else(|| QueueError::NoRequest(id).into())
            }
        }
    }
}

/// A request of the local queue with its answers, and which of those were skipped.
fn here(queue: &Queue, queued: Queued) -> Result<(Found, Vec<String>), Complaint> {
    let (answers, notices) = queue.answers(queued.received.request().id)?;
    let verdicts = answers.into_iter().map(|answer| answer.bytes).collect();
    Ok((Found { queued, over: None, verdicts }, notices))
}

fn at_server(request: AtServer) -> Result<Found, String> {
    let received = Received::read(&request.bytes).map_err(|error| error.to_string())?;
    let owner = received.request().subject.requester.uid;
    let over = (request.state != wire::State::Waiting).then(|| request.state.name());
    let queued =
        Queued { received, bytes: request.bytes, state: State::Waiting, owner, answers: request.verdicts.len() };
    Ok(Found { queued, over, verdicts: request.verdicts })
}

impl From<RemoteError> for Complaint {
    fn from(error: RemoteError) -> Self {
        let code = match &error {
            RemoteError::Unreachable(_) => exit::UNREACHABLE,
            RemoteError::Refused { status, .. } if *status >= 500 => exit::UNREACHABLE,
            RemoteError::Refused { .. } => exit::DENIED,
            RemoteError::Address(_) | RemoteError::Foreign(_) => exit::CONFIGURATION,
        };
        Self::failure(code, error.into())
    }
}
