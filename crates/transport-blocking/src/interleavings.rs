//! How a thread waits, and whole sources, for the schedules of `cargo xtask interleavings`.
//!
//! A timer that would end a nap does not exist here: a wake-up that is lost is a thread that waits for ever, and
//! shuttle reports that as a deadlock.

#[path = "../../transport/tests/support/schedules.rs"]
mod schedules;
#[path = "../../transport/tests/twins/interleavings.rs"]
mod twins;

use core::time::Duration;

use schedules::{many, waker};
use wellspring_core::{AccessToken, Instant, Token, TokenError, TokenResponse};
use wellspring_transport::{Clock, Notify};

use crate::clock::thread;
use crate::clock::wait;
use crate::source::TokenSource;

fn wait_for_change(notify: &Notify, changed: &dyn Fn() -> bool) -> Option<()> {
    wait(&Clock::system(), Some(notify), Instant::NEVER, || changed().then_some(()))
}

fn wait_until(clock: &Clock, until: Instant) -> Option<()> {
    wait(clock, None, until, || None)
}

/// [`wait`] without the look between listening and sleeping: it looks first.
fn wait_without_second_look(notify: &Notify, changed: &dyn Fn() -> bool) {
    let (waker, listener) = (waker(), notify.listener());
    while !changed() {
        listener.listen(&waker);
        thread::park();
    }
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
        // A second exchange would fail: the script has one line.
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
