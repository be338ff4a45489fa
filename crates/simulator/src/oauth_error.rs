//! Error answers of [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).

use crate::document::Document;
use crate::reply::Reply;

pub(crate) fn error(status: u16, code: &str, description: &str, decision: impl Into<String>) -> Reply {
    Reply::tokens(status, error_body(code, description), decision)
}

pub(crate) fn error_body(code: &str, description: &str) -> Document {
    Document::new().string("error", code).string("error_description", description)
}
