//! One state of everything: processes, the store, the server, and what has happened as far as it matters.

use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use wellspring_core::{
    Clocks, Epoch, Generation, Granted, Instant, Lifecycle, LockDomain, LoginReason, Owner, Permit, Policy,
    Provider, Record, SessionState, Step, UnixTime,
};

use crate::callers::{Callers, with_pauses};
use crate::history::History;
use crate::line::{Line, Start};
use crate::provider::{TokenName, granted_long_ago, provider};
use crate::server::Server;
use crate::store_model::StoreModel;

/// What does not change while a line is explored.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) line: Line,
    pub(crate) provider: Arc<dyn Provider>,
}

impl Scene {
    pub(crate) fn new(line: Line) -> Self {
        Self { provider: provider(&line), line }
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
    pub(crate) store: Rc<StoreModel>,
    pub(crate) server: Rc<Server>,
    pub(crate) history: Rc<History>,
}

/// One process, and those that are started in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) slot: u8,
    pub(crate) machine: u8,
    /// How many were started before.
    pub(crate) life: u8,
    /// How often more time has passed than any deadline allows.
    pub(crate) ticks: u8,
    pub(crate) lifecycle: Lifecycle,
    /// What it is doing: at most one renewal, and what is left over from those before.
    pub(crate) runs: Vec<Run>,
    pub(crate) answer: CallerAnswer,
    /// The token that an API has refused last.
    pub(crate) refused: Option<TokenName>,
    /// Its callers have got the error of a logout, and no token since.
    pub(crate) saw_logout: bool,
    pub(crate) callers: Callers,
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
    policy
}

/// The lifecycle of a process with these callers.
fn lifecycle(callers: &Callers) -> Lifecycle {
    let policy = policy();
    Lifecycle::new(if callers.all.is_empty() { policy } else { with_pauses(policy) }, 7)
}

impl Process {
    fn new(slot: usize, machine: u8, callers: Callers) -> Self {
        Self {
            slot: u8::try_from(slot).expect("few take part"),
            machine,
            life: 0,
            ticks: 0,
            lifecycle: lifecycle(&callers),
            runs: Vec::new(),
            answer: CallerAnswer::Nothing,
            refused: None,
            saw_logout: false,
            callers,
        }
    }

    /// What its clocks show. Both move only when the explorer says so.
    pub(crate) fn now(&self) -> Clocks {
        let start = Clocks {
            instant: Instant::after_origin(Duration::from_secs(10_000)),
            unix: UnixTime::from_secs(1_000_000),
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
        self.callers.crash();
        self.lifecycle = lifecycle(&self.callers);
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
        let granted = Granted::new(obtained_at, granted_long_ago(life, line.grant));
        let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted));
        let mut processes = Vec::new();
        for (slot, machine) in line.machines.iter().enumerate() {
            let mut process = Process::new(slot, *machine, line.callers.callers(slot));
            if line.has_callers() {
                process.answer = CallerAnswer::Fresh;
            }
            if line.start != Start::Cold {
                let now = process.now();
                let _ = process.lifecycle.adopt(&record, now);
            }
            processes.push(Rc::new(process));
        }
        for slot in [scene.visitor(), scene.visitor() + 1] {
            let mut visitor = Process::new(slot, line.machines[0], Callers::default());
            visitor.answer = CallerAnswer::Fresh;
            processes.push(Rc::new(visitor));
        }
        Self {
            processes,
            store: Rc::new(StoreModel::holding(record)),
            server: Rc::new(Server::new()),
            history: Rc::new(History::new(line)),
        }
    }

    /// Whether a process holds this liveness lock.
    pub(crate) fn is_locked(&self, domain: LockDomain) -> bool {
        let lock = Some(domain);
        self.store.hanging.iter().any(|write| write.lock == lock)
            || self.processes.iter().any(|process| process.runs.iter().any(|run| run.lock == lock))
    }

    /// Whether this refresh token is in the store, spilled beside it, or in the memory of a process that will save it.
    pub(crate) fn is_held(&self, name: TokenName) -> bool {
        let same = |record: &Record| TokenName::of(record) == Some(name);
        self.store.record().is_some_and(same)
            || self.store.spills.iter().any(|(_, pending_save)| same(&pending_save.record))
            || self.store.hanging.iter().any(|write| same(&write.record))
            || self.processes.iter().any(|process| process.is_holding(name))
    }

    /// The family of the record in the store, if the server would still renew it and its refresh token is held.
    pub(crate) fn session_in_reach(&self) -> Option<TokenName> {
        let stored = TokenName::of(self.store.record()?)?;
        let family = self.server.family(stored);
        let live = TokenName { number: family.live, ..stored };
        (!family.revoked && self.is_held(live)).then_some(live)
    }

    /// No process has anything left to do.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.store.hanging.is_empty() && self.processes.iter().all(|process| process.is_settled())
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
        self.history.logged_out && pasts.into_iter().any(|(past, family)| past.over && !family.revoked)
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
