//! What a body is: a JSON object, or why it is none.
//!
//! Judged by its content, because servers mislabel; the content type only tells a foreign page from a broken
//! answer of the endpoint's own.

use wellspring_core::{HttpResponse, ResponseHead};

use crate::Object;

/// The body of an answer.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a body is readable or it is not")]
pub enum Body {
    /// A JSON object.
    Object(Object),
    /// Anything else.
    Unreadable(BodyFault),
}

/// Why a body is no JSON object, or not one that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyFault {
    /// Nothing but white space.
    Empty,
    /// A page of HTML, which no endpoint sends: a proxy, a firewall or a captive portal does.
    Page,
    /// A text that nobody calls JSON.
    Text,
    /// UTF-16, or bytes that are no text at all.
    NotUtf8,
    /// Not JSON, cut off, or with something after its end.
    Malformed,
    /// JSON, and not an object.
    NotAnObject,
    /// A member that must be unambiguous is there twice.
    Repeated,
}

impl BodyFault {
    /// The fault as a sentence for a person.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Empty => "the answer is empty",
            Self::Page => "the answer is a web page: a proxy, a firewall or a captive portal sent it",
            Self::Text => "the answer is plain text: something on the way to the endpoint sent it",
            Self::NotUtf8 => "the answer is not UTF-8",
            Self::Malformed => "the answer is not valid JSON",
            Self::NotAnObject => "the answer is JSON, but not an object",
            Self::Repeated => "the answer names a member twice",
        }
    }
}

impl Body {
    /// Reads the body of an answer.
    #[must_use]
    pub fn of(response: &HttpResponse) -> Self {
        let body = response.expose_body();
        match Object::parse(body) {
            Ok(object) => Self::Object(object),
            Err(BodyFault::Malformed) => Self::Unreadable(no_json(response.head(), body)),
            Err(fault) => Self::Unreadable(fault),
        }
    }
}

/// What a body is that is no JSON: never meant to be any, or a broken answer of the endpoint's own.
fn no_json(head: &ResponseHead, body: &[u8]) -> BodyFault {
    let kind = head.first("content-type").unwrap_or_default().to_ascii_lowercase();
    match body.trim_ascii_start().first() {
        Some(b'<') => BodyFault::Page,
        _ if kind.contains("html") => BodyFault::Page,
        Some(b'{' | b'[') => BodyFault::Malformed,
        _ if kind.contains("json") => BodyFault::Malformed,
        _ => BodyFault::Text,
    }
}

/// The media type of the answer, if it is one: a server's words, so they are bounded before they are shown.
pub(crate) fn content_type(head: &ResponseHead) -> Option<&str> {
    let kind = head.first("content-type")?.split(';').next()?.trim_ascii();
    (kind.len() <= 80 && kind.bytes().all(|byte| byte.is_ascii_graphic())).then_some(kind)
}

/// Whether the body starts with a byte order mark.
pub(crate) fn has_byte_order_mark(body: &[u8]) -> bool {
    body.starts_with(b"\xEF\xBB\xBF")
}
