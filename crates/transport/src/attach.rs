//! Attaching a token to a call: to which origins it may be sent, and what the response says about it.

use http::{HeaderMap, StatusCode};
use wellspring_core::{Origin, Provider, Scope, TokenError, Verdict};

use crate::rules::response_head;

/// The origins to which calls may carry the token.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins {
    origins: Vec<Origin>,
    /// Loopback on every port, for doubles in users' own tests.
    loopback: bool,
}

impl AllowedOrigins {
    /// The provider's own origins.
    #[must_use]
    pub fn of(provider: &dyn Provider) -> Self {
        Self { origins: provider.spec().origins.clone(), loopback: false }
    }

    /// Allows loopback too, on every port.
    #[must_use]
    pub const fn and_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Allows the origin of this URL too.
    ///
    /// # Errors
    ///
    /// When no secret may be sent there.
    pub fn allow(&mut self, url: &str) -> Result<(), TokenError> {
        let origin = Origin::of(url)
            .map_err(|error| TokenError::misconfigured(format!("this origin cannot be allowed: {error}")))?;
        self.origins.push(origin);
        Ok(())
    }

    /// Whether a call to this URL may carry the token.
    ///
    /// # Errors
    ///
    /// When it may not. The call must not be sent.
    pub fn check(&self, url: &str) -> Result<(), TokenError> {
        let origin = Origin::of(url)
            .map_err(|error| TokenError::misconfigured(format!("the call was not sent: {error}")))?;
        if self.origins.contains(&origin) || (self.loopback && origin.is_loopback()) {
            return Ok(());
        }
        Err(TokenError::misconfigured(format!(
            "the call was not sent: its token may not be sent to {origin}; allow that with `allow_origin`"
        )))
    }
}

/// Where a client was redirected before its response came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "only the transports use it")]
pub enum Redirected {
    /// To another URL of the same origin.
    WithinTheOrigin,
    /// To another origin, whose response says nothing about the token.
    Elsewhere,
}

/// What a response says about the token. A 401 refuses the token, whatever the provider says.
#[must_use]
pub fn verdict(
    provider: &dyn Provider,
    status: StatusCode,
    headers: &HeaderMap,
    body_start: &[u8],
) -> Verdict {
    if status == StatusCode::UNAUTHORIZED {
        return Verdict::TokenRefused;
    }
    provider.judge(&response_head(status, headers), body_start)
}

/// The scope that a refused call lacks, where the response says so; empty where the response names no scope.
#[must_use]
pub fn missing_scope<B>(provider: &dyn Provider, response: &http::Response<B>) -> Option<Scope> {
    match provider.judge(&response_head(response.status(), response.headers()), &[]) {
        Verdict::ScopeMissing(scope) => Some(scope.unwrap_or_default()),
        Verdict::Accepted | Verdict::TokenRefused => None,
    }
}

/// The same request with this body.
#[must_use]
pub fn repeated<B, C>(request: &http::Request<B>, body: C) -> http::Request<C> {
    let mut again = http::Request::new(body);
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    again
}
