//! The permit to run one renewal, and what every job starts with.

use alloc::sync::Arc;
use core::time::Duration;

use crate::generation::{Epoch, Generation};
use crate::jitter::Jitter;
use crate::policy::Policy;
use crate::proven::Proven;
use crate::provider::Provider;
use crate::refresh_state::RefreshState;
use crate::renewal::job::{Goal, ProviderRef, RenewalJob};
use crate::renewal::outcome::OwnAttempt;
use crate::time::Instant;
use crate::token::Token;
use crate::witnesses::Witnesses;

/// The permit to run one renewal. It is not `Clone`: only [`Lifecycle::acquire`](crate::Lifecycle::acquire) makes it, and
/// only [`Lifecycle::complete`](crate::Lifecycle::complete) ends it.
#[must_use = "no other renewal starts until this permit is completed"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct Permit {
    pub(super) started: Instant,
    pub(super) place: (Epoch, Generation),
    pub(super) held: Option<RefreshState>,
    pub(super) refused: Option<Token>,
    pub(super) access_left: Duration,
    pub(super) wanted: Duration,
    pub(super) number: u64,
    pub(super) known: Known,
}

/// What every job of one lifecycle starts with.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(super) struct Known {
    pub(super) policy: Policy,
    pub(super) jitter: Jitter,
    pub(super) failures: u32,
    pub(super) witnesses: Witnesses,
    pub(super) proven: Option<Proven>,
    pub(super) own_attempt: Option<OwnAttempt>,
    pub(super) logged_out: bool,
}

impl Known {
    pub(super) fn job(
        self,
        provider: Arc<dyn Provider>,
        place: (Epoch, Generation),
        number: u64,
        goal: Goal,
    ) -> RenewalJob {
        let Self { policy, jitter, failures, witnesses, proven, own_attempt, logged_out } = self;
        let provider = ProviderRef(provider);
        RenewalJob {
            provider,
            policy,
            jitter,
            failures,
            witnesses,
            proven,
            place,
            number,
            own_attempt,
            logged_out,
            goal,
            store: None,
        }
    }
}

impl Permit {
    /// The job of the renewal.
    #[must_use]
    pub fn job(&self, provider: Arc<dyn Provider>) -> RenewalJob {
        let (access_left, wanted) = (self.access_left, self.wanted);
        let (held, refused) = (self.held.clone(), self.refused.clone());
        let goal = Goal::Renew { held, refused, access_left, wanted };
        self.known.clone().job(provider, self.place, self.number, goal)
    }

    /// The time for the whole exchange.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.known.policy.deadline
    }
}
