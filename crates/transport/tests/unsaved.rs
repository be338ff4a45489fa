//! Tokens that the store does not take: no renewal starts meanwhile, and the save continues.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

#[path = "support/mod.rs"]
mod support;

use core::time::Duration;
use std::sync::Arc;

use support::{Moody, Toy};
use wellspring_core::{
    Acquire, Answer, AuthorizationCode, AuthorizationGrant, ErrorKind, HttpResponse, Instant, Need, Outcome,
    Patience, Pending, Policy, ResponseHead, Step, StoreOp,
};
use wellspring_transport::{
    Action, ActiveRenewal, AnyStore, Clock, ManualClock, SaveGuard, SharedLifecycle, Storage,
};

fn shared(store: &Moody, clock: &ManualClock) -> Arc<SharedLifecycle> {
    let toy = Arc::new(Toy::at("http://127.0.0.1:9").without_credentials());
    let storage = Storage::new(AnyStore::Blocking(Arc::new(store.clone())), 7);
    SharedLifecycle::new(toy, Policy::default(), 7, Clock::from(clock), Some(storage))
}

/// Carries steps out until it is over or would pause for the time after this many pauses.
fn run(active: &mut ActiveRenewal, first: Step, clock: &ManualClock, pauses: u32) -> Step {
    let (mut step, mut left) = (first, pauses);
    loop {
        active.enter(&step);
        step = match step {
            Step::Load(load) => operate(active, load),
            Step::Save(save) => operate(active, save),
            Step::Spill(spill) => operate(active, spill),
            Step::Forget(forget) => operate(active, forget),
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

fn operate<O: StoreOp>(active: &ActiveRenewal, pending: Pending<O>) -> Step {
    let Pending { operation, next, .. } = pending;
    let reply = active.run(&Arc::new(operation), Duration::from_secs(1))();
    active.leave::<O>(next, reply)
}

/// A sign-in whose token neither the store nor the place for spills takes.
fn unstored(store: &Moody, clock: &ManualClock) -> (Arc<SharedLifecycle>, SaveGuard) {
    let shared = shared(store, clock);
    store.set(|moods| &moods.refuses_tokens, true);
    store.set(|moods| &moods.refuses_spills, true);
    let code = AuthorizationCode::new("code");
    let spend = AuthorizationGrant::AuthorizationCode { code, redirect_uri: String::new(), verifier: None };
    let (mut renewal, first) = shared.sign_in(spend).unwrap().begin();
    let Step::Done(outcome, unfinished) = run(&mut renewal.active, first, clock, u32::MAX) else { panic!() };
    assert_eq!(outcome.error().unwrap().kind(), ErrorKind::Store);
    let save_guard = renewal.finish(outcome, unfinished).unwrap();
    (shared, save_guard)
}

fn ask(shared: &Arc<SharedLifecycle>) -> Action {
    shared.ask(Acquire::new(Need::Fresh, Patience::UntilDeadline, Instant::NEVER), Ok(()))
}

#[test]
fn while_a_token_is_in_memory_only_no_renewal_starts_and_nothing_is_waked_to_try() {
    let (store, clock) = (Moody::new(), Clock::manual(1_800_000_000));
    let (shared, save) = unstored(&store, &clock);
    clock.advance(Duration::from_secs(100));
    assert!(matches!(ask(&shared), Action::Sleep(..)));
    let (renewal, answer) = shared.ask_at_once(Ok(()));
    assert!(renewal.is_none());
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(shared.next_wake(), None, "a driver that keeps it warm would ask for ever");
    store.set(|moods| &moods.refuses_tokens, false);
    let (mut save, first) = save.begin();
    let Step::Done(outcome, None) = run(&mut save.active, first, &clock, 9) else { panic!() };
    assert!(matches!(outcome, Outcome::Adopted(_)));
    save.finish(outcome);
    assert!(matches!(ask(&shared), Action::Done(Ok(token)) if token.expose() == "one"));
    assert!(shared.next_wake().is_some());
}

#[test]
fn a_save_that_is_set_aside_is_taken_up_once_and_spilled_when_no_caller_goes_on_with_it() {
    let (store, clock) = (Moody::new(), Clock::manual(1_800_000_000));
    let (shared, save) = unstored(&store, &clock);
    let (mut save, first) = save.begin();
    let Step::Sleep(_, next) = run(&mut save.active, first, &clock, 1) else { panic!("tried once") };
    save.set_aside(next.resume(clock.now()));
    assert!(shared.has_set_aside());
    store.set(|moods| &moods.refuses_spills, false);
    let again = shared.take_up().unwrap();
    assert!(shared.take_up().is_none());
    drop(again);
    assert_eq!(store.spilled(), 1, "the caller that took it up did not continue with it");

    let store = Moody::new();
    let (shared, save) = unstored(&store, &clock);
    let (mut save, first) = save.begin();
    let Step::Sleep(_, next) = run(&mut save.active, first, &clock, 1) else { panic!("tried once") };
    save.set_aside(next.resume(clock.now()));
    store.set(|moods| &moods.refuses_spills, false);
    drop(shared);
    assert_eq!(store.spilled(), 1, "no caller took it up");
}
