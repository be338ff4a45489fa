//! Stores on a network: a renewal against bare round trips, a waiting caller, and many keys that end at one moment.
//!
//! Each server is private to this bench. `here` is this machine; the others are a millisecond away, as another host is.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use benches::stored::{WITHIN, app, expired, renewal, waiter};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};
use wellspring_core::{
    AsyncStore, HttpRequest, HttpResponse, Provider as _, ResponseHead, Store, Swap, TransportError,
};
use wellspring_store::{OnRuntime, Records};
use wellspring_store_postgres::PostgresStore;
use wellspring_store_redis::RedisStore;
use wellspring_test_servers::{PostgresServer, RedisServer, Relay};
use wellspring_transport_async::{Body, CallLimits, TokenSource, Transport};

/// To another host and back.
const ROUND_TRIP: Duration = Duration::from_millis(1);
/// How long the endpoint of the many keys takes.
const LATENCY: Duration = Duration::from_millis(20);

fn redis(c: &mut Criterion) {
    let (server, app) = (RedisServer::start(), app());
    let key = app.spec().key.clone();
    let mut group = c.benchmark_group("network");
    group.sample_size(50);
    let port = server.port();
    let relay = Relay::far(port, ROUND_TRIP / 2);
    for (name, port) in [("", relay.port()), ("_here", port)] {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("the server is there");
        connection.set_nodelay(true).expect("a socket");
        group.bench_function(format!("redis_pings{name}"), |b| b.iter(|| pings(&mut connection)));
        let store: Arc<dyn Store> =
            Arc::new(RedisStore::builder(&format!("redis://127.0.0.1:{port}")).unsealed().expect("a store"));
        group.bench_function(format!("redis_renewal{name}"), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| renewal(&store, &key)).sum());
        });
    }
    group.sample_size(10);
    group.bench_function("thirty_milliseconds", |b| {
        b.iter(|| std::thread::sleep(Duration::from_millis(30)));
    });
    let url = server.url();
    let open = || -> Arc<dyn Store> { Arc::new(RedisStore::builder(&url).unsealed().expect("a store")) };
    group.bench_function("redis_waiter", |b| {
        b.iter_custom(|rounds| (0..rounds).map(|_| waiter(&open, &key)).sum());
    });
    group.finish();
}

/// Three bare round trips: as many as a renewal takes.
fn pings(connection: &mut TcpStream) {
    for _ in 0..3 {
        connection.write_all(b"*1\r\n$4\r\nPING\r\n").expect("the server is there");
        let mut answer = [0; 7];
        connection.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"+PONG\r\n");
    }
}

fn postgres(c: &mut Criterion) {
    let (server, app, runtime) = (PostgresServer::start(), app(), Runtime::new().expect("a runtime"));
    let key = app.spec().key.clone();
    let open = |port: u16| {
        let url = server.url("postgres").replace(&server.port().to_string(), &port.to_string());
        let store = PostgresStore::builder(url).unsealed().expect("a store");
        OnRuntime::new(store).expect("a thread")
    };
    let store = open(server.port());
    server.sql("postgres", &store.store().map().create_table());
    server.sql("postgres", "CREATE TABLE bare (name text PRIMARY KEY, value bytea)");
    server.sql("postgres", "INSERT INTO bare VALUES ('a', 'b')");
    let mut group = c.benchmark_group("network");
    group.sample_size(50);
    let relay = Relay::far(server.port(), ROUND_TRIP / 2);
    for (name, port) in [("", relay.port()), ("_here", server.port())] {
        let url = server.url("postgres").replace(&server.port().to_string(), &port.to_string());
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
            tokio::spawn(connection);
            client
        });
        group.bench_function(format!("postgres_statements{name}"), |b| {
            b.iter(|| runtime.block_on(statements(&client)));
        });
        let store: Arc<dyn Store> = Arc::new(open(port));
        group.bench_function(format!("postgres_renewal{name}"), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| renewal(&store, &key)).sum());
        });
    }
    group.sample_size(10);
    let open = || -> Arc<dyn Store> { Arc::new(open(server.port())) };
    group.bench_function("postgres_waiter", |b| {
        b.iter_custom(|rounds| (0..rounds).map(|_| waiter(&open, &key)).sum());
    });
    group.finish();
}

