//! One authenticated call: attach the token; if the API refuses it, renew it and retry once.

use wellspring_transport::send_methods;
use wellspring_transport::twins::prelude::*;

use crate::body::Body;
use crate::carrier::{Call, Carrier, Response};
use crate::source::TokenSource;

send_methods!([] [] []);

/// The source's own transport.
struct Own<'a>(&'a TokenSource);

impl Carrier for Own<'_> {
    type Call = http::Request<Body>;
    type Response = http::Response<Body>;
    type Error = TokenError;

    fn carry(&mut self, call: Self::Call) -> Result<Self::Response, TokenError> {
        let source = &self.0.0;
        source.common.transport.call(call, source.common.call_limits).map_err(TransportError::into_error)
    }
}
