//! The adapter for reqwest.
//!
//! Token requests have clients of their own: they follow no redirect, keep no idle connection and decompress nothing.
//! No request to loopback goes through a proxy. All other requests are HTTPS, which no proxy reads.

use core::error::Error as _;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use wellspring_core::{HttpRequest, HttpResponse, Origin, TokenError, TransportError};
use wellspring_transport::{
    BODY_CAP, ClientSettings, FIELDS_CAP, Failure, Redirected, Tls, certificate_refused, check_head,
    check_url, cut_short, handshake_ended, is_untrusted, response_head, too_large, unreachable,
    unreachable_by_proxy, whole, wire_request,
};
use zeroize::Zeroizing;

use crate::background::Background;
use crate::body::Body;
use crate::clock::TimeLimit;
use crate::source::TokenSource;
use crate::transport::Transport;

mod lookup;
#[cfg(feature = "reqwest-middleware")]
mod middleware;

use lookup::Lookup;

#[cfg(feature = "reqwest-middleware")]
pub use middleware::AttachMiddleware;
pub(crate) use reqwest::{Client, ClientBuilder};

/// Carries requests by reqwest.
#[derive(Clone)]
pub struct ReqwestTransport {
    tokens: Clients,
    calls: Clients,
}

/// The clients for each kind of origin.
#[derive(Clone)]
struct Clients {
    /// Without a proxy, which would read plain HTTP: never the program's client, whose proxies are not known.
    plain: Client,
    loopback: Client,
    remote: Client,
}

impl Clients {
    fn of(&self, origin: &Origin) -> &Client {
        match (origin.is_https(), origin.is_loopback()) {
            (false, _) => &self.plain,
            (true, true) => &self.loopback,
            (true, false) => &self.remote,
        }
    }
}

impl TokenSource {
    /// [`send`](Self::send) for a request that reqwest's builder has made. This source's client sends it under this
    /// source's deadline, not the builder's client under the builder's timeout.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and when the builder holds an error.
    pub async fn send_built(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<http::Response<Body>, TokenError> {
        let built = request.build().and_then(http::Request::<reqwest::Body>::try_from);
        let request = built.map_err(|error| {
            TokenError::misconfigured("the request cannot be built: correct its URL, headers or body")
                .with_source(Arc::new(error.without_url()))
        })?;
        let again = |body: reqwest::Body| match body.as_bytes().map(bytes::Bytes::copy_from_slice) {
            Some(bytes) => Body::from(bytes),
            None => Body::once(body),
        };
        self.send(request.map(again)).await
    }
}

impl ReqwestTransport {
    /// A transport with these TLS settings and defaults for everything else.
    ///
    /// # Errors
    ///
    /// When the TLS settings are not usable.
    pub fn new(tls: Tls) -> Result<Self, TokenError> {
        Self::with(ClientSettings::new(tls), &Background::new())
    }

    pub(crate) fn with(
        settings: ClientSettings<Client, ClientBuilder>,
        _: &Background,
    ) -> Result<Self, TokenError> {
        let tls = settings.tls.client_config()?;
        let client = |pooled: bool, proxied: bool| {
            let mut builder = settings
                .configured(Client::builder().dns_resolver(Arc::new(Lookup)))
                .tls_backend_preconfigured((*tls).clone())
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .http1_max_headers(FIELDS_CAP)
                .connect_timeout(settings.connect_timeout);
            if !pooled {
                builder = builder.pool_max_idle_per_host(0);
            }
            if !proxied {
                builder = builder.no_proxy();
            }
            builder.build().map_err(|error| {
                TokenError::misconfigured("the HTTP client cannot be built: check what `configure` changes")
                    .with_source(Arc::new(error.without_url()))
            })
        };
        let clients = |pooled| {
            let loopback = client(pooled, false)?;
            Ok::<_, TokenError>(Clients { plain: loopback.clone(), loopback, remote: client(pooled, true)? })
        };
        let calls = match &settings.client {
            Some(own) => Clients { plain: client(true, false)?, loopback: own.clone(), remote: own.clone() },
            None => clients(true)?,
        };
        Ok(Self { tokens: clients(false)?, calls })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn exchange(
        &self,
        request: &HttpRequest,
        within: Duration,
    ) -> Result<HttpResponse, TransportError> {
        let client = self.tokens.of(&check_url(request.url())?);
        let request = wire_request(request)?.map(reqwest::Body::from);
        let mut limit = TimeLimit::new(within);
        let timed_out = || Err(Failure::TIMED_OUT.into());
        let mut response = limit.wait(send(client, request, None)).await.unwrap_or_else(timed_out)?;
        let checked = check_head(response.headers());
        let head = response_head(response.status(), response.headers());
        let mut body = Zeroizing::new(Vec::new());
        loop {
            let chunk = match limit.wait(response.chunk()).await {
                Some(Ok(Some(chunk))) => chunk,
                Some(Ok(None)) => break,
                Some(Err(error)) => return cut_short(head, body, || incomplete(error)),
                None => return cut_short(head, body, || Failure::TIMED_OUT.into()),
            };
            if chunk.len() > BODY_CAP - body.len() {
                return Err(too_large(head, body));
            }
            body.extend_from_slice(&chunk);
        }
        whole(head, body, checked)
    }

    async fn call(
        &self,
        request: http::Request<Body>,
        within: Duration,
    ) -> Result<http::Response<Body>, TransportError> {
        let client = self.calls.of(&check_url(&request.uri().to_string())?);
        let request = request.map(|body| match body.again() {
            Some(empty) if empty.is_empty() => reqwest::Body::default(),
            _ => reqwest::Body::wrap(body),
        });
        Ok(http::Response::from(send(client, request, Some(within)).await?).map(Body::once))
    }
}

async fn send(
    client: &Client,
    request: http::Request<reqwest::Body>,
    within: Option<Duration>,
) -> Result<Response, TransportError> {
    let invalid = |error: reqwest::Error| Failure::INVALID.with_source(error.without_url());
    let mut request = reqwest::Request::try_from(request).map_err(invalid)?;
    *request.timeout_mut() = within;
    let called = request.url().clone();
    Ok(redirected(&called, client.execute(request).await.map_err(failure)?))
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
        true => handshake_ended(&error),
        false => certificate_refused(&error),
    };
    if let Some(failure) = alert {
        return failure.with_source(Arc::new(error));
    }
    let failure = match &error {
        error if by_proxy => unreachable_by_proxy(error),
        error if is_untrusted(error) => Failure::UNTRUSTED,
        error if error.is_builder() => Failure::INVALID,
        error if error.is_connect() && error.is_timeout() => Failure::CONNECT_TIMEOUT,
        error if error.is_connect() => unreachable(error, says(error, "dns error")),
        error if error.is_timeout() => Failure::TIMED_OUT,
        error if says(error, "message head is too large") => Failure::HEAD_TOO_LARGE,
        _ => Failure::BROKEN,
    };
    failure.with_source(error)
}

/// Whether an error behind this one has this text. hyper shows these two kinds in no other way.
fn says(error: &reqwest::Error, text: &str) -> bool {
    behind(error).any(|behind| behind == text)
}

/// The texts of the errors behind this one.
fn behind(error: &reqwest::Error) -> impl Iterator<Item = String> {
    core::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string)
}

/// The head came, but not the whole body.
fn incomplete(error: reqwest::Error) -> TransportError {
    let failure = if error.is_timeout() { Failure::TIMED_OUT } else { Failure::BROKEN };
    failure.with_source(error.without_url())
}

wellspring_transport::debug_fields!([] ReqwestTransport, |_|);
