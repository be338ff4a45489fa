//! The order of a store's calls, which is the protocol, in both drivers.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

use core::time::Duration;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mockall::{Sequence, mock};
use wellspring_core::{
    AccessToken, Attempt, Epoch, Generation, Granted, HttpRequest, HttpResponse, LivenessLock, Loaded,
    LockDomain, PendingSave, Record, RefreshToken, Replay, ResponseHead, SessionState, SharedBy, Store,
    StoreError, StoreGuarantees, Stored, Swap, TokenKey, TokenResponse, TransportError, UnixTime, Version,
    WatchOutcome,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;
use wellspring_trials::server::app;

mock! {
    #[derive(Debug)]
    Shelf {}

    impl Store for Shelf {
        fn guarantees(&self) -> StoreGuarantees;
        fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError>;
        fn save(
            &self,
            key: &TokenKey,
            expected: Option<Version>,
            record: &Record,
            within: Duration,
        ) -> Result<Swap, StoreError>;
        fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError>;
        fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError>;
        fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError>;
        fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError>;
    }
}

mock! {
    #[derive(Debug)]
    Line {}

    #[async_trait]
    impl asynchronous::Transport for Line {
        async fn exchange(
            &self,
            request: &HttpRequest,
            within: Duration,
        ) -> Result<HttpResponse, TransportError>;
        async fn call(
            &self,
            request: http::Request<asynchronous::Body>,
            limits: asynchronous::CallLimits,
        ) -> Result<http::Response<asynchronous::Body>, TransportError>;
    }
}

mock! {
    #[derive(Debug)]
    BlockingLine {}

    impl blocking::Transport for BlockingLine {
        fn exchange(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError>;
        fn call(
            &self,
            request: http::Request<blocking::Body>,
            limits: blocking::CallLimits,
        ) -> Result<http::Response<blocking::Body>, TransportError>;
    }
}

const URL: &str = "http://127.0.0.1:9";

fn expired() -> Record {
    let response = TokenResponse::new(AccessToken::new("old"))
        .with_lifetime(Duration::from_secs(60))
        .with_refresh_token(RefreshToken::new("first"));
    let granted = Granted::new(UnixTime::from_secs(1_000), response);
    Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted))
}

fn answer() -> HttpResponse {
    let body = r#"{"access_token":"new","token_type":"Bearer","expires_in":3600,"refresh_token":"second"}"#;
    HttpResponse::new(ResponseHead::new(200).header("Content-Type", "application/json"), body)
}

/// Records its drop.
struct Life(Arc<Mutex<bool>>);

impl Drop for Life {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = false;
    }
}

/// A store that expects exactly the calls of one renewal, in order; `exchange` adds the call in the middle.
fn shelf(exchange: impl FnOnce(&mut Sequence)) -> MockShelf {
    let mut shelf = MockShelf::new();
    let mut order = Sequence::new();
    let alive = Arc::new(Mutex::new(false));
    let stored = || Loaded {
        stored: Some(Stored { version: Version::new(7), record: expired() }),
        ..Loaded::default()
    };
    shelf.expect_guarantees().return_const(StoreGuarantees {
        scope: SharedBy::Host,
        durable: true,
        may_go_back: false,
    });
    shelf.expect_load().once().in_sequence(&mut order).returning(move |_, _| Ok(stored()));
    let shown = Arc::clone(&alive);
    shelf.expect_liveness_lock().once().in_sequence(&mut order).returning(move |_, _| {
        *shown.lock().unwrap() = true;
        Ok(LivenessLock::new(None, Life(Arc::clone(&shown))))
    });
    let held = Arc::clone(&alive);
    shelf
        .expect_save()
        .once()
        .in_sequence(&mut order)
        .withf(move |_, expected, record, _| {
            *held.lock().unwrap()
                && *expected == Some(Version::new(7))
                && record.lease.is_some()
                && record.generation == Generation::new(1)
        })
        .returning(|_, _, _, _| Ok(Swap::Done(Version::new(8))));
    exchange(&mut order);
    shelf
        .expect_save()
        .once()
        .in_sequence(&mut order)
        .withf(move |_, expected, record, _| {
            *alive.lock().unwrap()
                && *expected == Some(Version::new(8))
                && record.lease.is_none()
                && record.generation == Generation::new(2)
        })
        .returning(|_, _, _, _| Ok(Swap::Done(Version::new(9))));
    shelf
}

#[tokio::test]
async fn an_async_renewal_loads_locks_saves_its_lease_exchanges_and_saves_in_this_order() {
    let mut line = MockLine::new();
    let shelf = shelf(|order| {
        line.expect_exchange().once().in_sequence(order).returning(|_, _| Ok(answer()));
    });
    let builder = asynchronous::TokenSource::builder(app(URL, Replay::Never, 0).unwrap());
    let source = builder.store(shelf).transport(line).build().unwrap();
    assert_eq!(source.token().await.unwrap().expose(), "new");
}

#[test]
fn a_blocking_renewal_loads_locks_saves_its_lease_exchanges_and_saves_in_this_order() {
    let mut line = MockBlockingLine::new();
    let shelf = shelf(|order| {
        line.expect_exchange().once().in_sequence(order).returning(|_, _| Ok(answer()));
    });
    let builder = blocking::TokenSource::builder(app(URL, Replay::Never, 0).unwrap());
    let source = builder.store(shelf).transport(line).build().unwrap();
    assert_eq!(source.token().unwrap().expose(), "new");
}
