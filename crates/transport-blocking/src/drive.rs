//! The loop that carries out a renewal's steps.

use wellspring_core::{
    Answer, HttpRequest, Instant, Outcome, Step, TransportError, UnfinishedSave, WatchOutcome,
};
use wellspring_transport::{
    ActiveRenewal, Clock, Operation, Said, WATCH_SLICES, Work, acceptable, check_deadline, check_start,
    check_url,
};

use crate::clock::wait;
use crate::transport::Transport;

/// How long a renewal may wait for others or for better times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until this instant, unless something would be lost by that.
    pub(crate) end: Instant,
    /// So many times.
    pub(crate) naps: u32,
}

impl Patience {
    /// As long as it takes.
    pub(crate) const ENDLESS: Self = Self { end: Instant::NEVER, naps: u32::MAX };
}

/// Carries out steps until it is over, or until patience is: then the step that was next.
pub(crate) fn drive(
    course: &mut ActiveRenewal,
    first: Step,
    transport: &dyn Transport,
    patience: Patience,
) -> Result<(Outcome, Option<UnfinishedSave>), Box<Step>> {
    let Patience { end, mut naps } = patience;
    // Who tries but once is a caller with a deadline.
    let latest = if naps == 1 { end } else { Instant::NEVER };
    let clock = course.shared().clock().clone();
    let mut step = first;
    loop {
        // What was obtained is stored, however late it is; who only waits leaves time for an exchange after it.
        let exchange_deadline = course.shared().policy().deadline;
        let patience =
            if step.pending_save().is_some() { Instant::NEVER } else { end.minus(exchange_deadline) };
        let waits = matches!(step, Step::Watch(..) | Step::Sleep(..));
        if waits && (naps == 0 || clock.now().instant >= patience) {
            return Err(Box::new(step));
        }
        step = match course.enter(step) {
            Work::Store(operation, until, next) => {
                let said = operate(course, &clock, &operation, until.min(latest), patience);
                course.leave(said, next)
            }
            Work::Send(sending, sent) => {
                // Never cut short: what was sent has been sent.
                let answer = check_start(sending.not_after, clock.now().instant)
                    .and_then(|()| exchange(transport, &clock, &sending.request, sending.deadline));
                sent.resume(answer.unwrap_or_else(Answer::Failed), clock.now())
            }
            Work::Sleep(until, next) => {
                naps -= 1;
                wait(&clock, None, until.min(patience), || None::<()>);
                next.resume(clock.now())
            }
            Work::Done(outcome, unfinished) => return Ok((outcome, unfinished)),
        };
    }
}

/// Carries out one operation on the store; watches in slices.
fn operate(
    course: &mut ActiveRenewal,
    clock: &Clock,
    operation: &Operation,
    until: Instant,
    patience: Instant,
) -> Said {
    let mut slices = WATCH_SLICES;
    loop {
        let now = clock.now().instant;
        let said = course.carry_out(operation, operation.within(until, now));
        slices -= 1;
        let unchanged = matches!(said, Said::Seen(Ok(WatchOutcome::Unchanged)));
        if !unchanged || slices == 0 || clock.now().instant >= until.min(patience) {
            return said;
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
