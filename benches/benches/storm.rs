//! Many callers at once on an empty source: one request, and hardly more time than its response takes.
//!
//! The endpoint answers after 20 ms. The reference is the same number of callers that only sleep that long.
#![expect(clippy::disallowed_methods, reason = "a bench measures time, and these callers sleep")]

use core::time::Duration;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use wellspring_simulator::{Endpoint, Simulator};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

const LATENCY: Duration = Duration::from_millis(20);
const TASKS: usize = 10_000;
const THREADS: usize = 256;

fn storm(c: &mut Criterion) {
    let simulator = Simulator::builder().latency(LATENCY).start().expect("a free port");
    let runtime = Runtime::new().expect("a runtime");
    let mut group = c.benchmark_group("storm");
    group.sample_size(20);
    group.bench_function("tasks_that_sleep", |b| {
        b.iter_custom(|rounds| repeated(rounds, || runtime.block_on(tasks_that_sleep())));
    });
    group.bench_function("tasks", |b| {
        b.iter_custom(|rounds| repeated(rounds, || runtime.block_on(tasks(&simulator))));
    });
    group.bench_function("threads_that_sleep", |b| {
        b.iter_custom(|rounds| repeated(rounds, threads_that_sleep))
    });
    group.bench_function("threads", |b| b.iter_custom(|rounds| repeated(rounds, || threads(&simulator))));
    group.finish();
}

fn repeated(rounds: u64, mut once: impl FnMut() -> Duration) -> Duration {
    (0..rounds).map(|_| once()).sum()
}

async fn tasks_that_sleep() -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(tokio::time::sleep(LATENCY))).collect();
    for task in tasks {
        task.await.expect("a task ends");
    }
    start.elapsed()
}

async fn tasks(simulator: &Simulator) -> Duration {
    let gateway = benches::gateway(simulator).expect("a gateway");
    let source = asynchronous::TokenSource::builder(gateway).build().expect("a source");
    let before = simulator.asked(Endpoint::Token);
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { source.token().await })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task ends").expect("a token");
    }
    let elapsed = start.elapsed();
    assert_eq!(simulator.asked(Endpoint::Token) - before, 1, "exactly one request");
    elapsed
}

fn threads_that_sleep() -> Duration {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| std::thread::sleep(LATENCY));
        }
    });
    start.elapsed()
}

fn threads(simulator: &Simulator) -> Duration {
    let gateway = benches::gateway(simulator).expect("a gateway");
    let source = blocking::TokenSource::builder(gateway).build().expect("a source");
    let before = simulator.asked(Endpoint::Token);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| source.token().expect("a token"));
        }
    });
    let elapsed = start.elapsed();
    assert_eq!(simulator.asked(Endpoint::Token) - before, 1, "exactly one request");
    elapsed
}

criterion_group!(benches, storm);
criterion_main!(benches);
