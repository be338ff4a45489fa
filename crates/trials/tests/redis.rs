//! Renewals over Redis: what they cost, and what they do when the server is gone or another takes its place.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

use core::time::Duration;
use std::sync::Arc;
use std::thread;

use oauth2_app::App;
use wellspring_core::{ErrorKind, Policy, Provider as _, Replay, Store, Swap};
use wellspring_simulator::Endpoint;
use wellspring_store_redis::RedisStore;
use wellspring_test_servers::{RedisSentinel, RedisServer, eventually};
use wellspring_trials::server::{Seen, Server, app};
use wellspring_trials::{Driver, Source, policy};

const MINUTE: Duration = Duration::from_secs(60);

fn open(url: &str) -> Arc<dyn Store> {
    Arc::new(RedisStore::builder(url).unsealed().unwrap())
}

/// A server of tokens with an expired session in this store.
fn signed_in(store: &dyn Store, latency: Duration) -> (Server, App) {
    let server = Server::start(latency).unwrap();
    let app = app(&server.simulator().url(), Replay::Never, 0).unwrap();
    let saved = store.save(&app.spec().key, None, &server.sign_in().unwrap(), MINUTE).unwrap();
    assert!(matches!(saved, Swap::Done(_)));
    (server, app)
}

fn patient() -> Policy {
    policy(MINUTE, MINUTE)
}

#[test]
fn a_renewal_over_redis_is_three_round_trips() {
    for driver in Driver::ALL {
        let redis = RedisServer::start();
        let store = open(&redis.url());
        let (_server, app) = signed_in(&*store, Duration::ZERO);
        let source = Source::new(driver, app, &store, patient()).unwrap();
        redis.reset_calls();
        assert_eq!(source.token().unwrap().generation().value(), 2);
        // The rest are the commands in the scripts, and the first sign that this process lives.
        let sent =
            |name: &str| redis.calls().iter().find(|(known, _)| known == name).map_or(0, |(_, calls)| *calls);
        assert_eq!((sent("hgetall"), sent("evalsha"), sent("eval"), sent("set")), (1, 2, 0, 1), "{driver:?}");
        assert_eq!((sent("hmget"), sent("get"), sent("ping"), sent("scan")), (0, 0, 0, 0), "{driver:?}");
        redis.reset_calls();
        source.token().unwrap();
        assert_eq!(sent("hgetall") + sent("evalsha"), 0, "a read costs nothing");
    }
}

#[test]
fn a_single_use_token_is_never_sent_without_the_store_and_a_repeatable_grant_goes_on() {
    for driver in Driver::ALL {
        let mut redis = RedisServer::start();
        let store = open(&redis.url());
        let (server, app) = signed_in(&*store, Duration::ZERO);
        let url = server.simulator().url();
        let own = App::client_credentials(
            format!("{url}/api/oauth2/token"),
            "client_abc123def456",
            "secret_xyz789uvw012",
        );
        let own = own.build().unwrap();
        redis.kill();
        let short = policy(Duration::from_secs(10), Duration::from_millis(600));
        let source = Source::new(driver, app, &store, short.clone()).unwrap();
        let error = source.token().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Store), "{driver:?}: {error}");
        assert_eq!(server.seen(), Seen::default(), "{driver:?}: nothing was sent");

        let source = Source::new(driver, own, &store, short).unwrap();
        source.token().unwrap();
        assert_eq!(server.simulator().asked(Endpoint::ClientCredentialsGrant), 1, "{driver:?}");
    }
}

#[test]
fn a_failover_in_mid_renewal_loses_no_token_and_sends_none_twice() {
    for driver in Driver::ALL {
        let mut primary = RedisServer::start();
        let replica = primary.replica();
        let sentinel = RedisSentinel::start("main", &primary);
        let store = open(&format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port()));
        let (server, app) = signed_in(&*store, Duration::from_millis(500));
        let key = app.spec().key.clone();
        let source = Source::new(driver, app, &store, patient()).unwrap();
        thread::scope(|scope| {
            let renewing = scope.spawn(|| source.token());
            eventually("the exchange", || (server.seen().asked > 0).then_some(()));
            // The lease has reached the replica; the token's save meets a server that is gone.
            eventually("the lease on the replica", || {
                let (on_primary, on_replica) = (redis_offset(&primary), redis_offset(&replica));
                (on_primary == on_replica).then_some(())
            });
            primary.kill();
            sentinel.wait_for_primary("main", replica.port());
            let token = renewing.join().unwrap().unwrap();
            assert_eq!(token.generation().value(), 2, "{driver:?}");
        });
        let stored = eventually("the token on the new primary", || {
            let stored = store.load(&key, MINUTE).ok()?.stored?;
            (stored.record.generation.value() == 2).then_some(stored)
        });
        assert!(stored.record.lease.is_none(), "{driver:?}");
        assert_eq!(server.seen(), Seen { asked: 1, exchanged: 1, reused: 0, revoked: 0 }, "{driver:?}");
    }
}

/// How far the server's log of changes has come.
fn redis_offset(server: &RedisServer) -> Option<String> {
    let info = server.command(&["INFO", "replication"]);
    info.lines()
        .find_map(|line| line.strip_prefix("master_repl_offset:").map(|offset| offset.trim().to_owned()))
}
