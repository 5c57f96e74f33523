//! The approval server as a host and an approver use it. Nothing that comes from there is believed: the host that runs
//! judges every answer itself. And, for the server, web servers that are not gate's.

mod client;
#[cfg(feature = "server")]
mod collector;
mod desk;
pub mod records;
mod shipping;
mod waiting;
mod web;
pub mod wire;

pub use client::{Access, RemoteError};
#[cfg(feature = "server")]
pub use collector::Collector;
pub use desk::{AtServer, RemoteDesk};
pub use shipping::RemoteSink;
pub use waiting::RemoteApprovals;
pub use web::{Address, Login, Web, WebError};
