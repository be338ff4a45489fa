//! The loop that carries out a renewal's steps.

use std::sync::Arc;

use wellspring_core::{
    Answer, HttpRequest, Instant, Outcome, Pending, Step, StoreOp, TransportError, UnfinishedSave,
};
use wellspring_transport::{
    ActiveRenewal, Clock, Slices, acceptable, check_deadline, check_start, check_url,
};

use crate::clock::wait;
use crate::transport::Transport;

/// How long a renewal may wait for other processes, or before it retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until this instant, unless a token would be lost by that.
    pub(crate) end: Instant,
    /// So many pauses.
    pub(crate) naps: u32,
}

impl Patience {
    /// As long as it takes.
    pub(crate) const ENDLESS: Self = Self { end: Instant::NEVER, naps: u32::MAX };
}

/// Carries out steps until the renewal has ended, or until the patience of the caller has: then returns the next step.
pub(crate) fn drive(
    active: &mut ActiveRenewal,
    first: Step,
    transport: &dyn Transport,
    patience: Patience,
) -> Result<(Outcome, Option<UnfinishedSave>), Box<Step>> {
    let Patience { end, mut naps } = patience;
    // A caller with a deadline tries once.
    let latest = if naps == 1 { end } else { Instant::NEVER };
    let clock = active.shared().clock().clone();
    let mut step = first;
    loop {
        // A token is saved, however late it is. A renewal that only waits leaves time for the exchange after it.
        let exchange_deadline = active.shared().policy().deadline;
        let patience =
            if step.pending_save().is_some() { Instant::NEVER } else { end.minus(exchange_deadline) };
        let waits = matches!(step, Step::Watch(..) | Step::Sleep(..));
        if waits && (naps == 0 || clock.now().instant >= patience) {
            return Err(Box::new(step));
        }
        active.enter(&step);
        step = match step {
            Step::Load(load) => operate(active, load, latest, patience),
            Step::Save(save) => operate(active, save, latest, patience),
            Step::Watch(watch) => operate(active, watch, latest, patience),
            Step::Spill(spill) => operate(active, spill, latest, patience),
            Step::Forget(forget) => operate(active, forget, latest, patience),
            Step::Send(sending, sent) => {
                // Never cut short: a request that was sent cannot be taken back.
                let answer = check_start(sending.not_after, clock.now().instant)
                    .and_then(|()| exchange(transport, &clock, &sending.request, sending.deadline));
                sent.resume(answer.unwrap_or_else(Answer::Failed), clock.now())
            }
            Step::Sleep(until, next) => {
                naps -= 1;
                wait(&clock, None, until.min(patience), || None::<()>);
                next.resume(clock.now())
            }
            Step::Done(outcome, unfinished) => return Ok((outcome, unfinished)),
        };
    }
}

/// Runs one operation on the store, a watch in slices, and goes on with the reply.
fn operate<O: StoreOp>(
    active: &ActiveRenewal,
    pending: Pending<O>,
    latest: Instant,
    patience: Instant,
) -> Step {
    let Pending { operation, deadline, next, .. } = pending;
    let (operation, clock) = (Arc::new(operation), active.shared().clock());
    let mut slices = Slices::new(deadline.min(latest), patience);
    loop {
        let within = slices.within::<O>(clock.now().instant);
        let reply = active.run(&operation, within)();
        if slices.end_with::<O>(&reply, clock.now().instant) {
            return active.leave::<O>(next, reply);
        }
    }
}

/// Sends one request under the rules of every token request, its deadline above all.
pub(crate) fn exchange(
    transport: &dyn Transport,
    clock: &Clock,
    request: &HttpRequest,
    deadline: Instant,
) -> Result<Answer, TransportError> {
    check_url(request.url())?;
    let within = check_deadline(deadline.since(clock.now().instant))?;
    transport.exchange(request, within).map(acceptable)
}
