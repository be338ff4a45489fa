//! The middleware for ureq that attaches tokens.
//!
//! A ureq middleware can call the rest of its chain only once, but a refused call is sent twice. So this middleware is
//! the only one of its agent, and sends each attempt through a second agent.

use core::mem;
use std::io::{Cursor, Read};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use ureq::config::Config;
use ureq::middleware::{Middleware, MiddlewareNext};
use ureq::{Agent, AsSendBody, Error, SendBody};
use wellspring_core::{Provider, ResponseHead, TokenError, TransportError, Verdict, judge};
use wellspring_transport::{MAX_REPEATABLE, SourceSelector, attach_methods, repeated, url_of};

#[allow(unused_imports, reason = "unused where ureq has methods of these names")]
use self::without_tls::{TlsSettings as _, TlsSettingsBuilder as _};
use super::guarded;
use crate::body::Body;
use crate::carrier::{self, Call, Carrier};
use crate::source::TokenSource;

/// Attaches tokens to the requests of a ureq agent, by the rule of [`TokenSource::send`].
///
/// The settings of the agent and of the single request apply: timeouts, for each attempt; middlewares; statuses as
/// errors. Two settings do not apply: the agent follows no redirect, and reaches loopback without a proxy. `extension`
/// puts a source among a request's extensions.
///
/// A body of up to 1 MiB can be sent again after a 401, whatever its type. A longer body is sent once: its first MiB is
/// read before anything is sent, the rest while it is sent. Give its length in `Content-Length`, or it is sent in
/// chunks.
///
/// A [`TokenError`] is returned as [`ureq::Error::Other`], from which `downcast_ref::<TokenError>()` takes it. Where
/// statuses are errors, ureq drops everything of a response but its status: the middleware recognizes a 401, but no
/// other refusal that the provider would read from the response.
#[derive(Clone, Debug)]
pub struct AttachMiddleware {
    selector: SourceSelector<TokenSource>,
}

attach_methods!(AttachMiddleware);

impl AttachMiddleware {
    /// An agent with this agent's settings, whose requests carry tokens.
    #[must_use]
    pub fn over(self, agent: Agent) -> Agent {
        let config = like(agent.config());
        config.middleware(AttachingMiddleware { selector: self.selector, agent }).build().new_agent()
    }
}

/// The settings from which a single request's own settings start.
fn like(config: &Config) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    let timeouts = config.timeouts();
    Config::builder()
        .http_status_as_error(config.http_status_as_error())
        .https_only(config.https_only())
        .ip_family(config.ip_family())
        .tls_config(config.tls_config().clone())
        .proxy(config.proxy().cloned())
        .no_delay(config.no_delay())
        .save_redirect_history(config.save_redirect_history())
        .user_agent(config.user_agent().clone())
        .accept(config.accept().clone())
        .accept_encoding(config.accept_encoding().clone())
        .timeout_global(timeouts.global)
        .timeout_per_call(timeouts.per_call)
        .timeout_per_read(config.timeout_per_read())
        .timeout_per_write(config.timeout_per_write())
        .timeout_resolve(timeouts.resolve)
        .timeout_connect(timeouts.connect)
        .timeout_send_request(timeouts.send_request)
        .timeout_await_100(timeouts.await_100)
        .timeout_send_body(timeouts.send_body)
        .timeout_recv_response(timeouts.recv_response)
        .timeout_recv_body(timeouts.recv_body)
        .max_response_header_size(config.max_response_header_size())
        .input_buffer_size(config.input_buffer_size())
        .output_buffer_size(config.output_buffer_size())
        .max_idle_connections(config.max_idle_connections())
        .max_idle_connections_per_host(config.max_idle_connections_per_host())
        .max_idle_age(config.max_idle_age())
        .allow_non_standard_methods(config.allow_non_standard_methods())
}

/// Stands in for the TLS settings of ureq where the program has enabled none of ureq's TLS features. Where it has, the
/// methods of the same names are ureq's own, because a type's own methods go before those of a trait. So this crate need
/// not enable a TLS feature of ureq, which would change the program's other agents.
#[allow(unused, reason = "unused where ureq has methods of these names")]
mod without_tls {
    use ureq::config::{Config, ConfigBuilder};
    use ureq::typestate::AgentScope;

    #[derive(Clone)]
    pub(super) struct NoSettings;

    pub(super) trait TlsSettings {
        fn tls_config(&self) -> NoSettings {
            NoSettings
        }
    }

    pub(super) trait TlsSettingsBuilder: Sized {
        fn tls_config(self, _: NoSettings) -> Self {
            self
        }
    }

