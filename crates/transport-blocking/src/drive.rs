//! The loop that carries out a renewal's steps.

use std::sync::Arc;

use wellspring_core::{Answer, ByteLeft, Instant, Outcome, Sending, Step, TransportError};
use wellspring_transport::{Underway, acceptable, check_deadline, check_url};

use crate::Transport;

/// Runs one renewal to its end, at the latest until the given instant.
pub(crate) fn drive(underway: &mut Underway, transport: &dyn Transport, end: Instant) -> Outcome {
    let shared = Arc::clone(underway.shared());
    let mut step = underway.begin();
    loop {
        step = match step {
            Step::Send(sending, sent) => {
                let answer = exchange(underway, transport, &sending, end);
                sent.resume(answer.unwrap_or_else(Answer::Failed), shared.clock().now())
            }
            Step::Done(outcome) => return outcome,
        };
    }
}

/// Sends one request under the rules of every token request, its deadline above all.
fn exchange(
    underway: &mut Underway,
    transport: &dyn Transport,
    sending: &Sending,
    end: Instant,
) -> Result<Answer, TransportError> {
    check_url(sending.request.url())?;
    let shared = Arc::clone(underway.shared());
    let left = sending.deadline.min(end).since(shared.clock().now().instant);
    let within = check_deadline(left)?;
    underway.byte_left = ByteLeft::Maybe;
    transport.exchange(&sending.request, within).map(acceptable)
}
