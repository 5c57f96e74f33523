//! What somebody wants to record, before it has a place in a log; refuses members that belong to the chain.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::encoding::json::{Map, Value};
use crate::model::RequestId;

/// Members that stand in every record and are written by the log alone.
pub(super) const CHAIN: [&str; 9] = ["host", "key", "log", "mode", "prev", "seq", "time", "type", "v"];

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $fault:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident => $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The word as it stands in a record.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        #[doc = concat!("The text is not ", $what, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("`{}` is not {}", .0.escape_debug(), $what)]
        pub struct $fault(String);

        impl FromStr for $name {
            type Err = $fault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err($fault(other.chars().take(64).collect())),
                }
            }
        }
    };
}

words!(
    /// The types of records; the set is closed.
    Kind, UnknownKind, "a type of record", {
        /// The first record: the log's key, host and machine.
        Genesis => "genesis",
        /// A question put to approvers.
        Request => "request",
        /// One approver's answer.
        Verdict => "verdict",
        /// A command was cleared to run; it did not yet happen.
        Run => "run",
        /// A command will not run: denied, expired, withdrawn, broken.
        Refuse => "refuse",
        /// How a command ended, or why it could not start.
        Outcome => "outcome",
        /// A verdict that stands for more than one run.
        Grant => "grant",
        /// The full text of all that decides.
        Policy => "policy",
        /// Who may answer, and changes to that.
        Key => "key",
        /// A segment closes or opens.
        Segment => "segment",
        /// A witness outside this machine saw the log's head.
        Anchor => "anchor",
        /// Something broken was found and left for readers to see.
        Repair => "repair",
        /// The clock stepped back.
        Clock => "clock",
        /// Disclosures were deleted.
        Erase => "erase",
    }
);

words!(
    /// What keeps the requester from going around gate (the threat model's columns).
    Mode, UnknownMode, "a mode (wrapper, custody or account)", {
        /// Nothing: the same account holds the credentials.
        Wrapper => "wrapper",
        /// Another account holds the credentials.
        Custody => "custody",
        /// The right to run as the other account is gate's alone.
        Account => "account",
    }
);

/// What to record: a type and the members that belong to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    kind: Kind,
    pub(super) members: Map<String, Value>,
}

/// A member with this name is written by the log alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the member `{0}` is written by the log alone")]
pub struct Reserved(&'static str);

impl Entry {
    /// An entry of this type with these members.
    ///
    /// # Errors
    /// If a member has the name of one that every record has.
    pub fn new(kind: Kind, members: Map<String, Value>) -> Result<Self, Reserved> {
        match CHAIN.into_iter().find(|name| members.contains_key(*name)) {
            Some(name) => Err(Reserved(name)),
            None => Ok(Self { kind, members }),
        }
    }

    /// Members known not to clash, for the log's own records.
    pub(super) const fn own(kind: Kind, members: Map<String, Value>) -> Self {
        Self { kind, members }
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The members that belong to the type.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The same entry naming the request it uses up; only the log's claim calls this.
    pub(crate) fn using(mut self, request: RequestId) -> Self {
        self.members.insert("used".to_owned(), Value::String(request.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_the_chain_cannot_be_set_by_an_entry() {
        for name in CHAIN {
            let members = Map::from_iter([(name.to_owned(), Value::Null)]);
            assert_eq!(Entry::new(Kind::Run, members), Err(Reserved(name)));
        }
        assert!(Entry::new(Kind::Run, Map::new()).is_ok());
    }

    #[test]
    fn types_and_modes_are_closed_sets_with_one_spelling() {
        assert_eq!("run".parse(), Ok(Kind::Run));
        assert_eq!(Kind::Erase.to_string(), "erase");
        assert!("Run".parse::<Kind>().is_err());
        assert!("root".parse::<Mode>().is_err());
    }
}
