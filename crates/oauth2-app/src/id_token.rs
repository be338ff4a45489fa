//! Verifying the ID token of a sign-in
//! ([OpenID Connect Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)): the signature
//! by a key of the server's key set, then the claims.
//!
//! In scope: bytes in, claims or an error out. Out of scope: fetching the key set, and when to fetch it again.

mod claims;
mod error;
mod jwks;
mod jws;
mod signature;

use wellspring_core::UnixTime;

use crate::app::App;
use crate::id_claims::{IdClaims, IdTokenChecks};

pub use error::{IdTokenError, IdTokenErrorKind};
pub use jwks::Jwks;

impl App {
    /// Verifies an ID token from the token endpoint and returns its claims.
    ///
    /// The signature must be that of a key in the server's key set, with RS256, RS384, RS512, PS256, PS384, PS512, ES256,
    /// ES384 or Ed25519 (`EdDSA`). `iss` must be the app's issuer and `aud` its client id; `azp` too, where it is set or
    /// other audiences are. The token must not have expired at `now`, with a minute of leeway between the two clocks. The
    /// nonce, the time of the authentication and its class must be those that the sign-in asked for.
    ///
    /// On [`UnknownKey`](IdTokenErrorKind::UnknownKey) the server may have exchanged its keys: fetch the key set again, but
    /// not more often than once a minute.
    ///
    /// ```
    /// use oauth2_app::{App, Entropy, IdTokenErrorKind, Jwks};
    /// use wellspring_core::UnixTime;
    ///
    /// let app = App::builder()
    ///     .issuer("https://server.example.com")
    ///     .authorize_url("https://server.example.com/authorize")
    ///     .token_url("https://server.example.com/token")
    ///     .jwks_url("https://server.example.com/jwks")
    ///     .client_id("client_abc123def456")
    ///     .redirect_uri("https://yourapp.com/oauth/callback")
    ///     .scopes(["openid"])
    ///     .build()?;
    /// let login = app.authorize(&Entropy::new([7; 64]))?.login;
    /// let checks = app.id_token_checks(&login);
    /// let keys = Jwks::parse(br#"{"keys":[]}"#)?;
    /// let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.";
    /// let error = app.verify_id_token(unsigned, &keys, &checks, UnixTime::from_secs(1_700_000_000)).unwrap_err();
    /// assert_eq!(error.kind(), IdTokenErrorKind::Algorithm);
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the ID token must not be believed, or this app does not know its issuer. The error shows no claim.
    pub fn verify_id_token(
        &self,
        id_token: &str,
        keys: &Jwks,
        checks: &IdTokenChecks,
        now: UnixTime,
    ) -> Result<IdClaims, IdTokenError> {
        let Some(issuer) = self.issuer() else {
            return Err(IdTokenError::new(
                IdTokenErrorKind::Unconfigured,
                "the app knows no issuer: set issuer",
            ));
        };
        let payload = jws::verify(id_token, keys)?;
        claims::check(&payload, issuer, self.client_id(), checks, now)
    }
}
