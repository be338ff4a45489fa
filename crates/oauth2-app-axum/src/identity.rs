//! Who has signed in: the verified ID token of a sign-in, and what the application's hook gets.
//!
//! In scope: when to fetch the server's key set. Out of scope: how an ID token is verified (`oauth2-app`).

mod attempt;
#[cfg(feature = "id-token")]
mod keys;

use oauth2_app::{App, IdClaims, IdTokenChecks};
use wellspring_core::{Token, TokenError};
use wellspring_transport::Clock;
use wellspring_transport_async::TokenSource;

#[cfg(feature = "id-token")]
use keys::Keys;

pub use attempt::SignInAttempt;

/// Verifies the ID tokens of one provider. Clones share the key set.
#[derive(Clone)]
pub(crate) struct Identity {
    #[cfg(feature = "id-token")]
    keys: Keys,
}

impl Identity {
    pub(crate) fn new(app: App, clock: Clock) -> Self {
        #[cfg(not(feature = "id-token"))]
        drop((app, clock));
        Self {
            #[cfg(feature = "id-token")]
            keys: Keys::new(app, clock),
        }
    }

    /// The claims of the ID token that came with this token; `None` if there is none, or if the app has no issuer or no key
    /// set to verify it with.
    ///
    /// # Errors
    ///
    /// If the ID token must not be believed, or the sign-in asked for what only an ID token can prove and none can be
    /// verified.
    pub(crate) async fn claims(
        &self,
        source: &TokenSource,
        token: &Token,
        checks: &IdTokenChecks,
    ) -> Result<Option<IdClaims>, TokenError> {
        let claims = self.verified(source, token, checks).await?;
        if claims.is_none() && checks.need_id_token() {
            return Err(TokenError::protocol(
                "the sign-in asked for max_age or acr_values, and no verified ID token proves them",
            ));
        }
        Ok(claims)
    }

    #[cfg(feature = "id-token")]
    async fn verified(
        &self,
        source: &TokenSource,
        token: &Token,
        checks: &IdTokenChecks,
    ) -> Result<Option<IdClaims>, TokenError> {
        match token.id_token() {
            Some(id_token) => self.keys.verify(source, &id_token, checks).await,
            None => Ok(None),
        }
    }

    #[cfg(not(feature = "id-token"))]
    #[expect(clippy::unused_async, reason = "the feature awaits")]
    async fn verified(
        &self,
        _: &TokenSource,
        _: &Token,
        _: &IdTokenChecks,
    ) -> Result<Option<IdClaims>, TokenError> {
        Ok(None)
    }
}
