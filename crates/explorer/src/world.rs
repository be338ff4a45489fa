//! One state of everything: processes, the store, the server, and what has happened as far as it matters.

use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use wellspring_core::{
    Clocks, Epoch, Fingerprint, Generation, Granted, Instant, Lifecycle, LockDomain, LoginReason, Owner,
    Permit, Policy, Proven, Provider, Record, SessionState, Step, UnixTime,
};

use crate::callers::{Callers, with_pauses};
use crate::history::History;
use crate::line::{Line, Start, Trouble};
use crate::provider::{TokenName, granted_long_ago, provider};
use crate::server::Server;
use crate::store_model::StoreModel;

/// What does not change while a line is explored.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) line: Line,
    /// The provider of each user, with each of two credentials. Its key names the user.
    providers: Vec<[Arc<dyn Provider>; 2]>,
}

impl Scene {
    pub(crate) fn new(line: Line) -> Self {
        let of = |user| [0, 1].map(|credential| provider(&line, user, credential));
        Self { providers: (0..line.user_count()).map(of).collect(), line }
    }

    /// The provider of this process, with the credential that the process has now.
    pub(crate) fn provider_of(&self, process: &Process) -> Arc<dyn Provider> {
        self.provider(process.user, process.credential)
    }

    pub(crate) fn provider(&self, user: u8, credential: u8) -> Arc<dyn Provider> {
        Arc::clone(&self.providers[usize::from(user)][usize::from(credential)])
    }

    /// The users whose keys differ from the keys of the users before them: each has a store of its own.
    fn store_owners(&self) -> Vec<u8> {
        let key = |user: u8| &self.providers[usize::from(user)][0].spec().key;
        let is_first = |user: &u8| (0..*user).all(|before| key(before) != key(*user));
        (0..self.line.user_count()).filter(is_first).collect()
    }

    /// The number of the store under the key of this user.
    fn store_of(&self, user: u8) -> u8 {
        let key = |user: u8| &self.providers[usize::from(user)][0].spec().key;
        let place = self.store_owners().iter().position(|owner| key(*owner) == key(user));
        u8::try_from(place.expect("each key has an owner")).expect("few users")
    }

    /// The slot of the process in which a user signs in; the process of a logout has the next.
    pub(crate) const fn visitor(&self) -> usize {
        self.line.machines.len()
    }
}

/// One state of everything. Its parts are shared with the states it came from.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) processes: Vec<Rc<Process>>,
    /// One for each key.
    pub(crate) stores: Rc<Vec<StoreModel>>,
    pub(crate) server: Rc<Server>,
    pub(crate) history: Rc<History>,
}

/// One process, and those that are started in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) slot: u8,
    pub(crate) machine: u8,
    pub(crate) user: u8,
    /// The number of the store under the key of this user.
    store: u8,
    /// How many were started before.
    pub(crate) life: u8,
    /// How often more time has passed than any deadline allows.
    pub(crate) ticks: u8,
    pub(crate) lifecycle: Lifecycle,
    /// The number of its credential.
    pub(crate) credential: u8,
    /// The credential with which it has begun its last renewal.
    pub(crate) asks_with: u8,
    /// What it is doing: at most one renewal, and what is left over from those before.
    pub(crate) runs: Vec<Run>,
    pub(crate) answer: CallerAnswer,
    /// The token that an API has refused last.
    pub(crate) refused: Option<TokenName>,
    /// Its callers have got the error of a logout, and no token since.
    pub(crate) saw_logout: bool,
    pub(crate) callers: Callers,
    /// How many liveness locks of a store of a fleet it has taken.
    pub(crate) locks: u8,
    /// How many more operations on the store can fail, and one: its host does not reach the store. Zero if it does.
    pub(crate) cut: u8,
    /// How many seconds its wall clock is ahead.
    ahead: u16,
}

/// One loop of a driver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) job: Job,
    pub(crate) step: Step,
    /// The liveness lock that is held.
    pub(crate) lock: Option<LockDomain>,
    /// A byte may have left.
    pub(crate) sent: bool,
    /// The span of a lease has passed whose owner it could not see, and it has not looked for the owner since.
    pub(crate) unseen: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Job {
    Renewal(Box<Permit>),
    SignIn,
    SignOut,
    UnfinishedSave,
}

