//! What carries a call to its API, and what the rule of a call needs to know of it.
//!
//! The source's own transport is one carrier. Each client that a program already has is another, with its own types for
//! requests and responses.

use http::HeaderMap;
use wellspring_core::{Provider, TokenError, Verdict};
use wellspring_transport::{repeated, verdict};

use crate::body::Body;

/// A request.
pub(crate) trait Call: Sized {
    fn url(&self) -> String;

    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// A copy for a retry, unless the request can be sent only once.
    fn again(&self) -> Option<Self>;
}

/// A response.
pub(crate) trait Response: Sized {
    /// What it says of the token. The response stays whole.
    fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError>;

    /// Whether it is the response to the call itself: this transport's clients hand every redirect to the caller.
    fn is_to_the_call(&self) -> bool {
        true
    }
}

/// What carries calls.
pub(crate) trait Carrier {
    type Call: Call;
    type Response: Response;
    type Error: From<TokenError>;

    fn carry(&mut self, call: Self::Call) -> Result<Self::Response, Self::Error>;
}

impl Call for http::Request<Body> {
    fn url(&self) -> String {
        self.uri().to_string()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn again(&self) -> Option<Self> {
        self.body().again().map(|body| repeated(self, body))
    }
}

impl Response for http::Response<Body> {
    fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        let start = self.body_mut().peek(provider.spec().judged_bytes)?;
        Ok(verdict(provider, self.status(), self.headers(), &start))
    }
}
