//! Notifications, renewals and the published token under each schedule of a few threads: `cargo xtask interleavings`.
//!
//! Memory is sequentially consistent here: these tests do not show that the orderings of the atomics suffice.
#![cfg(wellspring_shuttle)]

#[path = "support/schedules.rs"]
mod schedules;

use core::task::Waker;
use core::time::Duration;
use std::sync::Arc;

use schedules::{every, many, waker};
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use shuttle::thread;
use wellspring_core::{AccessToken, Acquire, Instant, Need, Patience, Policy, TokenResponse};
use wellspring_transport::{Action, Clock, InFlight, ManualClock, Notify, Scripted, SharedLifecycle};

/// Listens, then looks, then parks.
fn wait<T>(notify: &Notify, mut ready: impl FnMut() -> Option<T>) -> T {
    let (waker, listener) = (waker(), notify.listener());
    loop {
        listener.listen(&waker);
        if let Some(answer) = ready() {
            return answer;
        }
        thread::park();
    }
}

fn ask(shared: &Arc<SharedLifecycle>) -> Action {
    shared.ask(Acquire::new(Need::Fresh, Patience::OneRenewal, Instant::NEVER), Ok(()))
}

fn shared(clock: Clock) -> Arc<SharedLifecycle> {
    SharedLifecycle::new(Scripted::new([]), Policy::default(), 7, clock, None)
}

fn empty() -> (ManualClock, Arc<SharedLifecycle>) {
    let clock = Clock::manual(1_000);
    (clock.clone(), shared(clock.into()))
}

fn response(token: &str) -> TokenResponse {
    TokenResponse::new(AccessToken::new(token)).with_lifetime(Duration::from_secs(3_600))
}

/// A lifecycle with a token that is due for renewal.
fn due() -> (ManualClock, Arc<SharedLifecycle>) {
    let (clock, shared) = empty();
    shared.adopt(response("due")).unwrap();
    clock.advance(Duration::from_secs(3_400));
    assert!(shared.fresh().is_none() && shared.in_force().is_some());
    (clock, shared)
}

#[test]
fn a_caller_that_listens_before_it_looks_is_woken() {
    every(|| {
        let (notify, changed) = (Arc::new(Notify::default()), Arc::new(AtomicBool::new(false)));
        let notifier = {
            let (notify, changed) = (Arc::clone(&notify), Arc::clone(&changed));
            thread::spawn(move || {
                changed.store(true, Ordering::SeqCst);
                notify.notify();
            })
        };
        wait(&notify, || changed.load(Ordering::SeqCst).then_some(()));
        notifier.join().unwrap();
        assert_eq!(notify.waiting(), 0);
    });
}

#[test]
fn a_listener_that_is_dropped_during_a_notification_costs_no_other_listener_its_wake_up() {
    many(3_000, || {
        let (notify, changed) = (Arc::new(Notify::default()), Arc::new(AtomicBool::new(false)));
        let leaving = {
            let notify = Arc::clone(&notify);
            thread::spawn(move || {
                let listener = notify.listener();
                listener.listen(Waker::noop());
            })
        };
        let waiters = [(); 2].map(|()| {
            let (notify, changed) = (Arc::clone(&notify), Arc::clone(&changed));
            thread::spawn(move || wait(&notify, || changed.load(Ordering::SeqCst).then_some(())))
        });
        changed.store(true, Ordering::SeqCst);
        notify.notify();
        leaving.join().unwrap();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(notify.waiting(), 0);
    });
}

#[test]
fn every_caller_that_waits_for_a_renewal_gets_its_result() {
    many(3_000, || {
        let (_, shared) = empty();
        let finished = |in_flight: &InFlight| in_flight.result();
        let Action::Start(renewal, _) = ask(&shared) else { panic!("no renewal starts") };
        let waiters = [(); 3].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || match ask(&shared) {
                Action::Wait(in_flight, _) => wait(&shared.changes(), || finished(&in_flight)).unwrap_err(),
                // The renewal has ended before this caller asked.
                Action::Done(Err(error)) => error,
                other => panic!("{other:?}"),
            })
        });
        drop(renewal);
        for waiter in waiters {
            assert!(waiter.join().unwrap().is_transient());
        }
    });
}

