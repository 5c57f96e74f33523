//! The closed sets that a decision is made of: action classes, data labels, effects, grades.

use serde::{Deserialize, Serialize};

/// What kind of act a command is; a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ActionClass {
    /// Looks at something.
    Read,
    /// Changes something that is ordinary to change.
    Write,
    /// Takes data out of where it lives.
    Export,
    /// Makes something hard or impossible to get back.
    Destroy,
    /// Gives somebody more rights, or uses more rights.
    Privilege,
    /// Makes, shows or changes a secret.
    Credential,
    /// Changes what runs for others.
    Infra,
    /// Makes something public or available to others.
    Publish,
    /// Runs code that gate cannot see.
    Execute,
}

impl ActionClass {
    /// All classes, in the order of their declaration.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Write,
        Self::Export,
        Self::Destroy,
        Self::Privilege,
        Self::Credential,
        Self::Infra,
        Self::Publish,
        Self::Execute,
    ];

    /// The word used in policies and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Export => "export",
            Self::Destroy => "destroy",
            Self::Privilege => "privilege",
            Self::Credential => "credential",
            Self::Infra => "infra",
            Self::Publish => "publish",
            Self::Execute => "execute",
        }
    }
}

/// How sensitive data is, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DataLabel {
    /// Anybody may see it.
    Public,
    /// For the organisation.
    Internal,
    /// For those who need it.
    Confidential,
    /// For named people only.
    Restricted,
}

impl DataLabel {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::Confidential, Self::Restricted];

    /// The word used in policies and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

/// What is done about a finding, from least to most strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[must_use]
pub enum Effect {
    /// It may run.
    Allow,
    /// A person must answer first.
    Ask,
    /// It may not run.
    Deny,
}

impl Effect {
    /// The word used in policies and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// How an approver was proven, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// A server vouches for who it was.
    Asserted,
    /// Their own key signed.
    Signed,
    /// Their own key in hardware signed, and was touched.
    Touched,
    /// Touched, and a PIN or biometry was checked, by a key made for gate.
    Verified,
}

impl Grade {
    /// The word for it in policies and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asserted => "asserted",
            Self::Signed => "signed",
            Self::Touched => "touched",
            Self::Verified => "verified",
        }
    }
}

/// How far apart the answer came from, as the host that runs saw it, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Apart {
    /// Another key; the same account, or not known.
    Key,
    /// Another account (uid) of this host.
    Account,
    /// An enrolled remote.
    Host,
}
