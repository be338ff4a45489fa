//! The adapter for reqwest.
//!
//! Token requests get clients of their own: no redirect, no idle connection, no decompression. This machine is never
//! reached through a proxy; everything else is HTTPS, which a proxy carries without seeing into it.

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, Url};
use wellspring_core::{HttpRequest, HttpResponse, Origin, TokenError, TransportError, TransportErrorKind};
use wellspring_transport::{BODY_CAP, Tls, check_url, head_of, is_permanent, too_large, wire_request};
use zeroize::Zeroizing;

use crate::body::Body;
use crate::builder::Builder;
use crate::carrier::Redirected;
use crate::source::TokenSource;
use crate::transport::Transport;

#[cfg(feature = "reqwest-middleware")]
mod middleware;

#[cfg(feature = "reqwest-middleware")]
pub use middleware::AttachMiddleware;

type Configure = Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;

/// What a client is made of.
pub(crate) struct Settings {
    pub(crate) tls: Tls,
    pub(crate) client: Option<Client>,
    pub(crate) configure: Option<Configure>,
    pub(crate) connect_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tls: Tls::new(), client: None, configure: None, connect_timeout: Duration::from_secs(10) }
    }
}

/// Requests by reqwest.
#[derive(Clone)]
pub struct ReqwestTransport {
    tokens: Routes,
    calls: Routes,
}

/// One client for this machine, without a proxy, and one for everything else.
#[derive(Clone)]
struct Routes {
    /// Plain HTTP, which a proxy would read: never the user's own client, whose proxies nobody knows.
    in_the_clear: Client,
    loopback: Client,
    elsewhere: Client,
}

impl Routes {
    fn to(&self, origin: &Origin) -> &Client {
        match (origin.is_https(), origin.is_loopback()) {
            (false, _) => &self.in_the_clear,
            (true, true) => &self.loopback,
            (true, false) => &self.elsewhere,
        }
    }
}

impl Builder {
    /// Carries calls by this client. Token requests keep to the built-in one, whose rules this one may not know, and so
    /// do calls in plain HTTP to this machine, which a proxy could read. Whether a redirect is followed with the token
    /// on it is this client's own business: give it `reqwest::redirect::Policy::none()`, which sees to it that no other
    /// origin gets the token. A call that was redirected to another URL is not sent again.
    pub fn client(mut self, client: Client) -> Self {
        self.client.client = Some(client);
        self
    }

    /// Changes what else the built-in client is made of: proxy, name lookup, pool. What the rules of a token request
    /// need is set after it.
    pub fn configure(
        mut self,
        change: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.client.configure = Some(Box::new(change));
        self
    }
}

