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
    /// Not the endpoint's own: a page of HTML, or a text that nobody calls JSON.
    Foreign,
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
            Self::Foreign => {
                "the answer is not the endpoint's: a proxy, a firewall or a sign-in page sent it"
            }
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
            Err(BodyFault::Malformed) if is_foreign(response.head(), body) => {
                Self::Unreadable(BodyFault::Foreign)
            }
            Err(fault) => Self::Unreadable(fault),
        }
    }
}

/// Whether a body that is no JSON was never meant to be any.
fn is_foreign(head: &ResponseHead, body: &[u8]) -> bool {
    let kind = content_type(head);
    let says = |part: &str| kind.is_some_and(|kind| kind.to_ascii_lowercase().contains(part));
    match body.trim_ascii_start().first() {
        Some(b'<') => true,
        Some(b'{' | b'[') => says("html"),
        _ => !says("json"),
    }
}

/// The content type as it was sent.
pub(crate) fn content_type(head: &ResponseHead) -> Option<&str> {
    head.first("content-type")
}

/// Whether the body starts with a byte order mark.
pub(crate) fn has_byte_order_mark(body: &[u8]) -> bool {
    body.starts_with(b"\xEF\xBB\xBF")
}
