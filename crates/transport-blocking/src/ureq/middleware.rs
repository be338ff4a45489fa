//! The middleware for ureq that attaches tokens.
//!
//! What comes after a middleware of ureq can be called once only, and a refused call has to be made twice. So the
//! middleware is the only one of an agent that does nothing else, and carries each try through the agent behind it.

use core::mem;
use std::io::{Cursor, Read};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use ureq::config::Config;
use ureq::middleware::{Middleware, MiddlewareNext};
use ureq::{Agent, AsSendBody, Error, SendBody};
use wellspring_core::{Provider, TokenError, TransportError, Verdict};
use wellspring_transport::{SourceSelector, repeated, verdict};

use super::guarded;
use crate::body::Body;
use crate::carrier::{self, Call, Carrier};
use crate::source::TokenSource;

/// How long a body may be that is kept to be sent again.
const KEPT: usize = 1 << 20;

/// Attaches tokens to the requests of a ureq agent, by the rule of [`TokenSource::send`].
///
/// The agent's own settings hold, and those of the single request: time limits, for each try, middlewares, statuses as
/// errors. Two of its rules do not: redirects come back as they are, and this machine is reached without a proxy.
///
/// A body of up to 1 MiB can be sent again after a 401, whatever it is read from; of a longer one the first MiB is read
/// before anything is sent, the rest as it is sent, and it is sent once. Say the length of such a body in
/// `Content-Length`, or it goes out in chunks.
///
/// A [`TokenError`] comes back as [`ureq::Error::Other`], from which `downcast_ref::<TokenError>()` takes it. Where
/// statuses are errors, ureq leaves nothing of an answer but its status: a 401 is understood, and what else a provider
/// would read as a refusal is not.
#[derive(Clone, Debug)]
pub struct AttachMiddleware {
    selector: SourceSelector<TokenSource>,
}

impl AttachMiddleware {
    /// Attaches this source's tokens to every request.
    #[must_use]
    pub const fn new(source: TokenSource) -> Self {
        Self { selector: SourceSelector::Always(source) }
    }

    /// Attaches the tokens of the [`TokenSource`] among each request's extensions (`extension`): one agent serves many
    /// users, and who is served is said where the request is made. A request without one is not sent.
    #[must_use]
    pub const fn per_request() -> Self {
        Self { selector: SourceSelector::OfEachCall }
    }

    /// An agent like this one, whose requests carry tokens.
    #[must_use]
    pub fn over(self, agent: Agent) -> Agent {
        let config = like(agent.config());
        config.middleware(Over { selector: self.selector, agent }).build().new_agent()
    }
}

/// What a single request's own settings start from.
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

/// Carries each try of a call through the agent behind it.
struct Over {
    selector: SourceSelector<TokenSource>,
    agent: Agent,
}

impl Middleware for Over {
    fn handle(&self, request: Request<SendBody>, _: MiddlewareNext) -> Result<Response<ureq::Body>, Error> {
        let source = self.selector.source(request.extensions()).map_err(Failure::from)?;
        let (parts, body) = request.into_parts();
        let call = Request::from_parts(parts, CallBody::read(body.into_reader())?);
        match source.send_over(&mut Through(&self.agent), call) {
            Ok(Judged::Response(response)) => Ok(response),
            Ok(Judged::Status(status)) => Err(Error::StatusCode(status.as_u16())),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// The agent behind.
struct Through<'a>(&'a Agent);

/// A [`TokenError`], or whatever the agent says.
struct Failure(Error);

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self(Error::Other(Box::new(error)))
    }
}

impl From<Failure> for Error {
    fn from(Failure(error): Failure) -> Self {
        error
    }
}

impl<'a> Carrier for Through<'a> {
    type Call = Request<CallBody<'a>>;
    type Response = Judged;
    type Error = Failure;

    fn carry(&mut self, call: Self::Call) -> Result<Judged, Failure> {
        let (parts, body) = call.into_parts();
        match body {
            CallBody::Kept(bytes) if bytes.is_empty() && !means_a_body(&parts.method) => {
                self.run(Request::from_parts(parts, SendBody::none()))
            }
            CallBody::Kept(bytes) => self.run(Request::from_parts(parts, &*bytes)),
            CallBody::Once(mut body) => {
                self.run(Request::from_parts(parts, SendBody::from_reader(&mut body)))
            }
        }
    }
}

/// Whether a request of this method has a body, if an empty one.
fn means_a_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

impl Through<'_> {
    fn run(&self, request: Request<impl AsSendBody>) -> Result<Judged, Failure> {
        let config = guarded(self.0, request).map_err(TransportError::into_error)?;
        match self.0.run(config.build()) {
            Ok(response) => Ok(Judged::Response(response)),
            Err(Error::StatusCode(code)) => match StatusCode::from_u16(code) {
                Ok(status) => Ok(Judged::Status(status)),
                Err(_) => Err(Failure(Error::StatusCode(code))),
            },
            Err(error) => Err(Failure(error)),
        }
    }
}

/// What is sent.
enum CallBody<'a> {
    Kept(Bytes),
    Once(Box<dyn Read + 'a>),
}

impl<'a> CallBody<'a> {
    fn read(mut body: impl Read + 'a) -> Result<Self, Error> {
        let mut start = Vec::new();
        (&mut body).take(KEPT as u64 + 1).read_to_end(&mut start)?;
        if start.len() <= KEPT {
            return Ok(Self::Kept(start.into()));
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

    fn again(&self) -> Option<Self> {
        match self.body() {
            CallBody::Kept(bytes) => Some(repeated(self, CallBody::Kept(bytes.clone()))),
            CallBody::Once(_) => None,
        }
    }
}

/// An answer, or what is left of one where statuses are errors.
enum Judged {
    Response(Response<ureq::Body>),
    Status(StatusCode),
}

impl carrier::Response for Judged {
    fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        let response = match self {
            Self::Response(response) => response,
            Self::Status(status) => return Ok(verdict(provider, *status, &HeaderMap::new(), &[])),
        };
        let mut start = Vec::new();
        let wanted = provider.spec().judged_bytes;
        if wanted > 0 {
            start = peek(response.body_mut(), wanted)?;
        }
        Ok(verdict(provider, response.status(), response.headers(), &start))
    }
}

/// The first bytes of an answer's body, which stay in it.
fn peek(body: &mut ureq::Body, wanted: usize) -> Result<Vec<u8>, TokenError> {
    let mut whole = ureq::Body::builder();
    if let Some(media_type) = body.mime_type() {
        whole = whole.mime_type(media_type);
    }
    let unread = mem::replace(body, ureq::Body::builder().data(Vec::new()));
    // What is read is decoded already: the new body is told nothing of the old one's coding.
    let mut read = Body::once(unread.into_reader());
    let start = read.peek(wanted)?;
    *body = whole.reader(read);
    Ok(start)
}
