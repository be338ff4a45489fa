use super::*;
use wellspring_core::{AccessToken, Acquire, Need, Patience};

use crate::ask::Action;
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
    assert!(shared.state.is_poisoned());
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
