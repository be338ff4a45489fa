//! Attaching a token to a call: which source's token, to which origins, and what the response says about it.

use http::Extensions;
use wellspring_core::{Origin, Provider, Scope, TokenError, Verdict};

/// The longest body of a foreign client that is held in memory for a retry, in bytes.
pub const MAX_REPEATABLE: usize = 1 << 20;

/// Which source's token a call carries.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "made by the layers of the transports only")]
pub enum SourceSelector<S> {
    /// The token of this source, on every call.
    Always(S),
    /// The token of the source among the call's extensions.
    OfEachCall,
}

impl<S: Clone + Send + Sync + 'static> SourceSelector<S> {
    /// The source for a call with these extensions. It stays among the extensions, for a retry.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when the call's extensions hold no source.
    pub fn source(&self, extensions: &Extensions) -> Result<S, TokenError> {
        match self {
            Self::Always(source) => Ok(source.clone()),
            Self::OfEachCall => extensions.get::<S>().cloned().ok_or_else(|| {
                TokenError::misconfigured(
                    "the call was not sent: put a `TokenSource` among its extensions, or attach the tokens of one source \
                     to all calls",
                )
            }),
        }
    }
}

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
        if url.starts_with('/') {
            return Err(TokenError::misconfigured(
                "the call was not sent: its URL is only a path; give the client the origin of the API (a client of tonic: \
                 `with_origin`)",
            ));
        }
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

/// The scope that a refused call lacks; empty where the response says so without naming a scope.
#[must_use]
pub fn missing_scope<B>(provider: &dyn Provider, response: &http::Response<B>) -> Option<Scope> {
    match provider.judge(&(response.status(), response.headers()).into(), &[]) {
        Verdict::ScopeMissing(scope) => Some(scope.unwrap_or_default()),
        Verdict::Accepted | Verdict::TokenRefused => None,
    }
}

/// A URL in the type of the crate `http`.
///
/// # Errors
///
/// `Misconfigured` when it is not one.
pub fn url_of<T: core::str::FromStr>(url: &str) -> Result<T, TokenError> {
    url.parse().map_err(|_| {
        TokenError::misconfigured(
            "the call was not sent: its URL with the parameters of every call is not a valid URL",
        )
    })
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
