//! Mistakes that the explorer has found, each as one short sequence.

use super::*;
use crate::lease::{Lease, Owner};
use crate::liveness::LockDomain;
use crate::record::{Granted, SessionState};
use crate::store::SharedBy;
use crate::time::UnixTime;

const fn owner(process: u32) -> Owner {
    Owner { machine: 1, boot: 1, process, source: process as u64 }
}

pub(super) const fn attempt(process: u32, number: u64) -> Attempt {
    Attempt { owner: owner(process), number }
}

pub(super) fn record(epoch: u64, generation: u64, refresh: &str) -> Record {
    let response = granted(&std::format!("over 60 {refresh}"));
    let granted = Granted::new(UnixTime::from_secs(900_000), response);
    Record::new(Epoch::new(epoch), Generation::new(generation), SessionState::Active(granted))
}

pub(super) fn leased(mut record: Record, attempt: Attempt) -> Record {
    let until = at(30).unix;
    let (domain, first_sent) = (LockDomain::new(1), None);
    record.lease = Some(Lease { attempt, domain, first_sent, until, span: s(40), replays: 0 });
    record
}

pub(super) fn loaded(version: u128, record: Record) -> Result<Loaded, StoreError> {
    Ok(Loaded { stored: Some(Stored { version: Version::new(version), record }), ..Loaded::default() })
}

pub(super) fn load(step: Step, with: Result<Loaded, StoreError>) -> Step {
    match step {
        Step::Load(pending) => pending.resume(with, at(0)),
        Step::Sleep(_, sleeping) => load(sleeping.resume(at(0)), with),
        other => panic!("nothing is loaded: {other:?}"),
    }
}

/// What is saved, until when, and the step after it.
pub(super) fn save(step: Step, with: Result<Swap, StoreError>) -> (Save, Step) {
    match step {
        Step::Save(Pending { operation, next, .. }) => (operation, Save::resume(next, with, at(0))),
        other => panic!("nothing is saved: {other:?}"),
    }
}

pub(super) fn maybe() -> Result<Swap, StoreError> {
    Err(StoreError::unavailable("no answer").maybe_applied())
}

pub(super) fn begin(toy: Toy) -> Step {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("no permit") };
    Renewal::begin(permit.job(toy.arc()).stored_by(owner(1), SharedBy::Fleet), at(0))
}

#[test]
fn a_cleared_lease_no_longer_marks_the_grant_as_sent() {
    let step = load(begin(Toy::rotating(Replay::Never)), loaded(2, leased(record(1, 1, "r"), attempt(2, 1))));
    let Step::Watch(watch) = step else { panic!("another's lease is not watched: {step:?}") };
    let step = load(watch.resume(Ok(WatchOutcome::Changed), at(0)), loaded(3, record(1, 1, "r")));
    let (request, _) = save(step, Ok(Swap::Conflict));
    assert_eq!(request.record.lease.unwrap().first_sent, None);
}

#[test]
fn a_lease_of_the_same_source_is_watched_because_its_token_may_not_be_saved_yet() {
    let step =
        load(begin(Toy::rotating(Replay::OwnerDead)), loaded(2, leased(record(1, 1, "r"), attempt(1, 7))));
    let Step::Watch(watch) = step else { panic!("the own lease is passed over: {step:?}") };
    let step = watch.resume(Ok(WatchOutcome::OwnerGone), at(0));
    let (request, _) =
        save(load(step, loaded(2, leased(record(1, 1, "r"), attempt(1, 7)))), Ok(Swap::Conflict));
    assert!(request.record.lease.unwrap().first_sent.is_some());
}

#[test]
fn a_sign_in_that_may_be_saved_does_not_replace_what_was_renewed_from_it() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let grant = AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code"),
        redirect_uri: "".into(),
        verifier: None,
    };
    let job = life.sign_in(Toy::rotating(Replay::Never).arc(), grant);
    let step = load(
        Renewal::begin(job.unwrap().stored_by(owner(1), SharedBy::Fleet), at(0)),
        loaded(1, record(1, 1, "old")),
    );
    let Step::Send(_, sent) = step else { panic!("the code is not sent: {step:?}") };
    let (request, step) = save(sent.resume(answer(200, "a 60 ours"), at(0)), maybe());
    let place = request.record.place();
    let step = load(step, loaded(3, record(place.0.value(), place.1.value() + 1, "renewed from ours")));
    let Step::Done(Outcome::Adopted(record), None) = step else { panic!("it is not taken over: {step:?}") };
    assert!(record.place() > place);
}

#[test]
fn a_sign_in_that_may_be_saved_is_saved_after_a_logout_of_its_own_epoch() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let grant = AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code"),
        redirect_uri: "".into(),
        verifier: None,
    };
    let job = life.sign_in(Toy::rotating(Replay::Never).arc(), grant);
    let step = load(
        Renewal::begin(job.unwrap().stored_by(owner(1), SharedBy::Fleet), at(0)),
        loaded(1, record(1, 1, "old")),
    );
    let Step::Send(_, sent) = step else { panic!("the code is not sent: {step:?}") };
    let (request, step) = save(sent.resume(answer(200, "a 60 ours"), at(0)), maybe());
    let place = request.record.place();
    let step = load(step, loaded(2, Record::new(place.0, place.1, SessionState::LoggedOut)));
    let (request, _) = save(step, Ok(Swap::Conflict));
    assert_eq!(request.expected, Some(Version::new(2)));
    assert!(request.record.place() > place);
}

