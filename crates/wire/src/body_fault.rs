//! Why a body is not a usable JSON object.

/// Why a body is not a JSON object, or is an object that cannot be used. The message is a sentence for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyFault {
    /// The body is empty or only white space.
    #[error("the response is empty")]
    Empty,
    /// An HTML page. No endpoint sends one; a proxy, a firewall or a captive portal does.
    #[error("the response is a web page: a proxy, a firewall or a captive portal sent it")]
    Page,
    /// Text that is not JSON, under a content type that is not JSON.
    #[error("the response is plain text: an intermediary on the way to the endpoint sent it")]
    Text,
    /// UTF-16, or bytes that are not text.
    #[error("the response is not UTF-8")]
    NotUtf8,
    /// Invalid JSON, truncated JSON, or JSON that is followed by more than white space.
    #[error("the response is not valid JSON")]
    Malformed,
    /// JSON that is not an object.
    #[error("the response is JSON, but not an object")]
    NotAnObject,
    /// The object has a member twice that must be unique.
    #[error("the response has a member twice")]
    Repeated,
}
