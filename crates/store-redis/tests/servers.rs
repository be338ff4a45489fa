//! Servers that belong together: a primary that Sentinels know, a cluster, replicas that confirm; and TLS.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use wellspring_core::{Applied, Store, WatchOutcome};
use wellspring_store::Map;
use wellspring_store_redis::RedisStore;
use wellspring_test_servers::{RedisSentinel, RedisServer, eventually};

mod support;
use support::{Colour, PLENTY, coloured, key, on_server, open, record, save, stored};

#[test]
fn a_failover_is_followed_by_way_of_sentinel() {
    let mut primary = RedisServer::start();
    let replica = primary.replica();
    let sentinel = RedisSentinel::start("main", &primary);
    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port());
    let stores = Colour::BOTH.map(|colour| {
        let store = RedisStore::builder(&url).replicas(1, Duration::from_secs(30)).unsealed().unwrap();
        (colour, coloured(colour, store, None, None))
    });
    let mut versions = Vec::new();
    for (colour, store) in &stores {
        versions.push(save(&**store, &key(&format!("{colour:?}")), None, 1));
        assert!(store.liveness_lock(&key("a"), PLENTY).is_ok());
    }
    primary.kill();
    sentinel.wait_for_primary("main", replica.port());
    for ((colour, store), version) in stores.iter().zip(versions) {
        let key = key(&format!("{colour:?}"));
        let loaded = eventually("the new primary", || store.load(&key, PLENTY).ok()).stored.unwrap();
        assert_eq!(loaded.version, version, "{colour:?}: what the replica has confirmed is there");
        // No replica is left to confirm it.
        eventually("a save on the new primary", || {
            let saved = store.save(&key, Some(version), &record(2), Duration::from_secs(1));
            match saved {
                Err(error) if error.applied() == Applied::Maybe => Some(()),
                other => {
                    assert!(other.is_err(), "{other:?}");
                    None
                }
            }
        });
        // A watcher finds the new primary too.
        assert_eq!(store.watch(&key, version, None, PLENTY).unwrap(), WatchOutcome::Changed);
    }
}

#[test]
fn sentinels_have_a_login_of_their_own() {
    let primary = RedisServer::start();
    let _replica = primary.replica();
    let sentinel = RedisSentinel::start_with_password("main", &primary, "canary-watch");
    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port());
    for colour in Colour::BOTH {
        let with = |password: Option<&str>| {
            let builder = RedisStore::builder(&url);
            let builder = match password {
                Some(password) => builder.sentinel_password(password),
                None => builder,
            };
            coloured(colour, builder.unsealed().unwrap(), None, None)
        };
        let key = key(&format!("{colour:?}"));
        save(&*with(Some("canary-watch")), &key, None, 1);
        for (password, expected) in
            [(None, "asks for a password"), (Some("canary-wrong"), "does not take its user and password")]
        {
            let error = with(password).load(&key, PLENTY).unwrap_err();
            assert!(error.is_permanent(), "{colour:?}: {error}");
            let said = error.to_string();
            assert!(said.contains("Sentinel") && said.contains(expected), "{colour:?}: {said}");
            assert!(said.contains("`sentinel_password`") && !said.contains("canary"), "{colour:?}: {said}");
        }
    }
    let error = RedisStore::builder(&url).sentinel_username("app").unsealed().unwrap_err();
    assert!(error.to_string().contains("give both"), "{error}");
}

#[test]
fn a_save_that_too_few_replicas_confirm_may_have_been_made() {
    let server = RedisServer::start();
    for colour in Colour::BOTH {
        let key = key(&format!("{colour:?}"));
        let store =
            RedisStore::builder(&server.url()).replicas(1, Duration::from_millis(50)).unsealed().unwrap();
        let store = coloured(colour, store, None, None);
        let error = store.save(&key, None, &record(1), PLENTY).unwrap_err();
        assert!(
            error.applied() == Applied::Maybe && error.to_string().contains("0 of 1 replicas"),
            "{error}"
        );
        assert!(stored(&*store, &key).is_some());
    }
    let _replica = server.replica();
    let store = RedisStore::builder(&server.url()).replicas(1, PLENTY).unsealed().unwrap();
    save(&store, &key("b"), None, 1);
}

