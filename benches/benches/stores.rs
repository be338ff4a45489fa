//! The cost of a store: for a renewal, for the callers that wait for one, and (none) for the read of a fresh token.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use oauth2_app::App;
use wellspring_core::{
    Attempt, Epoch, Generation, Granted, HttpRequest, HttpResponse, LivenessLock, Loaded, LockDomain, Need,
    PendingSave, Provider as _, Record, RefreshToken, ResponseHead, SessionState, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, TransportError, UnixTime, Version, WatchOutcome,
};
use wellspring_store::contract::Folder;
use wellspring_store::{SealingKey, SealingKeys};
use wellspring_store_file::FileStore;
use wellspring_store_sqlite::SqliteStore;
use wellspring_transport_blocking::{Body, CallLimits, TokenSource, Transport};

const WITHIN: Duration = Duration::from_secs(30);

type Open = fn(&Path) -> Arc<dyn Store>;

const STORES: [(&str, Open); 2] = [
    ("file", |folder| Arc::new(FileStore::open(folder.join("tokens")).expect("a folder"))),
    ("sqlite", |folder| Arc::new(SqliteStore::open(folder.join("tokens.db")).expect("a database"))),
];

/// The same stores with a sealing key, for the cost of a seal beside a bare save.
const SEALED: [(&str, Open); 2] = [
    ("sealed_file", |folder| {
        Arc::new(FileStore::open(folder.join("tokens")).expect("a folder").sealed(sealing_keys()))
    }),
    ("sealed_sqlite", |folder| {
        Arc::new(SqliteStore::open(folder.join("tokens.db")).expect("a database").sealed(sealing_keys()))
    }),
];

fn sealing_keys() -> SealingKeys {
    SealingKeys::new(SealingKey::new(&[7; 32]))
}

/// An endpoint that answers after this time, and reports each request.
#[derive(Debug)]
struct Endpoint {
    latency: Duration,
    asked: Mutex<Option<Sender<()>>>,
}

impl Endpoint {
    const fn at_once() -> Self {
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
            benches::granted().access_token.expose(),
        );
        Ok(HttpResponse::new(ResponseHead::new(200).header("Content-Type", "application/json"), body))
    }

    fn call(&self, _: http::Request<Body>, _: CallLimits) -> Result<http::Response<Body>, TransportError> {
        unreachable!("no bench calls an API")
    }
}

/// A store that records the time of its saves.
#[derive(Debug)]
struct Timed {
    store: Arc<dyn Store>,
    saved: Mutex<Option<Instant>>,
    /// Whether loads hang.
    hangs: AtomicBool,
}

impl Timed {
    const fn new(store: Arc<dyn Store>) -> Self {
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

fn app() -> App {
    App::builder()
        .authorize_url("http://127.0.0.1:9/authorize")
        .token_url("http://127.0.0.1:9/token")
        .client_id("client")
        .client_secret("secret")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .build()
        .expect("an app")
}

fn expired() -> Record {
    let response = benches::granted()
        .with_lifetime(Duration::from_secs(60))
        .with_refresh_token(RefreshToken::new("last"));
    let granted = Granted::new(UnixTime::from_secs(1_000), response);
    Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted))
}

fn save(store: &dyn Store, key: &TokenKey, record: &Record) {
    let loaded = store.load(key, WITHIN).expect("a load");
    let version = loaded.stored.map(|stored| stored.version);
    assert!(matches!(store.save(key, version, record, WITHIN), Ok(Swap::Done(_))), "a save");
}

fn stores(c: &mut Criterion) {
    let (app, mut group) = (app(), c.benchmark_group("stores"));
    let key = app.spec().key.clone();
    group.sample_size(20);
    for (name, open) in STORES {
        let folder = Folder::new();
        let store = open(folder.path());
        save(&*store, &key, &expired());
        group.bench_function(format!("{name}_saves"), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| two_saves(&*store, &key)).sum());
        });
        group.bench_function(format!("{name}_renewal"), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| renewal(&store, &key)).sum());
        });
    }
    for (name, open) in SEALED {
        let folder = Folder::new();
        let store = open(folder.path());
        save(&*store, &key, &expired());
        group.bench_function(format!("{name}_saves"), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| two_saves(&*store, &key)).sum());
        });
    }
    group.sample_size(10);
    group.bench_function("hundred_milliseconds", |b| {
        b.iter(|| thread::sleep(Duration::from_millis(100)));
    });
    for (name, open) in STORES {
        let folder = Folder::new();
        group.bench_function(format!("{name}_waiter"), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| waiter(folder.path(), open, &key)).sum());
        });
    }
    group.finish();
}

fn two_saves(store: &dyn Store, key: &TokenKey) -> Duration {
    let mut version = store.load(key, WITHIN).expect("a load").stored.map(|stored| stored.version);
    let record = expired();
    let start = Instant::now();
    for _ in 0..2 {
        let Ok(Swap::Done(next)) = store.save(key, version, &record, WITHIN) else { panic!("a save") };
        version = Some(next);
    }
    start.elapsed()
}

fn renewal(store: &Arc<dyn Store>, key: &TokenKey) -> Duration {
    save(&**store, key, &expired());
    let builder = TokenSource::builder_with_transport(app(), Endpoint::at_once()).store(Arc::clone(store));
    let source = builder.build().expect("a source");
    let start = Instant::now();
    black_box(source.token().expect("a token"));
    start.elapsed()
}

/// The time from the end of one source's save until the other source is served.
fn waiter(folder: &Path, open: Open, key: &TokenKey) -> Duration {
    let store = Arc::new(Timed::new(open(folder)));
    save(&*store, key, &expired());
    let (sender, asked): (_, Receiver<()>) = channel();
    let endpoint = Endpoint { latency: Duration::from_millis(60), asked: Mutex::new(Some(sender)) };
    let renewing = TokenSource::builder_with_transport(app(), endpoint).store(Arc::clone(&store));
    let renewing = renewing.build().expect("a source");
    let waiting = TokenSource::builder_with_transport(app(), Endpoint::at_once()).store(open(folder));
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

fn reads(c: &mut Criterion) {
    let mut group = c.benchmark_group("stores");
    let without_store = TokenSource::scripted([]).build().expect("a scripted source needs nothing");
    without_store.adopt(benches::granted()).expect("it has no store");
    group.bench_function("read", |b| {
        b.iter(|| black_box(without_store.try_token().expect("a fresh token").expose().as_ptr()));
    });
    let folder = Folder::new();
    let (_, open) = STORES[0];
    let store = Arc::new(Timed::new(open(folder.path())));
    save(&*store, &app().spec().key, &expired());
    let builder = TokenSource::builder_with_transport(app(), Endpoint::at_once()).store(Arc::clone(&store));
    let source = builder.build().expect("a source");
    source.token().expect("a token");
    store.hangs.store(true, Ordering::SeqCst);
    // This caller asks for a longer lifetime and waits for the store until the process ends.
    let hanging = source.clone();
    thread::spawn(move || {
        hanging.acquire(Need::ValidFor(Duration::from_secs(7_200)), Duration::from_secs(3_600))
    });
    group.bench_function("read_beside_a_store_that_hangs", |b| {
        b.iter(|| black_box(source.try_token().expect("a fresh token").expose().as_ptr()));
    });
    group.finish();
}

criterion_group!(benches, stores, reads);
criterion_main!(benches);
