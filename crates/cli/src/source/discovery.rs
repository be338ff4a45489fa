//! Asking an authorization server for its own URLs, once, before there is a source.
//!
//! Nothing secret is sent; all the same the rules of a token request apply, for what comes back says where secrets
//! will go: HTTPS except to loopback, no redirect, a bounded answer.

use core::time::Duration;
use std::sync::Arc;

use oauth2_app::{Discovery, Metadata};
use reqwest::redirect::Policy;
use wellspring_core::{HttpRequest, HttpResponse, TokenError};
use wellspring_transport::{BODY_CAP, head_of, too_large, wire_request};
use wellspring_transport_blocking::{Clock, Tls};

use crate::configuration::value::Value;
use crate::exit::Failure;

/// What the server behind this issuer says of itself.
pub(crate) fn metadata(issuer: &Value, tls: &Tls, within: Duration) -> Result<Metadata, Failure> {
    let text = issuer.text()?;
    let discovery = Discovery::new(text.as_str())
        .map_err(|error| issuer.place.failure(format_args!("is no good: {error}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unreachable_server(Arc::new(error)))?;
    let mut last = None;
    for request in discovery.requests() {
        let asked = runtime.block_on(ask(&request, &text, tls, within));
        match asked.and_then(|response| discovery.read(&response, Clock::system().now().unix)) {
            Ok(metadata) => return Ok(metadata),
            // Many servers answer one of the two only.
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| TokenError::protocol("the issuer has no metadata")).into())
}

async fn ask(
    request: &HttpRequest,
    issuer: &str,
    tls: &Tls,
    within: Duration,
) -> Result<HttpResponse, TokenError> {
    let mut client = reqwest::Client::builder()
        .tls_backend_preconfigured((*tls.client_config()?).clone())
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .timeout(within);
    if wellspring_core::Origin::of(issuer).is_ok_and(|origin| origin.is_loopback()) {
        client = client.no_proxy();
    }
    let client = client.build().map_err(failed)?;
    let request = wire_request(request).map_err(wellspring_core::TransportError::into_error)?;
    let request = request.map(reqwest::Body::from).try_into().map_err(failed)?;
    let mut response = client.execute(request).await.map_err(failed)?;
    let head = head_of(response.status(), response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if chunk.len() > BODY_CAP.saturating_sub(body.len()) {
            return Err(too_large().into_error());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse::new(head, body))
}

fn failed(error: reqwest::Error) -> TokenError {
    unreachable_server(Arc::new(error.without_url()))
}

fn unreachable_server(source: Arc<dyn core::error::Error + Send + Sync>) -> TokenError {
    TokenError::unavailable("the issuer could not be asked for its metadata").with_source(source)
}
