//! Attaching a token to a call: to which origins it may go, and what an answer says of it.
//!
//! One call carries one token and is retried once at most; the order of these rules is the same in both
//! transports because it is here.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use wellspring_core::{Generation, Origin, Provider, Scope, TokenError, Verdict};

use crate::rules::head_of;

/// The origins to which calls may carry the token.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins {
    origins: Vec<Origin>,
    /// This machine, whatever the port: for doubles in users' own tests.
    loopback: bool,
}

impl AllowedOrigins {
    /// The provider's own origins.
    #[must_use]
    pub fn of(provider: &dyn Provider) -> Self {
        Self { origins: provider.spec().origins.clone(), loopback: false }
    }

    /// And this machine, whatever the port.
    #[must_use]
    pub const fn and_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// And the origin of this URL.
    ///
    /// # Errors
    ///
    /// When no secret may be sent there at all.
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
    /// When it may not; nothing is sent then.
    pub fn check(&self, url: &str) -> Result<(), TokenError> {
        let origin = Origin::of(url)
            .map_err(|error| TokenError::misconfigured(format!("the call was not sent: {error}")))?;
        if self.origins.contains(&origin) || (self.loopback && origin.is_loopback()) {
            return Ok(());
        }
        Err(TokenError::misconfigured(format!(
            "the call was not sent: the token may not go to {origin}; allow it with `allow_origin`"
        )))
    }
}

/// One try of a call: the token it carries.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The token's generation, for a refusal to name.
    pub generation: Generation,
    /// The value of its `Authorization` header.
    pub header: HeaderValue,
}

impl Attempt {
    /// A try with this token.
    #[must_use]
    pub const fn new(generation: Generation, header: HeaderValue) -> Self {
        Self { generation, header }
    }

    /// Puts the token on the request; what the caller has put there goes.
    pub fn sign(&self, headers: &mut HeaderMap) {
        headers.insert(AUTHORIZATION, self.header.clone());
    }
}

/// What an answer says of the token: a 401 refuses it whatever the provider thinks.
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
    provider.judge(&head_of(status, headers), body_start)
}

/// The scope that a call was refused for, where the answer says so; empty where it names none.
#[must_use]
pub fn missing_scope<B>(provider: &dyn Provider, response: &http::Response<B>) -> Option<Scope> {
    match provider.judge(&head_of(response.status(), response.headers()), &[]) {
        Verdict::ScopeMissing(scope) => Some(scope.unwrap_or_default()),
        Verdict::Accepted | Verdict::TokenRefused => None,
    }
}
