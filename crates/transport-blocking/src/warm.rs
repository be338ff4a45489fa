//! Keeping a token warm: renewed before anybody asks for it.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use wellspring_core::{Instant, Need, TokenError};
use wellspring_transport::{Action, Clock, Notify, SharedLifecycle};

use crate::background::{Background, start};
use crate::clock::wait;
use crate::{TokenSource, Transport, thread};

/// Keeps the token warm until it is dropped.
#[must_use = "the token is kept warm until this is dropped"]
#[derive(Debug)]
pub struct KeepWarm {
    stopped: Arc<AtomicBool>,
    changes: Arc<Notify>,
}

impl KeepWarm {
    pub(crate) const fn new(stopped: Arc<AtomicBool>, changes: Arc<Notify>) -> Self {
        Self { stopped, changes }
    }
}

impl Drop for KeepWarm {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.changes.notify();
    }
}

/// What the background holds on to. Not the source: it ends with the last of its clones.
struct Watch {
    shared: Weak<SharedLifecycle>,
    transport: Arc<dyn Transport>,
    background: Background,
    stopped: Arc<AtomicBool>,
    changes: Arc<Notify>,
    clock: Clock,
}

impl TokenSource {
    /// Renews in the background whenever a renewal is due, so that nobody ever waits for one. Failures are survived:
    /// it goes on after their pause.
    ///
    /// # Errors
    ///
    /// When there is nothing to run it on.
    pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
        let _ = self.background.available()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let changes = Arc::clone(self.shared.changes());
        let watch = Watch {
            shared: Arc::downgrade(&self.shared),
            transport: Arc::clone(&self.transport),
            background: self.background.clone(),
            stopped: Arc::clone(&stopped),
            changes: Arc::clone(&changes),
            clock: self.shared.clock().clone(),
        };
        let thread = thread::Builder::new().name("wellspring-keep-warm".into());
        match thread.spawn(move || watch.run()) {
            Ok(_) => Ok(KeepWarm { stopped, changes }),
            Err(error) => Err(TokenError::misconfigured("no thread can be started to keep the token warm")
                .with_source(Arc::new(error))),
        }
    }
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
        let shared = self.shared.upgrade()?;
        if self.stopped.load(Ordering::Acquire) || shared.is_closed() {
            return None;
        }
        if let Ok(place) = self.background.available() {
            match shared.ask(Need::Fresh) {
                Action::UseAndRenew(_, renewal) | Action::Renew(renewal) => {
                    start(place, renewal, &self.transport);
                }
                Action::Use(_) | Action::Wait(_) | Action::Fail(..) => {}
            }
        }
        // At the instant itself the renewal is due; where there is none, a change will ring.
        Some(shared.next_wake().unwrap_or(Instant::NEVER))
    }
}
