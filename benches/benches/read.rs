//! The read of a fresh token, compared with one read of the standard library's clock, on both transports.
#![expect(clippy::disallowed_methods, reason = "a bench measures time, and this one measures a clock")]

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

/// An observer that does as little as one can.
#[derive(Default)]
struct Counting(AtomicU64);

impl asynchronous::Observer for Counting {
    fn observe(&self, _: &str, observation: &asynchronous::Observation) {
        if let asynchronous::Observation::Acquired { .. } = observation {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn read(c: &mut Criterion) {
    let source = asynchronous::TokenSource::scripted([]).build().expect("a scripted source needs nothing");
    source.adopt(benches::granted()).expect("it has no store");
    let mut group = c.benchmark_group("read");
    group.bench_function("instant_now", |b| b.iter(Instant::now));
    group.bench_function("try_token", |b| {
        b.iter(|| black_box(source.try_token().expect("a fresh token").expose().as_ptr()));
    });
    let observer = Counting::default();
    let observed = asynchronous::TokenSource::scripted([]).observer(observer).build().expect("as above");
    observed.adopt(benches::granted()).expect("it has no store");
    group.bench_function("try_token_observed", |b| {
        b.iter(|| black_box(observed.try_token().expect("a fresh token").expose().as_ptr()));
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    group.bench_function("authorization", |b| {
        b.iter_custom(|rounds| {
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..rounds {
                    black_box(source.authorization().await.expect("a fresh token"));
                }
                start.elapsed()
            })
        });
    });
    for threads in [1, 2] {
        group.bench_function(format!("try_token_on_{threads}"), |b| {
            b.iter_custom(|rounds| reads_on(&source, threads, rounds));
        });
    }
    group.finish();
}

fn read_blocking(c: &mut Criterion) {
    let source = blocking::TokenSource::scripted([]).build().expect("a scripted source needs nothing");
    source.adopt(benches::granted()).expect("it has no store");
    let mut group = c.benchmark_group("read_blocking");
    group.bench_function("instant_now", |b| b.iter(Instant::now));
    group.bench_function("try_token", |b| {
        b.iter(|| black_box(source.try_token().expect("a fresh token").expose().as_ptr()));
    });
    group.bench_function("authorization", |b| b.iter(|| source.authorization().expect("a fresh token")));
    group.finish();
}

/// The time in which each of these threads makes this number of reads, from the common start to the last end.
fn reads_on(source: &asynchronous::TokenSource, threads: usize, rounds: u64) -> Duration {
    let ready = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    ready.wait();
                    for _ in 0..rounds {
                        black_box(source.try_token().expect("a fresh token").expose().as_ptr());
                    }
                })
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        for reader in readers {
            reader.join().expect("a reader ends");
        }
        start.elapsed()
    })
}

criterion_group!(benches, read, read_blocking);
criterion_main!(benches);
