//! Many users' lifecycles: each is made when a caller first asks for it, rests while nothing is under way for it, and is
//! dropped when it is idle.
//!
//! The store holds the tokens of a dropped lifecycle. A lifecycle that is in use, renews or saves is never dropped.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Arc, PoisonError};

use wellspring_core::{Clocks, Instant, Provider, TokenError, TokenKey};

use crate::clock::nanos;
use crate::driver::Driver;
use crate::keep_warm::KeepWarm;
use crate::kind::{Kind, Parts, PoolParts};
use crate::settings::SharedSettings;
use crate::shared::SharedLifecycle;
use crate::source::{Common, Source};
use crate::sync::Mutex;
use crate::table::Table;
use crate::timer::Timed;

/// How soon a renewal that could not be started is tried again, and the shortest time between two sweeps.
const SOON: Duration = Duration::from_secs(2);

/// The longest time between two sweeps. Each visits all users.
const SWEEP: Duration = Duration::from_secs(300);

/// Many users' sources, which share one client and one store.
pub struct Pool<D: Driver> {
    users: Table,
    settings: SharedSettings<D>,
    parts: Arc<Parts>,
    pool: Arc<PoolParts>,
    common: Arc<Common<D>>,
    /// Pool key with no user. Its source only carries requests.
    template: TokenKey,
    kinds: Mutex<Vec<Arc<Kind>>>,
    /// When to look for idle users again, on the coarse monotonic clock.
    sweep: AtomicU64,
}

impl<D: Driver> Pool<D> {
    /// An empty pool. `template` is the provider of no user.
    ///
    /// # Errors
    ///
    /// `Misconfigured` without a store, from which dropped users are loaded again.
    pub fn new(
        template: &dyn Provider,
        settings: SharedSettings<D>,
        transport: Arc<D::Transport>,
        for_user: impl Fn(&str) -> Arc<dyn Provider> + Send + Sync + 'static,
    ) -> Result<Self, TokenError> {
        if settings.store.is_none() {
            let text = "a pool needs a store, from which dropped users come back: give the builder a store";
            return Err(TokenError::misconfigured(text));
        }
        let certify = settings.certifier();
        let for_user = move |user: &str| certify(for_user(user));
        let pool = Arc::new(PoolParts::new(Box::new(for_user), settings.renewals_at_once));
        let parts = settings.parts(Some(Arc::clone(&pool)));
        let (template, common) = (template.spec().key.clone(), Arc::new(settings.common(transport)));
        let (users, kinds, sweep) = (Table::new(), Mutex::default(), AtomicU64::default());
        Ok(Self { users, settings, parts, pool, common, template, kinds, sweep })
    }

    /// This user's source, made if the pool has none. The pool makes it without a lock; where two threads make it at
    /// once, the pool keeps one of the two.
    ///
    /// # Errors
    ///
    /// When the pool is closed and has no source of this user, or the user's tokens have no key of their own.
    pub fn source(&self, user: &str) -> Result<Source<D>, TokenError> {
        let (number, now) = (self.users.number(user), self.settings.clock.coarse_monotonic());
        let known = self.users.get(number, user, now);
        if now >= self.sweep.load(Ordering::Relaxed) {
            self.sweep(now);
        }
        match known {
            Some(known) => Ok(self.source_of(known)),
            None => Ok(self.source_of(self.insert(number, user, now)?)),
        }
    }

    /// The source of a user that may stay out of the pool: for work that visits many users and returns to none of them.
    ///
    /// # Errors
    ///
    /// As [`source`](Self::source).
    pub fn passing(&self, user: &str) -> Result<Source<D>, TokenError> {
        let number = self.users.number(user);
        let known = self.users.get(number, user, self.settings.clock.coarse_monotonic());
        Ok(self.source_of(known.map_or_else(|| self.make(user), Ok)?))
    }

    fn source_of(&self, shared: Arc<SharedLifecycle>) -> Source<D> {
        if self.common.driver.is_complete() {
            return Source { shared, common: Arc::clone(&self.common) };
        }
        let common = self.settings.common(Arc::clone(&self.common.transport));
        Source { shared, common: Arc::new(common) }
    }

    fn make(&self, user: &str) -> Result<Arc<SharedLifecycle>, TokenError> {
        if self.pool.is_closed() {
            return Err(TokenError::unavailable("this pool is closed: make a new one"));
        }
        let provider = (self.pool.for_user)(user);
        self.settings.check(&*provider)?;
        if provider.spec().key == self.template {
            return Err(TokenError::misconfigured(
                "this user's provider has the key of the pool's template: let `for_user` put the user's name into it",
            ));
        }
        Ok(self.settings.lifecycle(self.kind_of(&*provider), user, provider))
    }

    fn insert(&self, number: u64, user: &str, now: u64) -> Result<Arc<SharedLifecycle>, TokenError> {
        let added = self.make(user)?;
        let shared = self.users.insert(number, added, now);
        if self.pool.is_closed() {
            // The pool was closed meanwhile, and may have missed it.
            let _ = shared.close();
        }
        Ok(shared)
    }

