//! Revoking tokens ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).

use wellspring_core::{AccessToken, HttpRequest, HttpResponse, TokenError, UnixTime};
use wellspring_wire::{Body, BodyFault};

use crate::app::App;
use crate::response;

impl App {
    /// The request that revokes an access token; `None` if this app has no revocation endpoint. To revoke a refresh token
    /// and its access tokens, see [`Provider::revocation`](wellspring_core::Provider::revocation).
    #[must_use]
    pub fn access_revocation(&self, token: &AccessToken) -> Option<HttpRequest> {
        self.revocation_request(token.expose(), "access_token")
    }

    /// Reads the answer to a revocation. The server answers 200 for an unknown token too
    /// ([RFC 7009 §2.2](https://www.rfc-editor.org/rfc/rfc7009#section-2.2)).
    ///
    /// # Errors
    ///
    /// Fails if the token may still be valid. A 503 may name the time to wait before a retry; the code
    /// `unsupported_token_type` means that the server cannot revoke tokens of this type.
    pub fn read_revocation(&self, response: &HttpResponse, now: UnixTime) -> Result<(), TokenError> {
        let body = Body::of(response);
        // The body of a 2xx does not matter, unless an intermediary has sent its own page.
        if response.head().is_success() && !matches!(body, Body::Unreadable(BodyFault::Page)) {
            return Ok(());
        }
        response::successful("revocation endpoint", &self.format(), body, response, now).map(drop)
    }
}
