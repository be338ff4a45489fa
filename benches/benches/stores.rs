//! The cost of a store: for a renewal, for the callers that wait for one, and (none) for the read of a fresh token.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use core::hint::black_box;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use benches::stored::{Endpoint, Timed, app, expired, renewal, save, two_saves, waiter};
use criterion::{Criterion, criterion_group, criterion_main};
use wellspring_core::{Need, Provider as _, Store};
use wellspring_store::contract::Folder;
use wellspring_store::{SealingKey, SealingKeys};
use wellspring_store_file::FileStore;
use wellspring_store_sqlite::SqliteStore;
use wellspring_transport_blocking::TokenSource;

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

/// How soon a waiting caller is to be served.
const SOON: Duration = Duration::from_millis(30);

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
    group.bench_function("thirty_milliseconds", |b| b.iter(|| thread::sleep(SOON)));
    for (name, open) in STORES {
        let folder = Folder::new();
        group.bench_function(format!("{name}_waiter"), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| waiter(&|| open(folder.path()), &key)).sum());
        });
    }
    group.finish();
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
