use core::time::Duration;

use super::*;
use wellspring_core::{AccessToken, Acquire, Need, Patience};

use crate::ask::Action;
use crate::clock::ManualClock;
use crate::kind::PoolParts;
use crate::scripted::Scripted;

fn ask(shared: &Arc<SharedLifecycle>) -> Action {
    shared.ask(Acquire::new(Need::Fresh, Patience::OneRenewal, Instant::NEVER), Ok(()))
}

fn shared(clock: impl Into<Clock>) -> Arc<SharedLifecycle> {
    let shared = SharedLifecycle::new(Scripted::new([]), Policy::default(), 7, clock.into(), None);
    let token = TokenResponse::new(AccessToken::new("token"));
    shared.adopt(token.with_lifetime(Duration::from_secs(3_600))).unwrap();
    shared
}

#[test]
fn readers_wait_for_no_writer() {
    let clock = Clock::manual(1_000);
    let shared = shared(&clock);
    let writer = shared.lock();
    assert_eq!(shared.fresh().unwrap().expose(), "token");
    clock.advance(Duration::from_secs(3_400));
    // Due, and the lifecycle cannot be asked now: the token stays in force for a while.
    assert!(shared.fresh().is_none());
    assert!(shared.try_ask_at_once(Ok(())).is_none());
    assert_eq!(shared.in_force().unwrap().expose(), "token");
    drop(writer);
    let Some((Some(renewal), Ok(_))) = shared.try_ask_at_once(Ok(())) else {
        panic!("no renewal starts");
    };
    // A renewal is in flight: asking again changes nothing, and the read needs no lock.
    let _writer = shared.lock();
    assert_eq!(shared.fresh().unwrap().expose(), "token");
    drop(_writer);
    drop(renewal);
}

#[test]
fn a_pause_keeps_an_aging_token_on_the_fast_path_until_the_pause_ends() {
    let clock = Clock::manual(1_000);
    let shared = shared(&clock);
    clock.advance(Duration::from_secs(3_400));
    drop(shared.ask_at_once(Ok(())));
    assert!(shared.fresh().is_some());
    clock.advance(Duration::from_secs(2));
    assert!(shared.fresh().is_none());
}

#[test]
fn an_expired_token_is_never_lent_whichever_clock_says_so() {
    let clock = Clock::manual(100_000);
    let shared = shared(&clock);
    let lent = || shared.fresh().or_else(|| shared.in_force()).is_some();
    assert!(lent());
    clock.step_wall_forward(Duration::from_secs(3_600));
    assert!(!lent());
    clock.step_wall_back(Duration::from_secs(3_600));
    assert!(lent());
    clock.step_wall_back(Duration::from_secs(1));
    assert!(!lent());
    clock.advance(Duration::from_secs(3_600));
    assert!(!lent());
}

#[test]
fn a_poisoned_lock_is_taken_over() {
    let shared = shared(Clock::system());
    let theirs = Arc::clone(&shared);
    let _ = std::thread::spawn(move || {
        let _guard = theirs.lock();
        panic!("poison");
    })
    .join();
    assert!(shared.stage.is_poisoned());
    assert!(matches!(ask(&shared), Action::Done(Ok(_))));
    assert!(matches!(shared.try_ask_at_once(Ok(())), Some((None, Ok(_)))));
}

#[test]
fn a_renewal_that_is_dropped_ends_for_every_caller_that_waits() {
    let shared = SharedLifecycle::new(Scripted::new([]), Policy::default(), 7, Clock::system(), None);
    let Action::Start(renewal, _) = ask(&shared) else { panic!("no renewal starts") };
    let Action::Wait(in_flight, _) = ask(&shared) else { panic!("two renewals start") };
    assert!(in_flight.result().is_none());
    drop(renewal);
    assert!(in_flight.result().unwrap().is_err());
    let patient = Acquire::new(Need::Fresh, Patience::UntilDeadline, Instant::NEVER);
    assert!(matches!(shared.ask(patient, Ok(())), Action::Sleep(..)));
}

/// A user of a pool, with a token.
fn pooled(clock: &ManualClock) -> Arc<SharedLifecycle> {
    let pool = PoolParts::new(Box::new(|_| Scripted::new([])), 1);
    let (provider, policy) = (Scripted::new([]), Policy::default());
    let parts = Parts { policy, store: None, observed: None, pool: Some(Arc::new(pool)) };
    let kind = Kind::of(&*provider, Arc::new(parts));
    let shared = SharedLifecycle::of(kind, "ann", provider, clock.into(), 0, 7);
    let token = TokenResponse::new(AccessToken::new("token"));
    shared.adopt(token.with_lifetime(Duration::from_secs(3_600))).unwrap();
    shared
}

#[test]
fn a_user_at_rest_is_read_without_being_woken_and_decides_as_before() {
    let clock = Clock::manual(1_000);
    let shared = pooled(&clock);
    let generation = shared.fresh().unwrap().generation();
    for cooled in [false, true] {
        shared.rest();
        if cooled {
            assert!(shared.fresh().is_some());
            shared.cool();
        }
        assert!(!shared.is_awake() && shared.in_force().is_some());
        assert_eq!(shared.fresh().unwrap().generation(), generation);
        assert!(!shared.is_awake(), "a read wakes no user");
    }
    clock.advance(Duration::from_secs(3_400));
    assert!(shared.fresh().is_none() && shared.in_force().is_some());
    let (renewal, result) = shared.ask_at_once(Ok(()));
    assert_eq!(result.unwrap().generation(), generation);
    shared.rest();
    assert!(shared.is_awake(), "its renewal has begun");
    drop(renewal);
    shared.rest();
    assert!(shared.is_awake(), "a pause is open");
    assert!(matches!(shared.reject(generation), Rejected::KeepResponse));
}

#[test]
fn a_user_does_not_rest_while_a_caller_waits_and_a_caller_that_waited_sees_a_change() {
    let clock = Clock::manual(1_000);
    let shared = pooled(&clock);
    let changes = shared.changes();
    shared.rest();
    assert!(shared.is_awake(), "a caller may wait there");
    let seen = changes.count();
    drop(changes);
    shared.rest();
    assert!(!shared.is_awake());
    assert_ne!(shared.changes().count(), seen);
}

#[test]
fn a_token_that_has_ended_is_not_lent_to_readers_of_a_user_at_rest() {
    let clock = Clock::manual(1_000);
    let shared = pooled(&clock);
    shared.rest();
    clock.advance(Duration::from_secs(3_600));
    assert!(shared.fresh().is_none() && shared.in_force().is_none());
    shared.cool();
    clock.step_wall_back(Duration::from_secs(3_600));
    assert!(shared.fresh().is_none() && shared.in_force().is_none());
}
