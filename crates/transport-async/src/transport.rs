//! What carries requests: the one trait between a source and an HTTP client.

use core::fmt;
use core::time::Duration;

use async_trait::async_trait;
use wellspring_core::{HttpRequest, HttpResponse, TransportError};

use crate::body::Body;

/// What carries requests.
///
/// Implemented for reqwest by this crate; bring your own for another client, and keep these rules: no redirect is
/// followed, nothing is retried, and `within` covers everything from name lookup to the last byte.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends a token request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// When there is no complete, acceptable answer; the kind says how far the request came, and is
    /// [`Ambiguous`](wellspring_core::TransportErrorKind::Ambiguous) where that is not known.
    async fn exchange(&self, request: &HttpRequest, within: Duration)
    -> Result<HttpResponse, TransportError>;

    /// Sends an API call, whose answer the caller reads.
    ///
    /// # Errors
    ///
    /// When no answer came.
    async fn call(
        &self,
        request: http::Request<Body>,
        within: Duration,
    ) -> Result<http::Response<Body>, TransportError>;
}
