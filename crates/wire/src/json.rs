//! JSON values that keep every member of an object, also repeated members.
//!
//! A map silently keeps only the last of two members of the same name, and a derived deserializer accepts an array for a
//! struct. Either could choose the wrong secret, so this reader uses neither.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::body_fault::BodyFault;
use crate::json_string::push_string;

/// The UTF-8 byte order mark, which some servers send before the JSON.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A JSON value. Strings may be secrets, so they are wiped when dropped and `Debug` does not show them.
#[derive(Clone)]
#[expect(clippy::exhaustive_enums, reason = "JSON has no other values")]
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

/// A JSON number: an integer if it is written as one and fits in 64 bits, else the nearest float.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "serde has no other JSON numbers")]
pub enum Number {
    /// An integer that is not negative.
    Unsigned(u64),
    /// A negative integer.
    Signed(i64),
    /// A number with a fraction or an exponent, or outside the range of the others. Always finite.
    Float(f64),
}

/// The members of a JSON object, in order, including repeated members.
#[derive(Clone, Default)]
pub struct Object(Vec<(String, Json)>);

impl Json {
    /// The string, if the value is a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.as_str()) } else { None }
    }

    /// The object, if the value is an object.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The elements, if the value is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// The boolean, if the value is a boolean.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The integer, if the value is a number without a fraction that fits. `1e3` is the integer 1000.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Number(Number::Unsigned(n)) => i64::try_from(*n).ok(),
            Self::Number(Number::Signed(n)) => Some(*n),
            // The cast saturates, so a float that is equal after the round trip has no fraction and is in range. Only
            // 2^63 is equal too and out of range.
            Self::Number(Number::Float(x)) if *x as i64 as f64 == *x && (*x as i64) < i64::MAX => {
                Some(*x as i64)
            }
            _ => None,
        }
    }

    /// Whether the value is `null`.
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
            Self::Text(text) => push_string(out, text),
            Self::Array(elements) => {
                write_list(out, ['[', ']'], elements, |out, element| element.write(out));
            }
            Self::Object(object) => write_list(out, ['{', '}'], &object.0, |out, (name, value)| {
                push_string(out, name);
                out.push(':');
                value.write(out);
            }),
        }
    }
}

/// Writes the items between brackets, separated by commas.
fn write_list<T>(out: &mut String, [open, close]: [char; 2], items: &[T], write: impl Fn(&mut String, &T)) {
    out.push(open);
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(close);
}

impl Object {
    /// An object of these members.
    pub(crate) const fn of(members: Vec<(String, Json)>) -> Self {
        Self(members)
    }

    /// Reads a body whose top level must be an object. Skips a byte order mark at its start.
    ///
    /// # Errors
    ///
    /// When the body is empty, not UTF-8, not valid JSON, nested more than 128 levels deep, followed by more than white
    /// space, or not an object.
    pub fn parse(body: &[u8]) -> Result<Self, BodyFault> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let text = core::str::from_utf8(body).map_err(|_| BodyFault::NotUtf8)?;
        // JSON never contains a null byte. UTF-16 contains one for each ASCII character.
        if text.contains('\0') {
            return Err(BodyFault::NotUtf8);
        }
        if text.trim_ascii().is_empty() {
            return Err(BodyFault::Empty);
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = JsonVisitor.deserialize(&mut reader).map_err(|_| BodyFault::Malformed)?;
        reader.end().map_err(|_| BodyFault::Malformed)?;
        match value {
            Json::Object(object) => Ok(object),
            _ => Err(BodyFault::NotAnObject),
        }
    }

    /// The member of this name; the last one if the member is repeated.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The member of this name, which must be unique.
    ///
    /// # Errors
    ///
    /// When the object has several members of this name.
    pub fn only(&self, name: &str) -> Result<Option<&Json>, BodyFault> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let first = found.next();
        if found.next().is_some() { Err(BodyFault::Repeated) } else { Ok(first) }
    }

    /// The string of this member, if the member is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// The integer of this member, as [`Json::as_integer`] reads it.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_integer()
    }

    /// The boolean of this member, if the member is a boolean.
    #[must_use]
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// The object of this member, if the member is an object.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Self> {
        self.get(name)?.as_object()
    }

    /// The members, in order, including repeated members.
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

/// Reads any JSON value and keeps repeated members.
struct JsonVisitor;

impl<'de> DeserializeSeed<'de> for JsonVisitor {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The member name by which serde_json passes a number when its feature `arbitrary_precision` is on. Another crate of the
/// program can turn the feature on.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Visitor<'de> for JsonVisitor {
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
            match &value {
                Json::Text(digits) if name == NUMBER => {
                    return parse_number(digits)
                        .map(Json::Number)
                        .ok_or_else(|| A::Error::custom("number out of range"));
                }
                _ => object.push((name, value)),
            }
        }
        Ok(Json::Object(Object(object)))
    }
}

fn parse_number(digits: &str) -> Option<Number> {
    if let Ok(n) = digits.parse() {
        return Some(Number::Unsigned(n));
    }
    if let Ok(n) = digits.parse() {
        return Some(Number::Signed(n));
    }
    digits.parse().ok().filter(|x: &f64| x.is_finite()).map(Number::Float)
}
