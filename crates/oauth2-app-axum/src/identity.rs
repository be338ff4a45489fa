//! Who has signed in: the verified id_token of a sign-in, and what the application's hook gets.

use oauth2_app::{App, IdClaims, IdTokenChecks, UserInfo};
use wellspring_core::{Token, TokenError};
use wellspring_transport::Clock;
use wellspring_transport_async::TokenSource;

use crate::call::call;

/// Verifies the id_tokens of one provider.
#[derive(Clone)]
pub(crate) struct Identity;

impl Identity {
    pub(crate) fn new(_: App, _: Clock) -> Self {
        Self
    }

    pub(crate) async fn claims(
        &self,
        _: &TokenSource,
        _: &Token,
        _: &IdTokenChecks,
    ) -> Result<Option<IdClaims>, TokenError> {
        Ok(None)
    }
}

/// A sign-in that the application judges: see [`Builder::on_sign_in`](crate::Builder::on_sign_in).
pub struct SignInAttempt {
    provider: String,
    app: App,
    source: TokenSource,
    token: Token,
    claims: Option<IdClaims>,
    clock: Clock,
}

impl SignInAttempt {
    pub(crate) const fn new(
        provider: String,
        app: App,
        source: TokenSource,
        token: Token,
        claims: Option<IdClaims>,
        clock: Clock,
    ) -> Self {
        Self { provider, app, source, token, claims, clock }
    }

    /// The name of the provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The token, with the other members of the server's answer.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The verified claims of the id_token, if there are any.
    #[must_use]
    pub const fn claims(&self) -> Option<&IdClaims> {
        self.claims.as_ref()
    }

    /// The user info. Each call asks the server.
    ///
    /// # Errors
    ///
    /// If the app has no userinfo endpoint, the server does not answer, or its answer is not user info.
    pub async fn userinfo(&self) -> Result<UserInfo, TokenError> {
        let answer = call(&self.source, &self.app.userinfo_request()?).await?;
        UserInfo::read(&answer, self.clock.now().unix)
    }
}

impl core::fmt::Debug for SignInAttempt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SignInAttempt").field("provider", &self.provider).finish_non_exhaustive()
    }
}
