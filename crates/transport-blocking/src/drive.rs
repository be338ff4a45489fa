//! The loop that carries out a renewal's steps.

use std::sync::Arc;

use wellspring_core::{Answer, ByteLeft, HttpRequest, Instant, Outcome, Step, TransportError};
use wellspring_transport::{Clock, Underway, acceptable, check_deadline, check_url};

use crate::Transport;

/// Runs one renewal to its end, at the latest until the given instant.
pub(crate) fn drive(underway: &mut Underway, transport: &dyn Transport, end: Instant) -> Outcome {
    let shared = Arc::clone(underway.shared());
    let clock = shared.clock();
    let mut step = underway.begin();
    loop {
        step = match step {
            Step::Send(sending, sent) => {
                underway.byte_left = ByteLeft::Maybe;
                let answer = exchange(transport, clock, &sending.request, sending.deadline.min(end));
                sent.resume(answer.unwrap_or_else(Answer::Failed), clock.now())
            }
            Step::Done(outcome) => return outcome,
        };
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