#[test]
fn no_reader_is_lent_an_older_token_than_one_whose_writer_has_returned() {
    const TOKENS: [&str; 2] = ["one", "two"];
    every(|| {
        // The machine's clock takes no lock, so that the schedules can be counted.
        let shared = shared(Clock::system());
        let returned = Arc::new(AtomicUsize::new(0));
        let writer = {
            let (shared, returned) = (Arc::clone(&shared), Arc::clone(&returned));
            thread::spawn(move || {
                for (n, token) in TOKENS.iter().enumerate() {
                    shared.adopt(response(token)).unwrap();
                    returned.store(n + 1, Ordering::SeqCst);
                }
            })
        };
        let before = returned.load(Ordering::SeqCst);
        let place = |token: &str| TOKENS.iter().position(|known| *known == token).unwrap() + 1;
        let lent = shared.fresh().map_or(0, |token| place(token.expose()));
        assert!(lent >= before, "lent {lent} after {before}");
        writer.join().unwrap();
        assert_eq!(shared.fresh().unwrap().expose(), "two");
    });
}

#[test]
fn after_two_writers_at_once_the_published_token_is_the_one_that_the_lifecycle_holds() {
    many(3_000, || {
        let (_, shared) = empty();
        let writers = ["one", "two"].map(|token| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.adopt(response(token)).unwrap().generation())
        });
        let newest = writers.map(|writer| writer.join().unwrap()).into_iter().max().unwrap();
        assert_eq!(shared.fresh().unwrap().generation(), newest);
    });
}

#[test]
fn a_refused_token_is_lent_to_no_reader_once_its_refusal_has_returned() {
    many(3_000, || {
        let (clock, shared) = empty();
        let refused = shared.adopt(response("one")).unwrap().generation();
        clock.advance(Duration::from_secs(600));
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || drop(ask(&shared)))
        };
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.adopt(response("two")).unwrap())
        };
        let _ = shared.reject(refused);
        let lent = || shared.fresh().or_else(|| shared.in_force()).map(|token| token.generation());
        assert!(lent().is_none_or(|generation| generation > refused));
        other.join().unwrap();
        writer.join().unwrap();
        assert!(lent().unwrap() > refused);
    });
}

#[test]
fn a_renewal_that_ended_keeps_no_reader_from_starting_the_next() {
    many(3_000, || {
        let (clock, shared) = due();
        let askers = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            // The caller that gets the permit gives it up at once.
            thread::spawn(move || drop(ask(&shared)))
        });
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.try_ask_at_once(Ok(())).is_some())
        };
        for asker in askers {
            asker.join().unwrap();
        }
        reader.join().unwrap();
        // During the pause after the failure readers need not ask; once it has ended they ask.
        assert!(shared.fresh().is_some());
        clock.advance(Duration::from_secs(100));
        assert!(shared.fresh().is_none());
        assert!(matches!(ask(&shared), Action::StartBeside(..)));
    });
}

#[test]
fn a_clock_that_moves_while_a_token_is_published_makes_it_end_no_later() {
    many(3_000, || {
        let (clock, shared) = empty();
        let mover = {
            let clock = clock.clone();
            thread::spawn(move || {
                clock.advance(Duration::from_secs(3_600));
                // The user sets the wall clock back: only the monotonic clock knows how much time has passed.
                clock.step_wall_back(Duration::from_secs(3_600));
            })
        };
        let token = shared.adopt(response("one")).unwrap();
        mover.join().unwrap();
        let lent = shared.fresh().or_else(|| shared.in_force()).is_some();
        assert!(!(lent && clock.now().reached(token.expires().unwrap())));
    });
}
