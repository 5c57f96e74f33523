//! People and workloads as they are enrolled: keys, groups, accounts, owners. Plain values; whether they fit together is
//! the business of `approval`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Page, PublicKey, is_relying_party};

/// A person, an agent or a pipeline; its name is where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// The keys that sign for it.
    #[serde(default)]
    pub keys: Vec<EnrolledKey>,
    /// The groups it is a member of.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub groups: BTreeSet<String>,
    /// The accounts that are its own: what they ask, it asks.
    #[serde(default)]
    #[schemars(with = "Vec<Account>")]
    pub accounts: BTreeSet<Account>,
    /// For an agent or a pipeline: the person who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A key as it was enrolled. Written as its text, or as `{key, hardware, origins}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnrolledKey {
    /// The key.
    pub key: PublicKey,
    /// What vouches for its being in hardware; none for a key that only says so.
    pub hardware: Option<Hardware>,
    /// For a passkey: the pages it may answer from; where none is said, the very host it was made for.
    pub origins: BTreeSet<Page>,
}

impl EnrolledKey {
    /// For a passkey: the name of the host it was made for (its relying party id).
    #[must_use]
    pub fn relying_party(&self) -> Option<&str> {
        self.key.application().filter(|application| is_relying_party(application))
    }

    /// The pages that a passkey may answer from; none for other keys.
    #[must_use]
    pub fn pages(&self) -> BTreeSet<Page> {
        match self.relying_party() {
            Some(id) if self.origins.is_empty() => Page::of_relying_party(id).into_iter().collect(),
            Some(_) => self.origins.clone(),
            None => BTreeSet::new(),
        }
    }
}

/// A key of which nothing more is said.
impl From<PublicKey> for EnrolledKey {
    fn from(key: PublicKey) -> Self {
        Self { key, hardware: None, origins: BTreeSet::new() }
    }
}

/// Why a key is believed to be in hardware: its type alone proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Hardware {
    /// Another enrolled person signed its enrolment.
    Vouched,
    /// The token's attestation was checked.
    Attested,
}

/// An account: of every host that uses the file (`alice`), or of one (`alice@build01`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    name: String,
    host: Option<String>,
}

/// The text is not `NAME` or `NAME@HOST`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not an account of the form NAME or NAME@HOST", .0.escape_debug())]
pub struct InvalidAccount(String);

/// Whether anybody may answer for themselves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SelfApproval {
    /// Nobody.
    #[default]
    Never,
    /// The owner of an agent, for what the agent asks under an account of theirs.
    Agents,
}

impl Account {
    /// Whether this is that account of that host.
    #[must_use]
    pub fn is(&self, name: &str, host: &str) -> bool {
        self.name == name && self.host.as_deref().is_none_or(|own| own == host)
    }

    /// Whether some account of some host is both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.name == other.name && (self.host.is_none() || other.host.is_none() || self.host == other.host)
    }

    /// Whether every account that `other` stands for is also this.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.name == other.name && (self.host.is_none() || self.host == other.host)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.host.as_ref().map_or(Ok(()), |host| write!(f, "@{host}"))
    }
}

impl FromStr for Account {
    type Err = InvalidAccount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, host) = text.rsplit_once('@').map_or((text, None), |(name, host)| (name, Some(host)));
        let plain = |part: &str| !part.is_empty() && part.len() <= 255 && part.bytes().all(|b| b.is_ascii_graphic());
        if plain(name) && host.is_none_or(plain) {
            Ok(Self { name: name.to_owned(), host: host.map(str::to_owned) })
        } else {
            Err(InvalidAccount(text.chars().take(64).collect()))
        }
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for EnrolledKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.hardware.is_none() && self.origins.is_empty() {
            return self.key.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", &self.key)?;
        if let Some(hardware) = &self.hardware {
            map.serialize_entry("hardware", hardware)?;
        }
        if !self.origins.is_empty() {
            map.serialize_entry("origins", &self.origins)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for EnrolledKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EnrolledKeyVisitor)
    }
}

