//! A token that no endpoint issues: an API key, or a token that an operator made by hand.

use core::time::Duration;

use wellspring_core::{
    AccessToken, AuthorizationGrant, CallFormat, HttpRequest, HttpResponse, Origin, Provider, ProviderSpec,
    Reading, ResponseHead, TokenError, TokenKey, TokenResponse, UnixTime, Verdict,
};
use wellspring_wire::judge_bearer;

/// A token that is given and never renewed. Pass it to the builder of a token source.
///
/// A source of it sends no token request. It has no store, because nothing is there to keep: with one its builder fails.
///
/// ```
/// use wellspring_core::{CallFormat, Provider as _, UnixTime};
/// use wellspring_token_endpoint::StaticToken;
///
/// // The header `access_token: <key>` instead of `Authorization: Bearer <key>`.
/// let key = StaticToken::new("canary")?.calls(CallFormat::new().token_header("access_token"));
/// let key = key.api_url("https://api.example.com")?;
/// let token = key.own_token(UnixTime::EPOCH).expect("a static token is there at once")?;
/// assert_eq!(token.access_token.expose(), "canary");
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StaticToken {
    token: AccessToken,
    expires_at: Option<UnixTime>,
    spec: ProviderSpec,
}

impl StaticToken {
    /// A source's provider with this token.
    ///
    /// # Errors
    ///
    /// Fails if the token is empty or has a character that no header can carry.
    pub fn new(token: impl Into<AccessToken>) -> Result<Self, TokenError> {
        let token = token.into();
        let text = token.expose();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::misconfigured(
                "the static token is empty, or has a character that is not visible ASCII; copy it again without spaces",
            ));
        }
        let mut spec = ProviderSpec::new("static", TokenKey::new("static", ""));
        spec.credentials = true;
        Ok(Self { token, expires_at: None, spec })
    }

    /// When the token expires. Default: never.
    #[must_use]
    pub const fn expires_at(mut self, time: UnixTime) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// What each call of the API carries: see [`TokenClient::calls`](crate::TokenClient::calls).
    #[must_use]
    pub fn calls(mut self, format: CallFormat) -> Self {
        self.spec.calls = format;
        self
    }

    /// Allows calls to the origin of this API to carry the token. Default: no origin.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback.
    pub fn api_url(mut self, url: &str) -> Result<Self, TokenError> {
        let origin = Origin::of(url)
            .map_err(|error| TokenError::misconfigured(format!("the API's URL is invalid: {error}")))?;
        self.spec.origins.push(origin);
        Ok(self)
    }
}

impl Provider for StaticToken {
    fn request(&self, _: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        Err(TokenError::misconfigured("a static token has no token endpoint: no grant can be sent"))
    }

    fn own_token(&self, now: UnixTime) -> Option<Result<TokenResponse, TokenError>> {
        let mut response = TokenResponse::new(self.token.clone());
        if let Some(end) = self.expires_at {
            let left = end.since(now);
            if left == Duration::ZERO {
                return Some(Err(TokenError::misconfigured(format!(
                    "the static token expired at {end}; make a new one at the vendor and replace it"
                ))));
            }
            response.lifetime = Some(left);
        }
        Some(Ok(response))
    }

    fn read(&self, _: &AuthorizationGrant, _: &HttpResponse, _: UnixTime) -> Reading {
        Reading::Refused(TokenError::misconfigured("a static token has no token endpoint"))
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        judge_bearer(head)
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }
}
