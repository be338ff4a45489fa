//! The client under a call, and what the rule of a call reads from its requests and responses.

use wellspring_transport::carrier_methods;
use wellspring_transport::twins::prelude::*;

use crate::body::Body;

carrier_methods!([async]);

/// Where a program's own client was redirected. Stands among the response's extensions; absent without a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "reqwest"), expect(dead_code, reason = "only a reqwest client follows redirects"))]
pub(crate) enum Redirected {
    WithinTheOrigin,
    /// The response of another origin says nothing about the token.
    Elsewhere,
}

impl Response for http::Response<Body> {
    async fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        if self.extensions().get() == Some(&Redirected::Elsewhere) {
            return Ok(Verdict::Accepted);
        }
        let start = self.body_mut().peek(provider.spec().judged_bytes).await?;
        Ok(verdict(provider, self.status(), self.headers(), &start))
    }

    fn is_direct(&self) -> bool {
        self.extensions().get::<Redirected>().is_none()
    }
}
