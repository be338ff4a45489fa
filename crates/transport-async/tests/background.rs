//! Where renewals run, and how they end when a caller is cancelled or a runtime shuts down.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(feature = "client")]

mod driver;

use core::time::Duration;

use driver::transport::{Clock, TokenSource};
use driver::{Reply, Server, Toy, join, spawn};
use tokio::runtime::{Builder, Runtime};
use wellspring_core::{AccessToken, ErrorKind, Fate, Need, Policy, RefreshToken, TokenResponse};

const LONG: Duration = Duration::from_secs(20);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_cancellation_does_not_cut_the_renewal() {
    let (server, gate) = Server::gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let first = spawn({
        let source = source.clone();
        async move { source.token().await }
    });
    gate.arrived();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = spawn(async move { source.token().await.unwrap().expose().to_owned() });
    gate.open();
    assert_eq!(join(second).await, "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn a_runtime_that_shuts_down_ends_the_wait_of_callers_on_another_and_leaves_the_fate_unknown() {
    let (server, gate) = Server::gated();
    let (first, second) = (runtime(), runtime());
    let toy = Toy::at(&server.url).without_credentials();
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(toy).clock(&clock).build().unwrap();
    let old = TokenResponse::new(AccessToken::new("old")).with_refresh_token(RefreshToken::new("once"));
    let old = source.adopt(old).unwrap();
    let _ = source.reject(old.generation());
    let starter = source.clone();
    first.spawn(async move { starter.token().await });
    gate.arrived();
    let waiter = source.clone();
    let waiting = second.spawn(async move { waiter.token().await });
    // The exchange, the caller that started it, and the caller on the other runtime.
    while clock.waiting() < 3 {
        std::thread::yield_now();
    }
    first.shutdown_background();
    let error = second.block_on(waiting).unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
    assert_eq!(error.fate(), Fate::Unknown);
    gate.open();
    clock.advance(Duration::from_secs(60));
    let token = second.block_on(source.token()).unwrap();
    assert_eq!(token.expose(), "token-2");
}

#[test]
fn a_second_runtime_goes_on_after_the_shutdown_of_the_first() {
    let server = Server::granting();
    let (first, second) = (runtime(), runtime());
    let source = first.block_on(async { TokenSource::builder(Toy::at(&server.url)).build().unwrap() });
    let token = first.block_on(source.token()).unwrap();
    drop(first);
    let newer = Need::Newer(token.generation());
    assert_eq!(second.block_on(source.acquire(newer, LONG)).unwrap().expose(), "token-2");
}

#[test]
fn without_a_runtime_there_is_an_error_and_with_a_given_one_there_is_a_token() {
    let server = Server::granting();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let error = source.try_token().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    let runtime = runtime();
    let builder = TokenSource::builder(Toy::at(&server.url)).runtime(runtime.handle().clone());
    let source = builder.build().unwrap();
    // On an executor that is not tokio's.
    let token = pollster(source.acquire(Need::Fresh, LONG)).unwrap();
    assert_eq!(token.expose(), "token-1");
    let request = http::Request::get(format!("{}/cob", server.url)).body(()).unwrap();
    let answer = pollster(source.send(request)).unwrap();
    assert_eq!(pollster(answer.into_body().text(100)).unwrap(), "fine");
}

#[test]
fn on_a_foreign_executor_deadlines_hold_and_a_runtime_that_is_gone_is_an_error() {
    let (server, gate) = Server::gated();
    let runtime = runtime();
    let builder = TokenSource::builder(Toy::at(&server.url)).runtime(runtime.handle().clone());
    let source = builder.build().unwrap();
    let error = pollster(source.acquire(Need::Fresh, Duration::from_millis(50))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    runtime.shutdown_background();
    assert!(pollster(source.acquire(Need::Fresh, Duration::ZERO)).is_err());
    gate.open();
}

#[test]
fn a_caller_that_waits_for_a_pause_gets_an_error_when_the_runtime_of_its_timer_is_gone() {
    let server = Server::start(|_, _| Reply::Hangup);
    let runtime = runtime();
    let mut policy = Policy::default();
    (policy.first_pause, policy.longest_pause) = (LONG * 10, LONG * 10);
    let builder = TokenSource::builder(Toy::at(&server.url)).policy(policy);
    let source = builder.runtime(runtime.handle().clone()).build().unwrap();
    assert!(pollster(source.token()).is_err());
    runtime.shutdown_background();
    let error = pollster(source.acquire(Need::Fresh, LONG * 100)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
    assert_eq!(server.asked("/token"), 1);
}

/// An executor of a few lines.
fn pollster<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = core::task::Context::from_waker(&waker);
    let mut future = core::pin::pin!(future);
    loop {
        if let core::task::Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        std::thread::park();
    }
}
