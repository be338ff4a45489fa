//! The error bodies of endpoints: four known shapes of JSON objects, and any other object.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use zeroize::Zeroizing;

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
    /// `{errors: [{errorType or code, message, resource}]}` (Fitbit, Strava). The first entry counts.
    List,
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
    /// What the error is about, where a list of errors says so.
    pub resource: Option<String>,
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
        Self { shape: ErrorShape::Other, code, message, resource: None }
    }

    /// Reads an error body. A member of a wrong type counts as missing.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let text = |name| object.text(name).filter(|text| !text.is_empty()).map(ToString::to_string);
        // NestJS puts either a standard code or the status in words ("Unauthorized") into `error`.
        let is_code = |error: &str| error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if object.integer("statusCode").is_some() && !object.text("error").is_some_and(is_code) {
            return Self::shaped(ErrorShape::Nest, None, messages(object.get("message")));
        }
        if let Some(code) = text("error") {
            let message = text("error_description").or_else(|| messages(object.get("message")));
            return Self::shaped(ErrorShape::OAuth, Some(code), message);
        }
        if let Some(first) = first_error(object) {
            let code = scalar(first.get("errorType")).or_else(|| scalar(first.get("code")));
            let message = messages(first.get("message")).or_else(|| messages(object.get("message")));
            let resource = first.text("resource").map(ToString::to_string);
            return Self { resource, ..Self::shaped(ErrorShape::List, code, message) };
        }
        if let Some(inner) = object.object("error") {
            let code = scalar(inner.get("code")).or_else(|| scalar(inner.get("status")));
            return Self::own(code, messages(inner.get("message")));
        }
        if text("title").is_some() || text("detail").is_some() || text("type").is_some() {
            let code = text("type").filter(|uri| uri != "about:blank");
            let message = text("detail").or_else(|| text("title"));
            return Self::shaped(ErrorShape::Problem, code, message);
        }
        let code = ["code", "error", "errcode", "errorCode", "error_code"];
        let message = ["message", "error_description", "msg", "errmsg", "errorMessage", "error_message"];
        let code = code.into_iter().find_map(|name| scalar(object.get(name)));
        // HubSpot has the code in `status`. A number there repeats the status.
        let code = code.or_else(|| text("status").filter(|status| is_word(status)));
        Self::own(code, message.into_iter().find_map(|name| messages(object.get(name))))
    }

    const fn shaped(shape: ErrorShape, code: Option<String>, message: Option<String>) -> Self {
        Self { shape, code, message, resource: None }
    }

    /// Reads the error code of a body that is not a JSON object in UTF-8: with a description in another encoding, with a
    /// document that breaks off or is not valid after the code, or of a form. An error code is ASCII, so it can be read.
    ///
    /// The message is left out: where it is not text, no secret can be found in it. A successful response with a member for a
    /// token is no refusal, whatever its code: the endpoint may have granted one, and a grant must not be sent twice.
    #[must_use]
    pub(crate) fn salvaged(body: &[u8], success: bool) -> Option<Self> {
        let text = decoded(body);
        if success && has_member_for_token(&text) {
            return None;
        }
        if let Ok(object) = Object::parse(text.as_bytes()) {
            let read = Self { message: None, ..Self::of(&object) };
            let has_error = read.code.is_some() && (!success || object.text("error").is_some());
            return has_error.then_some(read);
        }
        let is_code = |code: &str| is_word(code) && code.len() <= 64;
        let plain = text.trim();
        let code = match plain
            .strip_prefix("error=")
            .or_else(|| plain.split_once("&error=").map(|(_, rest)| rest))
        {
            Some(rest) => rest.split('&').next().map(ToString::to_string),
            None => crate::successor::text_member(&text, "error").map(|code| code.to_string()),
        };
        let code = code.filter(|code| is_code(code))?;
        Some(Self::shaped(ErrorShape::OAuth, Some(code), None))
    }
}

/// Whether a member of this document, or a parameter of this form, has a name that ends in `token`. Its parts need not be valid.
fn has_member_for_token(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices("token").any(|(at, word)| {
        let rest = &lower[at + word.len()..];
        rest.starts_with('=') || rest.strip_prefix('"').is_some_and(|rest| rest.trim_start().starts_with(':'))
    })
}

/// The first entry of a list of errors.
fn first_error(object: &Object) -> Option<&Object> {
    object.get("errors")?.as_array()?.first()?.as_object()
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The body as text: UTF-16 where it has null bytes, else UTF-8 with other bytes replaced.
fn decoded(body: &[u8]) -> Zeroizing<String> {
    if !body.contains(&0) {
        return Zeroizing::new(String::from_utf8_lossy(body).into_owned());
    }
    let little =
        body.starts_with(&[0xFF, 0xFE]) || body.first() != Some(&0) && !body.starts_with(&[0xFE, 0xFF]);
    let units = body.chunks_exact(2).map(|pair| match pair {
        [a, b] if little => u16::from_le_bytes([*a, *b]),
        [a, b] => u16::from_be_bytes([*a, *b]),
        _ => 0,
    });
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    Zeroizing::new(text.collect())
}

/// A message, which is a string or an array of strings.
pub(crate) fn messages(value: Option<&Json>) -> Option<String> {
    let text = match value? {
        Json::Text(text) => text.to_string(),
        Json::Array(texts) => texts.iter().filter_map(Json::as_text).collect::<Vec<_>>().join("; "),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A code, which is a string or a number.
pub(crate) fn scalar(value: Option<&Json>) -> Option<String> {
    let value = value?;
    match value {
        Json::Text(text) if !text.is_empty() => Some(text.to_string()),
        Json::Number(_) => Some(value.to_json()),
        _ => None,
    }
}
