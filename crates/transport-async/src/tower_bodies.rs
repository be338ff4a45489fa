//! The bodies above and below the layer: how one that the caller gave is kept for a retry, and what the client gets.

use core::error::Error;
use core::future::{Future, ready};

use bytes::Bytes;
use wellspring_transport::MAX_REPEATABLE;

use crate::body::Body;

/// The services below the layer get the caller's body.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SameBody;

/// The services below the layer get what this function makes out of a [`Body`].
#[derive(Clone, Copy)]
pub struct MappedBody<F>(F);

impl<F> MappedBody<F> {
    pub(crate) const fn of(make: F) -> Self {
        Self(make)
    }
}

impl<F> core::fmt::Debug for MappedBody<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MappedBody").finish_non_exhaustive()
    }
}

/// A body that says whether it can be sent again. Each body that is `Clone` can.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent again after a renewal",
    note = "say how the client's bodies are made: `AttachLayer::new(source).map_body(..)`, with `tonic::body::Body::new` for tonic"
)]
pub trait RepeatableBody: Sized + Send + 'static {
    /// A copy, unless the body can be sent only once.
    fn again(&self) -> Option<Self>;
}

impl RepeatableBody for Body {
    fn again(&self) -> Option<Self> {
        self.again()
    }
}

impl<B: http_body::Body + Clone + Send + 'static> RepeatableBody for B {
    fn again(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// What the layer does with the bodies of its callers: [`SameBody`] and [`MappedBody`].
#[doc(hidden)]
pub trait RequestBodies<B>: Clone + Send + Sync + 'static {
    /// What is kept of the body for a retry.
    type Kept: RepeatableBody;
    /// What the client gets.
    type Sent;

    fn keep(&self, body: B) -> impl Future<Output = Self::Kept> + Send;

    fn make(&self, kept: Self::Kept) -> Self::Sent;
}

impl<B: RepeatableBody> RequestBodies<B> for SameBody {
    type Kept = B;
    type Sent = B;

    fn keep(&self, body: B) -> impl Future<Output = B> + Send {
        ready(body)
    }

    fn make(&self, kept: B) -> B {
        kept
    }
}

impl<B, F, C> RequestBodies<B> for MappedBody<F>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    F: Fn(Body) -> C + Clone + Send + Sync + 'static,
{
    type Kept = Body;
    type Sent = C;

    fn keep(&self, body: B) -> impl Future<Output = Body> + Send {
        Body::keeping(body, MAX_REPEATABLE)
    }

    fn make(&self, kept: Body) -> C {
        (self.0)(kept)
    }
}
