//! Requests and responses as the machines see them.
//!
//! Types of our own, because the `http` crate needs std; the feature `http` converts between the two. A token request carries a secret in its body or its
//! headers and a token response carries two, so `Debug` shows neither values nor bodies.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::wiped::Zeroizing;

/// The methods that token endpoints and their neighbours are called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`, for discovery and typed calls.
    Get,
    /// `POST`, for every token request ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
    Post,
}

impl Method {
    /// The method as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One header field. The value may be a secret and is treated as one.
#[derive(Clone)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct Header {
    name: String,
    value: Zeroizing<String>,
}

impl Header {
    /// A header field; names compare without regard to case.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Zeroizing::new(value.into()) }
    }

    /// The field's name, as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The field's value, which may be a secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ..", self.name)
    }
}

fn header<'a>(headers: &'a [Header], name: &str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
}

/// A request to a token endpoint or to one of its neighbours (revocation, userinfo, registration).
#[derive(Clone)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct HttpRequest {
    method: Method,
    url: String,
    headers: Vec<Header>,
    body: Zeroizing<Vec<u8>>,
}

impl HttpRequest {
    /// A request without headers or body.
    ///
    /// The URL must not carry a secret: it is shown in errors and logs.
    #[must_use]
    pub fn new(method: Method, url: impl fmt::Display) -> Self {
        Self { method, url: url.to_string(), headers: Vec::new(), body: Zeroizing::default() }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// The same request with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Zeroizing::new(body.into());
        self
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The absolute URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The header fields, in order.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The body, which usually holds a secret.
    #[must_use]
    pub fn expose_body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the query: a program may have put a secret there.
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Status and headers of a response, without its body.
#[derive(Clone)]
pub struct ResponseHead {
    status: u16,
    headers: Vec<Header>,
}

impl ResponseHead {
    /// A head without headers.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }

    /// The same head with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The header fields, in order.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The first field of this name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        header(&self.headers, name).next()
    }

    /// All fields of this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        header(&self.headers, name)
    }
}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead").field("status", &self.status).field("headers", &self.headers).finish()
    }
}

/// A response: the driver has read the body to its end, under its cap and its deadline. The body is also complete
/// if the connection ended early, but after a whole JSON document: see [`cut_short`](Self::cut_short). A response whose body
/// is [`incomplete`](Self::incomplete) belongs to a [`TransportError`](crate::TransportError).
#[derive(Clone)]
pub struct HttpResponse {
    head: ResponseHead,
    body: Zeroizing<Vec<u8>>,
    frame: Frame,
}

/// Whether the body came to its announced end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Whole,
    CutShort,
    Incomplete,
}

impl HttpResponse {
    /// A response with this head and body.
    #[must_use]
    pub fn new(head: ResponseHead, body: impl Into<Vec<u8>>) -> Self {
        Self { head, body: Zeroizing::new(body.into()), frame: Frame::Whole }
    }

    /// The same response, whose connection ended before the announced end of the body. Its document must be complete.
    #[must_use]
    pub fn cut_short(mut self) -> Self {
        self.frame = Frame::CutShort;
        self
    }

    /// The same response, with only the first bytes of its body. A provider reads it for the refresh token that these bytes
    /// may hold, and for nothing else: the last value may be cut.
    #[must_use]
    pub fn incomplete(mut self) -> Self {
        self.frame = Frame::Incomplete;
        self
    }

    /// Whether only the first bytes of the body are there.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.frame == Frame::Incomplete
    }

    /// Whether the connection ended before the announced end of the body.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.frame == Frame::CutShort
    }

    /// Status and headers.
    #[must_use]
    pub const fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.head.status
    }

    /// The body, which usually holds two secrets.
    #[must_use]
    pub fn expose_body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("head", &self.head)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn debug_shows_neither_values_nor_bodies_nor_queries() {
        let request = HttpRequest::new(Method::Post, "https://a.example/token?canary=1#canary")
            .header("Authorization", "Basic canary")
            .body("canary");
        assert_eq!(
            format!("{request:?}"),
            "HttpRequest { method: Post, url: \"https://a.example/token\", headers: [Authorization: ..], .. }"
        );
        let response = HttpResponse::new(ResponseHead::new(200).header("Set-Cookie", "canary"), "canary");
        assert_eq!(
            format!("{response:?}"),
            "HttpResponse { head: ResponseHead { status: 200, headers: [Set-Cookie: ..] }, body_length: 6, .. }"
        );
    }

    #[test]
    fn a_request_is_what_it_was_built_from() {
        let request = HttpRequest::new(Method::Get, "https://a.example/x").header("Accept", "*/*").body("b");
        assert_eq!((request.method().as_str(), request.url()), ("GET", "https://a.example/x"));
        assert_eq!((request.headers()[0].name(), request.headers()[0].expose()), ("Accept", "*/*"));
        assert_eq!((request.expose_body(), Method::Post.as_str()), (&b"b"[..], "POST"));
    }

    #[test]
    fn header_names_compare_without_regard_to_case_and_may_repeat() {
        let head = ResponseHead::new(204).header("X-a", "1").header("x-A", "2").header("B", "3");
        assert_eq!((head.first("x-a"), head.first("missing")), (Some("1"), None));
        assert_eq!(head.all("X-A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((head.status(), head.is_success()), (204, true));
        assert!(!ResponseHead::new(199).is_success() && !ResponseHead::new(300).is_success());
    }
}