impl TokenSource {
    /// [`send`](Self::send) for a request that reqwest's own builder has made. It goes over this source's client, under
    /// its deadline: a client or a timeout of the builder's own is not used.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and when the builder makes no request.
    pub async fn send_built(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<http::Response<Body>, TokenError> {
        let built = request.build().and_then(http::Request::<reqwest::Body>::try_from);
        let request = built.map_err(|error| {
            TokenError::misconfigured("the request cannot be made: correct its URL, headers or body")
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
    /// Requests under these TLS settings, everything else as it is by default.
    ///
    /// # Errors
    ///
    /// When the TLS settings make no sense.
    pub fn new(tls: Tls) -> Result<Self, TokenError> {
        Self::with(Settings { tls, ..Settings::default() })
    }

    pub(crate) fn with(settings: Settings) -> Result<Self, TokenError> {
        let tls = settings.tls.client_config()?;
        let client = |pooled: bool, proxied: bool| {
            let mut builder = Client::builder();
            if let Some(configure) = &settings.configure {
                builder = configure(builder);
            }
            builder = builder
                .tls_backend_preconfigured((*tls).clone())
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(settings.connect_timeout);
            if !pooled {
                builder = builder.pool_max_idle_per_host(0);
            }
            if !proxied {
                builder = builder.no_proxy();
            }
            builder.build().map_err(|error| {
                TokenError::misconfigured("the HTTP client cannot be made: look at what `configure` does")
                    .with_source(Arc::new(error.without_url()))
            })
        };
        let routes = |pooled| {
            let loopback = client(pooled, false)?;
            let elsewhere = client(pooled, true)?;
            Ok::<_, TokenError>(Routes { in_the_clear: loopback.clone(), loopback, elsewhere })
        };
        let calls = match &settings.client {
            Some(given) => {
                let in_the_clear = client(true, false)?;
                Routes { in_the_clear, loopback: given.clone(), elsewhere: given.clone() }
            }
            None => routes(true)?,
        };
        Ok(Self { tokens: routes(false)?, calls })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn exchange(
        &self,
        request: &HttpRequest,
        within: Duration,
    ) -> Result<HttpResponse, TransportError> {
        let client = self.tokens.to(&check_url(request.url())?);
        let request = client.execute(prepared(wire_request(request)?.map(reqwest::Body::from), within)?);
        let mut response = request.await.map_err(failure)?;
        let head = head_of(response.status(), response.headers());
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(cut_short)? {
            if chunk.len() > BODY_CAP - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse::new(head, core::mem::take(&mut *body)))
    }

    async fn call(
        &self,
        request: http::Request<Body>,
        within: Duration,
    ) -> Result<http::Response<Body>, TransportError> {
        let client = self.calls.to(&check_url(&request.uri().to_string())?);
        let request = request.map(|body| match body.again() {
            Some(empty) if empty.is_empty() => reqwest::Body::default(),
            _ => reqwest::Body::wrap(body),
        });
        let request = prepared(request, within)?;
        let asked = request.url().clone();
        let response = client.execute(request).await.map_err(failure)?;
        let redirected = redirected(&asked, &response);
        let mut answer = http::Response::from(response).map(Body::once);
        if let Some(redirected) = redirected {
            answer.extensions_mut().insert(redirected);
        }
        Ok(answer)
    }
}

/// Where redirects have led, if the client has followed any to another URL.
fn redirected(asked: &Url, answer: &Response) -> Option<Redirected> {
    (answer.url() != asked).then(|| {
        let within = answer.url().origin() == asked.origin();
        if within { Redirected::WithinTheOrigin } else { Redirected::Elsewhere }
    })
}

fn prepared(
    request: http::Request<reqwest::Body>,
    within: Duration,
) -> Result<reqwest::Request, TransportError> {
    let mut request = reqwest::Request::try_from(request).map_err(|error| {
        let text = "the request's URL cannot be sent: correct it";
        TransportError::new(TransportErrorKind::Refused, text).with_source(Arc::new(error.without_url()))
    })?;
    *request.timeout_mut() = Some(within);
    Ok(request)
}

/// No head of an answer came.
fn failure(error: reqwest::Error) -> TransportError {
    // The URL may hold what should not be shown.
    let error = error.without_url();
    let chain: &(dyn Error + 'static) = &error;
    let (kind, text) = if is_permanent(chain) {
        let text = "the server's certificate is not to be trusted: check the URL, or name the CA in the TLS settings";
        (TransportErrorKind::Refused, text)
    } else if error.is_builder() {
        (TransportErrorKind::Refused, "the request cannot be sent as it is: correct its URL and headers")
    } else if error.is_connect() && error.is_timeout() {
        (TransportErrorKind::NotSent, "the endpoint could not be reached in time")
    } else if error.is_connect() {
        (TransportErrorKind::NotSent, "the endpoint could not be reached")
    } else if error.is_timeout() {
        (TransportErrorKind::Ambiguous, "the endpoint did not answer completely before the deadline")
    } else {
        (TransportErrorKind::Ambiguous, "the connection broke before the answer was complete")
    };
    TransportError::new(kind, text).with_source(Arc::new(error))
}

/// The head came, the body did not, or not all of it.
fn cut_short(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let text = if error.is_timeout() {
        "the endpoint did not answer completely before the deadline"
    } else {
        "the connection broke before the answer was complete"
    };
    TransportError::new(TransportErrorKind::Ambiguous, text).with_source(Arc::new(error))
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}
