//! Coming in by OpenID Connect: the code flow with PKCE, at one provider. Refuses every token that is not by this provider,
//! for this server, for this browser, now; keeps and writes down none of them. Who somebody is there lets them see the queue;
//! what their answer is worth the hosts decide.

mod claims;
mod entrance;
mod flow;
mod person;
mod provider;
mod settings;

pub use entrance::Entrance;
pub use flow::{Began, Flow, Returned};
pub use person::Person;
pub use provider::{BACK, Provider};
pub use settings::{Settings, SettingsError};

use crate::encoding::jwt::JwtError;
use crate::remote::WebError;

/// Why nobody came in.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OidcError {
    /// The provider cannot be asked.
    #[error("the provider: {0}")]
    Web(#[from] WebError),
    /// What the provider says of itself cannot be used.
    #[error("the provider's description: {0}")]
    Description(String),
    /// It refuses.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// Its token is not what it must be.
    #[error("the provider's token: {0}")]
    Token(#[from] JwtError),
    /// What its token says is not what it must be.
    #[error("the provider's token: {0}")]
    Claim(String),
    /// The answer does not belong to a question of this browser.
    #[error("{0}; sign in again")]
    Foreign(&'static str),
    /// They are known there, and may not come in here.
    #[error("{0}")]
    Person(String),
}