/// Three bare statements: one that reads a row and two that write one.
async fn statements(client: &Client) {
    let read = client.query_typed("SELECT value FROM bare WHERE name = 'a'", &[]).await.expect("a row");
    assert_eq!(read.len(), 1);
    for _ in 0..2 {
        let write = "UPDATE bare SET value = 'c' WHERE name = 'a' RETURNING name";
        assert_eq!(client.query_typed(write, &[]).await.expect("a row").len(), 1);
    }
}

/// An endpoint of many users: it answers after some time and counts.
#[derive(Debug, Default)]
struct Endpoint(Arc<AtomicUsize>);

#[async_trait]
impl Transport for Endpoint {
    async fn exchange(&self, _: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(LATENCY).await;
        let body = format!(
            r#"{{"access_token":"{}","token_type":"Bearer","expires_in":3600,"refresh_token":"next"}}"#,
            benches::granted().access_token.expose(),
        );
        Ok(HttpResponse::new(ResponseHead::new(200).header("Content-Type", "application/json"), body))
    }

    async fn call(
        &self,
        _: http::Request<Body>,
        _: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        unreachable!("no bench calls an API")
    }
}

fn many_keys(c: &mut Criterion) {
    // Without `--bench` each case runs once, to see that it works.
    let keys = if std::env::args().any(|word| word == "--bench") { 10_000 } else { 20 };
    let (server, runtime) = (RedisServer::start(), Runtime::new().expect("a runtime"));
    let store = RedisStore::builder(&server.url()).unsealed().expect("a store");
    let mut group = c.benchmark_group("network");
    group.sample_size(10);
    group.bench_function("redis_keys_floor", |b| {
        b.iter_custom(|rounds| (0..rounds).map(|_| runtime.block_on(bare_keys(keys, &store))).sum());
    });
    group.bench_function("redis_keys", |b| {
        b.iter_custom(|rounds| (0..rounds).map(|_| runtime.block_on(renewed_keys(keys, &store))).sum());
    });
    group.finish();
}

/// All tasks at once, and how long they take.
async fn at_once<F: Future<Output = ()> + Send + 'static>(tasks: impl Iterator<Item = F>) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
    for task in tasks {
        task.await.expect("a task ends");
    }
    start.elapsed()
}

/// Every user's token has expired.
async fn expire(keys: usize, store: &Records<RedisStore>) {
    let app = app();
    at_once((0..keys).map(|user| {
        let (store, key) = (store.clone(), app.for_user(&user.to_string()).spec().key.clone());
        async move {
            let stored = AsyncStore::load(&store, &key, WITHIN).await.expect("a load").stored;
            let version = stored.map(|stored| stored.version);
            let saved = AsyncStore::save(&store, &key, version, &expired(), WITHIN).await;
            assert!(matches!(saved, Ok(Swap::Done(_))), "{saved:?}");
        }
    }))
    .await;
}

/// What the endpoint and the store take for as many keys: a load, a save, the endpoint's time, a save.
async fn bare_keys(keys: usize, store: &Records<RedisStore>) -> Duration {
    expire(keys, store).await;
    let app = app();
    at_once((0..keys).map(|user| {
        let (store, key) = (store.clone(), app.for_user(&user.to_string()).spec().key.clone());
        async move {
            let stored = AsyncStore::load(&store, &key, WITHIN).await.expect("a load").stored;
            let mut version = stored.map(|stored| stored.version);
            for latency in [LATENCY, Duration::ZERO] {
                let saved = AsyncStore::save(&store, &key, version, &expired(), WITHIN).await;
                let Ok(Swap::Done(next)) = saved else { panic!("{saved:?}") };
                version = Some(next);
                tokio::time::sleep(latency).await;
            }
        }
    }))
    .await
}

/// A pool of as many users, each of whom asks once.
async fn renewed_keys(keys: usize, store: &Records<RedisStore>) -> Duration {
    expire(keys, store).await;
    let (app, asked) = (app(), Arc::new(AtomicUsize::new(0)));
    let users = app.clone();
    let builder = TokenSource::builder_with_transport(app, Endpoint(Arc::clone(&asked)));
    let pool = builder.async_store(store.clone()).pool(move |user| users.for_user(user)).expect("a pool");
    let took = at_once((0..keys).map(|user| {
        let pool = pool.clone();
        async move {
            let source = pool.source(&user.to_string()).expect("a source");
            source.token().await.expect("a token");
        }
    }))
    .await;
    assert_eq!(asked.load(Ordering::SeqCst), keys, "one exchange for each key");
    took
}

criterion_group!(benches, redis, postgres, many_keys);
criterion_main!(benches);
