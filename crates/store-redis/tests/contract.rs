//! The store in Redis satisfies the contract, also between processes.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::any::Any;
use core::time::Duration;
use std::path::Path;

use wellspring_core::{Store, TokenKey, Version};
use wellspring_store::contract::{self, Fixture, Folder};
use wellspring_store::{Entry, KeyName, Map, SealingKey, SealingKeys};
use wellspring_store_redis::RedisStore;
use wellspring_test_servers::RedisServer;

mod support;
use support::{Colour, PLENTY, coloured};

const PRESENCE: Duration = Duration::from_millis(1_500);

fn keys() -> SealingKeys {
    SealingKeys::new(SealingKey::new(&[7; 32]))
}

/// A server with an empty store.
struct OnServer {
    server: RedisServer,
    spills: Folder,
    sealed: bool,
    colour: Colour,
}

impl OnServer {
    fn new(sealed: bool, colour: Colour) -> Self {
        Self { server: RedisServer::start(), spills: Folder::new(), sealed, colour }
    }
}

fn open(url: &str, sealed: bool, colour: Colour, spills: &Path) -> Box<dyn Store> {
    let builder = RedisStore::builder(url).presence_for(PRESENCE);
    coloured(colour, builder.unsealed().unwrap(), sealed.then(keys), Some(spills))
}

impl Fixture for OnServer {
    fn open(&self) -> Box<dyn Store> {
        open(&self.server.url(), self.sealed, self.colour, self.spills.path())
    }

    fn corrupt(&self, key: &TokenKey) {
        let key = format!("wellspring:{{{}}}", KeyName::of(key));
        assert_eq!(self.server.command(&["HSET", &key, "r", "not a record"]), "0");
    }

    fn corrupt_spills(&self) -> bool {
        contract::corrupt_files(self.spills.path())
    }

    /// A server that must have a replica and has none takes no changes.
    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        struct Refused(u16);
        impl Drop for Refused {
            fn drop(&mut self) {
                let port = self.0.to_string();
                let words = ["-p", &port, "CONFIG", "SET", "min-replicas-to-write", "0"];
                assert!(
                    std::process::Command::new("redis-cli").args(words).output().unwrap().status.success()
                );
            }
        }
        self.server.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
        Some(Box::new(Refused(self.server.port())))
    }

    fn presence(&self) -> Duration {
        PRESENCE
    }
}

#[test]
fn the_store_in_redis_satisfies_the_contract() {
    contract::check(|| Box::new(OnServer::new(false, Colour::Blocking)));
    contract::check_moved_records(|| Box::new(OnServer::new(false, Colour::Blocking)));
}

#[test]
fn the_asynchronous_store_in_redis_satisfies_the_contract() {
    contract::check(|| Box::new(OnServer::new(false, Colour::Async)));
    contract::check_moved_records(|| Box::new(OnServer::new(false, Colour::Async)));
}

#[test]
fn a_sealed_store_in_redis_satisfies_the_contract() {
    contract::check(|| Box::new(OnServer::new(true, Colour::Blocking)));
    contract::check_moved_records(|| Box::new(OnServer::new(true, Colour::Async)));
}

#[test]
fn the_store_in_redis_satisfies_the_contract_between_processes() {
    let fixture = OnServer::new(false, Colour::Blocking);
    // A child learns the port from its location.
    let location = fixture.spills.path().join(fixture.server.port().to_string());
    contract::check_across_processes(&fixture, &location, "child_process");
}

/// Not a test of its own: the child processes of the other tests run it.
#[test]
fn child_process() {
    contract::run_child(|location| {
        let port = location.file_name().unwrap().to_str().unwrap();
        Ok(open(&format!("redis://127.0.0.1:{port}"), false, Colour::Blocking, location.parent().unwrap()))
    });
}

#[test]
fn other_bytes_of_the_same_version_take_the_place_of_the_first() {
    let server = RedisServer::start();
    let store = RedisStore::builder(&server.url()).unsealed().unwrap();
    let (name, version) = (KeyName::of(&TokenKey::new("p", "e")), Version::new(1));
    let swap = |expected, bytes: &[u8]| {
        let entry = Entry { version, bytes: bytes.to_vec().into() };
        Map::swap(store.map(), &name, expected, &entry, PLENTY).unwrap()
    };
    assert!(swap(None, b"one") && swap(None, b"one"), "a swap that is sent twice is made once");
    assert!(swap(Some(version), b"two"));
    let entry = Map::load(store.map(), &name, PLENTY).unwrap().unwrap();
    assert_eq!((entry.version, entry.bytes.as_slice()), (version, &b"two"[..]));
}
