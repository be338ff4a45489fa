//! The body of a response: a JSON object, or the reason why it is not one.
//!
//! The content decides, because servers send wrong content types. The content type only separates a body that an
//! intermediary sent from a broken body of the endpoint.

use wellspring_core::{HttpResponse, ResponseHead};

use crate::body_fault::BodyFault;
use crate::json::Object;

/// The body of a response.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a body is readable or it is not")]
pub enum Body {
    /// A JSON object.
    Object(Object),
    /// Any other body.
    Unreadable(BodyFault),
}

impl Body {
    /// Reads the body of a response.
    #[must_use]
    pub fn of(response: &HttpResponse) -> Self {
        let body = response.expose_body();
        match Object::parse(body) {
            Ok(object) => Self::Object(object),
            Err(BodyFault::Malformed) => Self::Unreadable(fault_of_invalid_json(response.head(), body)),
            Err(fault) => Self::Unreadable(fault),
        }
    }
}

/// Whether invalid JSON is a broken body of the endpoint or a body that was never meant to be JSON.
fn fault_of_invalid_json(head: &ResponseHead, body: &[u8]) -> BodyFault {
    let content_type = head.first("content-type").unwrap_or_default().to_ascii_lowercase();
    match body.trim_ascii_start().first() {
        Some(b'<') => BodyFault::Page,
        _ if content_type.contains("html") => BodyFault::Page,
        Some(b'{' | b'[') => BodyFault::Malformed,
        _ if content_type.contains("json") => BodyFault::Malformed,
        _ => BodyFault::Text,
    }
}

/// The media type of the response, if it has a plausible one. The server chooses the text, so its length and characters
/// are checked before an error shows it.
pub(crate) fn media_type(head: &ResponseHead) -> Option<&str> {
    let media_type = head.first("content-type")?.split(';').next()?.trim_ascii();
    let plausible = media_type.len() <= 80 && media_type.bytes().all(|byte| byte.is_ascii_graphic());
    plausible.then_some(media_type)
}
