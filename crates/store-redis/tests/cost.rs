//! What an operation costs: its round trips, counted by the server; and what the server's files show.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use wellspring_core::{Store, Swap};
use wellspring_store::contract::sample;
use wellspring_store::{SealingKey, SealingKeys};
use wellspring_store_redis::RedisStore;
use wellspring_test_servers::RedisServer;

mod support;
use support::{Colour, PLENTY, key, open, save};

/// The commands that clients have sent: not those in the scripts.
fn sent(server: &RedisServer) -> Vec<(String, u64)> {
    const IN_SCRIPTS: [&str; 5] = ["hget", "exists", "del", "hset", "publish"];
    server.calls().into_iter().filter(|(name, _)| !IN_SCRIPTS.contains(&name.as_str())).collect()
}

#[test]
fn a_load_is_one_command_a_save_one_and_a_lock_none() {
    for colour in Colour::BOTH {
        let server = RedisServer::start();
        let store = open(colour, &server.url());
        // The first script is sent with its text, and the first lock shows that this process lives.
        let version = save(&*store, &key("a"), None, 1);
        drop(store.liveness_lock(&key("a"), PLENTY).unwrap());
        let mut total: Vec<(String, u64)> = Vec::new();
        // The presence may be renewed in between: the shortest of several measurements counts.
        let mut version = version;
        for _ in 0..5 {
            server.reset_calls();
            store.load(&key("a"), PLENTY).unwrap();
            let lock = store.liveness_lock(&key("a"), PLENTY).unwrap();
            version = save(&*store, &key("a"), Some(version), 2);
            version = save(&*store, &key("a"), Some(version), 3);
            drop(lock);
            total = sent(&server);
            if !total.iter().any(|(name, _)| name == "set") {
                break;
            }
        }
        total.sort();
        assert_eq!(total, [("evalsha".to_owned(), 2), ("hgetall".to_owned(), 1)], "{colour:?}");
    }
}

#[test]
fn a_dump_shows_no_token_of_a_sealed_store() {
    const TOKEN: &[u8] = b"tttttttttttttttttttttttttttttt";
    for (sealed, shown) in [(false, true), (true, false)] {
        let server = RedisServer::start_with(&["--rdbcompression", "no", "--appendonly", "yes"]);
        let builder = RedisStore::builder(&server.url());
        let keys = SealingKeys::new(SealingKey::new(&[7; 32]));
        let store = if sealed { builder.sealed(keys) } else { builder.unsealed() }.unwrap();
        let saved = store.save(&key("a"), None, &sample::of_length(30), PLENTY).unwrap();
        assert!(matches!(saved, Swap::Done(_)));
        assert!(server.save().exists());
        let mut files = Vec::new();
        let mut folders = vec![server.folder().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(std::fs::read(path).unwrap()) }
            }
        }
        assert!(files.len() > 2, "the dump, the log and the append-only file are there");
        let shows = files.iter().filter(|bytes| bytes.windows(TOKEN.len()).any(|at| at == TOKEN)).count();
        assert_eq!(shows > 0, shown, "sealed: {sealed}, in {shows} files");
    }
}
