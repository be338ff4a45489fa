//! JSON as it was sent: every member of an object is kept, a repeated one too.
//!
//! Maps keep the last of two members of one name without a word, and a derived reader takes an array for a
//! struct. Both decide which secret is used, so neither is used here.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::BodyFault;

/// A JSON value. Texts may be secrets: they are wiped when dropped, and `Debug` shows none of them.
#[derive(Clone)]
#[expect(clippy::exhaustive_enums, reason = "JSON has these and no others")]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Zeroizing<String>),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
}

/// A JSON number: whole where it was written so and fits, else the nearest float.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the three ways a number is read")]
pub enum Number {
    /// Zero or more.
    Unsigned(u64),
    /// Less than zero.
    Signed(i64),
    /// Written with a fraction or an exponent, or too large for the others. Always finite.
    Float(f64),
}

/// The members of a JSON object, in order, repetitions included.
#[derive(Clone, Default)]
pub struct Object(Vec<(String, Json)>);

impl Json {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.as_str()) } else { None }
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number, if it is whole and fits, however it was written: `1e3` is a thousand.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Number(Number::Unsigned(n)) => i64::try_from(*n).ok(),
            Self::Number(Number::Signed(n)) => Some(*n),
            // The cast saturates, so a float that survives the way there and back is whole and in range;
            // 2^63 itself survives too and is out of range.
            Self::Number(Number::Float(x)) if *x as i64 as f64 == *x && (*x as i64) < i64::MAX => {
                Some(*x as i64)
            }
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(Number::Unsigned(n)) => out.push_str(&n.to_string()),
            Self::Number(Number::Signed(n)) => out.push_str(&n.to_string()),
            Self::Number(Number::Float(x)) => out.push_str(&format!("{x:?}")),
            Self::Text(text) => crate::json_request::push_string(out, text),
            Self::Array(elements) => {
                out.push('[');
                for (n, element) in elements.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                for (n, (name, value)) in object.0.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    crate::json_request::push_string(out, name);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl Object {
    /// Reads a body whose top level must be an object. A byte order mark at its start is skipped.
    ///
    /// # Errors
    ///
    /// When the body is empty, not UTF-8, not JSON, nested more than 128 deep, followed by anything but white
    /// space, or something else than an object.
    pub fn parse(body: &[u8]) -> Result<Self, BodyFault> {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let text = core::str::from_utf8(body).map_err(|_| BodyFault::NotUtf8)?;
        // No JSON holds this byte, and half of UTF-16 is made of it.
        if text.contains('\0') {
            return Err(BodyFault::NotUtf8);
        }
        if text.trim_ascii().is_empty() {
            return Err(BodyFault::Empty);
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Anything.deserialize(&mut reader).map_err(|_| BodyFault::Malformed)?;
        reader.end().map_err(|_| BodyFault::Malformed)?;
        match value {
            Json::Object(object) => Ok(object),
            _ => Err(BodyFault::NotAnObject),
        }
    }

    /// The member of this name, the last one where it is repeated.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The member of this name, where a repeated one would leave open which is meant.
    ///
    /// # Errors
    ///
    /// When there are two or more members of this name.
    pub fn only(&self, name: &str) -> Result<Option<&Json>, BodyFault> {
        let mut found = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value);
        let first = found.next();
        if found.next().is_some() { Err(BodyFault::Repeated) } else { Ok(first) }
    }

    /// The text of this member, if it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// The number of this member, if it is whole and fits.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_integer()
    }

    /// The truth value of this member, if it is one.
    #[must_use]
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// The object in this member, if it is one.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Self> {
        self.get(name)?.as_object()
    }

    /// The members, in order, repetitions included.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(_) => f.write_str("\"..\""),
            Self::Array(elements) => elements.fmt(f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.members()).finish()
    }
}

/// Reads any JSON value and forgets nothing.
struct Anything;

impl<'de> DeserializeSeed<'de> for Anything {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The name under which serde_json hands over a number where somebody else in the program has turned its feature
/// `arbitrary_precision` on: features are shared by a whole program.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Visitor<'de> for Anything {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(Number::Unsigned(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(u64::try_from(value).map_or(Number::Signed(value), Number::Unsigned)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(Number::Float(value)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        self.visit_string(text.to_string())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(Zeroizing::new(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(Self)? {
            array.push(element);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self)?;
            if name == NUMBER
                && let Json::Text(digits) = &value
            {
                return number(digits)
                    .map(Json::Number)
                    .ok_or_else(|| A::Error::custom("number out of range"));
            }
            object.push((name, value));
        }
        Ok(Json::Object(Object(object)))
    }
}

fn number(digits: &str) -> Option<Number> {
    if let Ok(n) = digits.parse() {
        return Some(Number::Unsigned(n));
    }
    if let Ok(n) = digits.parse() {
        return Some(Number::Signed(n));
    }
    digits.parse().ok().filter(|x: &f64| x.is_finite()).map(Number::Float)
}
