//! A storm: processes on both drivers share sessions in files, SQLite or an engine, at a certified server that rotates
//! refresh tokens, while some of them are stopped and killed at random.

mod certified;
mod event;
mod fleet;
mod judge;
mod life;
mod member;
mod observed;
mod open_lease;
mod report;
mod sign_in;

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;

use wellspring_store::Deadline;
use wellspring_store::contract::Folder;

use crate::clock;
use crate::engine::Engine;
use crate::part::Driver;
use crate::place::{Kind, Place};
use crate::random::Random;
use certified::Certified;
use fleet::{Ended, Running};
use judge::{Judgement, judge};
use member::Member;
use sign_in::SignIns;

pub use member::play;
pub use report::Report;

/// The settings of a storm.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the command makes it")]
pub struct Storm {
    /// The folder in which the certified server is installed.
    pub server: PathBuf,
    /// How long processes are stopped and killed.
    pub length: Duration,
    /// The seed of all that is random.
    pub seed: u64,
    /// The kinds of store.
    pub kinds: Vec<Kind>,
    /// The number of processes: each pair of them uses the next store, and each second one is blocking.
    pub processes: usize,
    /// The number of sessions in each store.
    pub users: usize,
}

/// How long a killed process counts as alive in an engine.
const PRESENCE: Duration = Duration::from_secs(3);

/// How long an access token lives, in seconds: every session is renewed all the time.
const LIFETIME: u64 = 2;

/// Half of the longest time of a token request.
const LATENCY: Duration = Duration::from_millis(80);

/// The longest pause between two signals, in milliseconds.
const LULL: u64 = 200;

/// Stops last from 2^5 to 2^13 milliseconds: some of them longer than the deadline of an exchange.
const STOPS: core::ops::RangeInclusive<u64> = 5..=12;

/// How long a process may take to end once it is told to: longer than a caller waits through failures.
const ENDING: Duration = Duration::from_secs(90);

impl Storm {
    /// Runs the storm. `program` is the executable of the processes.
    ///
    /// # Errors
    ///
    /// If the storm cannot be run. What the storm breaks is in the report.
    pub fn run(&self, program: &Path) -> Result<Report, String> {
        let folder = Folder::new();
        let server = Certified::start(&self.server, LIFETIME, LATENCY)?;
        let (logins, demands) = channel();
        let url = server.url().to_owned();
        let engines: Vec<_> = self.kinds.iter().filter_map(|kind| Engine::shared(*kind)).collect();
        let local =
            self.kinds.iter().filter(|kind| !kind.is_engine()).map(|kind| Ok(kind.below(folder.path())));
        let shared = engines.iter().map(|engine| Ok(engine.place()?.present_for(PRESENCE)));
        let places: Vec<Place> = local.chain(shared).collect::<Result<_, String>>()?;
        let mut sign_ins = SignIns::new(server);
        for place in &places {
            for user in self.users_of(place) {
                sign_ins.sign_in(place, &user)?;
            }
        }
        let mut fleet =
            Fleet { storm: self, program, url, places: &places, seed: Random::new(self.seed), logins };
        let signer = thread::spawn({
            let places = places.clone();
            move || sign_ins.serve(&demands, &places)
        });
        let (ended, stops) = fleet.weather()?;
        // The signer ends when no process is left that could demand a sign-in.
        drop(fleet);
        let mut sign_ins = signer.join().map_err(|_| "the signer panicked")?;
        for place in &places {
            self.users_of(place).iter().for_each(|user| sign_ins.look_at(place, user));
        }
        Ok(self.report(ended, stops, sign_ins))
    }

    fn users_of(&self, place: &Place) -> Vec<String> {
        (0..self.users).map(|n| format!("{}-{n}", place.kind())).collect()
    }

    fn report(&self, ended: Vec<Ended>, stops: u32, sign_ins: SignIns) -> Report {
        let mut report = Report { seed: self.seed, length: self.length, stops, ..Report::default() };
        report.processes = self.processes;
        for end in &ended {
            report.add(end);
        }
        let lives: Vec<_> = ended.into_iter().map(|end| end.life).collect();
        let (server, losses, broken) = sign_ins.into_parts();
        report.broken.extend(broken);
        let log = server.log().clone();
        let judgement = judge(&log, &lives, &losses);
        let Judgement { explained, late, unexplained, killed_under_lease, lapsed, wrong_logins } = judgement;
        report.refreshes = log.refreshes.len();
        report.lost = losses.len();
        report.explained = explained;
        report.late = late;
        report.unexplained = unexplained;
        report.killed_under_lease = killed_under_lease;
        report.lapsed = lapsed;
        report.wrong_logins = wrong_logins;
        report
    }
}

/// All processes of a storm.
struct Fleet<'a> {
    storm: &'a Storm,
    program: &'a Path,
    url: String,
    places: &'a [Place],
    seed: Random,
    logins: std::sync::mpsc::Sender<event::Event>,
}

impl Fleet<'_> {
    fn start(&mut self, number: usize) -> Result<Running, String> {
        let place = self.places[(number / 2) % self.places.len()].clone();
        let member = Member {
            users: self.storm.users_of(&place),
            place,
            driver: Driver::ALL[number % 2],
            server: self.url.clone(),
            seed: self.seed.next(),
        };
        Running::start(self.program, number, &member, self.logins.clone())
    }

    /// Stops and kills processes at random, and then lets all of them end. Returns how each ended, and the number of stops.
    fn weather(&mut self) -> Result<(Vec<Ended>, u32), String> {
        let mut running = (0..self.storm.processes).map(|n| self.start(n)).collect::<Result<Vec<_>, _>>()?;
        let (mut ended, mut stops) = (Vec::new(), 0);
        let end = Deadline::after(self.storm.length);
        while !end.left().is_zero() {
            clock::nap(Duration::from_millis(self.seed.below(LULL)));
            running.iter_mut().for_each(Running::wake_when_due);
            let number = self.seed.below(running.len() as u64) as usize;
            if self.seed.below(2) == 0 {
                let replacement = self.start(number)?;
                ended.push(core::mem::replace(&mut running[number], replacement).kill()?);
            } else if !running[number].is_stopped() {
                let power = STOPS.start() + self.seed.below(STOPS.end() - STOPS.start() + 1);
                let length = (1 << power) + self.seed.below(1 << power);
                running[number].stop(Duration::from_millis(length));
                stops += 1;
            }
        }
        running.iter_mut().for_each(Running::finish);
        let deadline = Deadline::after(ENDING);
        for process in running {
            ended.push(process.end(deadline)?);
        }
        Ok((ended, stops))
    }
}
