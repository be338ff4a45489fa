//! A process gives up while its lease may be in the store: a lease under which nothing was sent does not stay there.

use super::explored::{attempt, begin, leased, load, loaded, maybe, record, save};
use super::*;
use crate::lease::Lease;
use crate::record::{Cause, CauseKind, Throttle};
use crate::store::SharedBy;

/// The lease that is being saved, and the step after the save has ended without an answer and without time.
fn give_up(step: Step) -> (Lease, Step) {
    let Step::Save(saving) = step else { panic!("nothing is saved: {step:?}") };
    let lease = saving.operation.record.lease.expect("a lease");
    let late = Clocks { instant: saving.deadline.plus(s(1)), ..at(0) };
    (lease, saving.resume(maybe(), late))
}

fn stored_lease(lease: Lease) -> Record {
    Record { lease: Some(lease), ..record(1, 1, "r") }
}

fn error_of(step: Step) -> TokenError {
    match step {
        Step::Done(outcome, None) => outcome.error().expect("a failure").clone(),
        other => panic!("not done: {other:?}"),
    }
}

#[test]
fn a_lease_that_was_saved_while_the_process_was_stopped_is_cleared() {
    let (lease, step) = give_up(load(begin(Toy::rotating(Replay::Never)), loaded(1, record(1, 1, "r"))));
    let (_, step) = save(step, Ok(Swap::Conflict));
    let (cleared, step) = save(load(step, loaded(2, stored_lease(lease))), Ok(Swap::Done(Version::new(3))));
    assert_eq!((cleared.expected, cleared.record.lease), (Some(Version::new(2)), None));
    assert_eq!(cleared.record.throttle, None, "no other process pauses for it");
    let error = error_of(step);
    assert_eq!((error.kind(), error.fate(), error.is_local()), (ErrorKind::Store, Fate::Unspent, true));
    assert!(error.to_string().contains("nothing was sent: no answer"), "{error}");
}

#[test]
fn a_lease_that_is_saved_late_finds_another_version() {
    let (_, step) = give_up(load(begin(Toy::rotating(Replay::Never)), loaded(1, record(1, 1, "r"))));
    let (request, step) = save(step, Ok(Swap::Done(Version::new(2))));
    assert_eq!((request.expected, request.record.lease), (Some(Version::new(1)), None));
    assert_eq!(error_of(step).kind(), ErrorKind::Store);
}

#[test]
fn a_store_that_does_not_answer_at_all_is_left_after_the_time_for_one_more_save() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("no permit") };
    let job = permit.job(Toy::rotating(Replay::Never).arc()).stored_by(attempt(1, 1).owner, SharedBy::Host);
    let first = load(Renewal::begin(job, at(0)), loaded(1, record(1, 1, "r")));
    let (lease, step) = give_up(first);
    let Step::Save(saving) = step else { panic!("{step:?}") };
    let deadline = Policy::default().store_deadline;
    let bound = at(0).instant.plus(deadline).plus(s(1)).plus(deadline);
    assert_eq!(saving.deadline, bound);
    let late = Clocks { instant: bound, ..at(0) };
    let Step::Done(outcome, None) = saving.resume(maybe(), late) else { panic!("it goes on") };
    let _ = life.complete(permit, outcome, late);

    // This process knows that it has sent nothing.
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(60)) else { panic!("no permit") };
    let job = permit.job(Toy::rotating(Replay::Never).arc()).stored_by(attempt(1, 1).owner, SharedBy::Host);
    let step = load(Renewal::begin(job, at(60)), loaded(2, stored_lease(lease)));
    let (again, _) = save(step, Ok(Swap::Conflict));
    assert!(again.record.lease.is_some());
}

