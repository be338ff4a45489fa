//! Calls to the gateway's API, complete except for the token.
//!
//! The caller attaches the token, sends the [`Call`] and hands the answer's status and body to the reader that the
//! call's documentation names. A call is never a token request and never carries a secret.

use core::fmt;

/// An API call without its `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    method: &'static str,
    url: String,
    json: Option<String>,
}

impl Call {
    pub(crate) const fn new(method: &'static str, url: String, json: Option<String>) -> Self {
        Self { method, url, json }
    }

    /// The HTTP method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The absolute URL, on the gateway's API origin.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The JSON body, to send with `Content-Type: application/json`; `None` for a call without a body.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body of a charge names the payer.
        f.debug_struct("Call").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}
