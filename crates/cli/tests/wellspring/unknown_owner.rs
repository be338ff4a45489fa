//! Commands that find a lease whose owner no process can tell alive from gone.

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use wellspring_core::{Attempt, Lease, LoginReason, Owner, Record, Store, Swap, TokenKey, UnixTime};
use wellspring_simulator::SimClock;

use crate::command::Folder;
use crate::deadline::{endpoint, with_refresh_token};

const MOMENT: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3_600);
const STORES: [(&str, &str); 2] = [("file:tokens", "async"), ("sqlite:wellspring.db", "blocking")];

fn record(store: &Arc<dyn Store>, key: &TokenKey) -> Record {
    store.load(key, MOMENT).unwrap().stored.unwrap().record
}

/// A lease of this span without a lock, which ended so long ago.
fn lease(store: &Arc<dyn Store>, key: &TokenKey, span: Duration, ended: Duration) {
    let owner = Owner { machine: 1, boot: 2, process: 4711, source: 3 };
    let until = UnixTime::after_epoch(SimClock::system().now()).minus(ended);
    let attempt = Attempt { owner, number: 1 };
    let lease = Some(Lease { attempt, domain: None, first_sent: None, until, span, replays: 0 });
    let stored = store.load(key, MOMENT).unwrap().stored.unwrap();
    let mut record = stored.record;
    record.lease = lease;
    assert!(matches!(store.save(key, Some(stored.version), &record, MOMENT), Ok(Swap::Done(_))));
}

/// Removes the lock files, as a program that cleans up does.
fn remove_locks(folder: &Folder) {
    let remove = |path: &Path| if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    let locks: Vec<_> = [folder.path().to_owned(), folder.path().join("tokens")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.ends_with("locks") || path.extension().is_some_and(|end| end == "life"))
        .collect();
    assert!(!locks.is_empty());
    locks.iter().for_each(|path| remove(path).unwrap());
}

#[test]
fn an_overdue_lease_ends_a_command_at_once_with_the_time_at_which_another_takes_over() {
    for (url, transport) in STORES {
        let (token_url, was_asked, _answer) = endpoint();
        let (folder, store, key) = with_refresh_token(&token_url, url, "");
        lease(&store, &key, HOUR, Duration::from_secs(10));
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{}", ran.stderr);
        let text =
            "no process can tell whether process 4711 still renews the token; another one takes over after ";
        assert!(ran.stderr.contains(text) && ran.stderr.ends_with("Z; try again then\n"), "{}", ran.stderr);
        assert!(record(&store, &key).lease.is_some() && was_asked.try_recv().is_err());
    }
}

#[test]
fn a_lapsed_lease_under_which_nothing_may_be_repeated_ends_in_a_sign_in_for_every_command() {
    for (url, transport) in STORES {
        let (token_url, was_asked, _answer) = endpoint();
        let (folder, store, key) = with_refresh_token(&token_url, url, "");
        lease(&store, &key, HOUR, HOUR);
        for again in [false, true] {
            let ran = folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{again}: {}", ran.stderr);
            let Record { lease, dead, .. } = record(&store, &key);
            assert_eq!((lease, dead.map(|dead| dead.reason)), (None, Some(LoginReason::Ambiguous)));
        }
        assert!(was_asked.try_recv().is_err(), "nothing is sent");
    }
}

/// Each command lives shorter than the lease.
#[test]
fn after_a_killed_renewal_whose_lock_was_removed_the_commands_come_to_an_answer() {
    for (url, transport) in STORES {
        let (token_url, was_asked, _answer) = endpoint();
        let policy = "[profile.user.policy]\ndeadline = \"1s\"\nstore_deadline = \"1s\"\n";
        let (folder, store, key) = with_refresh_token(&token_url, url, policy);
        let mut command = folder.command(&["token", "user", "--transport", transport]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        was_asked.recv().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        remove_locks(&folder);
        let ended =
            (0..1_000).map(|_| folder.run(&["token", "user", "--transport", transport])).find(|ran| {
                // A command may reach its deadline anywhere.
                assert!([3, 5].contains(&ran.status), "{}: {}", ran.status, ran.stderr);
                ran.status == 3
            });
        assert!(ended.is_some(), "{url}");
        assert!(record(&store, &key).lease.is_none());
        assert!(was_asked.try_recv().is_err(), "nothing is sent again");
    }
}