#[test]
fn a_lease_after_one_that_may_have_been_sent_goes_back_to_what_it_replaced() {
    let step = begin(Toy::rotating(Replay::OwnerDead));
    let step = load(step, loaded(2, leased(record(1, 1, "r"), attempt(2, 1))));
    let Step::Watch(watch) = step else { panic!("{step:?}") };
    let step = watch.resume(Ok(WatchOutcome::OwnerGone), at(0));
    let (lease, step) = give_up(load(step, loaded(2, leased(record(1, 1, "r"), attempt(2, 1)))));
    let (_, step) = save(step, Ok(Swap::Conflict));
    let (request, _) = save(load(step, loaded(3, stored_lease(lease))), Ok(Swap::Done(Version::new(4))));
    let left = request.record.lease.expect("the grant may have been sent");
    assert_eq!((left.first_sent, left.replays + 1), (lease.first_sent, lease.replays));
}

#[test]
fn a_record_that_has_moved_on_is_adopted() {
    let (_, step) = give_up(load(begin(Toy::rotating(Replay::Never)), loaded(1, record(1, 1, "r"))));
    let (_, step) = save(step, Ok(Swap::Conflict));
    let step = load(step, loaded(7, record(1, 2, "next")));
    assert!(matches!(step, Step::Done(Outcome::Adopted(_), None)), "{step:?}");
}

#[test]
fn a_process_that_is_stopped_while_it_clears_its_lease_looks_again() {
    let step = load(begin(Toy::rotating(Replay::Never)), loaded(1, record(1, 1, "r")));
    let (request, step) = save(step, Ok(Swap::Done(Version::new(2))));
    let lease = request.record.lease.expect("a lease");
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    let not_sent = Answer::Failed(TransportError::new(TransportErrorKind::NotSent, "down"));
    let Step::Save(saving) = sent.resume(not_sent, at(0)) else { panic!("it is not recorded") };
    let late = Clocks { instant: saving.deadline.plus(s(1)), ..at(0) };
    let Step::Load(look) = saving.resume(maybe(), late) else { panic!("it does not look again") };
    let step = look.resume(loaded(2, stored_lease(lease)), late);
    let (cleared, step) = save(step, Ok(Swap::Done(Version::new(3))));
    assert_eq!((cleared.expected, cleared.record.lease), (Some(Version::new(2)), None));
    assert!(matches!(error_of(step).kind(), ErrorKind::Unavailable { .. }));
}

#[test]
fn a_pause_in_the_store_does_not_hide_a_lease_that_stands_beside_it() {
    let cause = Cause {
        kind: CauseKind::Unavailable,
        text: "down".into(),
        code: None,
        status: None,
        without_verdict: false,
        subject: None,
    };
    let throttle = Some(Throttle {
        until: at(0).unix,
        failures: 1,
        credential: None,
        cause,
        since: at(0).unix,
        witnesses: crate::Witnesses::default(),
    });
    let paused = |record: Record| Record { throttle: throttle.clone(), ..record };
    let (lease, step) =
        give_up(load(begin(Toy::rotating(Replay::Never)), loaded(1, paused(record(1, 1, "r")))));
    let (_, step) = save(step, Ok(Swap::Conflict));
    let (cleared, _) =
        save(load(step, loaded(2, paused(stored_lease(lease)))), Ok(Swap::Done(Version::new(3))));
    assert_eq!((cleared.record.lease, cleared.record.throttle), (None, throttle));
}

#[test]
fn a_store_that_refuses_to_withdraw_the_lease_is_looked_at_again_soon() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("no permit") };
    let job = permit.job(Toy::rotating(Replay::Never).arc()).stored_by(attempt(1, 1).owner, SharedBy::Host);
    let step = load(Renewal::begin(job, at(0)), loaded(1, record(1, 1, "r")));
    let refused = || Err(StoreError::refused("not permitted").maybe_applied());
    let (_, step) = save(step, refused());
    let (_, step) = save(step, refused());
    let Step::Done(outcome, None) = step else { panic!("a retry is of no use: {step:?}") };
    let _ = life.complete(permit, outcome, at(0));
    assert_eq!(life.quiet_until(), at(1).instant);
}
