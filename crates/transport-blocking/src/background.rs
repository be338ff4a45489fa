//! Where renewals run: an early one on a short-lived thread, a needed one on the thread that needs it.
//!
//! Where the embedder forbids threads nothing runs beside its callers: they renew themselves, within the time they
//! have.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;

use wellspring_core::{Instant, TokenError};
use wellspring_transport::Underway;

use crate::drive::drive;
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
pub(crate) fn start(place: Threads, underway: Underway, transport: &Arc<dyn Transport>) {
    let Threads(()) = place;
    let transport = Arc::clone(transport);
    let renewal = move || carry_out(underway, &*transport, Instant::NEVER);
    // If no thread can be had, `underway` is dropped with the closure and tells those who wait.
    let _ = thread::Builder::new().name("wellspring-renewal".into()).spawn(renewal);
}

/// Runs the renewal to its end, here and now, at the latest until the given instant.
pub(crate) fn carry_out(mut underway: Underway, transport: &dyn Transport, end: Instant) {
    // A provider that panics must not take its caller along: `underway` is dropped and tells everybody.
    let _ = catch_unwind(AssertUnwindSafe(move || {
        let outcome = drive(&mut underway, transport, end);
        underway.land(outcome);
    }));
}
