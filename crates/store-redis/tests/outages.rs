//! A server that is paused, killed, emptied, set back or cut off.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;

use wellspring_core::{Applied, Swap, WatchOutcome};
use wellspring_store_redis::RedisStore;
use wellspring_test_servers::{RedisServer, Relay, eventually, timed};

mod support;
use support::{Colour, PLENTY, coloured, key, open, record, save, stored};

/// A caller that is held longer is held by the server.
const HELD: Duration = Duration::from_secs(30);

#[test]
fn a_paused_server_holds_no_caller_past_its_time_and_a_save_may_have_been_made() {
    for colour in Colour::BOTH {
        let server = RedisServer::start();
        let store = open(colour, &server.url());
        let version = save(&*store, &key("a"), None, 1);
        let lock = store.liveness_lock(&key("a"), PLENTY).unwrap();
        server.pause();
        let within = Duration::from_millis(300);
        let (loaded, took) = timed(|| store.load(&key("a"), within));
        let error = loaded.unwrap_err();
        assert!(!error.is_permanent() && took < HELD, "{colour:?}: {error} after {took:?}");
        assert!(error.to_string().contains("did not answer in time"), "{error}");
        let (saved, took) = timed(|| store.save(&key("a"), Some(version), &record(2), within));
        let error = saved.unwrap_err();
        assert!(error.applied() == Applied::Maybe && took < HELD, "{colour:?}: {error} after {took:?}");
        let (watched, took) = timed(|| store.watch(&key("a"), version, lock.domain(), within));
        assert!(matches!(watched, Ok(WatchOutcome::Unchanged) | Err(_)) && took < HELD, "{colour:?}");
        // A watcher with more time is told that the store cannot be read.
        let (watched, took) = timed(|| store.watch(&key("a"), version, None, PLENTY));
        assert!(watched.is_err() && took < HELD, "{colour:?}: {watched:?} after {took:?}");
        // Another process, which has no connection yet.
        let other = open(colour, &server.url());
        let (loaded, took) = timed(|| other.load(&key("a"), within));
        assert!(!loaded.unwrap_err().is_permanent() && took < HELD, "{colour:?}");
        server.resume();
        // The save that was given up was made all the same.
        eventually("the save of the paused server", || {
            let loaded = store.load(&key("a"), PLENTY).ok()?.stored?;
            (loaded.record.generation.value() == 2).then_some(())
        });
    }
}

#[test]
fn a_server_that_starts_again_is_found_and_what_it_has_lost_is_seen() {
    for colour in Colour::BOTH {
        let mut server = RedisServer::start();
        let store = open(colour, &server.url());
        let first = save(&*store, &key("a"), None, 1);
        let dump = server.save();
        let older = server.folder().join("older");
        std::fs::copy(dump, &older).unwrap();
        let second = save(&*store, &key("a"), Some(first), 2);

        server.kill();
        let error = store.load(&key("a"), PLENTY).unwrap_err();
        assert!(!error.is_permanent(), "{colour:?}: {error}");
        let error = store.save(&key("a"), Some(second), &record(3), PLENTY).unwrap_err();
        assert!(!error.is_permanent() && error.applied() == Applied::No, "{colour:?}: {error}");
        assert!(store.liveness_lock(&key("a"), PLENTY).is_err(), "{colour:?}");

        // It shows the older record again, and a save over the lost version conflicts.
        server.start_again_from(Some(&older));
        assert_eq!(stored(&*store, &key("a")), Some((first, 1)), "{colour:?}");
        let conflict = store.save(&key("a"), Some(second), &record(3), PLENTY).unwrap();
        assert_eq!(conflict, Swap::Conflict, "{colour:?}");
        save(&*store, &key("a"), Some(first), 4);

        server.start_again_from(None);
        // A connection that the server has closed is no failure of the store.
        assert_eq!(stored(&*store, &key("a")), None, "{colour:?}");
        assert!(store.liveness_lock(&key("a"), PLENTY).is_ok(), "{colour:?}");
    }
}

#[test]
fn a_cut_network_holds_no_caller_and_is_found_mended() {
    for colour in Colour::BOTH {
        let server = RedisServer::start();
        let relay = Relay::to(server.port());
        let store = open(colour, &format!("redis://127.0.0.1:{}", relay.port()));
        save(&*store, &key("a"), None, 1);
        relay.cut();
        let (loaded, took) = timed(|| store.load(&key("a"), Duration::from_millis(600)));
        assert!(!loaded.unwrap_err().is_permanent() && took < HELD, "{colour:?} after {took:?}");
        relay.mend();
        eventually("the mended network", || store.load(&key("a"), PLENTY).ok());
        assert_eq!(stored(&*store, &key("a")).map(|(_, generation)| generation), Some(1));
    }
}

