//! The types of stores and of renewals with a store: in core, in `wellspring-store` and in the stores.

use core::time::Duration;

use wellspring_core::{
    Answer, Applied, Attempt, Cause, CauseKind, Clocks, Dead, Decision, Epoch, Fingerprint, Forget,
    Forgetting, Generation, Granted, HttpResponse, Lease, Lifecycle, LivenessLock, Load, Loaded, Loading,
    LockDomain, LoginReason, Need, Obtained, Owner, Pending, PendingSave, Policy, Proven, Record, Renewal,
    ResponseHead, Revocation, Save, Saving, SessionState, SharedBy, Sleeping, Spill, Spilling, Step, Store,
    StoreError, StoreGuarantees, Stored, Swap, Throttle, TokenError, TokenKey, UnfinishedSave, UnixTime,
    Version, Watch, WatchOutcome, Watching, Witnesses,
};
use wellspring_store::contract::Folder;
use wellspring_store::files::{self, FileId};
use wellspring_store::{
    Deadline, Entry, FileLockGuard, FileLocks, HeldLocks, KeyName, LivenessLocks, LockState, MemoryStore,
    OnRuntime, Records, Resealed, Seal, SealingKey, SealingKeyId, SealingKeys, Seals, Spills,
};
use wellspring_store_file::FileStore;
use wellspring_store_postgres::{PostgresStore, PostgresStoreBuilder};
use wellspring_store_redis::{RedisStore, RedisStoreBuilder};
use wellspring_store_sqlite::SqliteStore;

use super::core_types::{provider, response};
use super::{ACCESS, REFRESH, SECRET, Shown, show};

const MOMENT: Duration = Duration::from_secs(5);

fn owner() -> Owner {
    Owner { machine: 1, boot: 2, process: 3, source: 4 }
}

fn attempt() -> Attempt {
    Attempt { owner: owner(), number: 5 }
}

fn lease() -> Lease {
    let until = UnixTime::from_secs(1_700_000_035);
    let domain = LockDomain::new(7);
    Lease { attempt: attempt(), domain, first_sent: None, until, span: Duration::from_secs(35), replays: 0 }
}

fn dead() -> Dead {
    Dead { reason: LoginReason::Refused, since: UnixTime::from_secs(1_700_000_000) }
}

fn throttle() -> Throttle {
    let cause = Cause {
        kind: CauseKind::Misconfigured,
        text: "refused".into(),
        code: None,
        status: Some(401),
        without_verdict: false,
        subject: None,
    };
    let credential = Some(Fingerprint::of(&*provider(), 7));
    Throttle {
        until: UnixTime::from_secs(1_700_000_000),
        failures: 1,
        credential,
        cause,
        since: UnixTime::from_secs(1_700_000_000),
        witnesses: Witnesses::default(),
    }
}

fn proven() -> Proven {
    Proven { credential: Fingerprint::of(&*provider(), 7), at: UnixTime::from_secs(1_700_000_000) }
}

fn record() -> Record {
    let granted = Granted::new(UnixTime::from_secs(1_700_000_000), response());
    let mut record = Record::new(Epoch::new(1), Generation::new(2), SessionState::Active(granted));
    record.lease = Some(lease());
    record.dead = Some(dead());
    record.throttle = Some(throttle());
    record.proven = Some(proven());
    record
}

fn pending_save() -> PendingSave {
    PendingSave {
        attempt: attempt(),
        record: record(),
        origin: Obtained::ByRenewal { spent: Generation::new(1) },
    }
}

fn loaded() -> Loaded {
    Loaded {
        stored: Some(Stored { version: Version::new(1), record: record() }),
        spilled: Some(pending_save()),
        unusable_spill: Some(StoreError::unreadable("damaged")),
        unseen_spills: Some(StoreError::refused("open")),
    }
}

