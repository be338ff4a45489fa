//! What carries a call to its API, and the little that the rule of `send` has to know of it.
//!
//! The source's own transport is one carrier; each client that a program has already is another, and brings its own
//! requests and answers.

use http::HeaderMap;
use wellspring_core::{Provider, TokenError, Verdict};
use wellspring_transport::verdict;

use crate::Body;

/// A request.
pub(crate) trait Call: Sized {
    fn url(&self) -> String;

    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// The same once more, unless it can be sent once only.
    fn again(&self) -> Option<Self>;
}

/// What came back.
pub(crate) trait Answer: Sized {
    /// What it says of the token. It stays whole.
    fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError>;
}

/// Whatever carries calls.
pub(crate) trait Carrier {
    type Call: Call;
    type Answer: Answer;
    type Error: From<TokenError>;

    fn carry(&mut self, call: Self::Call) -> Result<Self::Answer, Self::Error>;
}

/// The same request once more, with this body.
pub(crate) fn repeated<B, C>(request: &http::Request<B>, body: C) -> http::Request<C> {
    let mut again = http::Request::new(body);
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    again
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

impl Answer for http::Response<Body> {
    fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        let start = self.body_mut().peek(provider.spec().judged_bytes)?;
        Ok(verdict(provider, self.status(), self.headers(), &start))
    }
}