    /// The kind of this provider's lifecycles. A pool has few: one for each provider and header.
    fn kind_of(&self, provider: &dyn Provider) -> Arc<Kind> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = kinds.iter().find(|kind| kind.fits(provider)) {
            return Arc::clone(kind);
        }
        let kind = Kind::of(provider, Arc::clone(&self.parts));
        kinds.push(Arc::clone(&kind));
        kind
    }

    fn kinds(&self) -> Vec<Arc<Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Renews the tokens of all users in the background and drops idle users: one task or thread for all users.
    ///
    /// # Errors
    ///
    /// `Misconfigured` where no task or thread can be started.
    pub fn keep_warm(self: &Arc<Self>) -> Result<KeepWarm, TokenError> {
        let place = self.common.driver.place()?;
        let watched = Watched::new(&self.pool);
        self.users.for_each(SharedLifecycle::schedule);
        let weak = Arc::downgrade(self);
        let look = move || {
            let _ = &watched;
            weak.upgrade()?.renew_due()
        };
        let (warm, watch) = KeepWarm::over(&self.pool.changes, self.settings.clock.clone(), look);
        D::watch(&place, "wellspring-pool", watch)?;
        Ok(warm)
    }

    /// Drops idle users and starts the renewals that are due. Returns when to look again, if the pool is not closed.
    #[doc(hidden)]
    pub fn renew_due(&self) -> Option<Instant> {
        if self.pool.is_closed() {
            return None;
        }
        let now = self.settings.clock.now();
        let coarse = self.settings.clock.coarse_monotonic();
        let sweep = self.sweep.load(Ordering::Relaxed);
        let sweep = if coarse >= sweep { self.sweep(coarse) } else { sweep };
        let again = now.instant.plus(Duration::from_nanos(sweep.saturating_sub(coarse)));
        for kind in self.kinds() {
            let put_off = || kind.turns.as_ref()?.next_due();
            while let Some(user) = put_off() {
                if let Some(user) = user.upgrade().and_then(lifecycle).filter(|user| user.is_due(now)) {
                    self.renew(&user, now);
                }
            }
        }
        while let Some(entry) = self.pool.timer.pop(now.instant) {
            // A user that was dropped, or is due at another moment.
            let Some(timed) = entry.user().filter(|user| user.noted().take(&entry)) else { continue };
            let Some(user) = lifecycle(Arc::clone(&timed)).filter(|user| user.is_due(now)) else { continue };
            match user.turns().filter(|turns| !turns.has_room()) {
                Some(turns) => turns.put_off(&timed),
                None => self.renew(&user, now),
            }
        }
        Some(self.pool.timer.next().map_or(again, |next| next.min(again)))
    }

    fn renew(&self, user: &Arc<SharedLifecycle>, now: Clocks) {
        if let Ok(place) = self.common.driver.place() {
            if let (Some(renewal), _) = user.ask_at_once(Ok(())) {
                return D::start(&place, renewal, &self.common.transport);
            }
        }
        // No renewal can start now. If one is in flight, its end notes when the user is due next.
        if user.is_due(now) {
            let user: Arc<dyn Timed> = Arc::clone(user) as _;
            self.pool.timer.note(&user, now.instant.plus(SOON));
        }
    }

    /// Drops idle users, and puts to rest those for which nothing is under way. Returns when to do so again.
    fn sweep(&self, now: u64) -> u64 {
        let idle = nanos(self.settings.idle);
        let again = now.saturating_add((idle / 4).clamp(nanos(SOON), nanos(SWEEP)));
        self.sweep.store(again, Ordering::Relaxed);
        self.users.retain(|user, used| {
            let unused = now.saturating_sub(used);
            // No caller holds the source, and no caller gets it while this part of the table is locked.
            if Arc::strong_count(user) == 1 && unused >= idle && !user.is_in_use() {
                return false;
            }
            user.rest();
            if unused >= nanos(SWEEP) {
                user.cool();
            }
            true
        });
        again
    }

    /// From now on the pool makes no source, and its sources start no renewal. Returns those that are not at rest: only they
    /// have something to end.
    #[must_use]
    pub fn close(&self) -> Vec<Source<D>> {
        let mut awake = Vec::new();
        self.pool.close();
        self.users.for_each(|user| {
            if user.is_awake() {
                awake.push(self.source_of(Arc::clone(user)));
            }
        });
        self.pool.changes.notify();
        for source in &awake {
            let _ = source.shared.close();
        }
        awake
    }

    /// How many users are in the pool now.
    #[must_use]
    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// The instant at which this deadline ends.
    #[must_use]
    pub fn end_of(&self, deadline: Duration) -> Instant {
        self.settings.clock.now().instant.plus(deadline)
    }

    /// The time that is left until this instant.
    #[must_use]
    pub fn left_until(&self, end: Instant) -> Duration {
        end.since(self.settings.clock.now().instant)
    }
}

/// The user that the timer has noted.
fn lifecycle(user: Arc<dyn Timed>) -> Option<Arc<SharedLifecycle>> {
    user.into_any().downcast().ok()
}

/// While it lives, the pool's timer notes when users are due.
struct Watched(Arc<PoolParts>);

impl Watched {
    fn new(pool: &Arc<PoolParts>) -> Self {
        pool.timer.begin();
        Self(Arc::clone(pool))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.timer.end();
    }
}

crate::debug_fields!([D: Driver] Pool<D>, |pool| users: pool.users());
