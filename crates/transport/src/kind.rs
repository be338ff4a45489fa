//! What many lifecycles have in common, held once for all of them.

use core::sync::atomic::{AtomicBool, Ordering};
use std::borrow::Cow;
use std::sync::Arc;

use wellspring_core::{Policy, Provider};

use crate::call_parts::prefix_of;
use crate::notify::Notify;
use crate::observed::Observed;
use crate::published::{Installed, Prefix};
use crate::storage::AnyStore;
use crate::timer::Timer;
use crate::turns::Turns;

/// Makes the provider of a user.
pub(crate) type ForUser = Box<dyn Fn(&str) -> Arc<dyn Provider> + Send + Sync>;

/// What the lifecycles of one builder have in common.
pub(crate) struct Parts {
    pub(crate) policy: Policy,
    pub(crate) store: Option<AnyStore>,
    pub(crate) observed: Option<Arc<Observed>>,
    /// `None` for a source that is in no pool.
    pub(crate) pool: Option<Arc<PoolParts>>,
}

/// What the users of one pool have in common.
pub(crate) struct PoolParts {
    pub(crate) for_user: ForUser,
    /// What is published of a user at rest.
    pub(crate) nothing: Arc<Installed>,
    pub(crate) timer: Timer,
    /// Notifies the timer's task or thread.
    pub(crate) changes: Arc<Notify>,
    closed: AtomicBool,
    renewals_at_once: usize,
}

/// What the lifecycles of one provider have in common.
pub(crate) struct Kind {
    pub(crate) name: Cow<'static, str>,
    pub(crate) prefix: Prefix,
    pub(crate) parts: Arc<Parts>,
    endpoint: Box<[u8]>,
    /// The turns of renewals at the token endpoint. `None` for a source that is in no pool.
    pub(crate) turns: Option<Arc<Turns>>,
}

impl PoolParts {
    pub(crate) fn new(for_user: ForUser, renewals_at_once: usize) -> Self {
        Self {
            for_user,
            nothing: Arc::default(),
            timer: Timer::default(),
            changes: Arc::default(),
            closed: AtomicBool::new(false),
            renewals_at_once,
        }
    }

    fn turns(&self) -> Arc<Turns> {
        Turns::new(self.renewals_at_once, Arc::clone(&self.changes))
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

impl Kind {
    pub(crate) fn of(provider: &dyn Provider, parts: Arc<Parts>) -> Arc<Self> {
        let spec = provider.spec();
        let prefix = Prefix { bytes: prefix_of(&spec.calls), observed: parts.observed.is_some() };
        let turns = parts.pool.as_ref().map(|pool| pool.turns());
        Arc::new(Self { name: spec.name.clone(), prefix, parts, endpoint: spec.key.endpoint().into(), turns })
    }

    /// Whether a lifecycle of this provider is of this kind.
    pub(crate) fn fits(&self, provider: &dyn Provider) -> bool {
        let spec = provider.spec();
        *self.endpoint == *spec.key.endpoint()
            && self.name == spec.name
            && self.prefix.bytes == prefix_of(&spec.calls)
    }
}
