//! What only a person can correct is told once, with what to do and without a secret.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use wellspring_core::{Store, StoreError, WatchOutcome};
use wellspring_store_redis::RedisStore;
use wellspring_test_servers::{RedisServer, eventually};

mod support;
use support::{Colour, PLENTY, key, on_server, open, record, save, stored};

const CANARY: &str = "canary-of-the-password";

/// A user of the access control list who may do what the documentation of the store lists, and nothing else.
const PERMISSIONS: [&str; 15] = [
    "~wellspring:*",
    "resetchannels",
    "&wellspring:*",
    "+@connection",
    "+evalsha",
    "+eval",
    "+hgetall",
    "+hmget",
    "+hget",
    "+hset",
    "+exists",
    "+del",
    "+set",
    "+publish",
    "+subscribe|unsubscribe",
];

fn assert_refused(error: &StoreError, says: &str) {
    let shown = format!("{error} {error:?}");
    assert!(error.is_refused() && error.to_string().contains(says), "{error}");
    assert!(!shown.contains(CANARY), "{shown}");
}

#[test]
fn a_wrong_password_is_refused_and_shown_nowhere() {
    let server = RedisServer::start_with(&["--requirepass", CANARY]);
    for colour in Colour::BOTH {
        let url = |login: &str| format!("redis://{login}127.0.0.1:{}", server.port());
        let error = open(colour, &url("")).load(&key("a"), PLENTY).unwrap_err();
        assert_refused(&error, "asks for a password");
        let error = open(colour, &url(&format!(":{CANARY}x@"))).load(&key("a"), PLENTY).unwrap_err();
        assert_refused(&error, "does not take this user and password");
        assert_eq!(stored(&*open(colour, &url(&format!(":{CANARY}@"))), &key("a")), None);
    }
    let builder = RedisStore::builder(&format!("redis://u:{CANARY}@127.0.0.1:{}", server.port()));
    assert!(!format!("{builder:?}").contains(CANARY));
    let store = builder.username("default").password(CANARY).unsealed().unwrap();
    assert!(store.load(&key("a"), PLENTY).is_ok());
    assert!(!format!("{store:?} {:?} {:?}", store.notes(), store.problems()).contains(CANARY));
}

#[test]
fn a_user_needs_only_what_the_documentation_lists() {
    let server = RedisServer::start();
    let user = |name: &str, permissions: &[&str]| {
        let password = format!(">{CANARY}");
        let start = ["ACL", "SETUSER", name, "on", &password];
        server.command(&[&start, permissions].concat());
        format!("redis://{name}:{CANARY}@127.0.0.1:{}", server.port())
    };
    let mut listed: Vec<&str> = PERMISSIONS[..14].to_vec();
    listed.extend(["+subscribe", "+unsubscribe"]);
    let app = user("app", &listed);
    let mut silent = listed.clone();
    silent.retain(|permission| *permission != "&wellspring:*");
    let silent = user("silent", &silent);
    let mut bare = listed.clone();
    bare.retain(|permission| !permission.contains("eval"));
    let bare = user("bare", &bare);
    for colour in Colour::BOTH {
        let user = format!("{colour:?}");
        let (owner, watcher) = (open(colour, &app), open(colour, &app));
        let version = save(&*owner, &key(&user), None, 1);
        let lock = owner.liveness_lock(&key(&user), PLENTY).unwrap();
        let outcome = watcher.watch(&key(&user), version, lock.domain(), Duration::from_millis(500)).unwrap();
        assert_eq!(outcome, WatchOutcome::Unchanged);

        let error = open(colour, &bare).save(&key("b"), None, &record(1), PLENTY).unwrap_err();
        assert_refused(&error, "does not permit this user what the store needs");

        // Without the channels a watcher looks by itself.
        let (owner, watcher) = (open(colour, &silent), open(colour, &silent));
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| watcher.watch(&key(&user), version, None, PLENTY));
            save(&*owner, &key(&user), Some(version), 2);
            assert_eq!(watching.join().unwrap().unwrap(), WatchOutcome::Changed);
        });
    }
    let store = RedisStore::builder(&silent).unsealed().unwrap();
    save(&store, &key("c"), None, 1);
    assert!(
        store.notes().iter().any(|note| note.contains("does not let this user publish")),
        "{:?}",
        store.notes()
    );
}

