//! The blocking driver as a player: threads, ureq over loopback, no runtime.

use std::thread;

use wellspring_core::{AuthorizationGrant, Need, Policy, Rejected, Token, TokenError};
use wellspring_transport::ManualClock;
use wellspring_transport_blocking::{Body as Content, TokenSource};

use crate::listening::Listening;
use crate::player::{Call, NO_TIME, Player, Reply, request, successor};
use crate::scenario::Body;
use crate::starts::Starts;

/// A source in blocking code.
#[derive(Debug)]
pub(crate) struct BlockingDriver {
    source: TokenSource,
    clock: ManualClock,
    starts: Starts,
}

impl BlockingDriver {
    /// A source without a token.
    ///
    /// # Errors
    ///
    /// If the client cannot be built.
    pub(crate) fn new(
        provider: Listening,
        policy: Policy,
        seed: u64,
        clock: &ManualClock,
    ) -> Result<Self, String> {
        let source = TokenSource::builder(provider).policy(policy).seed(seed).clock(clock).build();
        let source = source.map_err(|error| error.to_string())?;
        Ok(Self { source, clock: clock.clone(), starts: Starts::new() })
    }

    /// Runs this and records whether it starts a renewal.
    fn heard<T>(&self, act: impl FnOnce() -> T) -> T {
        tracing::dispatcher::with_default(&self.starts.dispatch, act)
    }

    /// Runs this on a number of threads at once and returns the result of each.
    fn at_once<T: Send>(&self, callers: usize, act: impl Fn(&TokenSource) -> T + Sync) -> Vec<T> {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..callers).map(|_| scope.spawn(|| act(&self.source))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no caller panics")).collect()
        })
    }
}

fn get(source: &TokenSource, need: Need) -> Result<Token, TokenError> {
    match need {
        Need::Fresh => source.token(),
        need => source.acquire(need, NO_TIME),
    }
}

fn call(source: &TokenSource, call: &Call) -> Result<Reply, TokenError> {
    let body = match call.body {
        Body::None => Content::empty(),
        Body::Repeatable => Content::from("{}"),
        Body::Once => Content::once(Content::from("{}")),
    };
    let response = source.send(request(call, body)?)?;
    let missing = source.missing_scope(&response).map(|scope| scope.to_string());
    let status = response.status().as_u16();
    // Read to its end, so that the connection can carry the next call.
    let _ = response.into_body().bytes(1 << 20);
    Ok(Reply { status, missing })
}

impl Player for BlockingDriver {
    fn get(&mut self, need: Need, callers: usize) -> Vec<Result<Token, TokenError>> {
        let got = self.at_once(callers, |source| self.heard(|| get(source, need)));
        let started = self.starts.take();
        if let Some(newer) = successor(&got, self.clock.now()).filter(|_| started) {
            let _ = get(&self.source, newer);
        }
        got
    }

    fn pass_and_get(&mut self, callers: usize) -> Vec<Result<Token, TokenError>> {
        let mut got = vec![self.heard(|| self.source.try_token().map(|token| token.clone()))];
        got.extend(self.get(Need::Fresh, callers));
        got
    }

    fn call(&mut self, api: &Call, callers: usize) -> Vec<Result<Reply, TokenError>> {
        self.at_once(callers, |source| call(source, api))
    }

    fn sign_in(&mut self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
        self.source.sign_in(grant)
    }

    fn reject(&mut self, token: &Token) -> Rejected {
        self.source.reject(token.generation())
    }
}
