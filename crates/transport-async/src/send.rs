//! One authenticated call: attach the token; if the API refuses it, renew it and retry once.

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{Driver as _, send_methods};

use crate::background::spawned;
use crate::body::Body;
use crate::carrier::{Call, Carrier, Response};
use crate::clock::is_here;
use crate::source::TokenSource;

send_methods!([async] [.await] [Box::pin]);

/// The source's own transport.
struct Own<'a>(&'a TokenSource);

impl Carrier for Own<'_> {
    type Call = http::Request<Body>;
    type Response = http::Response<Body>;
    type Error = TokenError;

    async fn carry(&mut self, call: Self::Call) -> Result<Self::Response, TokenError> {
        let source = &self.0.0;
        let (transport, limits, place) =
            (&source.common.transport, source.common.call_limits, source.common.driver.place()?);
        let response = if is_here(&place) {
            transport.call(call, limits).await
        } else {
            let transport = Arc::clone(transport);
            spawned(&place, async move { transport.call(call, limits).await }).await?
        };
        response.map_err(TransportError::into_error)
    }
}