#[test]
fn a_cluster_has_each_record_on_the_node_of_its_slot() {
    let nodes = RedisServer::cluster(2);
    let records: Vec<_> = (0..16).map(|n| key(&n.to_string())).collect();
    for colour in Colour::BOTH {
        nodes.iter().for_each(|node| drop(node.command(&["FLUSHALL"])));
        let other = format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", nodes[1].port(), nodes[0].port());
        let (owner, watcher) = (open(colour, &nodes[0].url()), open(colour, &other));
        let versions: Vec<_> = records.iter().map(|key| save(&*owner, key, None, 1)).collect();
        for (key, version) in records.iter().zip(&versions) {
            assert_eq!(stored(&*watcher, key), Some((*version, 1)), "{colour:?}");
        }
        let sizes: Vec<u32> = nodes.iter().map(|node| node.command(&["DBSIZE"]).parse().unwrap()).collect();
        assert!(sizes.iter().all(|size| *size > 0), "{colour:?}: both nodes have records: {sizes:?}");
        for (key, version) in records.iter().zip(versions).take(4) {
            let lock = owner.liveness_lock(key, PLENTY).unwrap();
            let watch = |within| watcher.watch(key, version, lock.domain(), within).unwrap();
            assert_eq!(watch(Duration::from_millis(300)), WatchOutcome::Unchanged, "{colour:?}");
            save(&*owner, key, Some(version), 2);
            assert_eq!(watch(PLENTY), WatchOutcome::Changed, "{colour:?}");
        }
        let store = RedisStore::builder(&nodes[0].url()).unsealed().unwrap();
        assert_eq!(Map::names(store.map(), PLENTY).unwrap().len(), records.len(), "{colour:?}");
    }
}

#[test]
fn every_record_is_listed_once_and_nothing_else() {
    let server = RedisServer::start();
    let store = RedisStore::builder(&server.url()).prefix("a[b]*:").unsealed().unwrap();
    for n in 0..2_500 {
        save(&store, &key(&n.to_string()), None, 1);
    }
    let _lock = store.liveness_lock(&key("a"), PLENTY).unwrap();
    server.command(&["SET", "a[b]*:{other}", "x"]);
    server.command(&["SET", &on_server(&key("a")), "x"]);
    assert_eq!(Map::names(store.map(), PLENTY).unwrap().len(), 2_500);
}

/// An authority, and a certificate for this machine that it has signed, with its key.
fn certificates() -> (String, String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let signed = server.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    (root, signed.pem(), key.serialize_pem())
}

#[test]
fn tls_is_spoken_with_a_server_of_a_private_authority() {
    let (root, certificate, private_key) = certificates();
    let server = RedisServer::start_with_tls(&certificate, &private_key);
    let url = format!("rediss://127.0.0.1:{}", server.port());
    for colour in Colour::BOTH {
        let trusting = RedisStore::builder(&url).root_certificates(root.as_bytes()).unsealed().unwrap();
        let store = coloured(colour, trusting, None, None);
        let key = key(&format!("{colour:?}"));
        let version = save(&*store, &key, None, 1);
        assert_eq!(stored(&*store, &key), Some((version, 1)));
        let lock = store.liveness_lock(&key, PLENTY).unwrap();
        let watched = store.watch(&key, version, lock.domain(), Duration::from_millis(500));
        assert_eq!(watched.unwrap(), WatchOutcome::Unchanged);

        let (stranger, ..) = certificates();
        let doubting = RedisStore::builder(&url).root_certificates(stranger).unsealed().unwrap();
        let error = coloured(colour, doubting, None, None).load(&key, PLENTY).unwrap_err();
        assert!(error.is_refused() && error.to_string().contains("certificate"), "{error}");
    }
    let error = RedisStore::builder(&url).root_certificates("no PEM").unsealed();
    assert!(error.is_err() || root.is_empty(), "what is no certificate is refused at once");
}
