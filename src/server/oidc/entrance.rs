//! How a session says that it began at a provider: `oidc ` and canonical JSON, so that it is never taken for the id of a
//! token or the fingerprint of a passkey.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::encoding::json;
use crate::model::Clause;

const MARK: &str = "oidc ";

/// Who somebody was at the provider, and for which groups of gate they may answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entrance {
    /// The provider.
    pub issuer: String,
    /// Their name there, which is never given to anybody else.
    pub subject: String,
    /// The groups of gate; none where the provider is not asked for groups, so that the hosts alone decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<BTreeSet<String>>,
}

impl Entrance {
    /// As it is stored; `None` if it cannot be written.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let bytes = json::canonical(self).ok()?;
        Some(format!("{MARK}{}", String::from_utf8(bytes).ok()?))
    }

    /// Reads it back; `None` for an entrance of another kind.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        json::strict(text.strip_prefix(MARK)?.as_bytes()).ok()
    }

    /// The one name for them that no other provider gives.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{}|{}", self.issuer, self.subject)
    }

    /// Whether they are of a clause's groups, as far as the provider says. The host asks its own roster as well.
    #[must_use]
    pub fn is_of(&self, clause: &Clause) -> bool {
        self.groups.as_ref().is_none_or(|own| clause.from.iter().any(|group| own.contains(group)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entrance_reads_back_and_is_no_other_kind() {
        for groups in [None, Some(BTreeSet::from(["approvers".to_owned()]))] {
            let entrance = Entrance { issuer: "https://id.acme.com".into(), subject: "a\"b|c".into(), groups };
            assert_eq!(Entrance::read(&entrance.text().unwrap()), Some(entrance));
        }
        for other in ["SHA256:abc", "0123456789abcdef", "", "oidc", "oidc {}", "{\"issuer\":\"a\",\"subject\":\"b\"}"] {
            assert_eq!(Entrance::read(other), None, "{other}");
        }
    }
}
