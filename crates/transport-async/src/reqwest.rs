//! What a program has of reqwest: its requests, which `send` takes, and its client, which carries calls.

use core::error::Error as _;
use std::sync::Arc;

use async_trait::async_trait;
pub(crate) use reqwest::Client;
use reqwest::{Response, Url};
use wellspring_core::{TokenError, TransportError};
use wellspring_transport::{
    CallLimits, Failure, Redirected, certificate_refused, handshake_ended, unreachable, unreachable_by_proxy,
    untrusted,
};

use crate::body::Body;
use crate::hyper::{OwnClient, limited};
use crate::send::IntoRequest;

#[cfg(feature = "reqwest-middleware")]
mod middleware;

#[cfg(feature = "reqwest-middleware")]
pub use middleware::AttachMiddleware;

/// The source sends the request by its own client, under its own deadline: the client and the timeout of the builder do
/// not apply.
impl IntoRequest for reqwest::RequestBuilder {
    fn into_request(self) -> Result<http::Request<Body>, TokenError> {
        self.build().map_err(unbuilt)?.into_request()
    }
}

/// The source sends the request under its own deadline: the timeout of the request does not apply.
impl IntoRequest for reqwest::Request {
    fn into_request(self) -> Result<http::Request<Body>, TokenError> {
        let request = http::Request::<reqwest::Body>::try_from(self).map_err(unbuilt)?;
        Ok(request.map(|body| match body.as_bytes().map(bytes::Bytes::copy_from_slice) {
            Some(bytes) => Body::from(bytes),
            None => Body::once(body),
        }))
    }
}

fn unbuilt(error: reqwest::Error) -> TokenError {
    TokenError::misconfigured("the request cannot be built: correct its URL, headers or body")
        .with_source(Arc::new(error.without_url()))
}

#[async_trait]
impl OwnClient for Client {
    async fn call(
        &self,
        request: http::Request<Body>,
        limits: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        limited(request, limits, async |request| {
            let request = request.map(|body| match body.is_empty() {
                true => reqwest::Body::default(),
                false => reqwest::Body::wrap(body),
            });
            let invalid = |error: reqwest::Error| Failure::INVALID.with_source(error.without_url());
            let request = reqwest::Request::try_from(request).map_err(invalid)?;
            let called = request.url().clone();
            let response = redirected(&called, self.execute(request).await.map_err(failure)?);
            Ok(http::Response::from(response))
        })
        .await
    }

    fn names_itself(&self) -> bool {
        // A client shows its default headers in no other way.
        format!("{self:?}").contains("\"user-agent\": ")
    }
}

/// Marks the response if the client has followed redirects to another URL.
fn redirected(called: &Url, mut response: Response) -> Response {
    if response.url() != called {
        let same = response.url().origin() == called.origin();
        let mark = if same { Redirected::WithinTheOrigin } else { Redirected::Elsewhere };
        response.extensions_mut().insert(mark);
    }
    response
}

/// No response head came.
fn failure(error: reqwest::Error) -> TransportError {
    // The URL may hold a secret.
    let error = error.without_url();
    let by_proxy = error.is_connect() && behind(&error).any(|text| text.starts_with("tunnel error: "));
    let alert = match error.is_connect() {
        _ if by_proxy => None,
        true => handshake_ended(&error, None),
        false => certificate_refused(&error, None),
    };
    if let Some(failure) = alert {
        return failure.with_source(Arc::new(error));
    }
    let of_the_server = if by_proxy { None } else { untrusted(&error) };
    let failure = of_the_server.unwrap_or_else(|| match &error {
        error if by_proxy => unreachable_by_proxy(error),
        error if error.is_builder() => Failure::INVALID,
        error if error.is_connect() && error.is_timeout() => Failure::CONNECT_TIMEOUT,
        error if error.is_connect() => unreachable(error, behind(error).any(|text| text == "dns error")),
        error if error.is_timeout() => Failure::TIMED_OUT,
        _ => Failure::BROKEN,
    });
    failure.with_source(error)
}

/// The texts of the errors behind this one: reqwest shows failures at a proxy and of a name lookup in no other way.
fn behind(error: &reqwest::Error) -> impl Iterator<Item = String> {
    core::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_client_names_itself_is_seen() {
        let bare = Client::builder().build().unwrap();
        assert!(!bare.names_itself());
        assert!(Client::builder().user_agent("theirs/1").build().unwrap().names_itself());
    }
}
