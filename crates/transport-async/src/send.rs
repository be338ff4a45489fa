//! One authenticated call: attach the token, and where it is refused, renew it and try once more.

use std::sync::Arc;

use wellspring_core::{Generation, Need, Rejected, Token, TokenError, TransportError, Verdict};
use wellspring_transport::{Attempt, events};

use crate::background::{is_here, spawned};
use crate::carrier::{Answer, Call, Carrier};
use crate::{Body, TokenSource};

impl TokenSource {
    /// Sends this request with the token on it.
    ///
    /// A token that the API refuses is renewed, and the call tried once more if its body can be sent again. What
    /// comes back is the API's answer, whatever its status; redirects come back as they are.
    ///
    /// # Errors
    ///
    /// When there is no token, the request's origin may not have it, or no answer came. An error after a refusal is
    /// why there is no other token.
    pub async fn send<B: Into<Body>>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<Body>, TokenError> {
        self.send_over(&mut Own(self), request.map(Into::into)).await
    }

    /// The rule of [`send`](Self::send), whatever carries the call.
    pub(crate) async fn send_over<C: Carrier>(
        &self,
        carrier: &mut C,
        mut call: C::Call,
    ) -> Result<C::Answer, C::Error> {
        let provider = &**self.shared.provider();
        self.origins.check(&call.url())?;
        let spare = call.again();
        let attempt = self.attempt(self.token().await?)?;
        attempt.sign(call.headers_mut());
        let mut refused = carrier.carry(call).await?;
        match refused.verdict(provider).await? {
            Verdict::TokenRefused => {}
            Verdict::Accepted | Verdict::ScopeMissing(_) => return Ok(refused),
        }
        let rejected = self.reject(attempt.generation);
        let Some(again) = spare.filter(|_| refused.is_to_the_call()) else { return Ok(refused) };
        let Some(token) = self.replacement(rejected, attempt.generation).await? else { return Ok(refused) };
        // Whoever counts connections counts this one as over.
        drop(refused);
        call = again;
        let attempt = self.attempt(token)?;
        events::send_retried(&provider.spec().name, attempt.generation);
        attempt.sign(call.headers_mut());
        let mut answer = carrier.carry(call).await?;
        if answer.verdict(provider).await? == Verdict::TokenRefused {
            // The lifecycle learns that this API refuses whatever it gets.
            let _ = self.reject(attempt.generation);
        }
        Ok(answer)
    }

    /// The token to try once more with, if there is to be another try.
    async fn replacement(
        &self,
        rejected: Rejected,
        refused: Generation,
    ) -> Result<Option<Token>, TokenError> {
        match rejected {
            Rejected::Replaced(token) => Ok(Some(token)),
            Rejected::Renew => {
                let end = self.end_of_exchange();
                Box::pin(self.obtain(Need::Newer(refused), end, false)).await.map(Some)
            }
            Rejected::KeepResponse => Ok(None),
        }
    }

    fn attempt(&self, token: Token) -> Result<Attempt, TokenError> {
        let token = self.shared.lend(token);
        Ok(Attempt::new(token.generation(), token.authorization()?.clone()))
    }
}

/// The source's own transport.
struct Own<'a>(&'a TokenSource);

impl Carrier for Own<'_> {
    type Call = http::Request<Body>;
    type Answer = http::Response<Body>;
    type Error = TokenError;

    async fn carry(&mut self, call: Self::Call) -> Result<Self::Answer, TokenError> {
        let (transport, deadline) = (&self.0.transport, self.0.call_deadline);
        let place = self.0.background.available()?;
        let answer = if is_here(&place) {
            transport.call(call, deadline).await
        } else {
            let transport = Arc::clone(transport);
            spawned(&place, async move { transport.call(call, deadline).await }).await?
        };
        answer.map_err(TransportError::into_error)
    }
}
