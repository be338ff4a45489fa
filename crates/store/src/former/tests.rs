//! A move that is interrupted at each of its operations, by the end of its process or by another process.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, LivenessLock, LockDomain, Record, RefreshToken, Scope,
    SessionState, Store, StoreError, StoreGuarantees, Swap, TokenKey, TokenResponse, UnixTime, Version,
    WatchOutcome,
};

use crate::map::{Entry, KeyName, Map};
use crate::memory::MemoryStore;
use crate::records::Records;

const TIMEOUT: Duration = Duration::from_secs(5);

/// A process on this map, which calls `disturb` before its operation of this number.
struct Disturbed<F> {
    map: MemoryStore,
    at: usize,
    done: AtomicUsize,
    disturb: F,
}

impl<F> core::fmt::Debug for Disturbed<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Disturbed")
    }
}

impl<F: Fn() -> Result<(), StoreError> + Send + Sync> Disturbed<F> {
    fn step(&self) -> Result<(), StoreError> {
        if self.done.fetch_add(1, Ordering::Relaxed) == self.at { (self.disturb)() } else { Ok(()) }
    }
}

impl<F: Fn() -> Result<(), StoreError> + Send + Sync> Map for Disturbed<F> {
    fn guarantees(&self) -> StoreGuarantees {
        self.map.guarantees()
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        self.step()?;
        self.map.load(name, within)
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        self.step()?;
        self.map.swap(name, expected, entry, within)
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.map.watch(name, version, domain, within)
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.map.liveness_lock(name, within)
    }
}

fn former() -> TokenKey {
    TokenKey::new("p", "e").scope(&Scope::parse("profile"))
}

fn renamed(name: &str) -> TokenKey {
    TokenKey::new("p", "e").profile(name).formerly(former())
}

/// A session with this refresh token.
fn session(generation: u64, refresh_token: &str) -> Record {
    let response =
        TokenResponse::new(AccessToken::new("at")).with_refresh_token(RefreshToken::new(refresh_token));
    let granted = Granted::new(UnixTime::EPOCH, response);
    Record::new(Epoch::new(1), Generation::new(generation), SessionState::Active(granted))
}

/// The refresh token that a program with this key can send, of this version or, under the former key, of an earlier one,
/// which refuses format 3.
fn refresh_token(map: &MemoryStore, key: &TokenKey) -> Option<String> {
    let name = KeyName::of(key);
    let newer = |entry: Entry| entry.bytes.starts_with(b"wellspring record 3 ");
    if key.former().is_none() && map.load(&name, TIMEOUT).unwrap().is_some_and(newer) {
        return None;
    }
    let stored = Records::new(map.clone()).load(key, TIMEOUT).unwrap().stored?;
    Some(stored.record.granted()?.response.refresh_token.as_ref()?.expose().to_owned())
}

fn with_former_record() -> MemoryStore {
    let map = MemoryStore::default();
    Records::new(map.clone()).save(&former(), None, &session(1, "old"), TIMEOUT).unwrap();
    map
}

/// Renews the record, as a process does that ends or is overtaken at one of its operations.
fn renew<M: Map>(store: &Records<M>, key: &TokenKey, next: &str) -> Result<Option<Swap>, StoreError> {
    let Some(stored) = store.load(key, TIMEOUT)?.stored else { return Ok(None) };
    if stored.record.granted().is_none() {
        return Ok(None);
    }
    let record = session(stored.record.generation.value() + 1, next);
    store.save(key, Some(stored.version), &record, TIMEOUT).map(Some)
}

/// How many operations a load and a save that moves take together.
const OPERATIONS: usize = 8;

