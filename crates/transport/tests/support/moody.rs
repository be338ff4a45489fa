//! A store with moods: it refuses saves and spills when a test says so. And a server of single-use refresh tokens.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;

use std::sync::{Arc, Mutex};

use wellspring_core::{
    Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, SharedBy, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
};
use wellspring_store::MemoryStore;

use super::{Gate, Reply, Server};

/// A store in memory, with moods. Clones share it.
#[derive(Clone, Debug)]
pub struct Moody {
    kept: Arc<dyn Store>,
    moods: Arc<Moods>,
}

#[derive(Debug, Default)]
pub struct Moods {
    /// The store refuses to save tokens, but saves leases.
    pub refuses_tokens: AtomicBool,
    /// The store refuses spills.
    pub refuses_spills: AtomicBool,
    /// The store refuses every load until a person corrects its permissions.
    pub refuses_loads: AtomicBool,
    /// The store fails every load; a retry may succeed.
    pub fails_loads: AtomicBool,
    /// The store refuses every lease until a person corrects its permissions.
    pub refuses_leases: AtomicBool,
    /// How many loads were requested.
    pub loads: AtomicUsize,
    /// How many saves were requested.
    pub saves: AtomicUsize,
    spilled: Mutex<Vec<PendingSave>>,
}

impl Moody {
    pub fn new() -> Self {
        Self { kept: Arc::new(MemoryStore::open()), moods: Arc::default() }
    }

    pub fn set(&self, mood: fn(&Moods) -> &AtomicBool, on: bool) {
        mood(&self.moods).store(on, Ordering::SeqCst);
    }

    pub fn saves(&self) -> usize {
        self.moods.saves.load(Ordering::SeqCst)
    }

    pub fn loads(&self) -> usize {
        self.moods.loads.load(Ordering::SeqCst)
    }

    pub fn spilled(&self) -> usize {
        self.moods.spilled.lock().unwrap().len()
    }
}

impl Store for Moody {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Host, ..self.kept.guarantees() }
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.moods.loads.fetch_add(1, Ordering::SeqCst);
        if self.moods.refuses_loads.load(Ordering::SeqCst) {
            return Err(StoreError::refused("this user may not read the store"));
        }
        if self.moods.fails_loads.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("/var/lib/s: the disk has an error"));
        }
        let mut loaded = self.kept.load(key, within)?;
        loaded.spilled = self.moods.spilled.lock().unwrap().first().cloned();
        Ok(loaded)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        self.moods.saves.fetch_add(1, Ordering::SeqCst);
        if record.lease.is_none() && self.moods.refuses_tokens.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("the store is in a mood"));
        }
        if record.lease.is_some() && self.moods.refuses_leases.load(Ordering::SeqCst) {
            return Err(StoreError::refused("this user may not write to the store"));
        }
        self.kept.save(key, expected, record, within)
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.kept.watch(key, version, domain, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.kept.liveness_lock(key, within)
    }

    fn spill(&self, _: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        if self.moods.refuses_spills.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("the place for spills is in a mood"));
        }
        self.moods.spilled.lock().unwrap().push(pending_save.clone());
        Ok(())
    }

    fn forget_spill(&self, _: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.moods.spilled.lock().unwrap().retain(|pending_save| pending_save.attempt != attempt);
        Ok(())
    }
}

impl Server {
    /// A server of single-use refresh tokens: a token that is sent again ends the session. Access tokens live for
    /// `lifetime` seconds.
    pub fn rotating(lifetime: u64) -> Self {
        Self::rotating_for_each(lifetime, None)
    }

    /// A server of single-use refresh tokens and tokens of one hour, which accepts this refresh token first.
    pub fn renewing(first: &'static str) -> Self {
        Self::start(move |request, n| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let expected = if n == 0 { first.to_owned() } else { format!("refresh-{n}") };
            if !body.contains(&format!("\"refresh\":\"{expected}\"")) {
                return Reply::status(400);
            }
            let number = n + 1;
            let body = format!(
                r#"{{"access_token":"token-{number}","expires_in":3600,"refresh_token":"refresh-{number}"}}"#
            );
            Reply::with(200, "", &body)
        })
    }

    /// The same for many users, each with a session of their own. Each refresh waits at the gate.
    pub fn rotating_for_each(lifetime: u64, gate: Option<Gate>) -> Self {
        let unspent = Mutex::new(Vec::<usize>::new());
        Self::start(move |request, n| {
            if request.path() != "/token" {
                return Reply::with(200, "", "fine");
            }
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let spent =
                body.split_once("\"refresh\":\"refresh-").map(|(_, rest)| rest.trim_end_matches("\"}"));
            if let (Some(_), Some(gate)) = (spent, &gate) {
                gate.pass();
            }
            let mut unspent = unspent.lock().unwrap();
            if let Some(spent) = spent {
                let spent: usize = spent.parse().unwrap();
                let Some(place) = unspent.iter().position(|number| *number == spent) else {
                    unspent.clear();
                    return Reply::status(400);
                };
                unspent.remove(place);
            }
            let number = n + 1;
            unspent.push(number);
            let body = format!(
                r#"{{"access_token":"token-{number}","expires_in":{lifetime},"refresh_token":"refresh-{number}"}}"#
            );
            Reply::with(200, "", &body)
        })
    }
}
