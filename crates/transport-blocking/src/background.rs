//! Where renewals run: an early one on a short-lived thread, a needed one in the caller that needs it.
//!
//! Where the embedder forbids threads, nothing runs beside the callers: they renew themselves, within the time they have.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;

use wellspring_core::{Instant, TokenError};
use wellspring_transport::{Driver, RenewalGuard, SaveGuard, Watch};

use crate::clock::wait;
use crate::drive::{Patience, drive};
use crate::thread;
use crate::transport::Transport;

/// Where renewals may run.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    pub(crate) threads: bool,
}

/// Permission to start a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads(());

impl Driver for Background {
    type Transport = dyn Transport;
    type Place = Threads;

    fn for_source(&self) -> Self {
        self.clone()
    }

    fn place(&self) -> Result<Threads, TokenError> {
        if self.threads {
            return Ok(Threads(()));
        }
        Err(TokenError::misconfigured(
            "there is no token in force, and no thread may be started to get one: wait with `token` or `acquire`",
        ))
    }

    fn start(_: &Threads, renewal: RenewalGuard, transport: &Arc<dyn Transport>) {
        let transport = Arc::clone(transport);
        let run = move || {
            if let Some(save) = carry_out(renewal, &*transport, Instant::NEVER) {
                save_until_done(save, &*transport);
            }
        };
        // If no thread starts, the renewal is dropped with the closure and ends for the callers that wait.
        let _ = thread::Builder::new().name("wellspring-renewal".into()).spawn(run);
    }

    fn watch(_: &Threads, name: &'static str, watch: Watch) -> Result<(), TokenError> {
        let run = move || {
            while let Some((seen, wake)) = watch.look() {
                let changed = || watch.has_changed(seen).then_some(());
                wait(&watch.clock, Some(&watch.changes), wake, changed);
            }
        };
        match thread::Builder::new().name(name.into()).spawn(run) {
            Ok(_) => Ok(()),
            Err(error) => Err(TokenError::misconfigured("no thread can be started to keep tokens warm")
                .with_source(Arc::new(error))),
        }
    }
}

/// Goes on with a save; without threads at the latest until this instant.
pub(crate) fn finish_save(
    place: Option<Threads>,
    save: SaveGuard,
    transport: &Arc<dyn Transport>,
    end: Instant,
) {
    if place.is_none() {
        // It is set aside, and the next caller gets the error.
        let _ = save_once(save, &**transport, end);
        return;
    }
    let transport = Arc::clone(transport);
    let work = move || save_until_done(save, &*transport);
    let _ = thread::Builder::new().name("wellspring-store".into()).spawn(work);
}

/// Retries until the store has taken it.
fn save_until_done(save: SaveGuard, transport: &dyn Transport) {
    let (mut run, first) = save.begin();
    if let Ok((outcome, _)) = drive(&mut run.active, first, transport, Patience::ENDLESS) {
        run.finish(outcome);
    }
}

/// Tries once, at the latest until this instant.
pub(crate) fn save_once(save: SaveGuard, transport: &dyn Transport, end: Instant) -> Result<(), TokenError> {
    let (mut run, first) = save.begin();
    // The first pause comes before the first try.
    match drive(&mut run.active, first, transport, Patience { end, naps: 1 }) {
        Ok((outcome, _)) => run.finish(outcome),
        Err(step) => {
            run.set_aside(*step);
            return Err(TokenError::store(
                "a token that was obtained is in memory only: the store does not take it, and no request is sent before \
                 it does",
                true,
            ));
        }
    }
    Ok(())
}

/// Runs the renewal to its end, in the caller, at the latest until this instant. Returns the save that goes on.
#[must_use]
pub(crate) fn carry_out(renewal: RenewalGuard, transport: &dyn Transport, end: Instant) -> Option<SaveGuard> {
    // A provider that panics must not take the caller with it: the run is dropped and ends for all that wait.
    let run = AssertUnwindSafe(move || {
        if let Some(earlier) = renewal.shared().take_up()
            && let Err(error) = save_once(earlier, transport, end)
        {
            // To spend its grant again would cost the session.
            renewal.give_up(error);
            return None;
        }
        let (mut run, first) = renewal.begin();
        let patience = Patience { end, ..Patience::ENDLESS };
        let (outcome, unfinished) = drive(&mut run.active, first, transport, patience).ok()?;
        run.finish(outcome, unfinished)
    });
    catch_unwind(run).ok().flatten()
}
