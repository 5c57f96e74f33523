//! `gate serve`: carries requests to approvers and their answers back. It judges nothing and vouches for nothing that a
//! host does not check itself: a stolen server can lose messages, and never make a command run, but where a host pinned its key
//! and asks for no more than its word.

pub mod backup;
pub mod change;
mod clock;
pub mod database;
mod door;
pub mod http;
pub mod hub;
pub mod journal;
pub mod limits;
mod listening;
pub mod metrics;
pub mod oidc;
mod pages;
pub mod records;
pub mod renewal;
pub mod report;
pub mod sealing;
pub mod secret;
pub mod serve;
pub mod tls;
pub mod tokens;
mod upkeep;
pub mod witness;
pub mod writer;

pub use backup::BackupError;
pub use report::Form;
pub use serve::{ServeError, Serving, Settings, Traces};
