//! Revoking tokens ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).

use wellspring_core::{AccessToken, AuthorizationGrant, HttpRequest, HttpResponse, TokenError, UnixTime};
use wellspring_wire::{Body, BodyFault, ErrorBody, Form};

use crate::App;

impl App {
    /// The request that revokes an access token, where the server has an endpoint for it. For a refresh token,
    /// with which its access tokens go too, see [`Provider::revocation`](wellspring_core::Provider::revocation).
    #[must_use]
    pub fn access_revocation(&self, token: &AccessToken) -> Option<HttpRequest> {
        self.revocation_of(token.expose(), "access_token")
    }

    pub(crate) fn revocation_of(&self, token: &str, hint: &'static str) -> Option<HttpRequest> {
        let url = self.config().revocation_url.as_deref()?;
        Some(self.authenticated(url, Form::new().pair("token", token).pair("token_type_hint", hint)))
    }

    /// Reads the answer to a revocation. A token that the server does not know is revoked
    /// ([RFC 7009 §2.2](https://www.rfc-editor.org/rfc/rfc7009#section-2.2)).
    ///
    /// # Errors
    ///
    /// When the token may still be alive: a 503 says so and names a pause, `unsupported_token_type` says that this
    /// kind cannot be revoked.
    pub fn read_revocation(&self, response: &HttpResponse, now: UnixTime) -> Result<(), TokenError> {
        let format = self.format();
        match Body::of(response) {
            // What a 200 says is of no interest, unless somebody in between has said it.
            Body::Unreadable(BodyFault::Page) => {
                Err(format.unreadable(&AuthorizationGrant::ClientCredentials, response, BodyFault::Page, now))
            }
            _ if response.head().is_success() => Ok(()),
            Body::Object(said) => Err(format.refused(
                &AuthorizationGrant::ClientCredentials,
                response,
                &ErrorBody::of(&said),
                now,
            )),
            Body::Unreadable(fault) => {
                Err(format.unreadable(&AuthorizationGrant::ClientCredentials, response, fault, now))
            }
        }
    }
}
