//! What a builder of either transport collects, and what it makes of that.

use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::Arc;

use wellspring_core::{Policy, Provider, SharedBy, Store, TokenError};

use crate::attach::AllowedOrigins;
use crate::clock::Clock;
use crate::driver::Driver;
use crate::shared::SharedLifecycle;
use crate::source::Source;
use crate::storage::{Storage, check_store};

/// What holds for every source of one builder.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "the builders of the transports fill it in")]
pub struct SharedSettings<D> {
    /// When to renew.
    pub policy: Policy,
    /// Where the time is read.
    pub clock: Clock,
    /// The seed of jitter; a random one by default.
    pub seed: Option<u64>,
    /// Where calls may carry the token.
    pub origins: AllowedOrigins,
    /// The time for one try of a call; the policy's deadline by default.
    pub call_deadline: Option<Duration>,
    /// Where renewals run.
    pub driver: D,
    /// Where tokens outlive the process.
    pub store: Option<Arc<dyn Store>>,
    /// Which processes share the tokens; all that the store reaches by default.
    pub shared_by: Option<SharedBy>,
    /// How long a pool keeps a user whose token no caller asks for.
    pub idle: Duration,
}

impl<D: Driver> SharedSettings<D> {
    /// The defaults for this provider's tokens.
    pub fn new(provider: &dyn Provider, driver: D) -> Self {
        Self {
            policy: Policy::default(),
            clock: Clock::system(),
            seed: None,
            origins: AllowedOrigins::of(provider),
            call_deadline: None,
            driver,
            store: None,
            shared_by: None,
            idle: Duration::from_secs(1_800),
        }
    }

    /// Whether the store can hold what this provider's tokens need.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when it cannot.
    pub fn check(&self, provider: &dyn Provider) -> Result<(), TokenError> {
        check_store(self.store.as_deref(), self.shared_by, provider)
    }

    /// The lifecycle of this provider's tokens.
    pub(crate) fn lifecycle(&self, provider: Arc<dyn Provider>) -> Arc<SharedLifecycle> {
        // Not for secrets: two sources must not renew at one moment, and must not have one number in the store.
        let number = || RandomState::new().build_hasher().finish();
        let storage = self.store.as_ref().map(|store| Storage::new(Arc::clone(store), number()));
        let seed = self.seed.unwrap_or_else(number);
        SharedLifecycle::new(provider, self.policy.clone(), seed, self.clock.clone(), storage)
    }

    /// The source over this lifecycle.
    pub(crate) fn over(&self, shared: Arc<SharedLifecycle>, transport: Arc<D::Transport>) -> Source<D> {
        Source {
            call_deadline: self.call_deadline.unwrap_or(self.policy.deadline),
            shared,
            transport,
            driver: self.driver.for_source(),
            origins: Arc::new(self.origins.clone()),
        }
    }

    /// A source of this provider's tokens.
    pub fn source(&self, provider: Arc<dyn Provider>, transport: Arc<D::Transport>) -> Source<D> {
        self.over(self.lifecycle(provider), transport)
    }
}

impl<D> core::fmt::Debug for SharedSettings<D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SharedSettings").field("policy", &self.policy).finish_non_exhaustive()
    }
}