    impl TlsSettings for Config {}
    impl TlsSettingsBuilder for ConfigBuilder<AgentScope> {}
}

/// Sends each attempt of a call through the second agent.
struct AttachingMiddleware {
    selector: SourceSelector<TokenSource>,
    agent: Agent,
}

impl Middleware for AttachingMiddleware {
    fn handle(&self, request: Request<SendBody>, _: MiddlewareNext) -> Result<Response<ureq::Body>, Error> {
        let source = self.selector.source(request.extensions()).map_err(|error| Failure::from(error).0)?;
        let (parts, body) = request.into_parts();
        let call = Request::from_parts(parts, CallBody::read(body.into_reader())?);
        let sent = source.send_over(&mut SecondAgent(&self.agent), call).map_err(|Failure(error)| error)?;
        sent.map_err(Error::StatusCode)
    }
}

/// The second agent.
struct SecondAgent<'a>(&'a Agent);

/// A [`TokenError`], or an error of the agent.
struct Failure(Error);

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self(Error::Other(Box::new(error)))
    }
}

impl<'a> Carrier for SecondAgent<'a> {
    type Call = Request<CallBody<'a>>;
    type Response = CallResponse;
    type Error = Failure;

    fn carry(&mut self, call: Self::Call) -> Result<CallResponse, Failure> {
        let (parts, body) = call.into_parts();
        match body {
            CallBody::Repeatable(bytes) if bytes.is_empty() && !has_body(&parts.method) => {
                self.run(Request::from_parts(parts, SendBody::none()))
            }
            CallBody::Repeatable(bytes) => self.run(Request::from_parts(parts, &*bytes)),
            CallBody::Once(mut body) => {
                self.run(Request::from_parts(parts, SendBody::from_reader(&mut body)))
            }
        }
    }
}

/// Whether a request of this method always has a body, even an empty one.
fn has_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

impl SecondAgent<'_> {
    fn run(&self, request: Request<impl AsSendBody>) -> Result<CallResponse, Failure> {
        let config = guarded(self.0, request).map_err(TransportError::into_error)?;
        match self.0.run(config.build()) {
            Err(Error::StatusCode(code)) => Ok(Err(code)),
            result => result.map(Ok).map_err(Failure),
        }
    }
}

/// The body of a call.
enum CallBody<'a> {
    Repeatable(Bytes),
    Once(Box<dyn Read + 'a>),
}

impl<'a> CallBody<'a> {
    fn read(mut body: impl Read + 'a) -> Result<Self, Error> {
        let mut start = Vec::new();
        (&mut body).take(MAX_REPEATABLE as u64 + 1).read_to_end(&mut start)?;
        if start.len() <= MAX_REPEATABLE {
            return Ok(Self::Repeatable(start.into()));
        }
        Ok(Self::Once(Box::new(Cursor::new(start).chain(body))))
    }
}

impl Call for Request<CallBody<'_>> {
    fn url(&self) -> String {
        self.uri().to_string()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn set_url(&mut self, url: &str) -> Result<(), TokenError> {
        *self.uri_mut() = url_of(url)?;
        Ok(())
    }

    fn again(&self) -> Option<Self> {
        match self.body() {
            CallBody::Repeatable(bytes) => Some(repeated(self, CallBody::Repeatable(bytes.clone()))),
            CallBody::Once(_) => None,
        }
    }
}

/// A response, or its status code where statuses are errors.
type CallResponse = Result<Response<ureq::Body>, u16>;

impl carrier::Response for CallResponse {
    fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        let response = match self {
            Ok(response) => response,
            Err(status) => return Ok(judge(provider, &ResponseHead::new(*status), &[])),
        };
        let (wanted, mut start) = (provider.spec().judged_bytes, Vec::new());
        if wanted > 0 {
            start = peek(response.body_mut(), wanted)?;
        }
        Ok(judge(provider, &(response.status(), response.headers()).into(), &start))
    }
}

/// The first bytes of a response's body, which stay in the body.
fn peek(body: &mut ureq::Body, wanted: usize) -> Result<Vec<u8>, TokenError> {
    let mut whole = ureq::Body::builder();
    if let Some(media_type) = body.mime_type() {
        whole = whole.mime_type(media_type);
    }
    let unread = mem::replace(body, ureq::Body::builder().data(Vec::new()));
    // The bytes are decoded already: the new body gets no content coding.
    let mut read = Body::once(unread.into_reader());
    let start = read.peek(wanted)?;
    *body = whole.reader(read);
    Ok(start)
}
