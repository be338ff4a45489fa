//! One authenticated call: attach the token, and where it is refused, renew it and try once more.

use wellspring_core::{Generation, Need, Rejected, Token, TokenError, TransportError, Verdict};
use wellspring_transport::{Attempt, events};

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
    pub fn send<B: Into<Body>>(&self, request: http::Request<B>) -> Result<http::Response<Body>, TokenError> {
        self.send_over(&mut Own(self), request.map(Into::into))
    }

    /// The rule of [`send`](Self::send), whatever carries the call.
    pub(crate) fn send_over<C: Carrier>(
        &self,
        carrier: &mut C,
        mut call: C::Call,
    ) -> Result<C::Answer, C::Error> {
        let provider = &**self.shared.provider();
        self.origins.check(&call.url())?;
        let spare = call.again();
        let attempt = self.attempt(self.token()?)?;
        attempt.sign(call.headers_mut());
        let mut refused = carrier.carry(call)?;
        match refused.verdict(provider)? {
            Verdict::TokenRefused => {}
            Verdict::Accepted | Verdict::ScopeMissing(_) => return Ok(refused),
        }
        let rejected = self.reject(attempt.generation);
        let Some(again) = spare else { return Ok(refused) };
        let Some(token) = self.replacement(rejected, attempt.generation)? else { return Ok(refused) };
        // Whoever counts connections counts this one as over.
        drop(refused);
        call = again;
        let attempt = self.attempt(token)?;
        events::send_retried(&provider.spec().name, attempt.generation);
        attempt.sign(call.headers_mut());
        let mut answer = carrier.carry(call)?;
        if answer.verdict(provider)? == Verdict::TokenRefused {
            // The lifecycle learns that this API refuses whatever it gets.
            let _ = self.reject(attempt.generation);
        }
        Ok(answer)
    }

    /// The token to try once more with, if there is to be another try.
    fn replacement(&self, rejected: Rejected, refused: Generation) -> Result<Option<Token>, TokenError> {
        match rejected {
            Rejected::Replaced(token) => Ok(Some(token)),
            Rejected::Renew => {
                let end = self.end_of_exchange();
                self.obtain(Need::Newer(refused), end, false).map(Some)
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

    fn carry(&mut self, call: Self::Call) -> Result<Self::Answer, TokenError> {
        self.0.transport.call(call, self.0.call_deadline).map_err(TransportError::into_error)
    }
}
