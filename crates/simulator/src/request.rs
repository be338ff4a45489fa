//! A request, as a provider sees it.

use core::fmt;

use crate::form;

/// A request: method and target, the header fields in their order, the body.
///
/// [`Debug`] shows no values, because many are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path without the query, not decoded.
    pub path: String,
    /// The query without the question mark, not decoded; empty if there is none.
    pub query: String,
    /// The header fields with their original names; [`Self::header`] looks one up.
    pub headers: Vec<(String, String)>,
    /// The body without its transfer coding.
    pub body: Vec<u8>,
    /// The client certificate of a mutual TLS connection, DER.
    pub client_certificate: Option<Vec<u8>>,
}

impl Request {
    /// A request for a target (a path, perhaps with a query).
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method: method.into(), path: path.into(), query: query.into(), ..Self::default() }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A `POST`.
    #[must_use]
    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// With one more header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With `Authorization: Bearer ..`.
    #[must_use]
    pub fn with_bearer(self, token: &str) -> Self {
        self.with_header("Authorization", &format!("Bearer {token}"))
    }

    /// With a JSON body and its content type.
    #[must_use]
    pub fn with_json(self, body: &str) -> Self {
        self.with_header("Content-Type", "application/json").with_body(body.as_bytes())
    }

    /// With a form for a body and its content type.
    #[must_use]
    pub fn with_form(self, fields: &[(&str, &str)]) -> Self {
        let body: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", form::encode(name), form::encode(value)))
            .collect();
        self.with_header("Content-Type", "application/x-www-form-urlencoded")
            .with_body(body.join("&").as_bytes())
    }

    /// With these bytes for a body.
    #[must_use]
    pub fn with_body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// The first header field of this name; case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; invalid UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The fields of the body read as a form.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        form::pairs(&self.text())
    }

    /// The parameters of the query.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        form::pairs(&self.query)
    }

    /// Whether this is the media type, with any parameters.
    pub(crate) fn is_of_type(&self, media_type: &str) -> bool {
        let sent = self.header("content-type").unwrap_or_default();
        sent.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
    }

    /// The credentials of an `Authorization` field of this scheme
    /// ([RFC 9110 §11.4](https://www.rfc-editor.org/rfc/rfc9110#section-11.4)).
    pub(crate) fn authorization(&self, scheme: &str) -> Option<&str> {
        let (have, credentials) = self.header("authorization")?.split_once(' ')?;
        have.eq_ignore_ascii_case(scheme).then_some(credentials.trim())
    }

    /// The body, if it is a JSON object.
    pub(crate) fn json_object(&self) -> Option<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}
