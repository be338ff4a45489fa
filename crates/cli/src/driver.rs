//! Both transports behind one set of verbs, so that commands and demo need not say which one they mean.
//!
//! What differs is who waits: the asynchronous source gets a runtime of its own, on the caller's thread.

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
use wellspring_transport_blocking::{Clock, Tls};

use crate::arguments::Transport;

/// What a source is made from, whichever transport it uses.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) policy: Policy,
    pub(crate) tls: Tls,
    pub(crate) clock: Clock,
    /// URLs at whose origins calls may carry the token, besides the provider's own.
    pub(crate) api_urls: Vec<String>,
    /// Where tokens outlive the process, if they do.
    pub(crate) store: Option<Arc<dyn Store>>,
}

/// A runtime that waits for what its threads are saving when it ends, but not for ever.
#[derive(Debug)]
pub(crate) struct Ground(Option<Runtime>);

/// How long a save that hangs is waited for.
const LAST_SAVE: Duration = Duration::from_secs(2);

impl Ground {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.as_ref().expect("it is there until it is dropped").block_on(future)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(LAST_SAVE);
        }
    }
}

/// A source of tokens and what it runs on.
#[derive(Debug)]
pub(crate) enum Driver {
    Async(Ground, asynchronous::TokenSource),
    Blocking(blocking::TokenSource),
}

/// The body of an API's answer, to be read bit by bit.
#[derive(Debug)]
pub(crate) enum Body {
    Async(asynchronous::Body),
    Blocking(blocking::Body),
}

macro_rules! build {
    ($builder:path, $recipe:expr) => {{
        let Recipe { provider, policy, tls, clock, api_urls, store } = $recipe;
        let mut builder = $builder(provider).policy(policy).tls(tls).clock(clock);
        if let Some(store) = store {
            builder = builder.store(store);
        }
        for url in &api_urls {
            builder = builder.allow_origin(url)?;
        }
        builder.build()?
    }};
}

impl Driver {
    pub(crate) fn new(transport: Transport, recipe: Recipe) -> Result<Self, TokenError> {
        Ok(match transport {
            Transport::Async => {
                let runtime =
                    runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                        TokenError::unavailable("the runtime cannot be started").with_source(Arc::new(error))
                    })?;
                Self::Async(Ground(Some(runtime)), build!(asynchronous::Builder::new, recipe))
            }
            Transport::Blocking => Self::Blocking(build!(blocking::Builder::new, recipe)),
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

    pub(crate) fn sign_in(&self, spend: AuthorizationGrant) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.sign_in(spend)),
            Self::Blocking(source) => source.sign_in(spend),
        }
    }

    pub(crate) fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.exchange(request)),
            Self::Blocking(source) => source.exchange(request),
        }
    }

    /// Ends the session, here and, where the provider can, at the server.
    pub(crate) fn sign_out(&self) -> Result<Revocation, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.sign_out()),
            Self::Blocking(source) => source.sign_out(),
        }
    }

    /// Starts nothing more and waits for what is under way.
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

    /// The next bytes of an answer's body; `None` at its end.
    pub(crate) fn chunk(&self, body: &mut Body) -> Result<Option<Bytes>, TokenError> {
        match (self, body) {
            (Self::Async(runtime, _), Body::Async(body)) => runtime.block_on(body.chunk()),
            (_, Body::Blocking(body)) => body.chunk(),
            (Self::Blocking(_), Body::Async(_)) => Err(TokenError::misconfigured("another driver's body")),
        }
    }

    /// So many callers ask for a token at the same time.
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
