//! Sources over stores: what a renewal takes, and how soon a waiting caller is served.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a bench that cannot go on ends"
)]

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use oauth2_app::App;
use wellspring_core::{
    Attempt, Epoch, Generation, Granted, HttpRequest, HttpResponse, LivenessLock, Loaded, LockDomain,
    PendingSave, Record, RefreshToken, ResponseHead, SessionState, Store, StoreError, StoreGuarantees, Swap,
    TokenKey, TransportError, UnixTime, Version, WatchOutcome,
};
use wellspring_transport_blocking::{Body, CallLimits, TokenSource, Transport};

/// More time than any operation of a bench needs.
pub const WITHIN: Duration = Duration::from_secs(30);

/// An endpoint that answers after this time, and reports each request.
#[derive(Debug)]
pub struct Endpoint {
    latency: Duration,
    asked: Mutex<Option<Sender<()>>>,
}

impl Endpoint {
    /// One that answers at once.
    #[must_use]
    pub const fn at_once() -> Self {
        Self { latency: Duration::ZERO, asked: Mutex::new(None) }
    }
}

impl Transport for Endpoint {
    fn exchange(&self, _: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        if let Some(asked) = &*self.asked.lock().unwrap_or_else(PoisonError::into_inner) {
            asked.send(()).expect("the receiver is alive");
            thread::sleep(self.latency);
        }
        let body = format!(
            r#"{{"access_token":"{}","token_type":"Bearer","expires_in":3600,"refresh_token":"next"}}"#,
            crate::granted().access_token.expose(),
        );
        Ok(HttpResponse::new(ResponseHead::new(200).header("Content-Type", "application/json"), body))
    }

    fn call(&self, _: http::Request<Body>, _: CallLimits) -> Result<http::Response<Body>, TransportError> {
        unreachable!("no bench calls an API")
    }
}

/// A store that records the time of its saves.
#[derive(Debug)]
pub struct Timed {
    store: Arc<dyn Store>,
    saved: Mutex<Option<Instant>>,
    /// Whether loads hang.
    pub hangs: AtomicBool,
}

impl Timed {
    /// Loads do not hang yet.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>) -> Self {
        Self { store, saved: Mutex::new(None), hangs: AtomicBool::new(false) }
    }
}

impl Store for Timed {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        while self.hangs.load(Ordering::SeqCst) {
            thread::park();
        }
        self.store.load(key, within)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let saved = self.store.save(key, expected, record, within);
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        saved
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, domain, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.store.liveness_lock(key, within)
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}

/// An app whose endpoint no bench asks.
#[must_use]
pub fn app() -> App {
    App::builder()
        .authorize_url("http://127.0.0.1:9/authorize")
        .token_url("http://127.0.0.1:9/token")
        .client_id("client")
        .client_secret("secret")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .build()
        .expect("an app")
}

/// A session whose token has expired.
#[must_use]
pub fn expired() -> Record {
    let response =
        crate::granted().with_lifetime(Duration::from_secs(60)).with_refresh_token(RefreshToken::new("last"));
    let granted = Granted::new(UnixTime::from_secs(1_000), response);
    Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted))
}

/// Puts the record in the place of what the store has.
pub fn save(store: &dyn Store, key: &TokenKey, record: &Record) {
    let loaded = store.load(key, WITHIN).expect("a load");
    let version = loaded.stored.map(|stored| stored.version);
    assert!(matches!(store.save(key, version, record, WITHIN), Ok(Swap::Done(_))), "a save");
}

/// How long two saves take.
pub fn two_saves(store: &dyn Store, key: &TokenKey) -> Duration {
    let mut version = store.load(key, WITHIN).expect("a load").stored.map(|stored| stored.version);
    let record = expired();
    let start = Instant::now();
    for _ in 0..2 {
        let Ok(Swap::Done(next)) = store.save(key, version, &record, WITHIN) else { panic!("a save") };
        version = Some(next);
    }
    start.elapsed()
}

/// How long a renewal takes whose endpoint answers at once.
pub fn renewal(store: &Arc<dyn Store>, key: &TokenKey) -> Duration {
    save(&**store, key, &expired());
    let builder = TokenSource::builder_with_transport(app(), Endpoint::at_once()).store(Arc::clone(store));
    let source = builder.build().expect("a source");
    let start = Instant::now();
    black_box(source.token().expect("a token"));
    start.elapsed()
}

/// The time from the end of one source's save until the other source, with a handle of its own, is served.
pub fn waiter(open: &dyn Fn() -> Arc<dyn Store>, key: &TokenKey) -> Duration {
    let store = Arc::new(Timed::new(open()));
    save(&*store, key, &expired());
    let (sender, asked): (_, Receiver<()>) = channel();
    let endpoint = Endpoint { latency: Duration::from_millis(60), asked: Mutex::new(Some(sender)) };
    let renewing = TokenSource::builder_with_transport(app(), endpoint).store(Arc::clone(&store));
    let renewing = renewing.build().expect("a source");
    let waiting = TokenSource::builder_with_transport(app(), Endpoint::at_once()).store(open());
    let waiting = waiting.build().expect("a source");
    thread::scope(|scope| {
        scope.spawn(|| renewing.token().expect("a token"));
        asked.recv().expect("the endpoint is asked");
        let token = waiting.token().expect("a token");
        let served = Instant::now();
        assert_eq!(token.generation().value(), 2, "the waiting source has not renewed");
        let saved = store.saved.lock().unwrap_or_else(PoisonError::into_inner).expect("it was saved");
        served.saturating_duration_since(saved)
    })
}