#[test]
fn a_logout_that_may_be_saved_does_not_end_a_session_that_began_after_it() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let job = life.sign_out(Toy::rotating(Replay::Never).arc());
    let step = load(
        Renewal::begin(job.unwrap().stored_by(owner(1), SharedBy::Fleet), at(0)),
        loaded(1, record(1, 1, "old")),
    );
    let (request, step) = save(step, maybe());
    let place = request.record.place();
    let step = load(step, loaded(3, record(place.0.value() + 1, place.1.value() + 1, "new")));
    assert!(matches!(step, Step::Done(Outcome::SignedOut(..), None)), "{step:?}");
}

#[test]
fn a_token_obtained_without_the_store_does_not_stop_later_ones_from_being_saved() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let stored = || loaded(1, Record::new(Epoch::new(1), Generation::new(1), SessionState::Empty));
    let without_store = || Err(StoreError::unavailable("no answer"));
    let begin = |life: &mut Lifecycle, need| {
        let Decision::Refresh(permit) = life.acquire(need, at(0)) else { panic!("no permit") };
        let job = permit.job(Toy::with_credentials().arc()).stored_by(owner(1), SharedBy::Fleet);
        (permit, Renewal::begin(job, at(0)))
    };
    let (permit, step) = begin(&mut life, Need::Fresh);
    let Step::Send(_, sent) = load(step, without_store()) else { panic!("the store is waited for") };
    let Step::Done(outcome, None) = sent.resume(answer(200, "unstored 60"), at(0)) else {
        panic!("it is stored")
    };
    let Completed::Renewed(token) = life.complete(permit, outcome, at(0)) else { panic!("no token") };

    let (permit, step) = begin(&mut life, Need::Newer(token.generation()));
    let (_, step) = save(load(step, stored()), Ok(Swap::Done(Version::new(2))));
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    let (request, step) = save(sent.resume(answer(200, "stored 60"), at(0)), maybe());
    assert!(request.record.generation > token.generation());
    let (_, step) = save(load(step, stored()), Ok(Swap::Done(Version::new(3))));
    let Step::Done(outcome, None) = step else { panic!("{step:?}") };
    assert!(matches!(life.complete(permit, outcome, at(0)), Completed::Renewed(_)));
}

#[test]
fn a_refresh_token_that_was_not_sent_is_not_marked_as_refused() {
    let toy = || Toy::rotating(Replay::OwnerDead).with_credentials_too();
    let stored = || loaded(2, leased(record(1, 1, "r"), attempt(2, 1)));
    let Step::Watch(watch) = load(begin(toy()), stored()) else { panic!("it is not watched") };
    let until = watch.deadline;
    let late = Clocks { instant: until, ..at(0) };
    let Step::Load(load) = watch.resume(Ok(WatchOutcome::Unchanged), late) else { panic!("no look") };
    let (_, step) = save(load.resume(stored(), late), Ok(Swap::Done(Version::new(3))));
    let Step::Send(sending, sent) = step else { panic!("{step:?}") };
    assert_eq!(sending.request.expose_body(), b"credentials");
    let (request, _) = save(sent.resume(answer(403, ""), late), Ok(Swap::Conflict));
    assert_eq!(request.record.dead, None);
}

#[test]
fn a_failed_renewal_does_not_count_the_token_it_has_seen_as_held() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("no permit") };
    let step = Renewal::begin(
        permit.job(Toy::rotating(Replay::Never).arc()).stored_by(owner(1), SharedBy::Fleet),
        at(0),
    );
    let step = load(step, loaded(2, leased(record(1, 1, "r"), attempt(2, 1))));
    let Step::Watch(watch) = step else { panic!("{step:?}") };
    let until = watch.deadline;
    let late = Clocks { instant: until, ..at(0) };
    let error = || StoreError::unavailable("no answer");
    let Step::Done(outcome, None) = watch.resume(Err(error()), late) else { panic!("it is tried again") };
    let _ = life.complete(permit, outcome, late);
    let mut fresh = record(1, 1, "r");
    let SessionState::Active(held) = &mut fresh.state else { unreachable!() };
    held.obtained_at = late.unix;
    assert!(life.adopt(&fresh, late).is_some());
}

