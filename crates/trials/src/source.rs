//! A source on either driver, with blocking calls.

use core::time::Duration;
use std::sync::Arc;

use oauth2_app::App;
use tokio::runtime::Runtime;
use wellspring_core::{Need, Policy, Store, Token, TokenError};
use wellspring_transport::Clock;
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use crate::part::Driver;

/// A source on either driver.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "tests take it apart")]
pub enum Source {
    /// With its runtime.
    Async(Runtime, asynchronous::TokenSource),
    /// On threads.
    Blocking(blocking::TokenSource),
}

/// The policy of trials: these deadlines, and defaults for the rest.
#[must_use]
pub fn policy(deadline: Duration, store_deadline: Duration) -> Policy {
    let mut policy = Policy::default();
    policy.deadline = deadline;
    policy.store_deadline = store_deadline;
    policy
}

impl Source {
    /// A source of this app's tokens with this store.
    ///
    /// # Errors
    ///
    /// If the source cannot be built.
    pub fn new(driver: Driver, app: App, store: &Arc<dyn Store>, policy: Policy) -> Result<Self, TokenError> {
        Self::with_clock(driver, app, store, policy, Clock::system())
    }

    /// The same, with this clock.
    ///
    /// # Errors
    ///
    /// If the source cannot be built.
    pub fn with_clock(
        driver: Driver,
        app: App,
        store: &Arc<dyn Store>,
        policy: Policy,
        clock: Clock,
    ) -> Result<Self, TokenError> {
        let store = Arc::clone(store);
        match driver {
            Driver::Async => {
                let runtime =
                    Runtime::new().map_err(|_| TokenError::misconfigured("cannot build a runtime"))?;
                let here = runtime.enter();
                let builder = asynchronous::TokenSource::builder(app).policy(policy).store(store);
                let source = builder.clock(clock).build()?;
                drop(here);
                Ok(Self::Async(runtime, source))
            }
            Driver::Blocking => {
                let builder = blocking::TokenSource::builder(app).policy(policy).store(store);
                Ok(Self::Blocking(builder.clock(clock).build()?))
            }
        }
    }

    /// The token; waits for a renewal if there is none.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn token(&self) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.token()),
            Self::Blocking(source) => source.token(),
        }
    }

    /// The token, at once.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn try_token(&self) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => {
                let _here = runtime.enter();
                source.try_token().map(|token| token.clone())
            }
            Self::Blocking(source) => source.try_token().map(|token| token.clone()),
        }
    }

    /// The token; waits through failures.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn acquire(&self, deadline: Duration) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.acquire(Need::Fresh, deadline)),
            Self::Blocking(source) => source.acquire(Need::Fresh, deadline),
        }
    }
}
