//! What the application's hook gets of a sign-in.

use core::fmt;
use core::time::Duration;

use oauth2_app::{App, IdClaims, UserInfo};
use wellspring_core::{Members, Token, TokenError};
use wellspring_transport::Clock;
use wellspring_transport_async::TokenSource;

use crate::call::call;
use crate::clock::within;

/// How long a person waits for the user info.
const PATIENCE: Duration = Duration::from_secs(2);

/// A sign-in that the application judges: see [`Builder::on_sign_in`](crate::Builder::on_sign_in). The code is exchanged,
/// and the browser is not signed in yet.
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

    /// An attempt at this app with these tokens, for tests of your own hook. Its provider is `default`, and it has no
    /// claims.
    #[must_use]
    pub fn over(app: App, source: TokenSource, token: Token) -> Self {
        Self::new("default".to_owned(), app, source, token, None, Clock::system())
    }

    /// The same with these claims.
    #[must_use]
    pub fn with_claims(self, claims: IdClaims) -> Self {
        Self { claims: Some(claims), ..self }
    }

    /// The name of the provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The access token, for calls of the hook.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The members of the token response beyond those of RFC 6749, such as `instance_url`.
    #[must_use]
    pub fn members(&self) -> &Members {
        self.token.members()
    }

    /// The verified claims of the ID token; `None` if the server sent none, or the app has no issuer or no key set (both come
    /// with [`App::from_metadata`]).
    #[must_use]
    pub const fn claims(&self) -> Option<&IdClaims> {
        self.claims.as_ref()
    }

    /// The user's id at the server, if there are [`claims`](Self::claims).
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.claims.as_ref().map(IdClaims::subject)
    }

    /// The user info. Each call asks the server, and waits two seconds at most.
    ///
    /// # Errors
    ///
    /// If the app has no userinfo endpoint, the server does not answer in time, its answer is not user info, or the user
    /// info is that of another user than the ID token
    /// ([OpenID Connect Core §5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse)).
    pub async fn userinfo(&self) -> Result<UserInfo, TokenError> {
        let request = self.app.userinfo_request()?;
        let answer = within(&self.clock, PATIENCE, call(&self.source, &request)).await;
        let answer = answer
            .ok_or_else(|| TokenError::unavailable("the user info did not arrive within two seconds"))??;
        let info = UserInfo::read(&answer, self.clock.now().unix)?;
        match self.subject() {
            Some(subject) if subject != info.id => {
                Err(TokenError::protocol("the user info is of another user than the ID token"))
            }
            _ => Ok(info),
        }
    }
}

impl fmt::Debug for SignInAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInAttempt").field("provider", &self.provider).finish_non_exhaustive()
    }
}
