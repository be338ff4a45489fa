//! Where renewals run: an early one on a short-lived thread, a needed one on the thread that needs it.
//!
//! Where the embedder forbids threads nothing runs beside its callers: they renew themselves, within the time they
//! have.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;

use wellspring_core::{Instant, Outcome, TokenError};
use wellspring_transport::{RenewalGuard, SaveGuard};

use crate::drive::{Patience, drive};
use crate::{Transport, thread};

/// Where renewals may run.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    pub(crate) threads: bool,
}

/// Leave to start a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads(());

impl Background {
    /// Where one may run now. To be asked before a renewal is asked for, which must then run.
    pub(crate) fn available(&self) -> Result<Threads, TokenError> {
        if self.threads {
            return Ok(Threads(()));
        }
        Err(TokenError::misconfigured(
            "there is no token in force, and no thread may be started to get one: wait with `token` or `acquire`",
        ))
    }
}

/// Starts the renewal and returns at once.
pub(crate) fn start(place: Threads, renewal: RenewalGuard, transport: &Arc<dyn Transport>) {
    let Threads(()) = place;
    let transport = Arc::clone(transport);
    let renewal = move || {
        if let Some(save_guard) = carry_out(renewal, &*transport, Instant::NEVER) {
            store(save_guard, &*transport);
        }
    };
    // If no thread can be had, `renewal` is dropped with the closure and tells those who wait.
    let _ = thread::Builder::new().name("wellspring-renewal".into()).spawn(renewal);
}

/// Goes on with what the store would not take; without threads at the latest until the given instant.
pub(crate) fn finish(
    place: Option<Threads>,
    save_guard: SaveGuard,
    transport: &Arc<dyn Transport>,
    end: Instant,
) {
    if place.is_none() {
        // It is laid aside, and whoever asks next is told.
        let _ = store_once(save_guard, &**transport, end);
        return;
    }
    let transport = Arc::clone(transport);
    let work = move || store(save_guard, &*transport);
    let _ = thread::Builder::new().name("wellspring-store".into()).spawn(work);
}

/// Tries until the store has taken it.
fn store(mut save_guard: SaveGuard, transport: &dyn Transport) {
    let first = save_guard.begin();
    if let Ok((outcome, _)) = drive(&mut save_guard.course, first, transport, Patience::ENDLESS) {
        save_guard.finish(outcome);
    }
}

/// Tries once, until the given instant at the latest: nobody is there to try again, so the next one who asks for a token
/// will.
pub(crate) fn store_once(
    mut save_guard: SaveGuard,
    transport: &dyn Transport,
    end: Instant,
) -> Result<(), TokenError> {
    let first = save_guard.begin();
    // The first pause comes before the first try.
    match drive(&mut save_guard.course, first, transport, Patience { end, naps: 1 }) {
        Ok((outcome, _)) => save_guard.finish(outcome),
        Err(step) => {
            save_guard.lay_aside(*step);
            return Err(TokenError::store(
                "a token that was obtained is in memory alone: the store does not take it, and nothing is sent before it \
                 does",
                true,
            ));
        }
    }
    Ok(())
}

/// Runs the renewal to its end, here and now, at the latest until the given instant. What is left over.
#[must_use]
pub(crate) fn carry_out(
    mut renewal: RenewalGuard,
    transport: &dyn Transport,
    end: Instant,
) -> Option<SaveGuard> {
    // A provider that panics must not take its caller along: `renewal` is dropped and tells everybody.
    let run = AssertUnwindSafe(move || {
        if let Some(earlier) = renewal.shared().take_up()
            && let Err(error) = store_once(earlier, transport, end)
        {
            // To spend its grant again would cost the session.
            return renewal.finish(Outcome::given_up(error), None);
        }
        let first = renewal.begin();
        let patience = Patience { end, ..Patience::ENDLESS };
        let (outcome, unfinished) = drive(&mut renewal.course, first, transport, patience).ok()?;
        renewal.finish(outcome, unfinished)
    });
    catch_unwind(run).ok().flatten()
}
