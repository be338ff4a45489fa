//! A tower layer that attaches tokens, for a program's own stack of services.

use core::future::{Future, poll_fn};
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use thiserror::Error;
use tower_layer::Layer;
use tower_service::Service;
use wellspring_core::TokenError;
use wellspring_transport::{SourceSelector, attach_methods};

use crate::body::Body;
use crate::carrier::Carrier;
use crate::source::TokenSource;

type BoxError = Box<dyn core::error::Error + Send + Sync>;

/// Attaches tokens to the requests that go through a tower service, by the rule of [`TokenSource::send`].
///
/// Put it directly above the client: the services below it must neither change a request's URL nor follow redirects,
/// because the layer checks the origin of the URL that it gets. The deadlines are those of the services: below the
/// layer for each attempt, above it for both attempts together.
///
/// Bodies are [`Body`]. Bytes, text and an empty body can be sent again after a 401; a body of [`Body::once`] cannot.
#[derive(Clone, Debug)]
pub struct AttachLayer {
    selector: SourceSelector<TokenSource>,
}

attach_methods!(AttachLayer);

impl<S> Layer<S> for AttachLayer {
    type Service = Attach<S>;

    fn layer(&self, inner: S) -> Attach<S> {
        Attach { selector: self.selector.clone(), inner }
    }
}

/// A service whose requests carry tokens. [`AttachLayer`] makes it.
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
        // `self.inner` is ready, its clone is not.
        let fresh = self.inner.clone();
        let mut carrier = InnerService { service: mem::replace(&mut self.inner, fresh), ready: true };
        let source = self.selector.source(request.extensions());
        Box::pin(async move { source?.send_over(&mut carrier, request).await })
    }
}

/// The services below the layer.
struct InnerService<S> {
    service: S,
    /// Whether the service is ready, which it is for the first attempt only.
    ready: bool,
}

impl<S, R> Carrier for InnerService<S>
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
        let response = self.service.call(call).await.map_err(AttachError::client)?;
        Ok(response.map(Body::once))
    }
}

/// Why a call through [`Attach`] has no response.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttachError {
    /// There is no token, or it may not be sent to the call's origin. After a refusal: why there is no other token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The error of the services below the layer.
    #[error(transparent)]
    Client(BoxError),
}

impl AttachError {
    fn client(error: impl Into<BoxError>) -> Self {
        Self::Client(error.into())
    }
}
