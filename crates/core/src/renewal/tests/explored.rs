//! What walking through every interleaving has found, each as one short story.

use std::boxed::Box;

use super::*;
use crate::{Attempt, Claim, Grant, Granted, Owner, Spend, StoreError, Stored, Swap, UnixTime, Version};

const fn owner(process: u32) -> Owner {
    Owner { machine: 1, boot: 1, process, source: process as u64 }
}

const fn attempt(process: u32, number: u64) -> Attempt {
    Attempt { owner: owner(process), number }
}

fn record(epoch: u64, generation: u64, refresh: &str) -> Record {
    let response = granted(&std::format!("over 60 {refresh}"));
    let granted = Granted::new(UnixTime::from_secs(900_000), response);
    Record::new(Epoch::new(epoch), Generation::new(generation), Grant::Granted(granted))
}

fn claimed(mut record: Record, attempt: Attempt) -> Record {
    let until = at(30).unix;
    record.claim = Some(Claim { attempt, first_sent: None, until, span: s(40), replays: 0 });
    record
}

fn loaded(version: u128, record: Record) -> Result<Loaded, StoreError> {
    Ok(Loaded { stored: Some(Stored { version: Version::new(version), record }), spilled: None })
}

fn load(step: Step, with: Result<Loaded, StoreError>) -> Step {
    match step {
        Step::Load(_, loading) => loading.resume(with, at(0)),
        Step::Sleep(_, sleeping) => load(sleeping.resume(at(0)), with),
        other => panic!("nothing is loaded: {other:?}"),
    }
}

fn save(step: Step, with: Result<Swap, StoreError>) -> (Box<SaveRequest>, Step) {
    match step {
        Step::Save(request, saving) => (request, saving.resume(with, at(0))),
        other => panic!("nothing is saved: {other:?}"),
    }
}

fn maybe() -> Result<Swap, StoreError> {
    Err(StoreError::unavailable("no answer").maybe_applied())
}

fn begin(toy: Toy) -> Step {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!("nobody renews") };
    Renewal::begin(permit.errand(toy.arc()).stored_by(owner(1)), at(0))
}

#[test]
fn a_claim_that_was_cleared_says_nothing_of_the_grant_any_more() {
    let step =
        load(begin(Toy::rotating(Replay::Never)), loaded(2, claimed(record(1, 1, "r"), attempt(2, 1))));
    let Step::Watch(_, _, watching) = step else { panic!("another's claim is not watched: {step:?}") };
    let step = load(watching.resume(Ok(Sighting::Changed), at(0)), loaded(3, record(1, 1, "r")));
    let (request, _) = save(step, Ok(Swap::Conflict));
    assert_eq!(request.record.claim.unwrap().first_sent, None);
}

#[test]
fn an_own_claim_may_still_have_something_to_store() {
    let step =
        load(begin(Toy::rotating(Replay::OwnerDead)), loaded(2, claimed(record(1, 1, "r"), attempt(1, 7))));
    let Step::Watch(_, _, watching) = step else { panic!("the own claim is passed over: {step:?}") };
    let step = watching.resume(Ok(Sighting::OwnerGone), at(0));
    let (request, _) =
        save(load(step, loaded(2, claimed(record(1, 1, "r"), attempt(1, 7)))), Ok(Swap::Conflict));
    assert!(request.record.claim.unwrap().first_sent.is_some());
}

#[test]
fn a_sign_in_that_may_have_been_saved_does_not_replace_what_came_of_it() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let spend = Spend::Code { code: AuthorizationCode::new("code"), redirect_uri: "".into(), verifier: None };
    let errand = life.sign_in(Toy::rotating(Replay::Never).arc(), spend);
    let step = load(Renewal::begin(errand.stored_by(owner(1)), at(0)), loaded(1, record(1, 1, "old")));
    let Step::Send(_, sent) = step else { panic!("the code is not sent: {step:?}") };
    let (request, step) = save(sent.resume(answer(200, "a 60 mine"), at(0)), maybe());
    let place = request.record.place();
    let step = load(step, loaded(3, record(place.0.value(), place.1.value() + 1, "renewed from mine")));
    let Step::Done(Outcome::Adopted(record), None) = step else { panic!("it is not taken over: {step:?}") };
    assert!(record.place() > place);
}

#[test]
fn a_logout_that_may_have_been_saved_does_not_end_a_session_that_began_after_it() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let errand = life.sign_out(Toy::rotating(Replay::Never).arc());
    let step = load(Renewal::begin(errand.stored_by(owner(1)), at(0)), loaded(1, record(1, 1, "old")));
    let (request, step) = save(step, maybe());
    let place = request.record.place();
    let step = load(step, loaded(3, record(place.0.value() + 1, place.1.value() + 1, "new")));
    assert!(matches!(step, Step::Done(Outcome::SignedOut(..), None)), "{step:?}");
}
