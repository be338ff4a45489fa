//! Many users' sources, each with its own single flight, over one client and one store.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Weak};

use wellspring_core::{Instant, Need, Provider, TokenError, TokenKey};
use wellspring_transport::{Action, Clock, Notify, Pool, SharedLifecycle};

use crate::background::start;
use crate::builder::SharedSettings;
use crate::clock::wait;
use crate::warm::KeepWarm;
use crate::{TokenSource, Transport, thread};

type ForUser = Box<dyn Fn(&str) -> Arc<dyn Provider> + Send + Sync>;

/// Many users' sources. Clones share everything; make one with [`Builder::pool`](crate::Builder::pool) and keep it.
///
/// A user's source is made when it is first asked for. When nobody has asked for it for a while, and it is neither held
/// nor renewing, it is let go; what it held is in the store and comes back from there.
#[derive(Clone)]
pub struct TokenPool(Arc<Inner>);

struct Inner {
    pool: Pool,
    shared_settings: SharedSettings,
    transport: Arc<dyn Transport>,
    for_user: ForUser,
    /// The template's, which is no user's.
    key: TokenKey,
}

impl TokenPool {
    pub(crate) fn new(
        pool: Pool,
        shared_settings: SharedSettings,
        transport: Arc<dyn Transport>,
        key: TokenKey,
        for_user: impl Fn(&str) -> Arc<dyn Provider> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner { pool, shared_settings, transport, for_user: Box::new(for_user), key }))
    }

    /// This user's source. Ask for it each time it is needed: to hold it keeps it from being let go.
    ///
    /// # Errors
    ///
    /// When the pool is closed and the user is not in it, or what was given for the user cannot be kept apart.
    pub fn source(&self, user: &str) -> Result<TokenSource, TokenError> {
        let Inner { pool, shared_settings, transport, for_user, key } = &*self.0;
        let shared = pool.of(user, || {
            let provider = for_user(user);
            shared_settings.check(&*provider)?;
            if provider.spec().key == *key {
                return Err(TokenError::misconfigured(
                    "the pool's providers are all of one key: make one for each user, as `for_user` does",
                ));
            }
            Ok(shared_settings.lifecycle(provider))
        })?;
        Ok(shared_settings.over(shared, Arc::clone(transport)))
    }

    /// How many users are in it now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.pool.len()
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.pool.is_empty()
    }

    /// Renews in the background the tokens of all users who are in it, and lets go of those who are idle: one thread for
    /// all of them. A user without a token in force is left to whoever asks for it.
    ///
    /// # Errors
    ///
    /// When there is nothing to run it on.
    pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
        let _ = self.0.shared_settings.background.available()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let changes = Arc::clone(self.0.pool.changes());
        let watch = Watch {
            pool: Arc::downgrade(&self.0),
            stopped: Arc::clone(&stopped),
            changes: Arc::clone(&changes),
            clock: self.0.pool.clock().clone(),
        };
        let thread = thread::Builder::new().name("wellspring-pool".into());
        match thread.spawn(move || watch.run()) {
            Ok(_) => Ok(KeepWarm::new(stopped, changes)),
            Err(error) => Err(TokenError::misconfigured("no thread can be started to keep the tokens warm")
                .with_source(Arc::new(error))),
        }
    }

    /// Ends renewing for all users, as [`TokenSource::close`] does for one; nobody new is let in.
    ///
    /// # Errors
    ///
    /// `Busy` when not all of it has ended before the deadline.
    pub fn close(&self, deadline: Duration) -> Result<(), TokenError> {
        let clock = self.0.pool.clock();
        let end = clock.now().instant.plus(deadline);
        let all = self.0.pool.close();
        let closing =
            all.into_iter().map(|shared| self.0.shared_settings.over(shared, Arc::clone(&self.0.transport)));
        let closing: Vec<_> = closing.collect();
        for source in &closing {
            let _ = source.shared.close();
        }
        for source in closing {
            source.close(end.since(clock.now().instant))?;
        }
        Ok(())
    }
}

/// What the background holds on to. Not the pool: it ends with the last of its clones.
struct Watch {
    pool: Weak<Inner>,
    stopped: Arc<AtomicBool>,
    changes: Arc<Notify>,
    clock: Clock,
}

impl Watch {
    fn run(self) {
        loop {
            let seen = self.changes.count();
            let Some(wake) = self.look() else { return };
            let changed = || {
                let over = self.stopped.load(Ordering::Acquire) || self.changes.count() != seen;
                over.then_some(())
            };
            wait(&self.clock, Some(&self.changes), wake, changed);
        }
    }

    /// Starts what is due and says when to look again; `None` when it is over.
    fn look(&self) -> Option<Instant> {
        let inner = self.pool.upgrade()?;
        if self.stopped.load(Ordering::Acquire) {
            return None;
        }
        let (due, again) = inner.pool.due()?;
        for shared in due {
            renew(&inner, &shared);
        }
        Some(again)
    }
}

fn renew(inner: &Inner, shared: &Arc<SharedLifecycle>) {
    let Ok(place) = inner.shared_settings.background.available() else { return };
    match shared.ask(Need::Fresh) {
        Action::UseAndRenew(_, renewal) | Action::Renew(renewal) => {
            start(place, renewal, &inner.transport);
        }
        Action::Use(_) | Action::Wait(_) | Action::Fail(..) => {}
    }
}

impl fmt::Debug for TokenPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPool").field("users", &self.len()).finish_non_exhaustive()
    }
}
