//! The loop that carries out a renewal's steps.

use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::{
    Answer, HttpRequest, Instant, Outcome, Step, TransportError, TransportErrorKind, UnfinishedSave,
    WatchOutcome,
};
use wellspring_transport::{
    ActiveRenewal, Clock, Operation, Said, WATCH_SLICES, Work, acceptable, check_deadline, check_start,
    check_url,
};

use crate::clock::wait;
use crate::transport::Transport;

/// Carries out steps until it is over.
pub(crate) async fn drive(
    course: &mut ActiveRenewal,
    first: Step,
    transport: &dyn Transport,
    runtime: &Handle,
) -> (Outcome, Option<UnfinishedSave>) {
    let clock = course.shared().clock().clone();
    let mut step = first;
    loop {
        step = match course.enter(step) {
            Work::Store(operation, until, next) => {
                let said = operate(course, &clock, operation, until, runtime).await;
                course.leave(said, next)
            }
            Work::Send(sending, sent) => {
                let deadline = sending.deadline;
                let answer = match check_start(sending.not_after, clock.now().instant) {
                    Ok(()) => exchange(transport, &clock, &sending.request, deadline, runtime).await,
                    Err(late) => Err(late),
                };
                sent.resume(answer.unwrap_or_else(Answer::Failed), clock.now())
            }
            Work::Sleep(until, next) => {
                wait(&clock, None, until, runtime, |_| Poll::<()>::Pending).await;
                next.resume(clock.now())
            }
            Work::Done(outcome, unfinished) => return (outcome, unfinished),
        };
    }
}

/// Between the end of an operation and the end of waiting for the thread that carries it out.
const MOMENT: Duration = Duration::from_millis(250);

/// Carries out one operation on the store, on a thread made for blocking; watches in slices.
async fn operate(
    course: &ActiveRenewal,
    clock: &Clock,
    operation: Operation,
    until: Instant,
    runtime: &Handle,
) -> Said {
    let operation = Arc::new(operation);
    let mut slices = WATCH_SLICES;
    loop {
        let now = clock.now().instant;
        let within = operation.within(until, now);
        let said = carry_out(course, &operation, within, runtime).await;
        slices -= 1;
        let unchanged = matches!(said, Said::Seen(Ok(WatchOutcome::Unchanged)));
        if !unchanged || slices == 0 || clock.now().instant >= until {
            return said;
        }
    }
}

async fn carry_out(
    course: &ActiveRenewal,
    operation: &Arc<Operation>,
    within: Duration,
    runtime: &Handle,
) -> Said {
    let (storage, key) = (course.storage().clone(), course.shared().provider().spec().key.clone());
    // The thread shows the liveness lock too: it may run on when nobody waits for it any more.
    let (work, life) = (Arc::clone(operation), course.life());
    let mut thread = runtime.spawn_blocking(move || work.carry_out(&storage, &key, within, &life));
    // The machine's own clock: a store works in real time, whatever time the source is shown.
    let system = Clock::system();
    let end = system.now().instant.plus(within.saturating_add(MOMENT));
    let done = wait(&system, None, end, runtime, |context| core::pin::Pin::new(&mut thread).poll(context));
    match done.await {
        Some(Ok(said)) => said,
        Some(Err(_)) | None => operation.hung(),
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
