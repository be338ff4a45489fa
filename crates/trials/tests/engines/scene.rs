//! One session in an engine of its own, which a test disturbs, and processes on several hosts.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use wellspring_core::{Provider as _, Record, Replay, Store};
use wellspring_store::contract::Folder;
use wellspring_test_servers::eventually;
use wellspring_trials::engine::Engine;
use wellspring_trials::server::{Seen, Server, app};
use wellspring_trials::{CallerResult, Driver, Housing, Kind, Part, Place, Process, Relay, Wire};

use crate::PROGRAM;

/// How long a process counts as alive after it last showed that.
pub(crate) const PRESENCE: Duration = Duration::from_secs(1);

/// The deadline of the store.
const STORE: Duration = Duration::from_secs(2);

/// The deadline of an exchange. A lease lasts for this and the deadline of the store.
const EXCHANGE: Duration = Duration::from_secs(4);

/// Longer than the store is tried for.
pub(crate) const LONGER_THAN_THE_STORE: Duration = Duration::from_millis(2_500);

pub(crate) const PLENTY: Duration = Duration::from_secs(60);

/// Does this for each engine and for a lease holder on each driver, at once.
pub(crate) fn on_each(test: fn(Kind, Driver)) {
    let [redis, postgres] = Kind::ENGINES;
    let [one, other] = Driver::ALL;
    at_once(&[(redis, one), (redis, other), (postgres, one), (postgres, other)], test);
}

/// Does this for each engine: a test that disturbs its server starts one. The driver of the lease holder is the one or the
/// other, and that of the second process is always the other.
pub(crate) fn on_each_server(on_redis: Driver, test: fn(Kind, Driver)) {
    at_once(&[(Kind::Redis, on_redis), (Kind::Postgres, on_redis.other())], test);
}

fn at_once(cases: &[(Kind, Driver)], test: fn(Kind, Driver)) {
    thread::scope(|scope| {
        for (kind, holder) in cases {
            scope.spawn(move || test(*kind, *holder));
        }
    });
}

pub(crate) struct Scene {
    engine: Arc<Engine>,
    pub(crate) place: Place,
    pub(crate) server: Server,
    /// Between the processes and the token server.
    pub(crate) relay: Relay,
    pub(crate) exchange: Duration,
    folder: Folder,
    housing: Housing,
}

impl Scene {
    /// An expired session in an engine that other tests use too.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::on(Engine::shared(kind).unwrap(), EXCHANGE)
    }

    /// An expired session in an engine of its own. An exchange may wait until the server has started again.
    pub(crate) fn on_own_server(kind: Kind) -> Self {
        Self::on(Arc::new(Engine::start(kind).unwrap()), PLENTY)
    }

    fn on(engine: Arc<Engine>, exchange: Duration) -> Self {
        let place = engine.place().unwrap().present_for(PRESENCE);
        let server = Server::start(Duration::ZERO).unwrap();
        let relay = Relay::to(server.simulator().port()).unwrap();
        let housing = if Housing::Hosts.is_possible() { Housing::Hosts } else { Housing::Together };
        let scene = Self { engine, place, server, relay, exchange, folder: Folder::new(), housing };
        scene.sign_in();
        scene
    }

    /// Signs the user in at the place of this scene.
    pub(crate) fn sign_in(&self) {
        self.server.sign_in_all(&self.place, &self.relay.url(), 1).unwrap();
    }

    /// The server of the store, which no other test uses.
    pub(crate) fn own_server(&mut self) -> &mut Engine {
        Arc::get_mut(&mut self.engine).unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.engine.port()
    }

    /// The part of a process on this driver, on the host of this number. It asks twice.
    pub(crate) fn part(&self, driver: Driver, number: usize) -> Part {
        let place = self.place.clone();
        let mut part = Part::new(place, driver, Replay::OwnerDead, self.relay.url());
        part.place = part.place.spilling_to(self.housing.folder(number, self.folder.path()).join("spills"));
        part.deadline = self.exchange;
        part.store_deadline = STORE;
        part.patience = Some(PLENTY);
        part.rounds = 2;
        part
    }

    /// A process with this part on the host of this number, which waits for its start.
    pub(crate) fn start(&self, number: usize, part: &Part) -> Process {
        Process::start_in(self.housing, number, self.folder.path(), Path::new(PROGRAM), part).unwrap()
    }

    /// Starts this process, and stops its exchange at this point.
    pub(crate) fn stops_at(&self, wire: Wire, process: &mut Process) {
        self.relay.arm(wire);
        process.begin().unwrap();
        assert!(self.relay.reached(), "the exchange does not get there");
    }

    /// The result of a new process on this driver, on the host of this number. The process ends then.
    pub(crate) fn asks(&self, driver: Driver, number: usize) -> CallerResult {
        let mut process = self.start(number, &Part { rounds: 1, ..self.part(driver, number) });
        process.begin().unwrap();
        result(&mut process)
    }

    pub(crate) fn record(&self) -> Option<Record> {
        let app = app(&self.relay.url(), Replay::OwnerDead, 0).unwrap();
        let loaded = self.place.open().unwrap().load(&app.spec().key, PLENTY).unwrap();
        loaded.stored.map(|stored| stored.record)
    }

    /// Waits until the store holds the renewed token, and checks that it came by one request.
    pub(crate) fn is_renewed_once(&self) {
        let record = eventually("the save of the token", || {
            self.record().filter(|record| record.generation.value() == 2 && record.lease.is_none())
        });
        assert!(record.dead.is_none());
        assert!(self.server.takes(&record.granted().unwrap().response.access_token));
        assert_eq!(self.server.seen(), Seen { asked: 1, exchanged: 1, reused: 0, revoked: 0 });
    }
}

/// The result of the one caller of this process in its round.
pub(crate) fn result(process: &mut Process) -> CallerResult {
    let lines = process.results().unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].result.clone()
}

pub(crate) fn served() -> CallerResult {
    CallerResult::Served(2)
}

pub(crate) fn sign_in(reason: &str) -> CallerResult {
    CallerResult::LoginRequired(reason.to_owned())
}
