//! The loop that carries out a renewal's steps.

use std::sync::Arc;

use wellspring_core::{Answer, ByteLeft, Outcome, Sending, Step, TransportError, TransportErrorKind};
use wellspring_transport::{Underway, acceptable, check_deadline, check_url};

use crate::Transport;
use crate::clock::wait;

/// Runs one renewal to its end.
pub(crate) async fn drive(underway: &mut Underway, transport: &dyn Transport) -> Outcome {
    let shared = Arc::clone(underway.shared());
    let mut step = underway.begin();
    loop {
        step = match step {
            Step::Send(sending, sent) => {
                let answer = exchange(underway, transport, sending).await;
                sent.resume(answer.unwrap_or_else(Answer::Failed), shared.clock().now())
            }
            Step::Done(outcome) => return outcome,
        };
    }
}

/// Sends one request under the rules of every token request, its deadline above all.
async fn exchange(
    underway: &mut Underway,
    transport: &dyn Transport,
    sending: Sending,
) -> Result<Answer, TransportError> {
    check_url(sending.request.url())?;
    let shared = Arc::clone(underway.shared());
    let left = sending.deadline.since(shared.clock().now().instant);
    let within = check_deadline(left)?;
    underway.byte_left = ByteLeft::Maybe;
    let mut exchange = transport.exchange(&sending.request, within);
    let answer =
        wait(shared.clock(), None, sending.deadline, |context| exchange.as_mut().poll(context)).await;
    answer.unwrap_or_else(|| Err(overdue())).map(acceptable)
}

fn overdue() -> TransportError {
    let text = "the endpoint did not answer completely before the deadline";
    TransportError::new(TransportErrorKind::Ambiguous, text)
}
