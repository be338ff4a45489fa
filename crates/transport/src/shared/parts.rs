//! What a lifecycle is made of, and what it has in common with others.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{Instant, Policy, Provider, TokenError, TokenKey};

use crate::call_parts::CallParts;
use crate::name::Name;
use crate::notify::Notify;
use crate::observed::Observed;
use crate::shared::SharedLifecycle;
use crate::storage::Storage;
use crate::turns::Turns;

impl SharedLifecycle {
    /// The provider of the tokens.
    #[must_use]
    pub fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.lock().provider)
    }

    /// The provider's crate name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.kind.name
    }

    /// The key of the tokens.
    #[must_use]
    pub fn key(&self) -> TokenKey {
        self.lock().provider.spec().key.clone()
    }

    /// When to renew.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.kind.parts.policy
    }

    /// The store, where tokens outlive the process.
    #[must_use]
    pub fn storage(&self) -> Option<Storage> {
        Some(Storage::new(self.kind.parts.store.clone()?, self.number))
    }

    /// Whether tokens outlive the process.
    #[must_use]
    pub fn has_store(&self) -> bool {
        self.kind.parts.store.is_some()
    }

    /// The user of a pool.
    pub(crate) const fn user(&self) -> &Name {
        &self.user
    }

    pub(crate) fn turns(&self) -> Option<&Arc<Turns>> {
        self.kind.turns.as_ref()
    }

    pub(crate) fn observed(&self) -> Option<&Observed> {
        self.kind.parts.observed.as_deref()
    }

    /// Whether the source has an observer.
    #[must_use]
    pub(crate) fn is_observed(&self) -> bool {
        self.observed().is_some()
    }

    /// What each call carries.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when the provider's data name something that HTTP forbids.
    pub fn calls(&self) -> Result<Arc<CallParts>, TokenError> {
        self.lock().calls.clone()
    }

    /// The instant at which this deadline ends.
    #[must_use]
    pub fn end_of(&self, deadline: Duration) -> Instant {
        self.clock.now().instant.plus(deadline)
    }

    /// The longest time of a renewal that waits for no other process.
    #[must_use]
    pub fn longest_renewal(&self) -> Duration {
        self.policy().longest_renewal(self.has_store())
    }

    /// Notifies when a renewal ends, a token is taken over, or the source closes or is dropped.
    #[must_use]
    pub fn changes(&self) -> Arc<Notify> {
        Arc::clone(&self.lock().changes)
    }
}
