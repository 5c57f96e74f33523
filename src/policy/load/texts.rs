//! Values that may be written as one or as a list; a number in place of a text is refused, since YAML would change it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::encoding::yaml::Placed;

/// One text or a list of texts, each with its place.
#[derive(Debug, Clone, Default)]
pub struct Texts(Vec<Placed<Text>>);

/// One text as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl Texts {
    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts with their places.
    pub fn placed(&self) -> impl Iterator<Item = (&str, &Placed<Text>)> {
        self.0.iter().map(|text| (text.value.0.as_str(), text))
    }

    /// The texts alone.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| text.value.0.as_str())
    }

    /// The texts alone, owned.
    #[must_use]
    pub fn owned(&self) -> Vec<String> {
        self.iter().map(str::to_owned).collect()
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Err(E::custom("a text is missing, or needs quotes"))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Err(E::custom(format_args!("`{value}` needs quotes to be a text")))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
        Err(E::custom(format_args!("`{value}` needs quotes to be a text")))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        Err(E::custom(format_args!("`{value}` needs quotes to be a text")))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Placed::<OneOrMany<Text>>::deserialize(deserializer)?;
        let place = whole.clone().map(|_| ());
        Ok(Self(match whole.value {
            OneOrMany::One(text) => vec![place.map(|()| text)],
            OneOrMany::Many(texts) => texts,
        }))
    }
}

/// One text, or a list of them; its places are known only inside a list.
#[derive(Clone)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<Placed<T>>),
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany<Text>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Text::deserialize(StrDeserializer::new(text)).map(OneOrMany::One)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        TextVisitor.visit_bool(value).map(OneOrMany::One)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        TextVisitor.visit_unit().map(OneOrMany::One)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        TextVisitor.visit_i64(value).map(OneOrMany::One)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        TextVisitor.visit_u64(value).map(OneOrMany::One)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        TextVisitor.visit_f64(value).map(OneOrMany::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(OneOrMany::Many(texts))
    }
}

impl<'de> Deserialize<'de> for OneOrMany<Text> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

/// One map or a list of maps, each with its place.
#[derive(Debug, Clone)]
pub struct Maps<T>(pub Vec<Placed<T>>);

impl<T> Maps<T> {
    /// The maps alone.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|map| &map.value)
    }
}

impl<T> Default for Maps<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// One map, or a list of them; its places are known only inside a list.
enum MapOrList<T> {
    Map(T),
    List(Vec<Placed<T>>),
}

struct MapsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MapsVisitor<T> {
    type Value = MapOrList<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or a list of maps")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(MapOrList::Map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(MapOrList::List(values))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for MapOrList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MapsVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maps<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut maps = Vec::new();
        let mut one = None;
        let place = Placed::<MapOrList<T>>::deserialize(deserializer)?.map(|written| match written {
            MapOrList::Map(map) => one = Some(map),
            MapOrList::List(list) => maps = list,
        });
        maps.extend(one.map(|map| place.map(|()| map)));
        Ok(Self(maps))
    }
}

/// One word, or a map of its own.
#[derive(Debug, Clone)]
pub enum WordOr<T> {
    /// The word.
    Word(String),
    /// The map.
    Map(T),
}

struct WordOrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for WordOrVisitor<T> {
    type Value = WordOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a map")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WordOr<T>, E> {
        Ok(WordOr::Word(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<WordOr<T>, E> {
        Ok(WordOr::Word(value.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WordOr<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(WordOr::Map)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrVisitor(PhantomData))
    }
}
