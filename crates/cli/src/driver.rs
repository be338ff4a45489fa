//! One interface to both transports, for the commands and the demo.
//!
//! The asynchronous source runs on its own runtime, on the caller's thread.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::{self, Runtime};
use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Need, Policy, Provider, Revocation, Store, Token,
    TokenError, TokenResponse,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;
use wellspring_transport_blocking::{Clock, KeepAlive, KeptAlive, Tls, UserAgent};

use crate::arguments::Transport;

/// The settings of a source, the same for both transports.
#[derive(Debug)]
pub(crate) struct SourceConfig {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) policy: Policy,
    pub(crate) tls: Tls,
    /// The `User-Agent` of requests that have none; `None` is the library's own.
    pub(crate) user_agent: Option<UserAgent>,
    pub(crate) clock: Clock,
    /// URLs at whose origins calls may carry the token, besides the provider's own.
    pub(crate) api_urls: Vec<String>,
    /// The persistent store, if there is one.
    pub(crate) store: Option<Arc<dyn Store>>,
}

/// A runtime whose drop waits a limited time for saves on its threads.
#[derive(Debug)]
pub(crate) struct OwnedRuntime(Option<Runtime>);

/// How long the drop of a runtime waits for saves.
const LAST_SAVE: Duration = Duration::from_secs(2);

impl OwnedRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.as_ref().expect("only `drop` takes the runtime").block_on(future)
    }
}

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(LAST_SAVE);
        }
    }
}

/// A source of tokens with the runtime that it needs.
#[derive(Debug)]
pub(crate) enum Driver {
    Async(OwnedRuntime, asynchronous::TokenSource),
    Blocking(blocking::TokenSource),
}

/// The body of an API response, read in chunks.
#[derive(Debug)]
pub(crate) enum Body {
    Async(asynchronous::Body),
    Blocking(blocking::Body),
}

macro_rules! build {
    ($builder:path, $config:expr) => {{
        let SourceConfig { provider, policy, tls, user_agent, clock, api_urls, store } = $config;
        let mut builder = $builder(provider).policy(policy).tls(tls).clock(clock);
        if let Some(store) = store {
            builder = builder.store(store);
        }
        if let Some(agent) = user_agent {
            builder = builder.user_agent(agent)?;
        }
        for url in &api_urls {
            builder = builder.allow_origin(url)?;
        }
        builder.build()?
    }};
}

impl Driver {
    pub(crate) fn new(transport: Transport, config: SourceConfig) -> Result<Self, TokenError> {
        Ok(match transport {
            Transport::Async => {
                let runtime =
                    runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                        TokenError::unavailable("cannot start the runtime").with_source(Arc::new(error))
                    })?;
                Self::Async(OwnedRuntime(Some(runtime)), build!(asynchronous::Builder::new, config))
            }
            Transport::Blocking => Self::Blocking(build!(blocking::Builder::new, config)),
        })
    }

    pub(crate) fn token(&self) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.token()),
            Self::Blocking(source) => source.token(),
        }
    }

    pub(crate) fn acquire(&self, need: Need, deadline: Duration) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.acquire(need, deadline)),
            Self::Blocking(source) => source.acquire(need, deadline),
        }
    }

    pub(crate) fn sign_in(&self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.sign_in(grant)),
            Self::Blocking(source) => source.sign_in(grant),
        }
    }

    pub(crate) fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.exchange(request)),
            Self::Blocking(source) => source.exchange(request),
        }
    }

    /// Ends the session here and, where the provider supports it, at the server.
    pub(crate) fn sign_out(&self) -> Result<Revocation, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.sign_out()),
            Self::Blocking(source) => source.sign_out(),
        }
    }

    pub(crate) fn keep_alive(&self, settings: KeepAlive) -> Result<KeptAlive, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.keep_alive(settings)),
            Self::Blocking(source) => source.keep_alive(settings),
        }
    }

    /// Starts no further renewal and waits for the running one.
    pub(crate) fn close(&self, deadline: Duration) -> Result<(), TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.close(deadline)),
            Self::Blocking(source) => source.close(deadline),
        }
    }

    pub(crate) fn adopt(&self, response: TokenResponse) -> Result<Token, TokenError> {
        match self {
            Self::Async(_, source) => source.adopt(response),
            Self::Blocking(source) => source.adopt(response),
        }
    }

    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Body>, TokenError> {
        Ok(match self {
            Self::Async(runtime, source) => runtime.block_on(source.send(request))?.map(Body::Async),
            Self::Blocking(source) => source.send(request)?.map(Body::Blocking),
        })
    }

    /// The next bytes of a response body; `None` at its end.
    pub(crate) fn chunk(&self, body: &mut Body) -> Result<Option<Bytes>, TokenError> {
        match (self, body) {
            (Self::Async(runtime, _), Body::Async(body)) => runtime.block_on(body.chunk()),
            (_, Body::Blocking(body)) => body.chunk(),
            (Self::Blocking(_), Body::Async(_)) => {
                Err(TokenError::misconfigured("the body belongs to another driver"))
            }
        }
    }

    /// This number of callers ask for a token at the same time.
    pub(crate) fn crowd(&self, callers: usize) -> Vec<Result<Token, TokenError>> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(async {
                let ask = |_| {
                    tokio::spawn({
                        let source = source.clone();
                        async move { source.token().await }
                    })
                };
                let tasks: Vec<_> = (0..callers).map(ask).collect();
                let mut answers = Vec::with_capacity(callers);
                for task in tasks {
                    answers.push(
                        task.await.unwrap_or_else(|_| Err(TokenError::unavailable("a caller panicked"))),
                    );
                }
                answers
            }),
            Self::Blocking(source) => std::thread::scope(|scope| {
                let threads: Vec<_> = (0..callers).map(|_| scope.spawn(|| source.token())).collect();
                let panicked = |_| Err(TokenError::unavailable("a caller panicked"));
                threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
            }),
        }
    }
}
