//! A host's side of the audit sink: how far the server has the log, and lines on their way there.

use std::time::Duration;

use tokio::runtime::Runtime;

use super::client::{Access, Client, RemoteError};
use super::records::{End, Shipment};

/// How much longer than an answer a full shipment may take over a slow line.
const LONGER: Duration = Duration::from_secs(45);

/// The server as a host's log is shipped to it.
pub struct RemoteSink {
    client: Client,
    runtime: Runtime,
}

impl RemoteSink {
    /// This server.
    ///
    /// # Errors
    /// When nothing can be sent at all.
    pub fn new(access: Access) -> Result<Self, RemoteError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        Ok(Self { client: Client::new(access)?, runtime })
    }

    /// How far the server has this host's log.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn end(&self) -> Result<End, RemoteError> {
        self.runtime.block_on(self.client.get("v1/records/end", Duration::ZERO))
    }

    /// Sends lines; gives how far the server has the log then.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, as it does where a line is another than the one it has.
    pub fn ship(&self, shipment: &Shipment) -> Result<End, RemoteError> {
        self.runtime.block_on(self.client.put_to("v1/records", shipment, LONGER))
    }
}