/// The last answer to the callers of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CallerAnswer {
    Nothing,
    Fresh,
    /// To sign in again; needlessly, if the session could have gone on.
    Login {
        reason: LoginReason,
        needless: bool,
    },
    /// To try again later.
    Later,
}

/// More than any deadline, window or span of a lease.
const SLACK: Duration = Duration::from_secs(4);

pub(crate) fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.deadline = Duration::from_secs(2);
    policy.store_deadline = Duration::from_secs(1);
    policy.min_age = Duration::ZERO;
    policy.first_pause = Duration::ZERO;
    policy.longest_pause = Duration::ZERO;
    policy.refusal_window = Duration::ZERO;
    policy.dead_pause = DEAD_PAUSE;
    policy
}

/// The pause after a refusal that lasts. Three of them are the hour in which the server is asked three times.
pub(crate) const DEAD_PAUSE: Duration = Duration::from_secs(7);

/// The lifecycle of a process with these callers.
fn lifecycle(callers: &Callers) -> Lifecycle {
    let policy = policy();
    Lifecycle::new(if callers.all.is_empty() { policy } else { with_pauses(policy) }, 7)
}

impl Process {
    fn new(scene: &Scene, slot: usize, callers: Callers) -> Self {
        let machine = scene.line.machines.get(slot).copied().unwrap_or(scene.line.machines[0]);
        let user = scene.line.user_of(slot);
        Self {
            slot: u8::try_from(slot).expect("few take part"),
            machine,
            user,
            store: scene.store_of(user),
            life: 0,
            ticks: 0,
            lifecycle: lifecycle(&callers),
            credential: 0,
            asks_with: 0,
            runs: Vec::new(),
            answer: CallerAnswer::Nothing,
            refused: None,
            saw_logout: false,
            callers,
            locks: 0,
            cut: 0,
            ahead: if machine == 1 { scene.line.ahead } else { 0 },
        }
    }

    /// What its clocks show. Both move only when the explorer says so.
    pub(crate) fn now(&self) -> Clocks {
        let start = Clocks {
            instant: Instant::after_origin(Duration::from_secs(10_000)),
            unix: UnixTime::from_secs(1_000_000 + u64::from(self.ahead)),
        };
        start.plus(SLACK * u32::from(self.ticks))
    }

    /// More time passes than any deadline allows.
    pub(crate) fn wait(&mut self) {
        self.ticks += 1;
    }

    pub(crate) const fn owner(&self) -> Owner {
        let machine = self.machine as u64 + 1;
        let number = self.slot as u32 * 100 + self.life as u32;
        Owner { machine, boot: machine as u128, process: number, source: number as u64 }
    }

    pub(crate) fn renews(&self) -> bool {
        self.runs.iter().any(|run| matches!(run.job, Job::Renewal(_)))
    }

    /// The process is gone and another one takes its place, without any memory.
    pub(crate) fn restart(&mut self) {
        self.life += 1;
        self.locks = 0;
        self.callers.crash();
        self.lifecycle = lifecycle(&self.callers);
        self.asks_with = self.credential;
        self.runs.clear();
        self.answer = if self.callers.all.is_empty() { CallerAnswer::Nothing } else { CallerAnswer::Fresh };
        self.refused = None;
        self.saw_logout = false;
    }

    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.answer, CallerAnswer::Fresh | CallerAnswer::Login { .. })
            && self.runs.is_empty()
            && self.callers.are_done()
    }
}