pub(crate) fn show_all(shown: &mut Shown) {
    show!(shown:
        Applied = Applied::Maybe;
        Attempt = attempt();
        Cause = throttle().cause;
        CauseKind = CauseKind::Protocol;
        Lease = lease();
        Dead = dead();
        Fingerprint = Fingerprint::of(&*provider(), 7);
        SessionState = record().state;
        Granted = record().granted().unwrap().clone();
        Loaded = loaded();
        Obtained = pending_save().origin;
        Owner = owner();
        StoreGuarantees = StoreGuarantees { scope: SharedBy::Host, durable: true, may_go_back: false };
        Record = record();
        Revocation = Revocation::Failed(TokenError::unavailable("down"));
        SharedBy = SharedBy::Fleet;
        WatchOutcome = WatchOutcome::OwnerGone;
        LivenessLock = LivenessLock::new(LockDomain::new(7), record());
        Stored = loaded().stored.unwrap();
        Swap = Swap::Conflict;
        Throttle = throttle();
        Witnesses = throttle().witnesses;
        Proven = proven();
        PendingSave = pending_save();
        Version = Version::new(1);
    );
    // Only the explorer can construct it.
    #[cfg(wellspring_explore)]
    shown.add(&wellspring_core::Rule::Lease);
    #[cfg(wellspring_explore)]
    shown.add(&wellspring_core::Table::Acquire);
    show_stores(shown);
    show_renewal(shown);
}

fn show_stores(shown: &mut Shown) {
    let folder = Folder::new();
    let key = TokenKey::new("hive-auth", "https://auth.example/token").user(SECRET);
    let name = KeyName::of(&key);
    let held = HeldLocks::new(1);
    held.saving(&name, Version::new(held.take(&name).into()), true);
    let locks = FileLocks::open(folder.path().join("locks"), "life").unwrap();
    show!(shown:
        Deadline = Deadline::after(MOMENT);
        Entry = Entry { version: Version::new(1), bytes: ACCESS.as_bytes().to_vec().into() };
        KeyName = name.clone();
        HeldLocks = held;
        LockState = LockState::Ended;
        LivenessLocks = LivenessLocks::open(folder.path().join("locks")).unwrap();
        FileLockGuard = locks.shared(&name, MOMENT).unwrap();
        Spills = Spills::new(folder.path().join("spill"));
        FileLocks = locks;
    );
    let file = folder.path().join("file");
    drop(files::open_or_create(&file).unwrap());
    shown.add::<FileId>(&files::check_file(&file).unwrap().unwrap());
    let memory = MemoryStore::open();
    shown.add::<MemoryStore>(memory.map());
    show_store(shown, &memory, &key);
    let on_runtime = OnRuntime::new(MemoryStore::open()).unwrap();
    show_store(shown, &on_runtime, &key);
    shown.add::<OnRuntime<Records<MemoryStore>>>(&on_runtime);
    let in_files = FileStore::open(folder.path().join("tokens")).unwrap();
    shown.add::<FileStore>(in_files.map());
    show_store(shown, &in_files, &key);
    let url = format!("postgres://{SECRET}:{ACCESS}@localhost/app?password={REFRESH}");
    let server = PostgresStore::builder(url).password(SECRET);
    shown.add::<PostgresStoreBuilder>(&server);
    let server = server.unsealed().unwrap();
    shown.add::<PostgresStore>(server.map());
    let database = SqliteStore::open(folder.path().join("tokens.db")).unwrap();
    shown.add::<SqliteStore>(database.map());
    show_store(shown, &database, &key);
    let builder = || RedisStore::builder(&format!("redis://user:{SECRET}@127.0.0.1:1")).password(SECRET);
    shown.add::<RedisStoreBuilder>(&builder());
    let on_network = builder().unsealed().unwrap();
    shown.add::<RedisStore>(on_network.map());
    shown.add(&on_network);
    shown.add_error::<StoreError>(&on_network.load(&key, MOMENT).unwrap_err());
    shown.add_error::<StoreError>(&on_network.liveness_lock(&key, MOMENT).unwrap_err());
    shown
        .add_error::<StoreError>(&RedisStore::builder(&format!("redis://{SECRET}@")).unsealed().unwrap_err());
    shown.add(&folder);
    show_sealing(shown, &folder, &key);
    // An error about an unreadable record does not show its bytes.
    let path = folder.path().join("tokens").join(format!("{name}.token"));
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    shown.add_error::<StoreError>(&in_files.load(&key, MOMENT).unwrap_err());
    std::fs::write(&path, REFRESH).unwrap();
    shown.add_error::<StoreError>(&in_files.load(&key, MOMENT).unwrap_err());
    shown.add_error::<TokenError>(&in_files.load(&key, MOMENT).unwrap_err().into_error());
}

