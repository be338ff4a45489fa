//! The cost of a store for a source: two saves for a renewal, and nothing for the read of a fresh token.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex};

use wellspring_core::{
    Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Provider as _, Record, Replay, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
};
use wellspring_store::Deadline;
use wellspring_store::contract::Folder;
use wellspring_transport::Clock;
use wellspring_trials::server::{Server, app};
use wellspring_trials::{Driver, Kind, Place, Source, clock, policy};

/// Counts the calls of a store, and blocks them while its gate is shut.
#[derive(Debug)]
struct Watched {
    store: Arc<dyn Store>,
    loads: AtomicU32,
    lives: AtomicU32,
    saves: AtomicU32,
    outcomes: AtomicU32,
    gate: Gate,
    /// Only saves of obtained tokens wait at the gate.
    outcomes_only: bool,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(bool, u32)>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, shut: bool) {
        self.state.lock().unwrap().0 = shut;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |(shut, _)| *shut).unwrap());
    }

    /// Waits until this number of calls have reached the gate.
    fn wait_for(&self, count: u32) {
        let limit = Duration::from_secs(30);
        let state = self.state.lock().unwrap();
        let (state, _) = self.changed.wait_timeout_while(state, limit, |(_, come)| *come < count).unwrap();
        assert!(state.1 >= count, "no call has reached the gate");
    }
}

impl Watched {
    fn new(store: Arc<dyn Store>, outcomes_only: bool) -> Arc<Self> {
        let gate = Gate::default();
        let [loads, lives, saves, outcomes] = [0; 4].map(AtomicU32::new);
        Arc::new(Self { store, loads, lives, saves, outcomes, gate, outcomes_only })
    }

    fn count(&self, counter: &AtomicU32, outcome: bool) {
        counter.fetch_add(1, Ordering::SeqCst);
        if outcome || !self.outcomes_only {
            self.gate.pass();
        }
    }
}

impl Store for Watched {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.count(&self.loads, false);
        self.store.load(key, within)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let outcome = record.lease.is_none();
        self.count(if outcome { &self.outcomes } else { &self.saves }, outcome);
        self.store.save(key, expected, record, within)
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, domain, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.count(&self.lives, false);
        self.store.liveness_lock(key, within)
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}

struct Stage {
    _folder: Folder,
    place: Place,
    server: Server,
}

impl Stage {
    fn new(kind: Kind) -> Self {
        let folder = Folder::new();
        let (place, server) = (kind.below(folder.path()), Server::start(Duration::ZERO).unwrap());
        let stage = Self { _folder: folder, place, server };
        stage.server.sign_in_to(&stage.place, &stage.app()).unwrap();
        stage
    }

    fn app(&self) -> oauth2_app::App {
        app(&self.server.simulator().url(), Replay::Never, 0).unwrap()
    }

    fn wait_for_spill(&self) {
        let (store, within) = (self.place.open().unwrap(), Duration::from_secs(30));
        let deadline = Deadline::after(within);
        while store.load(&self.app().spec().key, within).unwrap().spilled.is_none() {
            assert!(deadline.sleep(Duration::from_millis(2)), "nothing is spilled");
        }
    }

    fn store(&self, outcomes_only: bool) -> Arc<Watched> {
        Watched::new(self.place.open().unwrap(), outcomes_only)
    }

    fn source(&self, driver: Driver, store: &Arc<Watched>, clock: Clock) -> Source {
        let store: Arc<dyn Store> = Arc::<Watched>::clone(store);
        let minute = Duration::from_secs(60);
        Source::with_clock(driver, self.app(), &store, policy(minute, minute), clock).unwrap()
    }
}

#[test]
fn a_renewal_costs_two_saves_one_load_and_one_liveness_lock() {
    for kind in Kind::ALL {
        for driver in Driver::ALL {
            let stage = Stage::new(kind);
            let store = stage.store(false);
            let source = stage.source(driver, &store, Clock::system());
            assert_eq!(source.token().unwrap().generation().value(), 2);
            let counts = [&store.loads, &store.lives, &store.saves, &store.outcomes];
            assert_eq!(counts.map(|count| count.load(Ordering::SeqCst)), [1, 1, 1, 1], "{kind} {driver:?}");
            source.token().unwrap();
            assert_eq!(
                counts.map(|count| count.load(Ordering::SeqCst)),
                [1, 1, 1, 1],
                "a read costs nothing"
            );
        }
    }
}

/// A hanging store does not delay callers while the token is fresh.
#[test]
fn a_hanging_store_never_delays_the_read_of_a_fresh_token() {
    for driver in Driver::ALL {
        let stage = Stage::new(Kind::File);
        let store = stage.store(false);
        let hands = Clock::manual(clock::unix().as_secs());
        let source = stage.source(driver, &store, (&hands).into());
        source.token().unwrap();
        let before = store.loads.load(Ordering::SeqCst);
        store.gate.set(true);
        let (_, took) = clock::timed(|| {
            for _ in 0..1_000 {
                source.try_token().unwrap();
                source.token().unwrap();
            }
            // The token is due and still in force: a background renewal starts and hangs.
            hands.advance(Duration::from_secs(7_200 - 250));
            source.try_token().unwrap();
            store.gate.wait_for(5);
            for _ in 0..1_000 {
                source.try_token().unwrap();
                source.token().unwrap();
            }
        });
        let hung = store.loads.load(Ordering::SeqCst);
        store.gate.set(false);
        assert_eq!(hung, before + 1, "{driver:?}: one renewal hangs");
        assert!(took < Duration::from_secs(10), "{driver:?}: 4,000 reads with a hanging store took {took:?}");
    }
}

/// The runtime shuts down while a hanging store saves the obtained token.
#[test]
fn a_token_is_spilled_if_the_runtime_shuts_down_during_its_save() {
    for kind in Kind::ALL {
        for lands_later in [false, true] {
            let stage = Stage::new(kind);
            let store = stage.store(true);
            store.gate.set(true);
            let Source::Async(runtime, source) = stage.source(Driver::Async, &store, Clock::system()) else {
                panic!("an async source is blocking")
            };
            let waiting = runtime.spawn(async move { source.token().await });
            store.gate.wait_for(1);
            runtime.shutdown_background();
            drop(waiting);
            stage.wait_for_spill();
            if lands_later {
                store.gate.set(false);
            }
            let store_of_next = stage.store(true);
            let next = stage.source(Driver::Blocking, &store_of_next, Clock::system());
            let token = next.acquire(Duration::from_secs(60)).unwrap();
            assert_eq!(token.generation().value(), 2, "{kind}");
            assert_eq!(stage.server.seen().asked, 1, "{kind}: the refresh token is not sent again");
            store.gate.set(false);
        }
    }
}
