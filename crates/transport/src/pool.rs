//! Many users' lifecycles: each is made when a caller first asks for it, and dropped when it is idle.
//!
//! The store holds the tokens of a dropped lifecycle. A lifecycle that is in use, renews or saves is never dropped.

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

/// Many users' sources, which share one client and one store.
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
    /// When to look for idle users again.
    sweep: Instant,
    closed: bool,
}

#[derive(Debug)]
struct Pooled {
    shared: Arc<SharedLifecycle>,
    used: Instant,
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
        let template = template.spec().key.clone();
        let (users, changes, for_user) = (Mutex::default(), Arc::default(), Box::new(for_user));
        Ok(Self { users, settings, transport, for_user, template, changes })
    }

    /// This user's source, made if the pool has none. The pool makes it without a lock; where two threads make it at
    /// once, the pool keeps one of the two.
    ///
    /// # Errors
    ///
    /// When the pool is closed and has no source of this user, or the user's tokens have no key of their own.
    pub fn source(&self, user: &str) -> Result<Source<D>, TokenError> {
        let shared = match self.known(user)? {
            Some(known) => known,
            None => self.insert(user)?,
        };
        Ok(self.source_of(shared))
    }

    fn source_of(&self, shared: Arc<SharedLifecycle>) -> Source<D> {
        self.settings.source_of(shared, Arc::clone(&self.transport))
    }

    fn insert(&self, user: &str) -> Result<Arc<SharedLifecycle>, TokenError> {
        let provider = (self.for_user)(user);
        self.settings.check(&*provider)?;
        if provider.spec().key == self.template {
            return Err(TokenError::misconfigured(
                "this user's provider has the key of the pool's template: let `for_user` put the user's name into it",
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
            return Err(TokenError::unavailable("this pool is closed: make a new one"));
        }
        Ok(known)
    }

    /// Renews the tokens of all users in the background and drops idle users: one task or thread for all users.
    ///
    /// # Errors
    ///
    /// `Misconfigured` where no task or thread can be started.
    pub fn keep_warm(self: &Arc<Self>) -> Result<KeepWarm, TokenError> {
        let place = self.settings.driver.place()?;
        let pool = Arc::downgrade(self);
        let look = move || pool.upgrade()?.renew_due();
        let (warm, watch) = KeepWarm::over(&self.changes, self.settings.clock.clone(), look);
        D::watch(&place, "wellspring-pool", watch)?;
        Ok(warm)
    }

    /// Drops idle users and starts the renewals that are due. Returns when to look again, if the pool is not closed.
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
                    // A user without a token may get one soon, and so may a user whose renewal is in flight.
                    again = again.min(now.plus(SOON));
                    if let Some(place) = due.and_then(|_| self.settings.driver.place().ok()) {
                        if let (Some(renewal), _) = shared.ask_at_once(Ok(())) {
                            D::start(&place, renewal, &self.transport);
                        }
                    }
                }
            }
        }
        Some(again)
    }

    /// From now on the pool makes no source, and its sources start no renewal. Returns these sources.
    #[must_use]
    pub fn close(&self) -> Vec<Source<D>> {
        let mut users = self.lock();
        users.closed = true;
        let all: Vec<_> =
            users.pooled.values().map(|pooled| self.source_of(Arc::clone(&pooled.shared))).collect();
        drop(users);
        self.changes.notify();
        for source in &all {
            let _ = source.shared.close();
        }
        all
    }

    /// How many users are in the pool now.
    #[must_use]
    pub fn users(&self) -> usize {
        self.lock().pooled.len()
    }

    /// The instant at which this deadline ends.
    #[must_use]
    pub fn end_of(&self, deadline: Duration) -> Instant {
        self.now().plus(deadline)
    }

    /// The time that is left until this instant.
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

crate::debug_fields!([D: Driver] Pool<D>, |pool| users: pool.users());

impl Users {
    fn sweep(&mut self, now: Instant, idle: Duration) {
        self.pooled.retain(|_, Pooled { shared, used }| {
            // No caller holds the source, and no caller gets it while the pool is locked.
            let unused = Arc::strong_count(shared) == 1;
            !unused || now.since(*used) < idle || shared.is_in_use()
        });
        self.sweep = now.plus((idle / 4).max(SOON));
    }
}
