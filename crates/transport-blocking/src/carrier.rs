//! The client under a call, and what the rule of a call reads from its requests and responses.

use wellspring_transport::carrier_methods;
use wellspring_transport::twins::prelude::*;

use crate::body::Body;

carrier_methods!([]);

impl Response for http::Response<Body> {
    fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        let start = self.body_mut().peek(provider.spec().judged_bytes)?;
        Ok(verdict(provider, self.status(), self.headers(), &start))
    }
}
