//! Waiting threads, and whole sources, under each schedule of a few threads: `cargo xtask interleavings`.
//!
//! A timer that would end a nap does not exist here: a wake-up that is lost is a thread that waits for ever, and
//! that is reported as a deadlock.

#[path = "../../transport/tests/support/schedules.rs"]
mod schedules;

use core::time::Duration;
use std::sync::Arc;

use schedules::{every, many, waker};
use shuttle::sync::atomic::{AtomicBool, Ordering};
use wellspring_core::{AccessToken, Instant, Token, TokenError, TokenResponse};
use wellspring_transport::{Clock, Notify};

use crate::clock::wait;
use crate::{TokenSource, thread};

type Ready<'a> = &'a mut dyn FnMut() -> Option<()>;

/// One waits for what another one changes.
fn one_waits_for_another(waiting: impl Fn(&Notify, Ready<'_>)) {
    let (notify, changed) = (Arc::new(Notify::default()), Arc::new(AtomicBool::new(false)));
    let other = {
        let (notify, changed) = (Arc::clone(&notify), Arc::clone(&changed));
        thread::spawn(move || {
            changed.store(true, Ordering::SeqCst);
            notify.notify();
        })
    };
    waiting(&notify, &mut || changed.load(Ordering::SeqCst).then_some(()));
    other.join().unwrap();
    assert_eq!(notify.waiting(), 0);
}

#[test]
fn a_waiting_thread_misses_no_change() {
    every(|| {
        one_waits_for_another(|notify, ready| {
            assert_eq!(wait(&Clock::system(), Some(notify), Instant::NEVER, ready), Some(()));
        });
    });
}

/// [`wait`] without the look between sitting down and sleeping: it looks first.
fn wait_looking_first(notify: &Notify, ready: Ready<'_>) {
    let (waker, listener) = (waker(), notify.listener());
    while ready().is_none() {
        listener.listen(&waker);
        thread::park();
    }
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_waiting_thread_that_does_not_look_again_once_it_sits_is_found() {
    every(|| one_waits_for_another(wait_looking_first));
}

#[test]
fn a_wait_ends_when_its_clock_has_been_moved_far_enough() {
    every(|| {
        let clock = Clock::manual(1_000);
        let until = clock.now().instant.plus(Duration::from_secs(5));
        let hand = {
            let clock = clock.clone();
            thread::spawn(move || clock.advance(Duration::from_secs(5)))
        };
        assert_eq!(wait(&Clock::from(&clock), None, until, || None::<()>), None);
        hand.join().unwrap();
    });
}

fn response(token: &str) -> Result<TokenResponse, TokenError> {
    Ok(TokenResponse::new(AccessToken::new(token)).with_lifetime(Duration::from_secs(3_600)))
}

fn in_threads<const N: usize>(source: &TokenSource, of: fn(&TokenSource) -> Token) -> [Token; N] {
    let threads = [(); N].map(|()| {
        let source = source.clone();
        thread::spawn(move || of(&source))
    });
    threads.map(|thread| thread.join().unwrap())
}

#[test]
fn threads_that_need_a_token_at_once_cost_one_exchange_and_are_all_served() {
    many(3_000, || {
        let clock = Clock::manual(1_000);
        // A second exchange would fail: the script is over.
        let source = TokenSource::scripted([response("one")]).clock(&clock).seed(7).build().unwrap();
        for token in in_threads::<3>(&source, |source| source.token().unwrap()) {
            assert_eq!(token.expose(), "one");
        }
    });
}

#[test]
fn threads_that_read_a_token_that_is_due_start_one_renewal_and_none_is_kept_waiting() {
    many(3_000, || {
        let clock = Clock::manual(1_000);
        let script = [response("one"), response("two")];
        let source = TokenSource::scripted(script).clock(&clock).seed(7).build().unwrap();
        let _ = source.token().unwrap();
        clock.advance(Duration::from_secs(3_400));
        for token in in_threads::<2>(&source, |source| source.try_token().unwrap().clone()) {
            assert!(["one", "two"].contains(&token.expose()));
        }
        // Waits for the renewal, which runs on a thread of its own.
        source.close(Duration::from_secs(60)).unwrap();
        assert_eq!(source.try_token().unwrap().expose(), "two");
    });
}
