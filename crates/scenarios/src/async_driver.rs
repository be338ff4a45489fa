//! The async driver as a player: tasks on its own runtime, reqwest over loopback.

use wellspring_core::{AuthorizationGrant, Need, Policy, Rejected, Token, TokenError};
use wellspring_transport::ManualClock;
use wellspring_transport_async::{Body as Content, Builder as SourceBuilder, TokenSource};

use tokio::runtime::{Builder, Runtime};
use tracing::instrument::{WithDispatch, WithSubscriber};

use crate::listening::Listening;
use crate::player::{Call, NO_TIME, Player, Reply, request, successor};
use crate::scenario::Body;
use crate::starts::Starts;

/// A source on its own runtime.
#[derive(Debug)]
pub(crate) struct AsyncDriver {
    source: TokenSource,
    clock: ManualClock,
    runtime: Runtime,
    starts: Starts,
}

impl AsyncDriver {
    /// A source without a token, to whose settings `stored` may add a store.
    ///
    /// # Errors
    ///
    /// If the runtime or the client cannot be built.
    pub(crate) fn new(
        provider: Listening,
        policy: Policy,
        seed: u64,
        clock: &ManualClock,
        stored: impl FnOnce(SourceBuilder) -> SourceBuilder,
    ) -> Result<Self, String> {
        let runtime = Builder::new_multi_thread().worker_threads(3).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let source = stored(TokenSource::builder(provider))
            .policy(policy)
            .seed(seed)
            .clock(clock)
            .runtime(runtime.handle().clone())
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { source, clock: clock.clone(), runtime, starts: Starts::new() })
    }

    /// Runs this and records whether it starts a renewal.
    fn heard<F: Future>(&self, act: F) -> WithDispatch<F> {
        act.with_subscriber(self.starts.dispatch.clone())
    }

    /// Runs this number of tasks at once and returns the result of each.
    fn at_once<T, F>(&self, callers: usize, act: impl Fn(TokenSource) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let tasks: Vec<_> = (0..callers).map(|_| self.runtime.spawn(act(self.source.clone()))).collect();
        let joined = tasks.into_iter().map(|task| self.runtime.block_on(task));
        joined.map(|joined| joined.expect("no caller panics")).collect()
    }
}

async fn get(source: TokenSource, need: Need) -> Result<Token, TokenError> {
    match need {
        Need::Fresh => source.token().await,
        need => source.acquire(need, NO_TIME).await,
    }
}

async fn call(source: TokenSource, call: Call) -> Result<Reply, TokenError> {
    let body = match call.body {
        Body::None => Content::empty(),
        Body::Repeatable => Content::from("{}"),
        Body::Once => Content::once(Content::from("{}")),
    };
    let response = source.send(request(&call, body)?).await?;
    let missing = source.missing_scope(&response).map(|scope| scope.to_string());
    let status = response.status().as_u16();
    // Read to its end, so that the connection can carry the next call.
    let _ = response.into_body().bytes(1 << 20).await;
    Ok(Reply { status, missing })
}

impl Player for AsyncDriver {
    fn get(&mut self, need: Need, callers: usize) -> Vec<Result<Token, TokenError>> {
        let got = self.at_once(callers, |source| self.heard(get(source, need)));
        let started = self.starts.take();
        if let Some(newer) = successor(&got, self.clock.now()).filter(|_| started) {
            let _ = self.runtime.block_on(get(self.source.clone(), newer));
        }
        got
    }

    fn pass_and_get(&mut self, callers: usize) -> Vec<Result<Token, TokenError>> {
        let passing = async { self.source.try_token().map(|token| token.clone()) };
        let mut got = vec![self.runtime.block_on(self.heard(passing))];
        got.extend(self.get(Need::Fresh, callers));
        got
    }

    fn call(&mut self, api: &Call, callers: usize) -> Vec<Result<Reply, TokenError>> {
        self.at_once(callers, |source| call(source, api.clone()))
    }

    fn sign_in(&mut self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
        self.runtime.block_on(self.source.sign_in(grant))
    }

    fn reject(&mut self, token: &Token) -> Rejected {
        self.source.reject(token.generation())
    }
}
