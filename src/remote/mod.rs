//! The approval server as a host and an approver use it. Nothing that comes from there is believed: the host that runs
//! judges every answer itself.

mod client;
#[cfg(feature = "server")]
mod collector;
mod desk;
pub mod records;
mod shipping;
mod waiting;
pub mod wire;

pub use client::{Access, RemoteError};
#[cfg(feature = "server")]
pub use collector::Collector;
pub use desk::{AtServer, RemoteDesk};
pub use shipping::RemoteSink;
pub use waiting::RemoteApprovals;