#[test]
fn an_engine_without_scripts_is_refused_and_the_error_says_why() {
    let server =
        RedisServer::start_with(&["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""]);
    for colour in Colour::BOTH {
        let store = open(colour, &server.url());
        let error = store.save(&key("a"), None, &record(1), PLENTY).unwrap_err();
        assert_refused(
            &error,
            "it cannot compare and swap: two processes would overwrite each other's tokens",
        );
    }
}

#[test]
fn a_database_or_a_server_that_the_url_names_by_mistake_is_told_with_what_to_correct() {
    let server = RedisServer::start();
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in stranger.incoming() {
            let mut connection = connection.unwrap();
            let _ = connection.read(&mut [0; 1024]);
            let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for colour in Colour::BOTH {
        let load = |url: &str| open(colour, url).load(&key("a"), PLENTY).unwrap_err();
        let error = load(&format!("redis://127.0.0.1:{}/99", server.port()));
        assert_refused(&error, "refuses the database with the number in the store's URL: correct the number");
        let error = load(&format!("redis+sentinel://127.0.0.1:{}/main", server.port()));
        assert_refused(&error, "which is not a Sentinel: write the host and the port of a Sentinel");
        let with_tls = open(colour, &format!("rediss://127.0.0.1:{}", server.port()));
        let error = with_tls.load(&key("a"), Duration::from_secs(1)).unwrap_err();
        assert!(error.to_string().ends_with("no answer in time: does it speak TLS at this port?"), "{error}");
    }
    // The library's asynchronous connection only says that it broke.
    for url in [format!("redis://127.0.0.1:{port}"), format!("redis://:{CANARY}@127.0.0.1:{port}")] {
        let error = open(Colour::Blocking, &url).load(&key("a"), PLENTY).unwrap_err();
        assert!(!error.to_string().contains(CANARY));
        assert!(error.to_string().contains("is not one of Redis: check the host and the port"), "{error}");
    }
}

#[test]
fn a_check_of_the_server_swaps_and_leaves_nothing_behind() {
    let server = RedisServer::start();
    let check = |url: &str| RedisStore::builder(url).unsealed().unwrap().map().check(PLENTY);
    check(&server.url()).unwrap();
    assert_eq!(server.command(&["DBSIZE"]), "0");
    let calls = server.calls();
    assert!(calls.iter().any(|(name, _)| name == "hset"), "a look is no check: {calls:?}");
    for missing in ["+hset", "+eval", "+evalsha", "~wellspring:*"] {
        let permissions = PERMISSIONS[..14].iter().filter(|permission| **permission != missing);
        let password = format!(">{CANARY}");
        let mut words = vec!["ACL", "SETUSER", "app", "reset", "on", &password];
        words.extend(permissions);
        server.command(&words);
        let error = check(&format!("redis://app:{CANARY}@127.0.0.1:{}", server.port())).unwrap_err();
        assert_refused(&error, "does not permit this user what the store needs");
    }
    let replica = server.replica();
    let error = check(&replica.url()).unwrap_err();
    assert!(!error.is_permanent() && error.to_string().contains("connect to the primary"), "{error}");
    let bare = RedisServer::start_with(&["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""]);
    assert_refused(&check(&bare.url()).unwrap_err(), "it cannot compare and swap");
}

#[test]
fn a_replica_takes_no_changes_and_the_error_says_where_to_connect() {
    let server = RedisServer::start();
    let replica = server.replica();
    for colour in Colour::BOTH {
        let error = open(colour, &replica.url()).save(&key("a"), None, &record(1), PLENTY).unwrap_err();
        assert!(!error.is_permanent() && error.to_string().contains("connect to the primary"), "{error}");
    }
}

#[test]
fn what_another_program_has_written_is_an_error_and_stays() {
    let server = RedisServer::start();
    let write: [&[&str]; 3] =
        [&["SET", "KEY", "x"], &["HSET", "KEY", "x", "y"], &["HSET", "KEY", "v", "x", "r", "y"]];
    for (n, words) in write.into_iter().enumerate() {
        let key = key(&n.to_string());
        let on_server = on_server(&key);
        let words: Vec<&str> =
            words.iter().map(|word| if *word == "KEY" { on_server.as_str() } else { word }).collect();
        server.command(&words);
        let before = server.command(&["DUMP", &on_server]);
        for colour in Colour::BOTH {
            let store = open(colour, &server.url());
            let error = store.load(&key, PLENTY).unwrap_err();
            assert!(error.is_unreadable() && error.to_string().contains("something else"), "{error}");
            assert!(!matches!(
                store.save(&key, None, &record(1), PLENTY),
                Ok(wellspring_core::Swap::Done(_))
            ));
            assert!(store.watch(&key, wellspring_core::Version::new(1), None, PLENTY).is_err() || n == 1);
            assert_eq!(server.command(&["DUMP", &on_server]), before);
        }
    }
}

#[test]
fn a_full_server_refuses_new_records_and_still_replaces_those_that_it_has() {
    let server = RedisServer::start();
    let store = open(Colour::Blocking, &server.url());
    let version = save(&*store, &key("a"), None, 1);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.save(&key("b"), None, &record(1), PLENTY).unwrap_err();
    assert!(!error.is_permanent() && error.to_string().contains("has no memory left"), "{error}");
    save(&*store, &key("a"), Some(version), 2);
}

#[test]
fn a_server_that_may_lose_records_is_told_of() {
    let server = RedisServer::start();
    let store = RedisStore::builder(&server.url()).unsealed().unwrap();
    assert!(store.problems().is_empty());
    assert!(store.notes().iter().any(|note| note.contains("appendonly yes")), "{:?}", store.notes());
    server.command(&["CONFIG", "SET", "appendonly", "yes"]);
    assert_eq!(store.notes(), [""; 0]);
    server.command(&["CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru"]);
    let problems = store.problems();
    assert!(
        problems.len() == 1 && problems[0].to_string().contains("maxmemory-policy noeviction"),
        "{problems:?}"
    );
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    let error = |url: &str| RedisStore::builder(url).unsealed().unwrap_err();
    assert_refused(&error(&format!("redis://{CANARY}@h")), "a user and no password");
    assert_refused(&error(&format!("http://{CANARY}")), "begins with none of");
    let braced = RedisStore::builder("redis://h").prefix("a{b}").unsealed().unwrap_err();
    assert_refused(&braced, "has a brace");
    let short = RedisStore::builder("redis://h").presence_for(Duration::ZERO).unsealed().unwrap_err();
    assert_refused(&short, "the presence of the store lasts");
    eventually("nothing", || Some(()));
}
