//! The adapter for ureq.
//!
//! Token requests get an agent of their own: no redirect, no idle connection, no decompression. This machine is never
//! reached through a proxy; everything else is HTTPS, which a proxy carries without seeing into it.

use core::fmt;
use core::time::Duration;
use std::io::Read;
use std::sync::Arc;

use ureq::config::ConfigBuilder;
use ureq::typestate::{AgentScope, HttpCrateScope};
use ureq::{Agent, AsSendBody, SendBody};
use wellspring_core::{HttpRequest, HttpResponse, TokenError, TransportError, TransportErrorKind};
use wellspring_transport::{BODY_CAP, Tls, check_url, head_of, is_permanent, too_large, wire_request};
use zeroize::Zeroizing;

use crate::body::Body;
use crate::builder::Builder;
use crate::transport::Transport;

mod connect;
#[cfg(feature = "ureq-middleware")]
mod middleware;

use connect::{Connecting, Resolving, Unsent};
#[cfg(feature = "ureq-middleware")]
pub use middleware::AttachMiddleware;

type Configure = Box<dyn Fn(ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> + Send + Sync>;

/// What an agent is made of.
pub(crate) struct Settings {
    pub(crate) tls: Tls,
    pub(crate) client: Option<Agent>,
    pub(crate) configure: Option<Configure>,
    pub(crate) connect_timeout: Duration,
    /// Whether a thread may be started to cut a name lookup short.
    pub(crate) threads: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tls: Tls::new(),
            client: None,
            configure: None,
            connect_timeout: Duration::from_secs(10),
            threads: true,
        }
    }
}

/// Requests by ureq.
#[derive(Clone)]
pub struct UreqTransport {
    tokens: Agent,
    calls: Agent,
}

impl Builder {
    /// Carries calls by this client. Token requests keep to the built-in one, whose rules this client may not keep.
    /// Redirects come back as they are and this machine is reached without a proxy, whatever the client is set to.
    pub fn client(mut self, client: Agent) -> Self {
        self.client.client = Some(client);
        self
    }

    /// Changes what else the built-in client is made of: proxy, name lookup, pool. What the rules of a token request
    /// need is set after it.
    pub fn configure(
        mut self,
        change: impl Fn(ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> + Send + Sync + 'static,
    ) -> Self {
        self.client.configure = Some(Box::new(change));
        self
    }
}

impl UreqTransport {
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
        let agent = |pooled: bool| {
            let mut config = Agent::config_builder();
            if let Some(configure) = &settings.configure {
                config = configure(config);
            }
            config = config
                .http_status_as_error(false)
                .max_redirects(0)
                .timeout_connect(Some(settings.connect_timeout))
                .timeout_resolve(Some(settings.connect_timeout));
            if !pooled {
                config = config.max_idle_connections(0).max_idle_connections_per_host(0);
            }
            let connector = Connecting::new(Arc::clone(&tls));
            Agent::with_parts(config.build(), connector, Resolving::new(settings.threads))
        };
        let calls = settings.client.clone().unwrap_or_else(|| agent(true));
        Ok(Self { tokens: agent(false), calls })
    }
}

impl Transport for UreqTransport {
    fn exchange(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError> {
        let wire = wire_request(request)?;
        let wire = if request.expose_body().is_empty() {
            wire.map(|_| SendBody::none())
        } else {
            let (parts, body) = wire.into_parts();
            let body = Zeroizing::new(body);
            return self.exchange_with(http::Request::from_parts(parts, body.as_slice()), within);
        };
        self.exchange_with(wire, within)
    }

    fn call(
        &self,
        request: http::Request<Body>,
        within: Duration,
    ) -> Result<http::Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let whole = body.again().map(|body| body.bytes(usize::MAX)).transpose();
        let response = match whole.map_err(|_| unreadable_request())? {
            Some(empty) if empty.is_empty() => {
                run(&self.calls, http::Request::from_parts(parts, SendBody::none()), within)
            }
            Some(bytes) => run(&self.calls, http::Request::from_parts(parts, &*bytes), within),
            None => {
                let body = SendBody::from_owned_reader(body);
                run(&self.calls, http::Request::from_parts(parts, body), within)
            }
        }?;
        Ok(response.map(|body| Body::once(body.into_reader())))
    }
}

impl UreqTransport {
    fn exchange_with(
        &self,
        request: http::Request<impl AsSendBody>,
        within: Duration,
    ) -> Result<HttpResponse, TransportError> {
        let (head, body) = run(&self.tokens, request, within)?.into_parts();
        let mut bytes = Zeroizing::new(Vec::new());
        let mut reader = body.into_reader().take(BODY_CAP as u64 + 1);
        reader.read_to_end(&mut bytes).map_err(|error| failure(error.into()))?;
        if bytes.len() > BODY_CAP {
            return Err(too_large());
        }
        Ok(HttpResponse::new(head_of(head.status, &head.headers), core::mem::take(&mut *bytes)))
    }
}

fn run(
    agent: &Agent,
    request: http::Request<impl AsSendBody>,
    within: Duration,
) -> Result<http::Response<ureq::Body>, TransportError> {
    let config = guarded(agent, request)?.http_status_as_error(false).timeout_global(Some(within));
    agent.run(config.build()).map_err(failure)
}

/// The rules of a request that carries a token, whoever made the agent.
fn guarded<B: AsSendBody>(
    agent: &Agent,
    request: http::Request<B>,
) -> Result<ConfigBuilder<HttpCrateScope<B>>, TransportError> {
    let origin = check_url(&request.uri().to_string())?;
    let config = agent.configure_request(request).max_redirects(0);
    Ok(if origin.is_loopback() { config.proxy(None) } else { config })
}

fn unreadable_request() -> TransportError {
    TransportError::new(TransportErrorKind::NotSent, "the request's body could not be read")
}

/// No answer came, or not all of it.
fn failure(error: ureq::Error) -> TransportError {
    use ureq::Error;
    let (kind, text) = match &error {
        Error::Other(other) => match other.downcast_ref::<Unsent>() {
            Some(unsent) => unsent.explain(),
            None => broken(),
        },
        Error::Timeout(_) => {
            (TransportErrorKind::Ambiguous, "the endpoint did not answer completely before the deadline")
        }
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => {
            (TransportErrorKind::Refused, "the request cannot be sent as it is: correct its URL and headers")
        }
        Error::HostNotFound | Error::ConnectionFailed => {
            (TransportErrorKind::NotSent, "the endpoint could not be reached")
        }
        Error::Io(io) if is_permanent(io) => connect::untrusted(),
        _ => broken(),
    };
    let failure = TransportError::new(kind, text);
    match error {
        // Other errors may quote what was sent or received.
        Error::Io(_) | Error::Timeout(_) | Error::HostNotFound | Error::Other(_) => {
            failure.with_source(Arc::new(error))
        }
        _ => failure,
    }
}

const fn broken() -> (TransportErrorKind, &'static str) {
    (TransportErrorKind::Ambiguous, "the connection broke before the answer was complete")
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UreqTransport")
    }
}
