//! The adapter for ureq.
//!
//! Token requests have an agent of their own: it follows no redirect, keeps no idle connection and decompresses
//! nothing. No request to loopback goes through a proxy. All other requests are HTTPS, which no proxy reads.

use core::time::Duration;
use std::io::{self, Read};
use std::sync::Arc;

use ureq::config::{AutoHeaderValue, ConfigBuilder};
use ureq::typestate::HttpCrateScope;
use ureq::{AsSendBody, Proxy, ProxyProtocol, SendBody};
use wellspring_core::{HttpRequest, HttpResponse, ResponseHead, TokenError, TransportError};
use wellspring_transport::{
    BODY_CAP, CallLimits, ClientSettings, Failure, HEAD_CAP, ProxyChoice, Tls, UserAgent, check_head,
    check_url, complete, cut_short, too_large, untrusted, whole, wire_request,
};
use zeroize::Zeroizing;

use crate::background::Background;
use crate::body::Body;
use crate::transport::Transport;

mod connect;
mod limits;
mod lookup;
#[cfg(feature = "ureq-middleware")]
mod middleware;
mod session;
mod tls;
mod unsent;

use connect::{Connecting, SLACK};
use limits::{Download, Upload};
use lookup::Resolving;
#[cfg(feature = "ureq-middleware")]
pub use middleware::AttachMiddleware;
use unsent::Unsent;
pub(crate) use ureq::Agent;

/// Room for the status line, and for white space around the fields of a head.
const SPARE: usize = 16 * 1024;

/// Carries requests by ureq.
#[derive(Clone)]
pub struct UreqTransport {
    tokens: Agent,
    calls: Agent,
    user_agent: UserAgent,
    /// Of calls; `None` where the program's own client has one.
    call_user_agent: Option<UserAgent>,
}

impl UreqTransport {
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
        self.call_user_agent = Some(user_agent.clone());
        self.user_agent = user_agent;
        self
    }

    pub(crate) fn with(settings: ClientSettings<Agent>, background: &Background) -> Result<Self, TokenError> {
        let tls = settings.tls.connector()?;
        let given = match &settings.proxy {
            ProxyChoice::At(url) => Some(only(url)?),
            ProxyChoice::Direct | ProxyChoice::Environment => None,
        };
        let agent = |pooled: bool| {
            let mut config = Agent::config_builder();
            if !matches!(settings.proxy, ProxyChoice::Environment) {
                config = config.proxy(given.clone());
            }
            config = config
                .http_status_as_error(false)
                .max_redirects(0)
                // A little more than is accepted: the limit itself is the same for both clients.
                .max_response_header_size(HEAD_CAP + SPARE)
                .input_buffer_size(HEAD_CAP + 2 * SPARE)
                .timeout_connect(Some(settings.connect_timeout))
                .timeout_resolve(Some(settings.connect_timeout));
            if !pooled {
                config = config.max_idle_connections(0).max_idle_connections_per_host(0);
            }
            let slack = if pooled { Duration::ZERO } else { SLACK };
            let connector = Connecting::new(tls.clone(), slack);
            Agent::with_parts(config.build(), connector, Resolving::new(background.threads))
        };
        let names_itself = |own: &Agent| !matches!(own.config().user_agent(), AutoHeaderValue::Default);
        let of_client = settings.user_agent.is_none() && settings.client.as_ref().is_some_and(names_itself);
        let calls = settings.client.clone().unwrap_or_else(|| agent(true));
        let user_agent = settings.user_agent.unwrap_or_default();
        let call_user_agent = (!of_client).then(|| user_agent.clone());
        Ok(Self { tokens: agent(false), calls, user_agent, call_user_agent })
    }
}