impl World {
    pub(crate) fn begin(scene: &Scene) -> Self {
        let line = &scene.line;
        let (life, age) = if line.has_callers() {
            (line.callers.lifetime, line.callers.age)
        } else {
            (Duration::from_secs(if line.start == Start::Due { 906 } else { 900 }), Duration::from_secs(900))
        };
        let obtained_at = UnixTime::from_secs(1_000_000).minus(age);
        let record = |user| {
            let granted = Granted::new(obtained_at, granted_long_ago(user, life, line.grant));
            let mut record = Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted));
            let credential = Fingerprint::of(&*scene.provider(user, 0), 1);
            record.proven = line.may(Trouble::Refusal).then_some(Proven { credential, at: obtained_at });
            record
        };
        let mut processes = Vec::new();
        for slot in 0..line.machines.len() {
            let mut process = Process::new(scene, slot, line.callers.callers(slot));
            if line.has_callers() {
                process.answer = CallerAnswer::Fresh;
            }
            if line.start != Start::Cold {
                let now = process.now();
                let _ = process.lifecycle.adopt(&record(process.user), now);
            }
            processes.push(Rc::new(process));
        }
        for slot in [scene.visitor(), scene.visitor() + 1] {
            let mut visitor = Process::new(scene, slot, Callers::default());
            visitor.answer = CallerAnswer::Fresh;
            processes.push(Rc::new(visitor));
        }
        let owners = scene.store_owners();
        let stores = owners.iter().zip(0..).map(|(owner, key)| StoreModel::holding(key, record(*owner)));
        Self {
            processes,
            stores: Rc::new(stores.collect()),
            server: Rc::new(Server::new(line)),
            history: Rc::new(History::new(line, &owners)),
        }
    }

    /// The store under the key of this process.
    pub(crate) fn store(&self, who: usize) -> &StoreModel {
        &self.stores[usize::from(self.processes[who].store)]
    }

    pub(crate) fn store_mut(&mut self, who: usize) -> &mut StoreModel {
        let place = usize::from(self.processes[who].store);
        &mut Rc::make_mut(&mut self.stores)[place]
    }

    /// Whether a process holds this liveness lock.
    pub(crate) fn is_locked(&self, domain: LockDomain) -> bool {
        let lock = Some(domain);
        self.stores.iter().any(|store| store.hanging.iter().any(|write| write.lock == lock))
            || self.processes.iter().any(|process| process.runs.iter().any(|run| run.lock == lock))
    }

    /// Whether this refresh token is in a store, in a save that is to be finished, spilled beside it, or in the memory of a
    /// process that will save it.
    pub(crate) fn is_held(&self, name: TokenName) -> bool {
        let same = |record: &Record| TokenName::of(record) == Some(name);
        let holds = |store: &StoreModel| {
            store.record().is_some_and(same)
                || store.spills.iter().any(|(_, pending_save)| same(&pending_save.record))
                || store.unnamed.as_ref().is_some_and(|unnamed| unnamed.keeps(name, store.version()))
                || store.hanging.iter().any(|write| same(&write.record))
        };
        self.stores.iter().any(holds) || self.processes.iter().any(|process| process.is_holding(name))
    }

    /// The family of the record in the store of this process, if the server would still renew it and its refresh token is
    /// held.
    pub(crate) fn session_in_reach(&self, who: usize) -> Option<TokenName> {
        let stored = TokenName::of(self.store(who).record()?)?;
        let family = self.server.family(stored);
        let live = TokenName { number: family.live, ..stored };
        (!family.revoked && self.is_held(live)).then_some(live)
    }

    /// No process has anything left to do.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.stores.iter().all(|store| store.hanging.is_empty())
            && self.processes.iter().all(|process| process.is_settled())
    }

    /// A user was asked to sign in again while the session could have gone on.
    pub(crate) fn is_needless(&self) -> bool {
        self.processes
            .iter()
            .any(|process| matches!(process.answer, CallerAnswer::Login { needless: true, .. }))
    }

    /// The session continues at the server after a logout.
    pub(crate) fn outlives_its_logout(&self) -> bool {
        let pasts = self.history.families.iter().zip(&self.server.families);
        pasts
            .into_iter()
            .any(|(past, family)| self.history.logged_out(past.user) && past.over && !family.revoked)
    }
}

impl Process {
    pub(crate) fn is_holding(&self, name: TokenName) -> bool {
        self.pending_save().any(|pending_save| pending_save == name)
    }

    /// What its renewals have obtained and not stored.
    pub(crate) fn pending_save(&self) -> impl Iterator<Item = TokenName> {
        self.runs.iter().filter_map(|run| TokenName::of(&run.step.pending_save()?.record))
    }
}