#[test]
fn a_grant_that_was_sent_does_not_count_as_unsent_when_the_lease_to_repeat_it_fails() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let toy = || Toy::rotating(Replay::Within(s(30))).arc();
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("no permit") };
    let step = Renewal::begin(permit.job(toy()).stored_by(owner(1), SharedBy::Fleet), at(0));
    let (first, step) = save(load(step, loaded(1, record(1, 1, "r"))), Ok(Swap::Done(Version::new(2))));
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    let Step::Save(saving) = sent.resume(lost(), at(0)) else { panic!("it is not sent again") };
    let late = Clocks { instant: saving.deadline, ..at(0) };
    let Step::Done(outcome, None) = saving.resume(maybe(), late) else { panic!("there is time left") };
    let _ = life.complete(permit, outcome, late);

    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(60)) else { panic!("no permit") };
    let step = Renewal::begin(permit.job(toy()).stored_by(owner(1), SharedBy::Fleet), at(60));
    let first = first.record_under(LockDomain::new(1)).into_owned();
    let step = load(step, loaded(2, first.clone()));
    let Step::Watch(watch) = step else { panic!("it counts as never sent: {step:?}") };
    let Step::Load(load) = watch.resume(Ok(WatchOutcome::OwnerGone), at(60)) else { panic!("no look") };
    let Step::Done(outcome, None) = load.resume(loaded(2, first), at(60)) else { panic!("sent") };
    let Completed::Failed(error) = life.complete(permit, outcome, at(60)) else { panic!("a token") };
    assert_eq!(reason(&Err(error)), Some(LoginReason::Ambiguous));
}

#[test]
fn credentials_do_not_wait_for_a_store_that_fails_while_a_lease_is_watched() {
    let stored = Record::new(Epoch::new(1), Generation::new(1), SessionState::Empty);
    let step = load(begin(Toy::with_credentials()), loaded(2, leased(stored, attempt(2, 1))));
    let Step::Watch(watch) = step else { panic!("{step:?}") };
    let step = watch.resume(Err(StoreError::unavailable("no answer")), at(0));
    assert!(matches!(step, Step::Send(..)), "{step:?}");
}

/// A renewal whose save may have succeeded.
fn obtained(toy: Toy) -> Step {
    let (_, step) = save(load(begin(toy), loaded(1, record(1, 1, "r"))), Ok(Swap::Done(Version::new(2))));
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    save(sent.resume(answer(200, "a 60 next"), at(0)), maybe()).1
}

#[test]
fn a_token_of_a_session_is_not_saved_over_a_new_record_without_a_session() {
    let toy = || Toy::rotating(Replay::OwnerDead).with_credentials_too();
    let begun_anew = Record::new(Epoch::new(1), Generation::new(1), SessionState::Empty);
    let step = load(obtained(toy()), loaded(7, leased(begun_anew, attempt(2, 1))));
    let Step::Done(Outcome::Failed(failure), None) = step else { panic!("it is saved: {step:?}") };
    assert_eq!(reason(&Err(failure.error)), Some(LoginReason::StoreLost));
}

#[test]
fn a_token_of_credentials_is_saved_after_a_new_record_in_an_emptied_store() {
    let stored = Record::new(Epoch::new(1), Generation::new(1), SessionState::Empty);
    let (_, step) =
        save(load(begin(Toy::with_credentials()), loaded(1, stored)), Ok(Swap::Done(Version::new(2))));
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    let (request, step) = save(sent.resume(answer(200, "a 60"), at(0)), Ok(Swap::Conflict));
    let begun = Record::new(Epoch::new(900), Generation::new(900), SessionState::Empty);
    let place = begun.place();
    let (again, _) = save(load(step, loaded(7, leased(begun, attempt(2, 1)))), Ok(Swap::Conflict));
    assert!(request.record.place() < place && again.record.place() > place);
}

#[test]
fn an_unsent_lease_that_replaced_another_does_not_make_the_earlier_sender_unsent() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let toy = || Toy::rotating(Replay::OwnerDead).arc();
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("no permit") };
    let step = load(
        Renewal::begin(permit.job(toy()).stored_by(owner(1), SharedBy::Fleet), at(0)),
        loaded(1, record(1, 1, "r")),
    );
    let Step::Save(saving) = step else { panic!("{step:?}") };
    let mut ours = saving.operation.record.clone();
    let late = Clocks { instant: saving.deadline, ..at(0) };
    let Step::Save(saving) = saving.resume(maybe(), late) else { panic!("it is not withdrawn") };
    let late = Clocks { instant: saving.deadline, ..at(0) };
    let Step::Done(outcome, None) = saving.resume(maybe(), late) else { panic!("there is time left") };
    let _ = life.complete(permit, outcome, late);

    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(60)) else { panic!("no permit") };
    let step = Renewal::begin(permit.job(toy()).stored_by(owner(1), SharedBy::Fleet), at(60));
    ours.lease.as_mut().unwrap().first_sent = Some(at(0).unix);
    let step = load(step, loaded(2, ours));
    assert!(matches!(step, Step::Watch(..)), "the first sender may be alive: {step:?}");
}

#[test]
fn a_new_record_in_an_emptied_store_comes_after_all_that_the_store_has_held() {
    let step = load(begin(Toy::with_credentials()), Ok(Loaded::default()));
    let (request, _) = save(step, Ok(Swap::Conflict));
    assert_eq!(request.record.epoch, Epoch::new(1_000_000_000));
}
