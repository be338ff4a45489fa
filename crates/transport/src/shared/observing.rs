//! Where a source calls the hook of its observer. Where there is none, nothing is read, kept or computed.

use core::time::Duration;

use wellspring_core::{Forget, Lease, Spill, Step, StoreError, StoreOp, Token, TokenError};

use crate::observed::Told;
use crate::observer::{Acquisition, FailureReason, Observation};
use crate::published::TokenRef;
use crate::shared::SharedLifecycle;

impl SharedLifecycle {
    pub(crate) fn observe(&self, observation: impl FnOnce() -> Observation) {
        if let Some(observed) = self.observed() {
            observed.observer.observe(self.name(), &observation());
        }
    }

    /// Tells the observer what has changed, if it was told otherwise before.
    pub(crate) fn observe_change(&self, change: impl FnOnce(&mut Told) -> Option<Observation>) {
        if self.is_observed() {
            let changed = change(&mut self.lock().told);
            changed.into_iter().for_each(|observation| self.observe(|| observation));
        }
    }

    /// The fresh token of a source with an observer, or of a user at rest, which the read path leaves to this function.
    #[inline(never)]
    pub(super) fn fresh_beside(&self) -> Option<TokenRef<'_>> {
        let warmed = self.warm();
        let Some(observed) = self.observed() else {
            return if warmed { self.published.fresh(&self.clock) } else { None };
        };
        let (token, remaining) = self.published.observed_fresh(&self.clock)?;
        let acquired = Observation::Acquired { source: Acquisition::Held, remaining, waited: None };
        observed.observer.observe(self.name(), &acquired);
        Some(token)
    }

    /// A caller gets this.
    pub(crate) fn acquired(
        &self,
        source: Acquisition,
        result: Result<&Token, &TokenError>,
        waited: Option<Duration>,
    ) {
        self.observe(|| match result {
            Ok(token) => {
                Observation::Acquired { source, remaining: token.remaining(self.clock.now()), waited }
            }
            Err(error) => Observation::NotAcquired { reason: FailureReason::of(error), waited },
        });
    }

    /// A renewal has used the client certificate, if there is one.
    pub(crate) fn observe_certificate(&self) {
        let Some(observed) = self.observed() else { return };
        if let Some(expires) = observed.certificate_end.as_ref().and_then(|end| end()) {
            self.observe(|| Observation::CertificateUsed { expires });
        }
    }

    /// The store has answered. Returns the lease of the record, if it was loaded and has one.
    pub(crate) fn observe_reply<O: StoreOp>(&self, reply: &Result<O::Reply, StoreError>) -> Option<Lease> {
        self.observed()?;
        let loaded = match reply {
            Ok(reply) => O::loaded(reply),
            Err(_) => {
                self.observe(|| Observation::StoreFailed { operation: O::NAME });
                return None;
            }
        };
        if O::NAME == Spill::NAME {
            self.observe(|| Observation::TokenSpilled);
        }
        if O::NAME == Spill::NAME || O::NAME == Forget::NAME || loaded.is_some() {
            let waits = O::NAME == Spill::NAME || loaded.is_some_and(|loaded| loaded.spilled.is_some());
            self.observe_change(|told| told.spill(waits));
        }
        loaded?.stored.as_ref()?.record.lease
    }

    /// The renewal goes on with this step after it has seen this lease.
    pub(crate) fn observe_watch(&self, lease: Option<Lease>, step: &Step) {
        if let (Some(lease), Step::Watch(_)) = (lease, step) {
            let began = lease.until.minus(lease.span);
            self.observe(|| Observation::LeaseWatched { age: self.clock.now().unix.since(began) });
        }
    }
}
