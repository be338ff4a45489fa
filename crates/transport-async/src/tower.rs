//! A tower layer that attaches tokens, for a program's own stack of services.

use core::future::{Future, poll_fn};
use core::marker::PhantomData;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use thiserror::Error;
use tower_layer::Layer;
use tower_service::Service;
use wellspring_core::TokenError;
use wellspring_transport::{SourceSelector, attach_methods, repeated, url_of};

use crate::body::Body;
use crate::carrier::{Call, Carrier};
use crate::source::TokenSource;
use crate::tower_bodies::{MappedBody, RepeatableBody, RequestBodies, SameBody};

type BoxError = Box<dyn core::error::Error + Send + Sync>;

/// Attaches tokens to the requests that go through a tower service, by the rule of [`TokenSource::send`].
///
/// Put it directly above the client: the services below it must neither change a request's URL nor follow redirects,
/// because the layer checks the origin of the URL that it gets. The deadlines are those of the services: below the
/// layer for each attempt, above it for both attempts together.
///
/// The services below get the caller's body, which must be [`Body`] or any body that is `Clone`. For a client with
/// another type of body, such as tonic's, say how it is made: [`map_body`](Self::map_body).
///
/// gRPC's status UNAUTHENTICATED counts as a 401 if it is in the response's headers, as it is in each response without a
/// message. After the first message of a response the layer repeats nothing.
#[derive(Clone, Debug)]
pub struct AttachLayer<M = SameBody> {
    selector: SourceSelector<TokenSource>,
    bodies: M,
}

attach_methods!(AttachLayer, bodies: SameBody);

impl AttachLayer {
    /// For services whose bodies this function makes out of [`Body`]. Callers may then send any body.
    ///
    /// A body of at most 1 MiB that is ready at once, such as that of a unary call of gRPC, can be sent again after a
    /// refusal. A longer one, and one that is still being made, is sent once: the next call has the new token.
    ///
    /// ```
    /// # use wellspring_transport_async::{AttachLayer, Body, TokenSource};
    /// # struct Boxed(Body);
    /// # impl Boxed { fn new(body: Body) -> Self { Self(body) } }
    /// # fn layer(source: TokenSource) {
    /// let layer = AttachLayer::new(source).map_body(Boxed::new); // for tonic: tonic::body::Body::new
    /// # drop(layer);
    /// # }
    /// ```
    #[must_use]
    pub fn map_body<F, C>(self, make: F) -> AttachLayer<MappedBody<F>>
    where
        F: Fn(Body) -> C + Clone,
    {
        AttachLayer { selector: self.selector, bodies: MappedBody::of(make) }
    }
}

impl<S, M: Clone> Layer<S> for AttachLayer<M> {
    type Service = Attach<S, M>;

    fn layer(&self, inner: S) -> Attach<S, M> {
        Attach { selector: self.selector.clone(), bodies: self.bodies.clone(), inner }
    }
}

/// A service whose requests carry tokens. [`AttachLayer`] makes it.
#[derive(Clone, Debug)]
pub struct Attach<S, M = SameBody> {
    selector: SourceSelector<TokenSource>,
    bodies: M,
    inner: S,
}

impl<S, M, B, R> Service<http::Request<B>> for Attach<S, M>
where
    S: Service<http::Request<M::Sent>, Response = http::Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    M: RequestBodies<B>,
    B: Send + 'static,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = AttachError;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, AttachError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), AttachError>> {
        self.inner.poll_ready(context).map_err(AttachError::client)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        // `self.inner` is ready, its clone is not.
        let fresh = self.inner.clone();
        let service = mem::replace(&mut self.inner, fresh);
        let bodies = self.bodies.clone();
        let source = self.selector.source(request.extensions());
        Box::pin(async move {
            let source = source?;
            let (head, body) = request.into_parts();
            let call = Repeatable(http::Request::from_parts(head, bodies.keep(body).await));
            let mut carrier = InnerService { service, bodies, ready: true, given: PhantomData };
            source.send_over(&mut carrier, call).await
        })
    }
}

/// A request whose body may be sent again.
struct Repeatable<B>(http::Request<B>);

impl<B: RepeatableBody> Call for Repeatable<B> {
    fn url(&self) -> String {
        self.0.uri().to_string()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.0.headers_mut()
    }

    fn set_url(&mut self, url: &str) -> Result<(), TokenError> {
        *self.0.uri_mut() = url_of(url)?;
        Ok(())
    }

    fn again(&self) -> Option<Self> {
        self.0.body().again().map(|body| Self(repeated(&self.0, body)))
    }
}

/// The services below the layer.
struct InnerService<S, M, B> {
    service: S,
    bodies: M,
    /// Whether the service is ready, which it is for the first attempt only.
    ready: bool,
    /// The body that the caller gave.
    given: PhantomData<fn(B)>,
}

impl<S, M, B, R> Carrier for InnerService<S, M, B>
where
    S: Service<http::Request<M::Sent>, Response = http::Response<R>> + Send,
    S::Future: Send,
    S::Error: Into<BoxError>,
    M: RequestBodies<B>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Call = Repeatable<M::Kept>;
    type Response = http::Response<Body>;
    type Error = AttachError;

    async fn carry(&mut self, call: Self::Call) -> Result<Self::Response, AttachError> {
        if !mem::take(&mut self.ready) {
            poll_fn(|context| self.service.poll_ready(context)).await.map_err(AttachError::client)?;
        }
        let call = call.0.map(|body| self.bodies.make(body));
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
