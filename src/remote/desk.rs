//! An approver's side: what waits at the server, and answers on their way there. What the server says of a request is shown
//! from the request's own bytes; a host's signature must stand under them.

use std::time::Duration;

use tokio::runtime::Runtime;

use super::client::{Access, Client, RemoteError};
use super::wire::{Head, Heads, Me, NewAnswer, Page, State, Whole};
use crate::encoding::unpadded;
use crate::model::{Apart, RequestId};
use crate::ports::{Failure, Requests};

/// How many requests are listed.
const MOST: usize = 1000;

/// The server as an approver uses it.
pub struct RemoteDesk {
    client: Client,
    runtime: Runtime,
}

/// A request at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtServer {
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// The host that asks, by the server's word.
    pub host: String,
    /// What became of it.
    pub state: State,
    /// The bytes of the answers so far.
    pub verdicts: Vec<Vec<u8>>,
}

impl RemoteDesk {
    /// This server.
    ///
    /// # Errors
    /// When nothing can be sent at all.
    pub fn new(access: Access) -> Result<Self, RemoteError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        Ok(Self { client: Client::new(access)?, runtime })
    }

    /// Everything that waits, oldest first.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn waiting(&self) -> Result<Vec<AtServer>, RemoteError> {
        let mut found = Vec::new();
        let mut path = "v1/requests?state=waiting".to_owned();
        while found.len() < MOST {
            let page: Page = self.runtime.block_on(self.client.get(&path, Duration::ZERO))?;
            for listed in page.requests.iter().filter(|listed| listed.state == State::Waiting) {
                match self.request(listed.id) {
                    // It is over since.
                    Err(RemoteError::Refused { status: 404, .. }) => {}
                    request => found.push(request?),
                }
            }
            let Some(next) = page.next else { break };
            path = format!("v1/requests?state=waiting&after={next}");
        }
        Ok(found)
    }

    /// Whose token it is, by the server's word.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn me(&self) -> Result<Me, RemoteError> {
        self.runtime.block_on(self.client.get("v1/me", Duration::ZERO))
    }

    /// The heads that the server has seen, of the caller's own log where the caller is a host.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn heads(&self) -> Result<Vec<Head>, RemoteError> {
        let (mut found, mut path) = (Vec::new(), "v1/heads?limit=1000".to_owned());
        loop {
            let page: Heads = self.runtime.block_on(self.client.get(&path, Duration::ZERO))?;
            found.extend(page.heads);
            let Some(next) = page.next else { return Ok(found) };
            path = format!("v1/heads?limit=1000&after={next}");
        }
    }

    /// One request.
    ///
    /// # Errors
    /// When there is none, the server cannot be reached, or no host signed what it says.
    pub fn request(&self, id: RequestId) -> Result<AtServer, RemoteError> {
        let whole: Whole = self.runtime.block_on(self.client.get(&format!("v1/requests/{id}"), Duration::ZERO))?;
        let foreign = || RemoteError::Foreign(format!("the request {id} is not signed by its host"));
        let bytes = whole.publication.opened().map_err(|_| foreign())?;
        let verdicts = whole.answers.iter().filter_map(|answer| unpadded::decoded(answer.verdict.as_bytes())).collect();
        Ok(AtServer { bytes, host: whole.listed.host, state: whole.listed.state, verdicts })
    }
}

impl Requests for RemoteDesk {
    fn bytes(&self, id: RequestId) -> Result<Vec<u8>, Failure> {
        let request = self.request(id)?;
        match request.state {
            State::Waiting => Ok(request.bytes),
            over => Err(Failure { message: format!("the request {id} is {}", over.name()), hint: None }),
        }
    }

    fn apart(&self, _: u32) -> Apart {
        Apart::Key
    }

    fn answer(&self, id: RequestId, verdict: &[u8]) -> Result<(), Failure> {
        let answer = NewAnswer { verdict: unpadded::encoded(verdict) };
        let path = format!("v1/requests/{id}/answers");
        Ok(self.runtime.block_on(self.client.post(&path, &answer))?)
    }
}
