//! Values that remember where they stand, so that what is wrong with their meaning can be shown at its place.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer};
use serde_yaml::Spanned;

use super::YamlError;

/// A value and its place. Two of them are equal if their values are: where it stands is not what it says.
///
/// The place is lost inside `untagged`, internally tagged and flattened types, which gate does not use.
#[derive(Clone)]
pub struct Placed<T> {
    /// What stands there.
    pub value: T,
    line: usize,
    column: usize,
}

impl<T> Placed<T> {
    /// A value that stands in no text.
    pub const fn nowhere(value: T) -> Self {
        Self { value, line: 0, column: 0 }
    }

    /// The line, from 1; 0 if the value stands in no text.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1; 0 if the value stands in no text.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Another value at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { value: change(self.value), line: self.line, column: self.column }
    }

    /// What is wrong with this value, shown at its place in the text it was read from.
    pub fn error(&self, name: &str, text: &str, message: &str, hint: Option<&str>) -> YamlError {
        YamlError::at(name, text, self.line, self.column, message, hint)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::deserialize(deserializer)?;
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(Self { value, line: number(referenced.line()), column: number(referenced.column()) })
    }
}

/// What stands there, wherever it stands.
#[cfg(schema)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Placed<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }
}

impl<T: fmt::Debug> fmt::Debug for Placed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}:{}", self.value, self.line, self.column)
    }
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Placed<T> {}

impl<T: PartialOrd> PartialOrd for Placed<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Placed<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Hash> Hash for Placed<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}