#[test]
fn a_watcher_whose_connection_for_messages_breaks_still_sees_the_change() {
    for colour in Colour::BOTH {
        let server = RedisServer::start();
        let (owner, watcher) = (open(colour, &server.url()), open(colour, &server.url()));
        let version = save(&*owner, &key("a"), None, 1);
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| watcher.watch(&key("a"), version, None, PLENTY));
            eventually("the subscription", || {
                server.command(&["PUBSUB", "CHANNELS"]).contains("wellspring:").then_some(())
            });
            server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
            save(&*owner, &key("a"), Some(version), 2);
            assert_eq!(watching.join().unwrap().unwrap(), WatchOutcome::Changed, "{colour:?}");
        });
    }
}

#[test]
fn an_owner_whose_presence_is_gone_is_unknown_and_it_shows_itself_again() {
    let server = RedisServer::start();
    let open =
        |url: &str| RedisStore::builder(url).presence_for(Duration::from_millis(600)).unsealed().unwrap();
    let owner = coloured(Colour::Blocking, open(&server.url()), None, None);
    let watcher = coloured(Colour::Async, open(&server.url()), None, None);
    let version = save(&*owner, &key("a"), None, 1);
    let lock = owner.liveness_lock(&key("a"), PLENTY).unwrap();
    let watch = |within| watcher.watch(&key("a"), version, lock.domain(), within).unwrap();
    assert_eq!(watch(Duration::from_secs(2)), WatchOutcome::Unchanged);
    // An emptied server has no presence either, until the process shows itself again.
    let alive = server.command(&["KEYS", "wellspring:alive:*"]);
    server.command(&["DEL", &alive]);
    eventually("the next sign of the process", || (server.command(&["EXISTS", &alive]) == "1").then_some(()));
    assert_eq!(watch(Duration::from_millis(300)), WatchOutcome::Unchanged);
    drop(lock);
    drop(owner);
    eventually("the end of the presence", || (server.command(&["EXISTS", &alive]) == "0").then_some(()));
    let domain = wellspring_core::LockDomain::new(
        u128::from(u64::from_str_radix(alive.split(['{', '}']).nth(1).unwrap(), 16).unwrap()) << 64 | 1,
    );
    let outcome = watcher.watch(&key("a"), version, domain, PLENTY).unwrap();
    assert_eq!(outcome, WatchOutcome::OwnerUnknown);
}

#[test]
fn a_watcher_on_another_host_is_served_soon_after_the_save() {
    for colour in Colour::BOTH {
        let server = RedisServer::start();
        let (owner, watcher) = (open(colour, &server.url()), open(colour, &server.url()));
        let mut version = save(&*owner, &key("a"), None, 0);
        let mut lags = Vec::new();
        for generation in 1..=21 {
            version = std::thread::scope(|scope| {
                let watcher = &watcher;
                let watching = scope.spawn(move || watcher.watch(&key("a"), version, None, PLENTY).unwrap());
                eventually("the subscription", || {
                    server.command(&["PUBSUB", "CHANNELS"]).contains("wellspring:").then_some(())
                });
                let next = save(&*owner, &key("a"), Some(version), generation);
                let (outcome, lag) = timed(|| watching.join().unwrap());
                assert_eq!(outcome, WatchOutcome::Changed);
                lags.push(lag);
                next
            });
        }
        lags.sort();
        println!(
            "{colour:?}: a watcher returns after the save within {:?} (least), {:?} (median), {:?} (worst)",
            lags[0], lags[10], lags[20]
        );
        // The poll takes up to a second, and so most of these would take longer.
        assert!(
            lags[0] < Duration::from_millis(30) && lags[10] < Duration::from_millis(500),
            "{colour:?}: {lags:?}"
        );
    }
}

/// A name server that never answers, at an address of this machine that no other program uses.
const SILENT: &str = "127.93.0.1";

/// A name that is looked up for minutes holds no caller past its deadline. The system reads the address of its name server
/// from a file, so the look-up runs where that file is another: in a process with a mount of its own.
#[test]
fn a_name_whose_look_up_hangs_holds_no_caller() {
    let Ok(_silent) = std::net::UdpSocket::bind((SILENT, 53)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolv.conf");
    std::fs::write(&file, format!("nameserver {SILENT}\noptions timeout:30 attempts:5\n")).unwrap();
    let script = format!(
        "mount --bind {} /etc/resolv.conf && exec \"$0\" --exact child_of_the_look_up --nocapture",
        file.display()
    );
    let mut command = std::process::Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]).arg(std::env::current_exe().unwrap());
    let output = command.env("WELLSPRING_TEST_LOOK_UP", "never.example").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how the test process reaches its child")]
fn child_of_the_look_up() {
    use std::net::ToSocketAddrs as _;
    let Ok(name) = std::env::var("WELLSPRING_TEST_LOOK_UP") else { return };
    let host = name.clone();
    let looking = std::thread::spawn(move || (host.as_str(), 6379).to_socket_addrs().is_ok());
    for colour in Colour::BOTH {
        // A runtime that is dropped waits for its look-ups.
        let store = Box::leak(open(colour, &format!("redis://{name}")));
        let error = store.load(&key("a"), Duration::from_secs(1)).unwrap_err();
        assert!(!error.is_permanent(), "{colour:?}: {error}");
        assert!(!looking.is_finished(), "{colour:?}: the name server does not answer");
    }
    // The look-ups are still on their threads.
    std::process::exit(0);
}