impl JsonSchema for EnrolledKey {
    fn schema_name() -> Cow<'static, str> {
        "EnrolledKey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (key, hardware) = (generator.subschema_for::<PublicKey>(), generator.subschema_for::<Hardware>());
        let both = json_schema!({
            "type": "object",
            "properties": {"key": key, "hardware": hardware},
            "required": ["key"],
            "additionalProperties": false,
        });
        json_schema!({"description": "A public key, or a key and what vouches for its being in hardware.", "anyOf": [key, both]})
    }
}

impl JsonSchema for Account {
    fn schema_name() -> Cow<'static, str> {
        "Account".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "`NAME`, or `NAME@HOST`.", "pattern": "^([!-?A-~]{1,255}|[!-~]{1,255}@[!-?A-~]{1,255})$"})
    }
}

struct EnrolledKeyVisitor;

impl<'de> Visitor<'de> for EnrolledKeyVisitor {
    type Value = EnrolledKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a public key such as `ssh-ed25519 AAAA…`, or `key`, `hardware` and `origins`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<EnrolledKey, E> {
        text.parse::<PublicKey>().map(EnrolledKey::from).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EnrolledKey, A::Error> {
        let (mut key, mut hardware, mut origins) = (None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "key" if key.is_none() => key = Some(map.next_value()?),
                "hardware" if hardware.is_none() => hardware = Some(map.next_value()?),
                "origins" if origins.is_none() => origins = Some(map.next_value()?),
                "key" | "hardware" | "origins" => return Err(A::Error::custom(format!("`{name}` stands here twice"))),
                other => return Err(A::Error::unknown_field(other, &["key", "hardware", "origins"])),
            }
        }
        let key = key.ok_or_else(|| A::Error::missing_field("key"))?;
        Ok(EnrolledKey { key, hardware, origins: origins.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC9648ZBRAOlRGrUL+Q4NXBnqX+Fgej1A0bwnBL/XStN";

    #[test]
    fn a_principal_reads_back_what_it_wrote() {
        let text = format!(
            r#"{{"keys":["{KEY}",{{"key":"{KEY}","hardware":"vouched"}}],"groups":["a"],"accounts":["alice","bob@h"]}}"#
        );
        let principal: Principal = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&principal).unwrap(), text);
    }

    #[test]
    fn a_passkey_answers_from_the_pages_it_was_enrolled_with_or_from_its_own_host() {
        let mut blob = Vec::new();
        for field in [b"sk-ssh-ed25519@openssh.com".as_slice(), &[9; 32], b"gate.acme.com"] {
            crate::model::put_string(&mut blob, field);
        }
        let key = PublicKey::from_blob(&blob).unwrap();
        let pages = |text: &str| {
            let enrolled: EnrolledKey = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&enrolled).unwrap(), text);
            enrolled.pages().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(pages(&format!("\"{key}\"")), ["https://gate.acme.com"]);
        let said = format!(
            r#"{{"key":"{key}","hardware":"vouched","origins":["http://localhost:1","https://a.gate.acme.com"]}}"#
        );
        assert_eq!(pages(&said), ["http://localhost:1", "https://a.gate.acme.com"]);
        assert_eq!(pages(&format!("\"{KEY}\"")), [""; 0]);
    }

    #[test]
    fn an_unknown_member_is_refused() {
        for bad in [r#"{"group":["a"]}"#.to_owned(), format!(r#"{{"keys":[{{"key":"{KEY}","hard":"x"}}]}}"#)] {
            assert!(
                serde_json::from_str::<Principal>(&bad).unwrap_err().to_string().contains("unknown field"),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_account_without_a_host_is_that_of_every_host() {
        let (every, one): (Account, Account) = ("alice".parse().unwrap(), "alice@build01".parse().unwrap());
        assert!(every.is("alice", "build02") && one.is("alice", "build01") && !one.is("alice", "build02"));
        assert!(every.overlaps(&one) && one.overlaps(&every) && every.covers(&one) && !one.covers(&every));
        assert!(!one.overlaps(&"alice@build02".parse().unwrap()) && !every.overlaps(&"bob".parse().unwrap()));
        for bad in ["", "@", "alice@", "@build01", "a b", "a\u{202e}b"] {
            assert!(bad.parse::<Account>().is_err(), "{bad}");
        }
    }
}
