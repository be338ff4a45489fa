//! The loop that carries out a renewal's steps.

use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::{
    Answer, HttpRequest, Instant, Outcome, Pending, Step, StoreError, StoreOp, TransportError,
    TransportErrorKind, UnfinishedSave,
};
use wellspring_transport::{
    ActiveRenewal, Clock, Slices, acceptable, check_deadline, check_start, check_url,
};

use crate::clock::wait;
use crate::transport::Transport;

/// Carries out steps until the renewal has ended.
pub(crate) async fn drive(
    active: &mut ActiveRenewal,
    first: Step,
    transport: &dyn Transport,
    runtime: &Handle,
) -> (Outcome, Option<UnfinishedSave>) {
    let clock = active.shared().clock().clone();
    let mut step = first;
    loop {
        active.enter(&step);
        step = match step {
            Step::Load(load) => operate(active, load, runtime).await,
            Step::Save(save) => operate(active, save, runtime).await,
            Step::Watch(watch) => operate(active, watch, runtime).await,
            Step::Spill(spill) => operate(active, spill, runtime).await,
            Step::Forget(forget) => operate(active, forget, runtime).await,
            Step::Send(sending, sent) => {
                let deadline = sending.deadline;
                let answer = match check_start(sending.not_after, clock.now().instant) {
                    Ok(()) => exchange(transport, &clock, &sending.request, deadline, runtime).await,
                    Err(late) => Err(late),
                };
                sent.resume(answer.unwrap_or_else(Answer::Failed), clock.now())
            }
            Step::Sleep(until, next) => {
                wait(&clock, None, until, runtime, |_| Poll::<()>::Pending).await;
                next.resume(clock.now())
            }
            Step::Done(outcome, unfinished) => return (outcome, unfinished),
        };
    }
}

/// Between the end of an operation and the end of waiting for its thread.
const MOMENT: Duration = Duration::from_millis(250);

/// Runs one operation on the store, a watch in slices, and goes on with the reply.
async fn operate<O: StoreOp>(active: &ActiveRenewal, pending: Pending<O>, runtime: &Handle) -> Step {
    let Pending { operation, deadline, next, .. } = pending;
    let (operation, clock) = (Arc::new(operation), active.shared().clock());
    let mut slices = Slices::new(deadline, Instant::NEVER);
    loop {
        let within = slices.within::<O>(clock.now().instant);
        let reply = run(active, &operation, within, runtime).await;
        if slices.end_with::<O>(&reply, clock.now().instant) {
            return active.leave::<O>(next, reply);
        }
    }
}

/// One run, on a thread made for blocking.
async fn run<O: StoreOp>(
    active: &ActiveRenewal,
    operation: &Arc<O>,
    within: Duration,
    runtime: &Handle,
) -> Result<O::Reply, StoreError> {
    let mut thread = runtime.spawn_blocking(active.run(operation, within));
    // The machine's own clock: a store works in real time, whatever time the source is shown.
    let system = Clock::system();
    let end = system.now().instant.plus(within.saturating_add(MOMENT));
    let done = wait(&system, None, end, runtime, |context| core::pin::Pin::new(&mut thread).poll(context));
    match done.await {
        Some(Ok(reply)) => reply,
        Some(Err(_)) | None => Err(O::timed_out()),
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