impl Transport for UreqTransport {
    fn exchange(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError> {
        let (parts, body) = wire_request(request, &self.user_agent)?.into_parts();
        let body = Zeroizing::new(body);
        let connect = self.tokens.config().timeouts().connect.map_or(within, |connect| connect.min(within));
        let limits = Limits { connect: Some(connect), idle: None, all: Some(within.saturating_add(SLACK)) };
        let (head, body) = send(&self.tokens, parts, &body, limits)?.into_parts();
        let checked = check_head(&head.headers);
        let head = ResponseHead::from((head.status, &head.headers));
        let mut bytes = Zeroizing::new(Vec::new());
        if let Err(error) = read_all(body.into_reader().take(BODY_CAP as u64 + 1), &mut bytes) {
            return cut_short(head, bytes, || failure(error.into()));
        }
        if bytes.len() > BODY_CAP {
            return Err(too_large(head, bytes));
        }
        whole(head, bytes, checked)
    }

    fn call(
        &self,
        request: http::Request<Body>,
        limits: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        let (mut parts, body) = request.into_parts();
        complete(&mut parts.headers);
        if let Some(user_agent) = &self.call_user_agent {
            user_agent.complete(&mut parts.headers);
        }
        let limits = Limits { connect: None, idle: Some(limits.idle_timeout), all: limits.deadline };
        let response = match body.again().map(|body| body.bytes(usize::MAX)) {
            Some(Ok(bytes)) => send(&self.calls, parts, &bytes, limits),
            Some(Err(_)) => Err(Failure::BODY_UNREADABLE.into()),
            None => {
                let body = SendBody::from_owned_reader(Upload::new(body, &parts));
                run(&self.calls, http::Request::from_parts(parts, body), limits)
            }
        };
        Ok(response?.map(|body| Body::once(Download(body.into_reader()))))
    }
}

/// This proxy for every HTTPS request.
fn only(url: &str) -> Result<Proxy, TokenError> {
    let proxy = Proxy::new(url).ok();
    let speaks_http = |proxy: &Proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
    proxy.filter(speaks_http).ok_or_else(ProxyChoice::not_usable)
}

/// Reads byte by byte: where the frame breaks, ureq loses what it has decoded in the same call.
fn read_all(mut reader: impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut byte = [0];
    while reader.read(&mut byte)? > 0 {
        bytes.extend_from_slice(&byte);
    }
    Ok(())
}

/// How long a request may take.
#[derive(Clone, Copy)]
struct Limits {
    /// To look up the name and to connect, if that is not what the agent allows.
    connect: Option<Duration>,
    /// In silence: for each write, for the head after the request, for each read.
    idle: Option<Duration>,
    all: Option<Duration>,
}

/// Sends a request whose body is in memory. An empty body is none, so that ureq adds no header for it.
fn send(
    agent: &Agent,
    parts: http::request::Parts,
    body: &[u8],
    limits: Limits,
) -> Result<http::Response<ureq::Body>, TransportError> {
    if body.is_empty() {
        return run(agent, http::Request::from_parts(parts, SendBody::none()), limits);
    }
    run(agent, http::Request::from_parts(parts, body), limits)
}

fn run(
    agent: &Agent,
    request: http::Request<impl AsSendBody>,
    limits: Limits,
) -> Result<http::Response<ureq::Body>, TransportError> {
    let mut config = guarded(agent, request)?.http_status_as_error(false);
    if limits.all.is_some() {
        config = config.timeout_global(limits.all);
    }
    if limits.connect.is_some() {
        config = config.timeout_connect(limits.connect).timeout_resolve(limits.connect);
    }
    if limits.idle.is_some() {
        config = config
            .timeout_per_write(limits.idle)
            .timeout_recv_response(limits.idle)
            .timeout_per_read(limits.idle);
    }
    agent.run(config.build()).map_err(failure)
}

/// The rules of a request that carries a token, with every agent.
fn guarded<B: AsSendBody>(
    agent: &Agent,
    request: http::Request<B>,
) -> Result<ConfigBuilder<HttpCrateScope<B>>, TransportError> {
    let origin = check_url(&request.uri().to_string())?;
    let config = agent.configure_request(request).max_redirects(0);
    Ok(if origin.is_loopback() { config.proxy(None) } else { config })
}

/// No complete response came.
fn failure(error: ureq::Error) -> TransportError {
    use ureq::Error;
    if let Some(failure) = unsent(&error).and_then(Unsent::alert) {
        return failure.with_source(cause(error));
    }
    let failure = match &error {
        Error::Other(_) => unsent(&error).map_or(Failure::BROKEN, Unsent::failure),
        Error::Timeout(limit) => limits::timed_out(*limit),
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => Failure::INVALID,
        Error::HostNotFound => Failure::NAME_LOOKUP,
        Error::ConnectionFailed => Failure::UNREACHABLE,
        Error::LargeResponseHeader(..) => Failure::HEAD_TOO_LARGE,
        Error::Protocol(error) if has_too_many_fields(error) => Failure::HEAD_TOO_LARGE,
        Error::Io(io) => untrusted(io).unwrap_or(Failure::BROKEN),
        _ => Failure::BROKEN,
    };
    match error {
        Error::Io(_) | Error::Timeout(_) | Error::HostNotFound | Error::Other(_) => {
            TransportError::from(failure).with_source(cause(error))
        }
        // Other errors may quote the request or the response.
        _ => failure.into(),
    }
}

/// What the system or the TLS library has said.
fn cause(error: ureq::Error) -> Arc<dyn core::error::Error + Send + Sync> {
    match error {
        ureq::Error::Io(io) => Arc::new(io),
        ureq::Error::Other(other) => match other.downcast::<Unsent>() {
            Ok(unsent) => unsent.into_cause(),
            Err(other) => Arc::from(other),
        },
        error => Arc::new(error),
    }
}

fn unsent(error: &ureq::Error) -> Option<&Unsent> {
    match error {
        ureq::Error::Other(other) => other.downcast_ref(),
        _ => None,
    }
}

fn has_too_many_fields(error: &impl core::fmt::Debug) -> bool {
    // The type of this error is not a part of ureq's interface.
    format!("{error:?}") == "HttpParseTooManyHeaders"
}

wellspring_transport::debug_fields!([] UreqTransport, |_|);
