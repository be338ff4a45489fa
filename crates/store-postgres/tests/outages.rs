//! A server that is paused, dead, cut off, older than before or set up wrongly holds no caller past its time, and each
//! error says what to do.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

mod support;

use core::time::Duration;

use support::{DATABASE, WITHIN, entry, map, name, new_store, server, version};
use tokio::time::timeout;
use wellspring_core::{Applied, AsyncStore as _, StoreError, Swap, TokenKey, Version, WatchOutcome};
use wellspring_store::contract::sample;
use wellspring_store::{AsyncMap as _, KeyName};
use wellspring_store_postgres::PostgresStore;
use wellspring_test_servers::{PostgresServer, Relay};

const SHORT: Duration = Duration::from_millis(300);

/// How much later than its time an operation may end on a busy machine.
const SLACK: Duration = Duration::from_secs(10);

/// Asserts that all operations of this store end in their time, and that a swap may have been applied if `maybe`.
async fn assert_all_end(store: &PostgresStore, maybe: bool) {
    let name = name("a");
    let all = async {
        let errors = [
            store.load(&name, SHORT).await.unwrap_err(),
            store.watch(&name, Version::new(1), None, SHORT).await.unwrap_err(),
            store.names(SHORT).await.unwrap_err(),
        ];
        for error in errors {
            assert!(!error.is_permanent() && error.applied() == Applied::No, "{error}");
        }
        store.swap(&name, Some(Version::new(1)), &entry(9), SHORT).await.unwrap_err()
    };
    let swap = timeout(4 * SHORT + SLACK, all).await.expect("every operation ends in its time");
    assert!(!swap.is_permanent(), "{swap}");
    if maybe {
        assert_eq!(swap.applied(), Applied::Maybe, "{swap}");
    }
}

/// Waits until the store answers again, as callers do who retry.
async fn until_it_answers(store: &PostgresStore) {
    let asking = async {
        while store.load(&name("a"), Duration::from_secs(2)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), asking).await.expect("the store answers again");
}

#[tokio::test]
async fn a_paused_server_holds_no_caller_and_what_was_sent_may_have_been_applied() {
    let server = PostgresServer::start();
    let store = map(new_store(&server));
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    server.pause();
    // The connection stands: the swap is sent.
    let swap = store.swap(&name("a"), Some(Version::new(1)), &entry(2), SHORT).await.unwrap_err();
    assert!(swap.applied() == Applied::Maybe && swap.to_string().contains("did not answer"), "{swap}");
    assert_all_end(&store, false).await;
    // A lock cannot be acquired either: no other process would see it.
    assert!(!store.liveness_lock(&name("a"), SHORT).await.unwrap_err().is_permanent());
    server.resume();
    until_it_answers(&store).await;
    assert_eq!(
        version(&store, &name("a")).await,
        Some(2),
        "what was sent is applied when the server goes on"
    );
}

