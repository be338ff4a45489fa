use super::*;
use wellspring_core::AccessToken;

use crate::Scripted;

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
    // Due, and nobody can be asked now: the token is good for a while yet.
    assert!(shared.fresh().is_none());
    assert!(shared.try_ask(Need::Fresh).is_none());
    assert_eq!(shared.in_force().unwrap().expose(), "token");
    drop(writer);
    let Some(Action::UseAndRenew(_, renewal)) = shared.try_ask(Need::Fresh) else {
        panic!("nobody renews");
    };
    // A renewal is under way: asking again changes nothing, and no lock is needed to know it.
    let _writer = shared.lock();
    assert_eq!(shared.fresh().unwrap().expose(), "token");
    drop(_writer);
    drop(renewal);
}

#[test]
fn a_pause_keeps_an_aging_token_on_the_fast_path_until_it_is_over() {
    let clock = Clock::manual(1_000);
    let shared = shared(&clock);
    clock.advance(Duration::from_secs(3_400));
    drop(shared.ask(Need::Fresh));
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
    assert!(matches!(shared.ask(Need::Fresh), Action::Use(_)));
    assert!(matches!(shared.try_ask(Need::Fresh), Some(Action::Use(_))));
}

#[test]
fn whoever_drops_a_renewal_tells_those_who_wait_for_it() {
    let shared = SharedLifecycle::new(Scripted::new([]), Policy::default(), 7, Clock::system(), None);
    let Action::Renew(renewal) = shared.ask(Need::Fresh) else { panic!("nobody renews") };
    let Action::Wait(in_flight) = shared.ask(Need::Fresh) else { panic!("two renew") };
    assert!(in_flight.result().is_none());
    drop(renewal);
    assert!(in_flight.result().unwrap().is_err());
    assert!(matches!(shared.ask(Need::Fresh), Action::Fail(_, Some(_))));
}
