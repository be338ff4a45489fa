//! A tower layer that attaches tokens, for a stack of services that a program has already.

use core::error::Error;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use tower_layer::Layer;
use tower_service::Service;
use wellspring_core::TokenError;
use wellspring_transport::SourceSelector;

use crate::body::Body;
use crate::carrier::Carrier;
use crate::source::TokenSource;

type BoxError = Box<dyn Error + Send + Sync>;

/// Attaches tokens to the requests that go through a tower service, by the rule of [`TokenSource::send`].
///
/// Put it directly above the client: what stands below it must neither change a request's URL nor follow redirects,
/// because it has judged the one URL it saw. Time limits are those of the services below it, for each try, or above it,
/// for both together.
///
/// Bodies are [`Body`]: bytes, text and nothing can be sent again after a 401; anything else is given to
/// [`Body::once`] and sent once.
#[derive(Clone, Debug)]
pub struct AttachLayer {
    selector: SourceSelector<TokenSource>,
}

impl AttachLayer {
    /// Attaches this source's tokens to every request.
    #[must_use]
    pub const fn new(source: TokenSource) -> Self {
        Self { selector: SourceSelector::Always(source) }
    }

    /// Attaches the tokens of the [`TokenSource`] among each request's extensions: one client serves many users, and
    /// who is served is said where the request is made. A request without one is not sent.
    #[must_use]
    pub const fn per_request() -> Self {
        Self { selector: SourceSelector::OfEachCall }
    }
}

impl<S> Layer<S> for AttachLayer {
    type Service = Attach<S>;

    fn layer(&self, inner: S) -> Attach<S> {
        Attach { selector: self.selector.clone(), inner }
    }
}

/// A service whose requests carry tokens; made by [`AttachLayer`].
#[derive(Clone, Debug)]
pub struct Attach<S> {
    selector: SourceSelector<TokenSource>,
    inner: S,
}

impl<S, R> Service<http::Request<Body>> for Attach<S>
where
    S: Service<http::Request<Body>, Response = http::Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = AttachError;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, AttachError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), AttachError>> {
        self.inner.poll_ready(context).map_err(AttachError::client)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // It is this service that is ready, and not its clone.
        let fresh = self.inner.clone();
        let mut carrier = Through { service: mem::replace(&mut self.inner, fresh), ready: true };
        let source = self.selector.source(request.extensions());
        Box::pin(async move { source?.send_over(&mut carrier, request).await })
    }
}

/// The services below.
struct Through<S> {
    service: S,
    /// For the first try; each further one has to wait.
    ready: bool,
}

impl<S, R> Carrier for Through<S>
where
    S: Service<http::Request<Body>, Response = http::Response<R>> + Send,
    S::Future: Send,
    S::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Call = http::Request<Body>;
    type Response = http::Response<Body>;
    type Error = AttachError;

    async fn carry(&mut self, call: Self::Call) -> Result<Self::Response, AttachError> {
        if !mem::take(&mut self.ready) {
            poll_fn(|context| self.service.poll_ready(context)).await.map_err(AttachError::client)?;
        }
        let answer = self.service.call(call).await.map_err(AttachError::client)?;
        Ok(answer.map(Body::once))
    }
}

/// Why a call through [`Attach`] has no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttachError {
    /// There is no token for it, or it may not carry one. After a refusal: why there is no other token.
    Token(TokenError),
    /// What the services below said.
    Client(BoxError),
}

impl AttachError {
    fn client(error: impl Into<BoxError>) -> Self {
        Self::Client(error.into())
    }
}

impl From<TokenError> for AttachError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Client(error) => error.fmt(f),
        }
    }
}

impl Error for AttachError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Token(error) => error.source(),
            Self::Client(error) => error.source(),
        }
    }
}