#[tokio::test]
async fn a_swap_whose_connection_ends_before_the_answer_may_have_been_applied() {
    /// The connections whose statement sleeps.
    const ASLEEP: &str = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    let mut server = PostgresServer::start();
    let store = map(new_store(&server));
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    server.sql(
        DATABASE,
        &format!(
            "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
             CREATE TRIGGER sleep BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION sleep()",
            store.table()
        ),
    );
    for (kills_server, says) in [(false, "terminating connection"), (true, " broke: ")] {
        until_it_answers(&store).await;
        let swapping = tokio::spawn({
            let store = store.clone();
            async move { store.swap(&name("a"), Some(Version::new(1)), &entry(2), 20 * WITHIN).await }
        });
        while server.sql(DATABASE, &format!("SELECT count(*) {ASLEEP}")) != "1" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if kills_server {
            server.kill();
        } else {
            server.sql(DATABASE, &format!("SELECT pg_terminate_backend(pid) {ASLEEP}"));
        }
        let error = swapping.await.unwrap().unwrap_err();
        assert!(error.applied() == Applied::Maybe && error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_killed_server_is_an_outage_and_a_store_that_answers_again_holds_what_it_confirmed() {
    let mut server = PostgresServer::start();
    let store = map(new_store(&server));
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    server.kill();
    assert_all_end(&store, false).await;
    server.start_again();
    until_it_answers(&store).await;
    assert_eq!(version(&store, &name("a")).await, Some(1));
}

#[tokio::test]
async fn a_network_that_drops_everything_holds_no_caller_and_another_connection_is_made() {
    let server = server();
    let builder = new_store(&server);
    let relay = Relay::to(server.port());
    let url = server.url(DATABASE).replace(&server.port().to_string(), &relay.port().to_string());
    let store = map(PostgresStore::builder(url).table(map(builder).table().trim_matches('"')));
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    relay.cut();
    let swap = store.swap(&name("a"), Some(Version::new(1)), &entry(2), SHORT).await.unwrap_err();
    assert_eq!(swap.applied(), Applied::Maybe, "{swap}");
    assert_all_end(&store, false).await;
    relay.mend();
    until_it_answers(&store).await;
}

#[tokio::test]
async fn a_note_that_an_outage_delays_is_written_once_the_server_answers_again() {
    let mut server = PostgresServer::start();
    let builder = new_store(&server);
    let (store, watcher) = (builder.clone().unsealed().unwrap(), map(builder));
    let (key, name) = (TokenKey::new("p", "e"), KeyName::of(&TokenKey::new("p", "e")));
    let lock = store.liveness_lock(&key, WITHIN).await.unwrap();
    let Swap::Done(version) = store.save(&key, None, &sample::with_attachments(), WITHIN).await.unwrap()
    else {
        panic!("the store was empty")
    };
    server.kill();
    let domain = lock.domain();
    drop(lock);
    // Long enough for the first attempt to fail.
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.start_again();
    let watching = async {
        // The presence may have ended by now, and the watcher may still find no server.
        while !matches!(watcher.watch(&name, version, domain, WITHIN).await, Ok(WatchOutcome::OwnerGone)) {}
    };
    timeout(Duration::from_secs(60), watching).await.expect("the note is written");
}

#[tokio::test]
async fn a_process_knows_without_a_note_that_its_own_lock_has_ended() {
    let server = server();
    let store = new_store(&server).unsealed().unwrap();
    let (key, name) = (TokenKey::new("p", "e"), KeyName::of(&TokenKey::new("p", "e")));
    let version = entry(1).version;
    // An entry without a lease gets no note.
    assert!(store.map().swap(&name, None, &entry(1), WITHIN).await.unwrap());
    let (first, second) =
        (store.liveness_lock(&key, WITHIN).await.unwrap(), store.liveness_lock(&key, WITHIN).await.unwrap());
    let (ended, held) = (first.domain(), second.domain());
    drop(first);
    assert_eq!(store.map().watch(&name, version, ended, WITHIN).await.unwrap(), WatchOutcome::OwnerGone);
    assert_eq!(store.map().watch(&name, version, held, SHORT).await.unwrap(), WatchOutcome::Unchanged);
}

#[tokio::test]
async fn a_server_that_comes_back_with_older_data_holds_the_older_version() {
    let mut server = PostgresServer::start();
    let store = map(new_store(&server).may_go_back(true));
    assert!(store.guarantees().may_go_back && store.guarantees().durable);
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    let copy = server.copy();
    until_it_answers(&store).await;
    assert!(store.swap(&name("a"), Some(Version::new(1)), &entry(2), WITHIN).await.unwrap());
    server.go_back_to(&copy);
    until_it_answers(&store).await;
    assert!(
        !store.swap(&name("a"), Some(Version::new(2)), &entry(3), WITHIN).await.unwrap(),
        "the newer one is gone"
    );
    let seen = store.watch(&name("a"), Version::new(2), None, WITHIN).await.unwrap();
    assert_eq!(seen, WatchOutcome::Changed);
    assert!(store.swap(&name("a"), Some(Version::new(1)), &entry(3), WITHIN).await.unwrap());
}

/// Asserts that this error is told at once, to a person, with these words and without a secret.
#[track_caller]
fn assert_refused(error: &StoreError, words: &[&str]) {
    let said = error.to_string();
    assert!(error.is_refused() && error.applied() == Applied::No, "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
    assert!(!said.contains("canary") && error.source().is_none(), "{said}");
}

trait Source {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)>;
}

impl Source for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        core::error::Error::source(self)
    }
}

#[tokio::test]
async fn a_missing_table_says_how_to_make_it_and_init_makes_it() {
    let server = server();
    let store = map(PostgresStore::builder(server.url(DATABASE)).table("not_there"));
    let words = ["no table \"not_there\"", "wellspring store init", "CREATE TABLE IF NOT EXISTS"];
    assert_refused(&store.load(&name("a"), WITHIN).await.unwrap_err(), &words);
    assert_refused(&store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap_err(), &words);
    assert_refused(&store.watch(&name("a"), Version::new(1), None, WITHIN).await.unwrap_err(), &words);
    assert_refused(&store.liveness_lock(&name("a"), WITHIN).await.unwrap_err(), &words);
    // Two at once, and once more.
    let (one, other) = tokio::join!(store.init(WITHIN), store.init(WITHIN));
    assert!(one.is_ok() && other.is_ok() && store.init(WITHIN).await.is_ok(), "{one:?} {other:?}");
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    server.sql(DATABASE, "DROP TABLE not_there");
    assert_refused(&store.load(&name("a"), WITHIN).await.unwrap_err(), &words);
    let other_schema = map(PostgresStore::builder(server.url(DATABASE)).table("nowhere.tokens"));
    assert!(other_schema.init(WITHIN).await.unwrap_err().to_string().contains("\"nowhere\".\"tokens\""));
}

#[tokio::test]
async fn a_table_of_another_program_is_refused_and_left_as_it_is() {
    let server = server();
    server.sql(DATABASE, "CREATE TABLE other (name text, pages int)");
    let store = map(PostgresStore::builder(server.url(DATABASE)).table("other"));
    for error in [store.init(WITHIN).await.unwrap_err(), store.load(&name("a"), WITHIN).await.unwrap_err()] {
        assert_refused(&error, &["is not one of this store", "name another table"]);
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_absent_database_are_told_at_once_without_the_password() {
    let server = server();
    server.create_user("guarded", "right", "");
    let wrong = map(PostgresStore::builder(server.url_of("guarded", "canary", DATABASE)));
    let said = ["does not accept the user", "password authentication failed"];
    assert_refused(&wrong.load(&name("a"), WITHIN).await.unwrap_err(), &said);
    let url = server.url_of("guarded", "", DATABASE).replace(":@", "@");
    let without = map(PostgresStore::builder(&url));
    assert_refused(&without.load(&name("a"), WITHIN).await.unwrap_err(), &["password missing"]);
    let given = map(PostgresStore::builder(&url).password("right"));
    assert!(given.server_notes(WITHIN).await.is_ok());
    let absent = map(PostgresStore::builder(server.url("nowhere")));
    let error = absent.load(&name("a"), WITHIN).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("does not exist"), "{error}");
}

#[tokio::test]
async fn a_password_in_a_private_file_is_read_for_each_connection() {
    use wellspring_store::contract::{Folder, write_private};
    let server = server();
    let folder = Folder::new();
    let path = folder.path().join("passwords");
    server.create_user("filed", "canary-f", "");
    let url = server.url_of("filed", "", DATABASE).replace(":@", "@");
    let store = map(PostgresStore::builder(url).passfile(&path));
    assert_refused(&store.check(WITHIN).await.unwrap_err(), &["does not exist"]);
    write_private(&path, b"*:*:*:filed:canary-f\n");
    let asking = async {
        while store.server_notes(WITHIN).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(WITHIN, asking).await.expect("the new file is read");
}

#[tokio::test]
async fn select_insert_and_update_are_enough_and_less_is_told_with_the_grant() {
    let server = server();
    let builder = new_store(&server);
    let table = map(builder.clone()).table();
    server.create_user("writer", "canary-w", "");
    server.create_user("reader", "canary-r", "");
    server.sql(
        DATABASE,
        &format!("GRANT SELECT, INSERT, UPDATE ON {table} TO writer; GRANT SELECT ON {table} TO reader"),
    );
    let of = |user: &str, password: &str| {
        map(PostgresStore::builder(server.url_of(user, password, DATABASE)).table(table.trim_matches('"')))
    };
    let writer = of("writer", "canary-w");
    assert!(writer.init(WITHIN).await.is_ok(), "the table is there: nothing is to be made");
    assert!(writer.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    assert!(writer.swap(&name("a"), Some(Version::new(1)), &entry(2), WITHIN).await.unwrap());
    drop(writer.liveness_lock(&name("a"), WITHIN).await.unwrap());
    assert_eq!(writer.names(WITHIN).await.unwrap(), [name("a")]);
    let reader = of("reader", "canary-r");
    assert_eq!(version(&reader, &name("a")).await, Some(2));
    let words = ["permission denied for table", "GRANT SELECT, INSERT, UPDATE"];
    let swapped = reader.swap(&name("a"), Some(Version::new(2)), &entry(3), WITHIN).await;
    assert_refused(&swapped.unwrap_err(), &words);
    assert_refused(&reader.liveness_lock(&name("a"), WITHIN).await.unwrap_err(), &words);
    let init = map(PostgresStore::builder(server.url_of("reader", "canary-r", DATABASE)).table("new_one"));
    let error = init.init(WITHIN).await.unwrap_err();
    let words =
        ["permission denied for schema public", "a user who may create tables runs: CREATE TABLE IF NOT"];
    assert_refused(&error, &words);
    assert_refused(&error, &["GRANT SELECT, INSERT, UPDATE ON \"new_one\""]);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_with_what_to_do() {
    let server = server();
    let store = map(PostgresStore::builder(server.url("mistyped")));
    let words = ["\"mistyped\" does not exist; create the database, or correct its name in the store's URL"];
    assert_refused(&store.load(&name("a"), WITHIN).await.unwrap_err(), &words);
}

#[tokio::test]
async fn a_server_that_only_reads_serves_what_is_there_and_says_why_nothing_is_saved() {
    let server = server();
    let builder = new_store(&server);
    assert!(map(builder.clone()).swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    server.create_user("standby", "s", "SUPERUSER");
    server.sql(DATABASE, "ALTER USER standby SET default_transaction_read_only = on");
    let table = map(builder).table();
    let store =
        map(PostgresStore::builder(server.url_of("standby", "s", DATABASE)).table(table.trim_matches('"')));
    assert_eq!(version(&store, &name("a")).await, Some(1));
    let error = store.swap(&name("a"), Some(Version::new(1)), &entry(2), WITHIN).await.unwrap_err();
    assert!(error.to_string().contains("read-only standby") && error.applied() == Applied::No, "{error}");
    assert!(
        !error.is_permanent(),
        "after a failover the same name may lead to a server that can be written to"
    );
    assert_eq!(version(&store, &name("a")).await, Some(1));
}

#[tokio::test]
async fn saves_are_durable_where_synchronous_commit_is_off_and_that_is_told() {
    let server = server();
    server.create_user("lax", "l", "SUPERUSER");
    server.sql(DATABASE, "ALTER USER lax SET synchronous_commit = off");
    let table = map(new_store(&server)).table();
    let plain = table.trim_matches('"');
    let store = map(PostgresStore::builder(server.url_of("lax", "l", DATABASE)).table(plain));
    let notes = store.server_notes(WITHIN).await.unwrap();
    assert!(notes.iter().any(|note| note.contains("`synchronous_commit = off`")), "{notes:?}");
    // The trigger runs at the very end of the transaction, as the commit does.
    server.sql(
        DATABASE,
        &format!(
            "CREATE TABLE seen_{0} (setting text);
             CREATE FUNCTION see_{0}() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN INSERT INTO seen_{0} VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION see_{0}()",
            plain.to_lowercase()
        ),
    );
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    assert!(store.swap(&name("a"), Some(Version::new(1)), &entry(2), WITHIN).await.unwrap());
    let seen = server.sql(DATABASE, &format!("SELECT setting FROM seen_{}", plain.to_lowercase()));
    assert_eq!(seen, "on\non");
}

#[tokio::test]
async fn another_isolation_changes_no_outcome() {
    let server = server();
    let builder = new_store(&server);
    server.create_user("strict", "s", "SUPERUSER");
    server.sql(DATABASE, "ALTER USER strict SET default_transaction_isolation = 'serializable'");
    let table = map(builder).table();
    let open =
        || map(PostgresStore::builder(server.url_of("strict", "s", DATABASE)).table(table.trim_matches('"')));
    let stores = [open(), open(), open(), open()];
    assert!(stores[0].swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    let mut current = 1;
    for round in 1..=20_u128 {
        let swaps = stores.iter().zip(1..).map(|(store, n)| {
            let store = store.clone();
            tokio::spawn(async move {
                let expected = Some(Version::new(current));
                store.swap(&name("a"), expected, &entry(round * 100 + n), WITHIN).await.unwrap()
            })
        });
        let mut done = 0;
        for swap in swaps.collect::<Vec<_>>() {
            done += u32::from(swap.await.unwrap());
        }
        assert_eq!(done, 1, "of four swaps over one version one succeeds");
        current = version(&stores[0], &name("a")).await.unwrap();
    }
}
