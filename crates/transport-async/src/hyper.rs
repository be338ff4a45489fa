//! The adapter for hyper.
//!
//! Token requests have a client of their own: it keeps no idle connection and sends nothing twice. hyper follows no
//! redirect and decompresses nothing. No request to loopback goes through a proxy. All other requests are HTTPS, which
//! no proxy reads.

use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Version};
use http_body::Frame;
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use wellspring_core::{HttpRequest, HttpResponse, Origin, ResponseHead, TokenError, TransportError};
use wellspring_transport::{
    BODY_CAP, CallLimits, ClientSettings, FIELDS_CAP, Failure, Tls, TlsConnector, UserAgent,
    certificate_refused, check_head, check_url, complete, cut_short, error_chain, too_large, whole,
    wire_request,
};
use zeroize::Zeroizing;

use crate::background::Background;
use crate::body::Body;
use crate::clock::TimeLimit;
use crate::transport::Transport;

mod connect;
mod last_word;
mod limits;
mod lookup;
mod overheard;
mod stream;
mod tls;

use connect::{Connector, Unsent};
pub(crate) use limits::limited;

/// Carries requests by hyper.
#[derive(Clone)]
pub struct HyperTransport {
    tokens: Clients,
    calls: Clients,
    own: Option<Client>,
    user_agent: UserAgent,
    /// Whether the program's own client names itself.
    own_names_itself: bool,
    tls: TlsConnector,
}

/// A program's own client for calls.
pub(crate) type Client = Arc<dyn OwnClient>;

/// What a program's own client can do.
#[async_trait]
pub(crate) trait OwnClient: Send + Sync {
    /// Sends an API call, whose URL is checked.
    async fn call(
        &self,
        request: http::Request<Body>,
        limits: CallLimits,
    ) -> Result<http::Response<Body>, TransportError>;

    /// Whether it sends a `User-Agent` with a request that has none.
    fn names_itself(&self) -> bool;
}

type HyperClient = legacy::Client<Connector, Body>;

/// The clients for each kind of origin.
#[derive(Clone)]
struct Clients {
    /// Without a proxy.
    loopback: HyperClient,
    remote: HyperClient,
}

impl Clients {
    fn new(connector: &Connector, idle: usize) -> Self {
        let client = |connector| {
            let mut builder = legacy::Client::builder(TokioExecutor::new());
            builder
                .http1_max_headers(FIELDS_CAP)
                .pool_timer(TokioTimer::new())
                .pool_max_idle_per_host(idle)
                // A pooled connection may be closed before anything of a call is sent.
                .retry_canceled_requests(idle > 0);
            builder.build(connector)
        };
        Self { loopback: client(connector.direct()), remote: client(connector.clone()) }
    }

    fn of(&self, origin: &Origin) -> &HyperClient {
        if origin.is_loopback() { &self.loopback } else { &self.remote }
    }
}

impl HyperTransport {
    /// A transport with these TLS settings and defaults for everything else.
    ///
    /// # Errors
    ///
    /// When the TLS settings are not usable.
    pub fn new(tls: Tls) -> Result<Self, TokenError> {
        Self::with(ClientSettings::new(tls), &Background::new())
    }

    /// The same transport, with this `User-Agent` for each request that has none.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: UserAgent) -> Self {
        self.own_names_itself = false;
        self.user_agent = user_agent;
        self
    }

    pub(crate) fn with(settings: ClientSettings<Client>, _: &Background) -> Result<Self, TokenError> {
        let connector = Connector::new(&settings)?;
        let (tokens, calls) = (Clients::new(&connector, 0), Clients::new(&connector, usize::MAX));
        let names_itself = |own: &Client| settings.user_agent.is_none() && own.names_itself();
        Ok(Self {
            tokens,
            calls,
            own_names_itself: settings.client.as_ref().is_some_and(names_itself),
            own: settings.client,
            tls: connector.tls().clone(),
            user_agent: settings.user_agent.unwrap_or_default(),
        })
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn exchange(
        &self,
        request: &HttpRequest,
        within: Duration,
    ) -> Result<HttpResponse, TransportError> {
        let client = self.tokens.of(&check_url(request.url())?);
        let request = wire_request(request, &self.user_agent)?.map(Body::from);
        let mut limit = TimeLimit::new(within);
        let timed_out = || Err(Failure::TIMED_OUT.into());
        let mut response = limit.wait(send(client, request, &self.tls)).await.unwrap_or_else(timed_out)?;
        let checked = check_head(response.headers());
        let head = ResponseHead::from((response.status(), response.headers()));
        let mut body = Zeroizing::new(Vec::new());
        loop {
            let frame = match limit.wait(next_frame(response.body_mut())).await {
                Some(Some(Ok(frame))) => frame,
                Some(None) => break,
                Some(Some(Err(error))) => {
                    return cut_short(head, body, || Failure::BROKEN.with_source(error));
                }
                None => return cut_short(head, body, || Failure::TIMED_OUT.into()),
            };
            let Ok(chunk) = frame.into_data() else { continue };
            if chunk.len() > BODY_CAP - body.len() {
                return Err(too_large(head, body));
            }
            body.extend_from_slice(&chunk);
        }
        whole(head, body, checked)
    }

    async fn call(
        &self,
        mut request: http::Request<Body>,
        limits: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        let origin = check_url(&request.uri().to_string())?;
        complete(request.headers_mut());
        let own = self.own.as_ref().filter(|_| origin.is_https());
        if !(own.is_some() && self.own_names_itself) {
            self.user_agent.complete(request.headers_mut());
        }
        match own {
            Some(own) => own.call(request, limits).await,
            None => {
                let client = self.calls.of(&origin);
                limited(request, limits, async |request| send(client, request, &self.tls).await).await
            }
        }
    }
}

async fn send(
    client: &HyperClient,
    mut request: http::Request<Body>,
    tls: &TlsConnector,
) -> Result<http::Response<Incoming>, TransportError> {
    // hyper reports both only as a request that was not sent, without saying so.
    *request.version_mut() = Version::HTTP_11;
    if request.method() == Method::CONNECT {
        return Err(Failure::INVALID.into());
    }
    if request.body().is_empty() {
        *request.body_mut() = Body::empty();
    }
    client.request(request).await.map_err(|error| failure(error, tls))
}

/// No response head came.
fn failure(error: legacy::Error, tls: &TlsConnector) -> TransportError {
    if let Some(Unsent(failure)) = error_chain(&error).find_map(|error| error.downcast_ref()) {
        return failure.clone();
    }
    if let Some(failure) = certificate_refused(&error, tls.shown().as_ref()) {
        return failure.with_source(Arc::new(error));
    }
    let of_hyper = error_chain(&error).find_map(|error| error.downcast_ref::<hyper::Error>());
    let failure = match of_hyper {
        _ if error.is_connect() => Failure::UNREACHABLE,
        // hyper's method for that is there for servers only.
        Some(error) if error.is_parse() && error.to_string() == "message head is too large" => {
            Failure::HEAD_TOO_LARGE
        }
        _ => Failure::BROKEN,
    };
    failure.with_source(error)
}

/// The next frame of a body; `None` at its end.
async fn next_frame(body: &mut Incoming) -> Option<Result<Frame<Bytes>, hyper::Error>> {
    core::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut *body), context)).await
}

wellspring_transport::debug_fields!([] HyperTransport, |_|);
