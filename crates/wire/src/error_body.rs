//! The error bodies of endpoints: three known shapes of JSON objects, and any other object.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{Json, Object};

/// The shape of an error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `{error, error_description, error_uri}` ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    OAuth,
    /// `{statusCode, message, error}` (NestJS), where `message` is a string or an array of strings, and `error` repeats the
    /// status in words.
    Nest,
    /// `{type, title, status, detail}` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
    Problem,
    /// Any other object.
    Other,
}

/// The error body of an endpoint, unredacted. Do not show its texts: [`Redaction`](crate::Redaction) makes them safe.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorBody {
    /// The shape.
    pub shape: ErrorShape,
    /// The error code.
    pub code: Option<String>,
    /// The message for a person.
    pub message: Option<String>,
}

impl core::fmt::Debug for ErrorBody {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ErrorBody").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl ErrorBody {
    /// An error of an endpoint whose body has another shape.
    #[must_use]
    pub const fn own(code: Option<String>, message: Option<String>) -> Self {
        Self { shape: ErrorShape::Other, code, message }
    }

    /// Reads an error body. A member of a wrong type counts as missing.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let text = |name| object.text(name).filter(|text| !text.is_empty()).map(ToString::to_string);
        // NestJS puts either a standard code or the status in words ("Unauthorized") into `error`.
        let is_code = |error: &str| error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if object.integer("statusCode").is_some() && !object.text("error").is_some_and(is_code) {
            return Self { shape: ErrorShape::Nest, code: None, message: messages(object.get("message")) };
        }
        if let Some(code) = text("error") {
            let message = text("error_description").or_else(|| messages(object.get("message")));
            return Self { shape: ErrorShape::OAuth, code: Some(code), message };
        }
        if let Some(inner) = object.object("error") {
            let code = scalar(inner.get("code")).or_else(|| scalar(inner.get("status")));
            return Self::own(code, messages(inner.get("message")));
        }
        if text("title").is_some() || text("detail").is_some() || text("type").is_some() {
            let code = text("type").filter(|uri| uri != "about:blank");
            let message = text("detail").or_else(|| text("title"));
            return Self { shape: ErrorShape::Problem, code, message };
        }
        Self::own(scalar(object.get("code")), messages(object.get("message")))
    }
}

/// A message, which is a string or an array of strings.
fn messages(value: Option<&Json>) -> Option<String> {
    let text = match value? {
        Json::Text(text) => text.to_string(),
        Json::Array(texts) => texts.iter().filter_map(Json::as_text).collect::<Vec<_>>().join("; "),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A code, which is a string or a number.
fn scalar(value: Option<&Json>) -> Option<String> {
    let value = value?;
    match value {
        Json::Text(text) if !text.is_empty() => Some(text.to_string()),
        Json::Number(_) => Some(value.to_json()),
        _ => None,
    }
}
