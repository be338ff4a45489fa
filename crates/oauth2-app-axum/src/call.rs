//! An API call with the user's token whose whole answer is read.

use wellspring_core::{HttpRequest, HttpResponse, ResponseHead, TokenError};
use wellspring_transport_async::TokenSource;

/// The maximum size of a response body.
const MAX_BYTES: usize = 1 << 16;

/// Sends a request with the user's token.
pub(crate) async fn call(source: &TokenSource, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
    let (head, body) = source.send(request.clone()).await?.into_parts();
    let head = ResponseHead::from((head.status, &head.headers));
    Ok(HttpResponse::new(head, body.bytes(MAX_BYTES).await?.to_vec()))
}
