//! Writes values as RFC 8785 into one buffer, members put in order as each object ends; refuses what JSON can't say in
//! exactly one way.

use std::fmt::{self, Write as _};

use serde::ser::{self, Serialize};

use super::name::NameOf;
use super::text::{Text, member_order, put_text};
use super::{MAX_DEPTH, MAX_INTEGER};

/// Why a value has no canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// Floats are never written.
    #[error("a floating-point number can't be written")]
    Float,
    /// Beyond ±(2^53 - 1).
    #[error("the integer {0} is beyond 2^53 - 1")]
    Integer(i128),
    /// A member's name is not a string.
    #[error("a member's name is not a string")]
    Name,
    /// Two members have the same name.
    #[error("two members are named `{}`", .0.escape_debug())]
    Duplicate(String),
    /// Raw bytes have no JSON form; they are written as base64 by whoever knows what they are.
    #[error("raw bytes can't be written")]
    Bytes,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH}")]
    Depth,
    /// What the value itself said.
    #[error("{0}")]
    Value(String),
}

impl ser::Error for CanonicalError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string())
    }
}

/// The RFC 8785 form of a value, without a final newline.
///
/// # Errors
/// What can't be said in exactly one way: see [`CanonicalError`].
pub fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::with_capacity(512);
    append(&mut out, value)?;
    Ok(out)
}

/// Writes the RFC 8785 form of a value at the end of a buffer; after an error the buffer is as it was.
///
/// # Errors
/// As [`canonical`].
pub fn append<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), CanonicalError> {
    let start = out.len();
    value.serialize(Writer { out, depth: 0 }).inspect_err(|_| out.truncate(start))
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
}

impl<'a> Writer<'a> {
    fn string(self, text: &str) {
        self.out.push(b'"');
        put_text(self.out, text);
        self.out.push(b'"');
    }

    fn integer(self, number: i128) -> Result<(), CanonicalError> {
        if number.unsigned_abs() > u128::from(MAX_INTEGER) {
            return Err(CanonicalError::Integer(number));
        }
        write!(Text(self.out), "{number}").map_err(ser::Error::custom)
    }

    fn deeper(&self) -> Result<usize, CanonicalError> {
        if self.depth < MAX_DEPTH { Ok(self.depth + 1) } else { Err(CanonicalError::Depth) }
    }