#[test]
fn a_process_that_ends_at_any_operation_leaves_one_session_under_one_key() {
    let mut ends = Vec::new();
    for at in 0..=OPERATIONS {
        let map = with_former_record();
        let dies = || Err(StoreError::unavailable("the process has ended"));
        let process = Disturbed { map: map.clone(), at, done: AtomicUsize::new(0), disturb: dies };
        let moved = renew(&Records::new(process), &renamed("work"), "new");
        // A program of an earlier version comes first, then one of this version.
        let earlier = refresh_token(&map, &former());
        let kept = refresh_token(&map, &renamed("work"));
        assert!(kept.is_some(), "the session is lost at {at}");
        assert!(earlier.is_none() || earlier == kept, "two sessions at {at}: {earlier:?} {kept:?}");
        if kept.as_deref() == Some("new") {
            assert_eq!(earlier, None, "{at}");
            assert_eq!(refresh_token(&map, &former()), None, "{at}");
            let after = map.load(&KeyName::of(&former()), TIMEOUT).unwrap().unwrap();
            assert!(after.bytes.starts_with(b"wellspring record 1 "), "no token is left behind at {at}");
        }
        ends.push((moved.is_ok(), kept));
    }
    // The last run was not disturbed, and the sequence has the cases before, in and after the move.
    assert!(ends.last().is_some_and(|(ok, _)| *ok));
    assert!(ends.iter().any(|(ok, kept)| !ok && kept.as_deref() == Some("old")));
    assert!(ends.iter().any(|(ok, kept)| !ok && kept.as_deref() == Some("new")));
}

#[test]
fn of_two_processes_that_interleave_at_any_operation_one_gets_the_session() {
    for other in ["work", "home"] {
        for at in 0..=OPERATIONS {
            let map = with_former_record();
            let overtakes = || renew(&Records::new(map.clone()), &renamed(other), "theirs").map(drop);
            let process = Disturbed { map: map.clone(), at, done: AtomicUsize::new(0), disturb: overtakes };
            let own = renew(&Records::new(process), &renamed("work"), "ours").unwrap();
            let (work, home) = (refresh_token(&map, &renamed("work")), refresh_token(&map, &renamed("home")));
            assert_eq!(refresh_token(&map, &former()), None, "{other} {at}");
            let held: Vec<_> = [work, home].into_iter().flatten().collect();
            assert_eq!(held.len(), 1, "one session, under one key: {other} {at} {held:?}");
            let won = matches!(own, Some(Swap::Done(_)));
            assert!(won || held == ["theirs"], "{other} {at} {held:?}");
            // An own save that was overtaken later in the same key is newer still.
            assert!(!won || held == ["ours"] || other == "work", "{other} {at} {held:?}");
        }
    }
}

#[test]
fn an_earlier_version_that_renews_at_any_operation_keeps_its_token_or_is_waited_for() {
    for at in 0..=OPERATIONS {
        let map = with_former_record();
        let renews = || renew_as_earlier_version(&map);
        let process = Disturbed { map: map.clone(), at, done: AtomicUsize::new(0), disturb: renews };
        let own = renew(&Records::new(process), &renamed("work"), "ours").unwrap();
        let (earlier, kept) = (refresh_token(&map, &former()), refresh_token(&map, &renamed("work")));
        match own {
            Some(Swap::Done(_)) => assert!(kept.is_some() && earlier.is_none() || earlier == kept, "{at}"),
            _ => assert_eq!((earlier.as_deref(), kept.as_deref()), (Some("theirs"), Some("theirs")), "{at}"),
        }
    }
}

fn renew_as_earlier_version(map: &MemoryStore) -> Result<(), StoreError> {
    if refresh_token(map, &former()).is_none() {
        return Ok(());
    }
    renew(&Records::new(map.clone()), &former(), "theirs").map(drop)
}

#[test]
fn a_record_that_has_moved_and_was_then_emptied_does_not_come_back() {
    for at in 0..=OPERATIONS {
        let map = with_former_record();
        let dies = || Err(StoreError::unavailable("the process has ended"));
        let process = Disturbed { map: map.clone(), at, done: AtomicUsize::new(0), disturb: dies };
        let _ = renew(&Records::new(process), &renamed("work"), "new");
        let seen = refresh_token(&map, &renamed("work"));
        if map.remove(&KeyName::of(&renamed("work"))) {
            assert_eq!(seen.as_deref(), Some("new"), "{at}");
            assert_eq!(refresh_token(&map, &renamed("work")), None, "{at}");
        }
    }
}

#[test]
fn a_former_record_was_asked_for_the_scopes_of_its_key() {
    let stored = Records::new(with_former_record()).load(&renamed("work"), TIMEOUT).unwrap().stored.unwrap();
    let granted = stored.record.granted().unwrap();
    assert_eq!(granted.requested_scope, Some(Scope::parse("profile")));
}
