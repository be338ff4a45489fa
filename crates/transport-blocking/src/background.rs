//! Where renewals run: early renewals on a short-lived thread, needed renewals in the caller.
//!
//! Where the program forbids threads, no renewal runs beside the callers: they renew before their own deadlines.

use core::panic::AssertUnwindSafe;
use std::io;
use std::panic::catch_unwind;
use std::sync::Arc;

use wellspring_core::{Instant, TokenError};
use wellspring_transport::{Driver, RenewalGuard, SaveGuard, Watch};

use crate::clock::{thread, unpark, wait};
use crate::drive::Worker;
use crate::transport::Transport;

/// Where renewals may run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Background {
    pub(crate) threads: bool,
}

impl Background {
    pub(crate) const fn new() -> Self {
        Self { threads: true }
    }
}

/// The permission to start threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads(());

impl Driver for Background {
    type Transport = dyn Transport;
    type Place = Threads;

    fn for_source(&self) -> Self {
        *self
    }

    fn is_complete(&self) -> bool {
        true
    }

    fn place(&self) -> Result<Threads, TokenError> {
        if self.threads {
            return Ok(Threads(()));
        }
        Err(TokenError::misconfigured(
            "there is no token in force, and no thread may be started to renew it: wait with `token` or `acquire`",
        ))
    }

    fn start(_: &Threads, renewal: RenewalGuard, transport: &Arc<dyn Transport>) {
        let transport = Arc::clone(transport);
        // If no thread starts, the renewal is dropped with the closure and ends for the callers that wait.
        let _ = spawn("wellspring-renewal", move || {
            if let Some(save) = carry_out(renewal, &*transport, Instant::NEVER) {
                save_until_done(save, &*transport);
            }
        });
    }

    fn watch(_: &Threads, name: &'static str, watch: Watch) -> Result<(), TokenError> {
        let started = spawn(name, move || {
            while let Some((seen, wake)) = watch.look() {
                let changed = || watch.has_changed(seen).then_some(());
                wait(&watch.clock, Some(&watch.changes), wake, changed);
            }
        });
        started.map_err(|error| {
            let text = "tokens are not kept warm: the system starts no thread";
            TokenError::misconfigured(text).with_source(Arc::new(error))
        })
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

/// Continues a save on a thread of its own. Without threads, tries once before this instant.
pub(crate) fn finish_save(on: Background, save: SaveGuard, transport: &Arc<dyn Transport>, end: Instant) {
    let transport = Arc::clone(transport);
    if on.threads {
        let _ = spawn("wellspring-store", move || save_until_done(save, &*transport));
    } else {
        // On failure the save is set aside, and the next caller gets the error.
        let _ = save_once(save, &*transport, end);
    }
}

/// Retries a save until the store has taken it.
fn save_until_done(save: SaveGuard, transport: &dyn Transport) {
    let (mut run, first) = save.begin();
    if let Ok((outcome, _)) = Worker::new(transport).drive(&mut run.active, first, Instant::NEVER, u32::MAX) {
        run.finish(outcome);
    }
}

/// Tries a save once, before this instant.
pub(crate) fn save_once(save: SaveGuard, transport: &dyn Transport, end: Instant) -> Result<(), TokenError> {
    let (mut run, first) = save.begin();
    // The first pause comes before the first try.
    match Worker::new(transport).drive(&mut run.active, first, end, 1) {
        Ok((outcome, _)) => {
            run.finish(outcome);
            Ok(())
        }
        Err(step) => {
            run.set_aside(*step);
            let text = "the store has not saved a token that was obtained: only this process holds it, and no request is \
                        sent before it is saved; check the store";
            Err(TokenError::store(text, true))
        }
    }
}

/// Runs the renewal in this thread, until its end or this instant. Returns the save that continues.
#[must_use]
pub(crate) fn carry_out(renewal: RenewalGuard, transport: &dyn Transport, end: Instant) -> Option<SaveGuard> {
    // A panic of a provider must not end the caller: the run is dropped and ends for all callers that wait.
    let run = AssertUnwindSafe(move || {
        let mut renewal = renewal;
        let (waker, clock) = (unpark(), renewal.shared().clock.clone());
        let mut begins = || renewal.may_begin(&waker).then_some(());
        if begins().is_none() && wait(&clock, None, end, begins).is_none() {
            renewal.give_up(TokenError::busy(
                "the renewal was not begun: others of this pool run, and it waits for its turn",
            ));
            return None;
        }
        if let Some(earlier) = renewal.shared().take_up() {
            if let Err(error) = save_once(earlier, transport, end) {
                // To send its refresh token again would end the session.
                renewal.give_up(error);
                return None;
            }
        }
        let (mut run, first) = renewal.begin();
        let (outcome, unfinished) =
            Worker::new(transport).drive(&mut run.active, first, end, u32::MAX).ok()?;
        run.finish(outcome, unfinished)
    });
    catch_unwind(run).ok().flatten()
}