    fn array(self, end: &'static [u8]) -> Result<Array<'a>, CanonicalError> {
        let depth = self.deeper()?;
        self.out.push(b'[');
        Ok(Array { out: self.out, depth, first: true, end })
    }

    fn object(self, end: &'static [u8]) -> Result<Object<'a>, CanonicalError> {
        let depth = self.deeper()?;
        self.out.push(b'{');
        Ok(Object { start: self.out.len(), out: self.out, depth, members: Vec::new(), ordered: true, end })
    }

    /// Opens `{"NAME":`, which a variant that carries something stands in.
    fn variant(self, name: &str) -> Result<Self, CanonicalError> {
        let depth = self.deeper()?;
        self.out.push(b'{');
        Writer { out: self.out, depth }.string(name);
        self.out.push(b':');
        Ok(Writer { out: self.out, depth })
    }
}

macro_rules! integers {
    ($($method:ident($kind:ty)),*) => {
        $(fn $method(self, value: $kind) -> Result<(), CanonicalError> {
            self.integer(value.into())
        })*
    };
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = ();
    type Error = CanonicalError;
    type SerializeSeq = Array<'a>;
    type SerializeTuple = Array<'a>;
    type SerializeTupleStruct = Array<'a>;
    type SerializeTupleVariant = Array<'a>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Object<'a>;
    type SerializeStructVariant = Object<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), CanonicalError> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    integers! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64)
    }

    fn serialize_u128(self, value: u128) -> Result<(), CanonicalError> {
        self.integer(i128::try_from(value).unwrap_or(i128::MAX))
    }

    fn serialize_f32(self, _: f32) -> Result<(), CanonicalError> {
        Err(CanonicalError::Float)
    }

    fn serialize_f64(self, _: f64) -> Result<(), CanonicalError> {
        Err(CanonicalError::Float)
    }

    fn serialize_char(self, value: char) -> Result<(), CanonicalError> {
        self.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), CanonicalError> {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), CanonicalError> {
        Err(CanonicalError::Bytes)
    }

    fn serialize_none(self) -> Result<(), CanonicalError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CanonicalError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CanonicalError> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CanonicalError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), CanonicalError> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), CanonicalError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), CanonicalError> {
        let Writer { out, depth } = self.variant(name)?;
        value.serialize(Writer { out, depth })?;
        out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Array<'a>, CanonicalError> {
        self.array(b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Array<'a>, CanonicalError> {
        self.array(b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Array<'a>, CanonicalError> {
        self.array(b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Array<'a>, CanonicalError> {
        self.variant(name)?.array(b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'a>, CanonicalError> {
        self.object(b"}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object<'a>, CanonicalError> {
        self.object(b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Object<'a>, CanonicalError> {
        self.variant(name)?.object(b"}}")
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), CanonicalError> {
        self.out.push(b'"');
        write!(Text(self.out), "{value}").map_err(ser::Error::custom)?;
        self.out.push(b'"');
        Ok(())
    }
}

struct Array<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    first: bool,
    end: &'static [u8],
}

impl Array<'_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        value.serialize(Writer { out: self.out, depth: self.depth })
    }

    /// Never fails; an object's end can, and both end alike.
    fn close(self) -> Result<(), CanonicalError> {
        self.out.extend_from_slice(self.end);
        Ok(())
    }
}

/// An object being written: members stand in the buffer in the order they came, each but the first after a comma.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    /// Where the first member begins.
    start: usize,
    members: Vec<Member>,
    ordered: bool,
    end: &'static [u8],
}

struct Member {
    name: Name,
    start: usize,
}

enum Name {
    Field(&'static str),
    Key(String),
}

impl Name {
    fn text(&self) -> &str {
        match self {
            Self::Field(text) => text,
            Self::Key(text) => text,
        }
    }
}

impl Object<'_> {
    fn name(&mut self, name: Name) {
        if let Some(last) = self.members.last() {
            self.ordered &= member_order(last.name.text(), name.text()).is_lt();
            self.out.push(b',');
        }
        self.members.push(Member { start: self.out.len(), name });
        if let Some(member) = self.members.last() {
            Writer { out: self.out, depth: self.depth }.string(member.name.text());
        }
        self.out.push(b':');
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        value.serialize(Writer { out: self.out, depth: self.depth })
    }

    fn close(self) -> Result<(), CanonicalError> {
        if !self.ordered {
            let written = self.out.split_off(self.start);
            let ends = self.members.iter().skip(1).map(|member| member.start - 1).chain([self.start + written.len()]);
            let mut members: Vec<_> = self.members.iter().zip(ends).collect();
            members.sort_unstable_by(|(one, _), (other, _)| member_order(one.name.text(), other.name.text()));
            let mut before: Option<&str> = None;
            for (member, end) in members {
                let name = member.name.text();
                if before == Some(name) {
                    return Err(CanonicalError::Duplicate(name.to_owned()));
                }
                if before.is_some() {
                    self.out.push(b',');
                }
                self.out.extend(written.get(member.start - self.start..end - self.start).into_iter().flatten());
                before = Some(name);
            }
        }
        self.out.extend_from_slice(self.end);
        Ok(())
    }
}

/// The six ways serde hands over the parts of an array or an object, all alike.
macro_rules! parts {
    ($($of:ident as $shape:ident: $method:ident($($name:ident: $kind:ty)?);)*) => {
        $(impl ser::$shape for $of<'_> {
            type Ok = ();
            type Error = CanonicalError;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: $kind,)?
                value: &T,
            ) -> Result<(), CanonicalError> {
                $(self.name(Name::Field($name));)?
                self.value(value)
            }

            fn end(self) -> Result<(), CanonicalError> {
                self.close()
            }
        })*
    };
}

parts! {
    Array as SerializeSeq: serialize_element();
    Array as SerializeTuple: serialize_element();
    Array as SerializeTupleStruct: serialize_field();
    Array as SerializeTupleVariant: serialize_field();
    Object as SerializeStruct: serialize_field(name: &'static str);
    Object as SerializeStructVariant: serialize_field(name: &'static str);
}

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = CanonicalError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalError> {
        let name = key.serialize(NameOf)?;
        self.name(Name::Key(name));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        self.value(value)
    }

    fn end(self) -> Result<(), CanonicalError> {
        self.close()
    }
}
