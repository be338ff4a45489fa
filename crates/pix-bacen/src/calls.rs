//! The typed calls, written once for both transports.

use wellspring_core::TokenError;

use crate::call::Call;

/// The most bytes of an API's answer that a client reads.
pub(crate) const MAX_ANSWER: usize = 1 << 20;

/// Declares `Client` over one transport: its crate, then `async` and `.await`, or nothing in blocking code.
macro_rules! calls {
    ($transport:ident, [$($async:tt)?], [$($await:tt)*]) => {
        use wellspring_core::TokenError;
        use $transport::TokenSource;

        use crate::balance::Balance;
        use crate::call::Call;
        use crate::call_error::CallError;
        use crate::calls::{MAX_ANSWER, http_request};
        use crate::charge::Charge;
        use crate::gateway::Gateway;
        use crate::txid::Txid;

        /// A gateway and the source of its tokens. Clones share the source.
        #[derive(Clone, Debug)]
        pub struct Client {
            gateway: Gateway,
            source: TokenSource,
        }

        impl Client {
            /// A client with its own token source, built with the defaults.
            ///
            /// # Errors
            ///
            /// Fails if the HTTP client cannot be built.
            pub fn new(gateway: Gateway) -> Result<Self, TokenError> {
                let source = TokenSource::builder(gateway.clone()).build()?;
                Ok(Self::with_source(gateway, source))
            }

            /// A client that uses this token source, built from the same gateway with your TLS settings and policy.
            #[must_use]
            pub const fn with_source(gateway: Gateway, source: TokenSource) -> Self {
                Self { gateway, source }
            }

            /// The token source, for API calls that this client does not have.
            #[must_use]
            pub const fn source(&self) -> &TokenSource {
                &self.source
            }

            /// `PUT /cob/{txid}`: creates an immediate charge from this JSON.
            ///
            /// # Errors
            ///
            /// Fails if the source has no token, the API does not answer, or the API refuses the charge.
            pub $($async)? fn put_cob(&self, txid: &Txid, json: impl Into<String>) -> Result<Charge, CallError> {
                let (status, body) = self.call(&self.gateway.put_cob(txid, json))$($await)*?;
                Ok(Charge::read(status, &body)?)
            }

            /// `GET /accounts/balances`: the balance of each account.
            ///
            /// # Errors
            ///
            /// Fails if the source has no token, the API does not answer, or the API refuses the call.
            pub $($async)? fn balances(&self) -> Result<Vec<Balance>, CallError> {
                let (status, body) = self.call(&self.gateway.balances())$($await)*?;
                Ok(Balance::read(status, &body)?)
            }

            $($async)? fn call(&self, call: &Call) -> Result<(u16, Vec<u8>), TokenError> {
                let response = self.source.send(http_request(call)?)$($await)*?;
                let (status, body) = (response.status().as_u16(), response.into_body());
                Ok((status, body.bytes(MAX_ANSWER)$($await)*?.into()))
            }
        }
    };
}

pub(crate) use calls;

pub(crate) fn http_request(call: &Call) -> Result<http::Request<Option<String>>, TokenError> {
    let mut request = http::Request::builder().method(call.method()).uri(call.url());
    if call.json().is_some() {
        request = request.header(http::header::CONTENT_TYPE, "application/json");
    }
    let request = request.body(call.json().map(str::to_owned));
    request.map_err(|_| TokenError::misconfigured("the gateway's URL is not a valid URI"))
}