/// The types of sealing, with a key whose text and bytes are secrets.
fn show_sealing(shown: &mut Shown, folder: &Folder, key: &TokenKey) {
    let mut secret = [0; 32];
    let length = SECRET.len().min(32);
    secret[..length].copy_from_slice(&SECRET.as_bytes()[..length]);
    let sealing_key = SealingKey::new(&secret);
    let keys = SealingKeys::new(sealing_key.clone());
    let store = FileStore::open(folder.path().join("sealed")).unwrap().sealed(keys.clone());
    show_store(shown, &store, key);
    show!(shown:
        SealingKeyId = sealing_key.id();
        SealingKey = sealing_key;
        SealingKeys = keys;
        Seal = store.seal(key, MOMENT).unwrap().unwrap();
        Seals = store.seals(MOMENT).unwrap();
        Resealed = store.reseal(MOMENT).unwrap();
    );
    let plain = FileStore::open(folder.path().join("sealed")).unwrap();
    shown.add_error::<StoreError>(&plain.load(key, MOMENT).unwrap_err());
    shown.add_error::<StoreError>(&SECRET.parse::<SealingKeys>().unwrap_err());
}

/// A store that holds a record.
fn show_store<S: Store + 'static>(shown: &mut Shown, store: &S, key: &TokenKey) {
    assert!(matches!(store.save(key, None, &record(), MOMENT), Ok(Swap::Done(_))));
    shown.add(store);
    shown.add(&store.load(key, MOMENT).unwrap());
    shown.add(&store.liveness_lock(key, MOMENT).unwrap());
}

/// The types that only a running renewal with a store holds.
fn show_renewal(shown: &mut Shown) {
    let mut now = Clocks::default().plus(Duration::from_secs(1_700_010_000));
    let mut lifecycle = Lifecycle::new(Policy::default(), 7);
    let Decision::Refresh(permit) = lifecycle.acquire(Need::Fresh, now) else {
        panic!("there is no token yet")
    };
    let mut step = Renewal::begin(permit.job(provider()).stored_by(owner(), SharedBy::Host), now);
    let mut held = record();
    (held.lease, held.dead, held.throttle) = (None, None, None);
    let mut version = 1;
    let mut seen = Vec::new();
    // The store accepts the lease and refuses every later save.
    for _ in 0..40 {
        shown.add::<Step>(&step);
        step = match step {
            Step::Load(load) => {
                shown.add::<Pending<Load>>(&load);
                shown.add::<Load>(&load.operation);
                shown.add::<Loading>(&load.next);
                seen.push("load");
                let stored = Stored { version: Version::new(version), record: held.clone() };
                load.resume(Ok(Loaded { stored: Some(stored), ..Loaded::default() }), now)
            }
            Step::Save(save) => {
                shown.add::<Save>(&save.operation);
                shown.add::<Saving>(&save.next);
                seen.push("save");
                if save.operation.record.lease.is_some() {
                    version += 1;
                    held = save.operation.record.clone();
                    save.resume(Ok(Swap::Done(Version::new(version))), now)
                } else {
                    now = now.plus(Duration::from_secs(1));
                    save.resume(Err(StoreError::unavailable("the disk is full")), now)
                }
            }
            Step::Watch(watch) => {
                shown.add::<Watch>(&watch.operation);
                shown.add::<Watching>(&watch.next);
                watch.resume(Ok(WatchOutcome::Unchanged), now)
            }
            Step::Send(_, sent) => {
                seen.push("send");
                let envelope = format!(
                    r#"{{"code":0,"message":"success","data":{{"accessToken":"{ACCESS}","refreshToken":"{REFRESH}"}}}}"#
                );
                sent.resume(Answer::Response(HttpResponse::new(ResponseHead::new(200), envelope)), now)
            }
            Step::Spill(spill) => {
                shown.add::<PendingSave>(&spill.operation.pending_save);
                shown.add::<Spill>(&spill.operation);
                shown.add::<Spilling>(&spill.next);
                seen.push("spill");
                spill.resume(Ok(()), now)
            }
            Step::Forget(forget) => {
                shown.add::<Forget>(&forget.operation);
                shown.add::<Forgetting>(&forget.next);
                forget.resume(Ok(()), now)
            }
            Step::Sleep(until, sleeping) => {
                shown.add::<Sleeping>(&sleeping);
                seen.push("sleep");
                now.instant = now.instant.max(until);
                sleeping.resume(now)
            }
            Step::Done(outcome, unfinished) => {
                shown.add(&outcome);
                if let Some(unfinished) = &unfinished {
                    shown.add::<UnfinishedSave>(unfinished);
                    seen.push("unfinished");
                }
                shown.add(&lifecycle.complete(permit, outcome, now));
                break;
            }
        };
    }
    for what in ["load", "save", "send", "spill", "unfinished"] {
        assert!(seen.contains(&what), "{what} is missing: {seen:?}");
    }
}
