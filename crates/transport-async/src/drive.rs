//! The loop that carries out a renewal's steps.

use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::{
    Answer, ByteLeft, HttpRequest, Instant, Outcome, Step, TransportError, TransportErrorKind,
};
use wellspring_transport::{Clock, Underway, acceptable, check_deadline, check_url};

use crate::Transport;
use crate::clock::wait;

/// Runs one renewal to its end.
pub(crate) async fn drive(underway: &mut Underway, transport: &dyn Transport, runtime: &Handle) -> Outcome {
    let shared = Arc::clone(underway.shared());
    let clock = shared.clock();
    let mut step = underway.begin();
    loop {
        step = match step {
            Step::Send(sending, sent) => {
                underway.byte_left = ByteLeft::Maybe;
                let answer = exchange(transport, clock, &sending.request, sending.deadline, runtime).await;
                sent.resume(answer.unwrap_or_else(Answer::Failed), clock.now())
            }
            Step::Done(outcome) => return outcome,
        };
    }
}

/// Sends one request under the rules of every token request, its deadline above all.
pub(crate) async fn exchange(
    transport: &dyn Transport,
    clock: &Clock,
    request: &HttpRequest,
    deadline: Instant,
    runtime: &Handle,
) -> Result<Answer, TransportError> {
    check_url(request.url())?;
    let within = check_deadline(deadline.since(clock.now().instant))?;
    let mut exchange = transport.exchange(request, within);
    let answer = wait(clock, None, deadline, runtime, |context| exchange.as_mut().poll(context)).await;
    answer.unwrap_or_else(|| Err(overdue())).map(acceptable)
}

fn overdue() -> TransportError {
    let text = "the endpoint did not answer completely before the deadline";
    TransportError::new(TransportErrorKind::Ambiguous, text)
}
