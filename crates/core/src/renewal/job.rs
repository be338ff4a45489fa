//! The job of a renewal, and the provider that it is for.

use alloc::sync::Arc;
use core::time::Duration;

use crate::generation::{Epoch, Generation};
use crate::jitter::Jitter;
use crate::lease::Owner;
use crate::policy::Policy;
use crate::proven::Proven;
use crate::provider::{AuthorizationGrant, Provider};
use crate::refresh_state::RefreshState;
use crate::store::SharedBy;
use crate::token::Token;
use crate::witnesses::Witnesses;

use super::amend::Amendment;
use super::outcome::OwnAttempt;

/// The job of one renewal, one sign-in, one logout or one change of the record.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct RenewalJob {
    pub(crate) provider: ProviderRef,
    pub(crate) policy: Policy,
    pub(crate) jitter: Jitter,
    /// Failures in a row, as this lifecycle has seen them.
    pub(crate) failures: u32,
    /// Refusals in a row, as this lifecycle has seen them.
    pub(crate) witnesses: Witnesses,
    /// The credential with which this lifecycle's last token was obtained.
    pub(crate) proven: Option<Proven>,
    pub(crate) place: (Epoch, Generation),
    /// The number of this attempt, counted by its lifecycle.
    pub(crate) number: u64,
    pub(crate) own_attempt: Option<OwnAttempt>,
    pub(crate) logged_out: bool,
    pub(crate) goal: Goal,
    /// Who writes to the store, and which sources share it; `None` without a store.
    pub(crate) store: Option<(Owner, SharedBy)>,
}

#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(crate) enum Goal {
    /// A new token for a grant that is there.
    Renew {
        held: Option<RefreshState>,
        /// The access token that an API has refused.
        refused: Option<Token>,
        access_left: Duration,
        wanted: Duration,
    },
    /// A first token for a new grant.
    SignIn(AuthorizationGrant),
    /// The end of the session.
    SignOut { held: Option<RefreshState> },
    /// The end of the session, without a revocation.
    Forget,
    /// A change of the record, without a request.
    Amend(Amendment),
}

impl RenewalJob {
    /// The same job with a store that these sources share. This owner saves every token there before callers get it.
    #[must_use]
    pub const fn stored_by(mut self, owner: Owner, shared_by: SharedBy) -> Self {
        self.store = Some((owner, shared_by));
        self
    }
}

/// A provider, which is equal only to itself.
#[derive(Clone, Debug)]
pub(crate) struct ProviderRef(pub(crate) Arc<dyn Provider>);

impl core::ops::Deref for ProviderRef {
    type Target = dyn Provider;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

#[cfg(wellspring_explore)]
mod explored {
    use super::ProviderRef;

    impl PartialEq for ProviderRef {
        fn eq(&self, other: &Self) -> bool {
            alloc::sync::Arc::ptr_eq(&self.0, &other.0)
        }
    }

    impl Eq for ProviderRef {}

    impl core::hash::Hash for ProviderRef {
        fn hash<H: core::hash::Hasher>(&self, _: &mut H) {}
    }
}
