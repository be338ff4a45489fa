//! What carries a call to its API, and the little that the rule of `send` has to know of it.
//!
//! The source's own transport is one carrier; each client that a program has already is another, and brings its own
//! requests and answers.

use core::future::Future;

use http::HeaderMap;
use wellspring_core::{Provider, TokenError, Verdict};
use wellspring_transport::verdict;

use crate::Body;

/// A request.
pub(crate) trait Call: Sized + Send {
    fn url(&self) -> String;

    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// The same once more, unless it can be sent once only.
    fn again(&self) -> Option<Self>;
}

/// What came back.
pub(crate) trait Answer: Sized + Send {
    /// What it says of the token. It stays whole.
    fn verdict(
        &mut self,
        provider: &dyn Provider,
    ) -> impl Future<Output = Result<Verdict, TokenError>> + Send;

    /// Whether this call is what it answers: not so where the API took the call and redirected to something else, for
    /// then the call is not sent again.
    fn is_to_the_call(&self) -> bool;
}

/// Where redirects have led that a program's own client followed. Among an answer's extensions, where there were any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "reqwest"),
    expect(dead_code, reason = "only reqwest's clients can be made to follow any")
)]
pub(crate) enum Redirected {
    WithinTheOrigin,
    /// What another origin says is not said of this token.
    Elsewhere,
}

/// Whatever carries calls.
pub(crate) trait Carrier: Send {
    type Call: Call;
    type Answer: Answer;
    type Error: From<TokenError> + Send;

    fn carry(&mut self, call: Self::Call) -> impl Future<Output = Result<Self::Answer, Self::Error>> + Send;
}

impl Call for http::Request<Body> {
    fn url(&self) -> String {
        self.uri().to_string()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn again(&self) -> Option<Self> {
        let body = self.body().again()?;
        let mut again = Self::new(body);
        *again.method_mut() = self.method().clone();
        *again.uri_mut() = self.uri().clone();
        *again.version_mut() = self.version();
        *again.headers_mut() = self.headers().clone();
        *again.extensions_mut() = self.extensions().clone();
        Some(again)
    }
}

impl Answer for http::Response<Body> {
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
