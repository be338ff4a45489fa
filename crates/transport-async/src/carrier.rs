//! What carries a call to its API, and what the rule of a call needs to know of it.
//!
//! The source's own transport is one carrier. Each client that a program already has is another, with its own types for
//! requests and responses.

use core::future::Future;

use http::HeaderMap;
use wellspring_core::{Provider, TokenError, Verdict};
use wellspring_transport::{repeated, verdict};

use crate::body::Body;

/// A request.
pub(crate) trait Call: Sized + Send {
    fn url(&self) -> String;

    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// A copy for a retry, unless the request can be sent only once.
    fn again(&self) -> Option<Self>;
}

/// A response.
pub(crate) trait Response: Sized + Send {
    /// What it says of the token. The response stays whole.
    fn verdict(
        &mut self,
        provider: &dyn Provider,
    ) -> impl Future<Output = Result<Verdict, TokenError>> + Send;

    /// Whether it is the response to the call itself. Where the API took the call and redirected, it is not, and the call
    /// is not retried.
    fn is_to_the_call(&self) -> bool;
}

/// Where redirects led that a program's own client followed; among a response's extensions, where there were any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "reqwest"),
    expect(dead_code, reason = "only reqwest's clients can be made to follow any")
)]
pub(crate) enum Redirected {
    WithinTheOrigin,
    /// A response of another origin says nothing of this token.
    Elsewhere,
}

/// What carries calls.
pub(crate) trait Carrier: Send {
    type Call: Call;
    type Response: Response;
    type Error: From<TokenError> + Send;

    fn carry(&mut self, call: Self::Call)
    -> impl Future<Output = Result<Self::Response, Self::Error>> + Send;
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
    async fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        if self.extensions().get() == Some(&Redirected::Elsewhere) {
            return Ok(Verdict::Accepted);
        }
        let start = self.body_mut().peek(provider.spec().judged_bytes).await?;
        Ok(verdict(provider, self.status(), self.headers(), &start))
    }

    fn is_to_the_call(&self) -> bool {
        self.extensions().get::<Redirected>().is_none()
    }
}
