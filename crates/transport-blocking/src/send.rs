//! One authenticated call: attach the token, and where it is refused, renew it and try once more.

use wellspring_core::{Generation, Need, Rejected, Token, TokenError, TransportError, Verdict};
use wellspring_transport::{Attempt, events, verdict};

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
        let (parts, body) = request.map(Into::into).into_parts();
        self.reach.check(&parts.uri)?;
        let spare = body.again();
        let attempt = self.attempt(self.token()?)?;
        let refused = match self.attempt_call(&parts, body, &attempt)? {
            (answer, Verdict::TokenRefused) => answer,
            (answer, Verdict::Fine | Verdict::ScopeMissing(_)) => return Ok(answer),
        };
        let rejected = self.reject(attempt.generation);
        let Some(body) = spare else { return Ok(refused) };
        let Some(token) = self.replacement(rejected, attempt.generation)? else { return Ok(refused) };
        let attempt = self.attempt(token)?;
        events::send_retried(&self.shared.provider().profile().name, attempt.generation);
        let (answer, verdict) = self.attempt_call(&parts, body, &attempt)?;
        if verdict == Verdict::TokenRefused {
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
            Rejected::Stands => Ok(None),
        }
    }

    fn attempt(&self, token: Token) -> Result<Attempt, TokenError> {
        let token = self.shared.lend(token);
        Ok(Attempt::new(token.generation(), token.authorization()?.clone()))
    }

    /// One try, and what its answer says of the token.
    fn attempt_call(
        &self,
        parts: &http::request::Parts,
        body: Body,
        attempt: &Attempt,
    ) -> Result<(http::Response<Body>, Verdict), TokenError> {
        let mut request = http::Request::from_parts(parts.clone(), body);
        attempt.sign(request.headers_mut());
        let answer = self.transport.call(request, self.call_deadline);
        let (head, mut body) = answer.map_err(TransportError::into_error)?.into_parts();
        let provider = self.shared.provider();
        let start = body.peek(provider.profile().judged_bytes)?;
        let verdict = verdict(&**provider, head.status, &head.headers, &start);
        Ok((http::Response::from_parts(head, body), verdict))
    }
}
