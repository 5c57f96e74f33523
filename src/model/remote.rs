//! The approval server that a host is set up to ask.

use serde::Deserialize;

use super::{Page, PublicKey};

/// An approval server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its address.
    #[schemars(with = "String")]
    pub url: Page,
    /// The key with which it vouches for people whom it signed in.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub key: Option<PublicKey>,
    /// What happens where it cannot be reached.
    #[serde(default)]
    pub unreachable: Unreachable,
}

/// What happens where the approval server cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unreachable {
    /// What would be asked does not run.
    #[default]
    Refuse,
    /// It is asked in the local queue, and the server is tried again.
    Local,
}
