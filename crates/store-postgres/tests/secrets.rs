//! A dump of the database shows no token of a sealed store, and the spill neither; a log of the library shows nothing.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

mod support;

use std::fs;

use support::{DATABASE, WITHIN, create, new_table, server};
use wellspring_core::{Store, TokenKey};
use wellspring_store::contract::{Folder, sample};
use wellspring_store::{OnRuntime, SealingKey, SealingKeys};
use wellspring_store_postgres::PostgresStore;
use wellspring_test_servers::PostgresServer;

/// What only a sealed store hides: the access token of `sample::of_length`.
const TOKEN: &str = "tttttttttttttttttttttttttttttt";

/// As `pg_dump` writes bytes.
fn in_digits(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the dump shows a token, and whether a spill does, after a save and a spill.
fn shown_by(sealed: bool) -> (bool, bool) {
    let (server, table, folder) = (server(), new_table(), Folder::new());
    let builder = PostgresStore::builder(server.url(DATABASE)).table(&table);
    create(&server, &builder);
    let keys = SealingKeys::new(SealingKey::new(&[7; 32]));
    let store = if sealed { builder.sealed(keys) } else { builder.unsealed() };
    let store = OnRuntime::new(store.unwrap().with_spills(folder.path())).unwrap();
    let key = TokenKey::new("p", "e");
    store.save(&key, None, &sample::of_length(30), WITHIN).unwrap();
    let mut pending_save = sample::pending_save(1);
    pending_save.record = sample::of_length(30);
    store.spill(&key, &pending_save).unwrap();
    let dump = server.dump(DATABASE);
    assert!(dump.contains(&format!("\"{table}\"")), "the dump has the table");
    let shows = |bytes: &[u8]| bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut spills = files.filter(|path| path.is_file());
    (
        dump.contains(TOKEN) || dump.contains(&in_digits(TOKEN)),
        spills.any(|path| shows(&fs::read(path).unwrap())),
    )
}

#[test]
fn neither_a_dump_nor_a_spill_of_a_sealed_store_shows_a_token() {
    assert_eq!(shown_by(false), (true, true), "without a key both do");
    assert_eq!(shown_by(true), (false, false));
}

#[test]
fn no_error_shows_the_row_that_the_server_quotes_and_each_is_one_line() {
    // A server of its own: the test beside this one looks at a dump of all tables.
    let (server, table) = (PostgresServer::start(), new_table());
    let builder = PostgresStore::builder(server.url(DATABASE)).table(&table);
    create(&server, &builder);
    // The server's error has the whole row as its detail, and this name in its message.
    server.sql(
        DATABASE,
        &format!("ALTER TABLE \"{table}\" ADD CONSTRAINT \"two\nlines\" CHECK (length(value) < 9)"),
    );
    let store = OnRuntime::new(builder.unsealed().unwrap()).unwrap();
    let saved = store.save(&TokenKey::new("p", "e"), None, &sample::of_length(30), WITHIN);
    let error = saved.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("violates check constraint \"two lines\""), "{shown}");
    assert!(!shown.contains("Failing row") && !shown.contains("\\x"), "{shown}");
}
