//! Many users' lifecycles, each made when a caller first asks for it and dropped when no caller needs it.
//!
//! What a dropped lifecycle held is in the store and comes back from there. A lifecycle that is in use, renews or saves is
//! never dropped.

use core::time::Duration;
use std::sync::{Arc, PoisonError};

use wellspring_core::{Instant, Provider, TokenError, TokenKey};

use crate::driver::Driver;
use crate::keep_warm::KeepWarm;
use crate::notify::Notify;
use crate::settings::SharedSettings;
use crate::shared::SharedLifecycle;
use crate::source::Source;
use crate::sync::{HashMap, Mutex, MutexGuard};

/// Poll interval for sources with no known renewal time.
const SOON: Duration = Duration::from_secs(2);

type ForUser = Box<dyn Fn(&str) -> Arc<dyn Provider> + Send + Sync>;

/// Many users' sources, over one client and one store.
pub struct Pool<D: Driver> {
    users: Mutex<Users>,
    settings: SharedSettings<D>,
    transport: Arc<D::Transport>,
    for_user: ForUser,
    /// Pool key with no user. Its source only carries requests.
    template: TokenKey,
    changes: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Users {
    pooled: HashMap<Box<str>, Pooled>,
    /// When idle users are looked for again.
    sweep: Instant,
    closed: bool,
}

#[derive(Debug)]
struct Pooled {
    shared: Arc<SharedLifecycle>,
    used: Instant,
}

impl<D: Driver> Pool<D> {
    /// An empty pool, for sources like this provider's.
    ///
    /// # Errors
    ///
    /// `Misconfigured` without a store, from which users come back.
    pub fn new(
        template: &dyn Provider,
        settings: SharedSettings<D>,
        transport: Arc<D::Transport>,
        for_user: impl Fn(&str) -> Arc<dyn Provider> + Send + Sync + 'static,
    ) -> Result<Self, TokenError> {
        if settings.store.is_none() {
            let text = "a pool drops idle users and needs a store from which they come back";
            return Err(TokenError::misconfigured(text));
        }
        let template = template.spec().key.clone();
        let (users, changes, for_user) = (Mutex::default(), Arc::default(), Box::new(for_user));
        Ok(Self { users, settings, transport, for_user, template, changes })
    }

    /// This user's source, made if it is not there. It is made without a lock; where two threads make it at once, one of
    /// the two is kept.
    ///
    /// # Errors
    ///
    /// When the pool is closed, or the user's tokens cannot be kept apart from others'.
    pub fn source(&self, user: &str) -> Result<Source<D>, TokenError> {
        let shared = match self.known(user)? {
            Some(known) => known,
            None => self.insert(user)?,
        };
        Ok(self.over(shared))
    }

    fn over(&self, shared: Arc<SharedLifecycle>) -> Source<D> {
        self.settings.over(shared, Arc::clone(&self.transport))
    }

    fn insert(&self, user: &str) -> Result<Arc<SharedLifecycle>, TokenError> {
        let provider = (self.for_user)(user);
        self.settings.check(&*provider)?;
        if provider.spec().key == self.template {
            return Err(TokenError::misconfigured(
                "all providers of this pool have one key: make one for each user, as `for_user` does",
            ));
        }
        let shared = self.settings.lifecycle(provider);
        let mut users = self.lock();
        let pooled = Pooled { shared, used: self.now() };
        let shared = Arc::clone(&users.pooled.entry(user.into()).or_insert(pooled).shared);
        drop(users);
        self.changes.notify();
        Ok(shared)
    }

    fn known(&self, user: &str) -> Result<Option<Arc<SharedLifecycle>>, TokenError> {
        let now = self.now();
        let mut users = self.lock();
        let known = users.pooled.get_mut(user).map(|pooled| {
            pooled.used = now;
            Arc::clone(&pooled.shared)
        });
        if now >= users.sweep {
            users.sweep(now, self.settings.idle);
        }
        if known.is_none() && users.closed {
            return Err(TokenError::unavailable("this pool is closed; make a new one"));
        }
        Ok(known)
    }

    /// Renews in the background the tokens of all users in the pool, and drops idle users: one task or thread for all.
    ///
    /// # Errors
    ///
    /// When there is nothing to run it on.
    pub fn keep_warm(self: &Arc<Self>) -> Result<KeepWarm, TokenError> {
        let place = self.settings.driver.place()?;
        let pool = Arc::downgrade(self);
        let look = move || pool.upgrade()?.renew_due();
        KeepWarm::start::<D>(&place, "wellspring-pool", &self.changes, self.settings.clock.clone(), look)
    }

    /// Drops idle users and starts what is due. When to look again; `None` when the pool is closed.
    fn renew_due(&self) -> Option<Instant> {
        let now = self.now();
        let (awake, mut again) = {
            let mut users = self.lock();
            if users.closed {
                return None;
            }
            users.sweep(now, self.settings.idle);
            let awake: Vec<_> = users.pooled.values().map(|pooled| Arc::clone(&pooled.shared)).collect();
            (awake, users.sweep)
        };
        for shared in awake {
            match shared.in_force().and_then(|_| shared.next_wake()) {
                Some(wake) if wake > now => again = again.min(wake),
                due => {
                    // A user without a token may get one soon, and so may one whose renewal is under way.
                    again = again.min(now.plus(SOON));
                    if due.is_some()
                        && let Ok(place) = self.settings.driver.place()
                        && let (Some(renewal), _) = shared.ask_at_once(Ok(()))
                    {
                        D::start(&place, renewal, &self.transport);
                    }
                }
            }
        }
        Some(again)
    }

    /// From now on no new user is let in, and no user's source starts a renewal. Returns the sources in the pool.
    #[must_use]
    pub fn close(&self) -> Vec<Source<D>> {
        let mut users = self.lock();
        users.closed = true;
        let all: Vec<_> = users.pooled.values().map(|pooled| self.over(Arc::clone(&pooled.shared))).collect();
        drop(users);
        self.changes.notify();
        for source in &all {
            let _ = source.shared.close();
        }
        all
    }

    /// How many users are in the pool now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().pooled.len()
    }

    /// Whether no user is in the pool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The instant at which this much time will have passed.
    #[must_use]
    pub fn end_of(&self, deadline: Duration) -> Instant {
        self.now().plus(deadline)
    }

    /// How much time is left until this instant.
    #[must_use]
    pub fn left_until(&self, end: Instant) -> Duration {
        end.since(self.now())
    }

    fn now(&self) -> Instant {
        self.settings.clock.now().instant
    }

    fn lock(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Driver> core::fmt::Debug for Pool<D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pool").field("users", &self.len()).finish_non_exhaustive()
    }
}

impl Users {
    fn sweep(&mut self, now: Instant, idle: Duration) {
        self.pooled.retain(|_, Pooled { shared, used }| {
            // No caller holds it, and none can get it while the lock is held.
            let unused = Arc::strong_count(shared) == 1;
            !unused || now.since(*used) < idle || shared.is_under_way()
        });
        self.sweep = now.plus((idle / 4).max(SOON));
    }
}
