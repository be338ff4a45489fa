//! Typed calls on tokio and reqwest.
//!
//! The same as in `blocking`, but for `.await`.

use wellspring_core::TokenError;
use wellspring_transport_async::TokenSource;

use crate::on_http::{CallError, LONGEST, request};
use crate::{Balance, Call, Charge, Gateway, Txid};

/// A gateway and the source of its tokens. Clones share the source.
#[derive(Clone, Debug)]
pub struct Client {
    gateway: Gateway,
    source: TokenSource,
}

impl Client {
    /// A client with a source of its own, made with the defaults.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be made.
    pub fn new(gateway: Gateway) -> Result<Self, TokenError> {
        let source = TokenSource::builder(gateway.clone()).build()?;
        Ok(Self::over(gateway, source))
    }

    /// A client over this source, which was made from the same gateway, with TLS settings and a policy of one's own.
    #[must_use]
    pub const fn over(gateway: Gateway, source: TokenSource) -> Self {
        Self { gateway, source }
    }

    /// The source of the tokens, for calls that have no type here.
    #[must_use]
    pub const fn source(&self) -> &TokenSource {
        &self.source
    }

    /// `PUT /cob/{txid}`: makes an immediate charge out of this JSON.
    ///
    /// # Errors
    ///
    /// When there was no token or no answer, or the API said no.
    pub async fn put_cob(&self, txid: &Txid, json: impl Into<String>) -> Result<Charge, CallError> {
        let (status, body) = self.call(&self.gateway.put_cob(txid, json)).await?;
        Ok(Charge::read(status, &body)?)
    }

    /// `GET /accounts/balances`.
    ///
    /// # Errors
    ///
    /// When there was no token or no answer, or the API said no.
    pub async fn balances(&self) -> Result<Vec<Balance>, CallError> {
        let (status, body) = self.call(&self.gateway.balances()).await?;
        Ok(Balance::read(status, &body)?)
    }

    async fn call(&self, call: &Call) -> Result<(u16, Vec<u8>), TokenError> {
        let answer = self.source.send(request(call)?).await?;
        let (status, body) = (answer.status().as_u16(), answer.into_body());
        Ok((status, body.bytes(LONGEST).await?.into()))
    }
}
