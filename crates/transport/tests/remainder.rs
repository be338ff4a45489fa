//! What the store will not take: who may renew meanwhile, and who goes on with it.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

#[path = "support/mod.rs"]
mod support;

use core::time::Duration;
use std::sync::Arc;

use support::{Moody, Toy};
use wellspring_core::{
    Answer, AuthorizationCode, AuthorizationGrant, ErrorKind, HttpResponse, Need, Outcome, Pending, Policy,
    ResponseHead, Step, StoreOp,
};
use wellspring_transport::{Action, ActiveRenewal, Clock, ManualClock, SaveGuard, SharedLifecycle, Storage};

fn shared(store: &Moody, clock: &ManualClock) -> Arc<SharedLifecycle> {
    let toy = Arc::new(Toy::at("http://127.0.0.1:9").without_credentials());
    let storage = Storage::new(Arc::new(store.clone()), 7);
    SharedLifecycle::new(toy, Policy::default(), 7, Clock::from(clock), Some(storage))
}

/// Carries steps out until it is over or would pause for the time after this many pauses.
fn run(course: &mut ActiveRenewal, first: Step, clock: &ManualClock, pauses: u32) -> Step {
    let (mut step, mut left) = (first, pauses);
    loop {
        course.enter(&step);
        step = match step {
            Step::Load(load) => operate(course, load),
            Step::Save(save) => operate(course, save),
            Step::Spill(spill) => operate(course, spill),
            Step::Forget(forget) => operate(course, forget),
            Step::Send(_, sent) => {
                let body = r#"{"access_token":"one","expires_in":3600,"refresh_token":"r"}"#;
                sent.resume(Answer::Response(HttpResponse::new(ResponseHead::new(200), body)), clock.now())
            }
            Step::Sleep(until, next) if left > 0 => {
                left -= 1;
                clock.advance(until.since(clock.now().instant));
                next.resume(clock.now())
            }
            over => return over,
        };
    }
}

fn operate<O: StoreOp>(course: &ActiveRenewal, pending: Pending<O>) -> Step {
    let Pending { operation, next, .. } = pending;
    let reply = course.run(&Arc::new(operation), Duration::from_secs(1))();
    course.leave::<O>(next, reply)
}

/// A sign-in whose token neither the store nor the place for spills takes.
fn unstored(store: &Moody, clock: &ManualClock) -> (Arc<SharedLifecycle>, SaveGuard) {
    let shared = shared(store, clock);
    store.set(|moods| &moods.refuses_tokens, true);
    store.set(|moods| &moods.refuses_spills, true);
    let code = AuthorizationCode::new("code");
    let spend = AuthorizationGrant::AuthorizationCode { code, redirect_uri: String::new(), verifier: None };
    let mut renewal = shared.sign_in(spend).unwrap();
    let first = renewal.begin();
    let Step::Done(outcome, unfinished) = run(&mut renewal.course, first, clock, u32::MAX) else { panic!() };
    assert_eq!(outcome.error().unwrap().kind(), ErrorKind::Store);
    let save_guard = renewal.finish(outcome, unfinished).unwrap();
    (shared, save_guard)
}

#[test]
fn while_a_token_is_in_memory_alone_nobody_may_renew_and_nobody_is_woken_to_try() {
    let (store, clock) = (Moody::new(), Clock::manual(1_800_000_000));
    let (shared, mut save_guard) = unstored(&store, &clock);
    clock.advance(Duration::from_secs(100));
    assert!(
        matches!(shared.ask(Need::Fresh), Action::Fail(error, Some(_)) if error.kind() == ErrorKind::Store)
    );
    assert_eq!(shared.next_wake(), None, "whoever keeps it warm would ask for ever");
    store.set(|moods| &moods.refuses_tokens, false);
    let first = save_guard.begin();
    let Step::Done(outcome, None) = run(&mut save_guard.course, first, &clock, 9) else { panic!() };
    assert!(matches!(outcome, Outcome::Adopted(_)));
    save_guard.finish(outcome);
    assert!(matches!(shared.ask(Need::Fresh), Action::Use(token) if token.expose() == "one"));
    assert!(shared.next_wake().is_some());
}

#[test]
fn what_is_laid_aside_is_taken_up_once_and_spilled_when_nobody_does() {
    let (store, clock) = (Moody::new(), Clock::manual(1_800_000_000));
    let (shared, mut save_guard) = unstored(&store, &clock);
    let first = save_guard.begin();
    let Step::Sleep(_, next) = run(&mut save_guard.course, first, &clock, 1) else { panic!("tried once") };
    save_guard.lay_aside(next.resume(clock.now()));
    assert!(shared.has_laid_aside());
    store.set(|moods| &moods.refuses_spills, false);
    let again = shared.take_up().unwrap();
    assert!(shared.take_up().is_none());
    drop(again);
    assert_eq!(store.spilled(), 1, "whoever took it up did not go on with it");

    let store = Moody::new();
    let (shared, mut save_guard) = unstored(&store, &clock);
    let first = save_guard.begin();
    let Step::Sleep(_, next) = run(&mut save_guard.course, first, &clock, 1) else { panic!("tried once") };
    save_guard.lay_aside(next.resume(clock.now()));
    store.set(|moods| &moods.refuses_spills, false);
    drop(shared);
    assert_eq!(store.spilled(), 1, "nobody took it up");
}
