//! How endpoints word a refusal: four families of JSON, and whatever else has a message in it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::{Json, Object};

/// Which family an error body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `{error, error_description, error_uri}` ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    OAuth,
    /// `{statusCode, message, error}`, where `message` is a text or an array of texts and `error` only repeats the
    /// status in words (NestJS).
    Nest,
    /// `{type, title, status, detail}` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
    Problem,
    /// Another object of the endpoint's own.
    Other,
}

/// What an endpoint said, as it said it: not redacted, not to be shown.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorBody {
    /// The family.
    pub shape: ErrorShape,
    /// The endpoint's own code.
    pub code: Option<String>,
    /// The endpoint's own message.
    pub message: Option<String>,
}

impl core::fmt::Debug for ErrorBody {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ErrorBody").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl ErrorBody {
    /// An error of an endpoint that words it in a way of its own.
    #[must_use]
    pub const fn own(code: Option<String>, message: Option<String>) -> Self {
        Self { shape: ErrorShape::Other, code, message }
    }

    /// Reads an error body. Members of a wrong type count as missing.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let said = |name| object.text(name).filter(|text| !text.is_empty()).map(ToString::to_string);
        // The same member holds a code of the standard or the status in words ("Unauthorized").
        let is_code = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if object.integer("statusCode").is_some() && !object.text("error").is_some_and(is_code) {
            return Self { shape: ErrorShape::Nest, code: None, message: messages(object.get("message")) };
        }
        if let Some(code) = said("error") {
            let message = said("error_description").or_else(|| messages(object.get("message")));
            return Self { shape: ErrorShape::OAuth, code: Some(code), message };
        }
        if let Some(inner) = object.object("error") {
            let code = scalar(inner.get("code")).or_else(|| scalar(inner.get("status")));
            return Self::own(code, messages(inner.get("message")));
        }
        if said("title").is_some() || said("detail").is_some() || said("type").is_some() {
            let code = said("type").filter(|uri| uri != "about:blank");
            let message = said("detail").or_else(|| said("title"));
            return Self { shape: ErrorShape::Problem, code, message };
        }
        Self::own(scalar(object.get("code")), messages(object.get("message")))
    }
}

/// One text, or several.
fn messages(value: Option<&Json>) -> Option<String> {
    let text = match value? {
        Json::Text(text) => text.to_string(),
        Json::Array(texts) => texts.iter().filter_map(Json::as_text).collect::<Vec<_>>().join("; "),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A code, which is a text or a number.
fn scalar(value: Option<&Json>) -> Option<String> {
    let value = value?;
    match value {
        Json::Text(text) if !text.is_empty() => Some(text.to_string()),
        Json::Number(_) => Some(value.to_json()),
        _ => None,
    }
}
