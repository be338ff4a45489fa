//! What can happen next.

use core::fmt;
use std::collections::BTreeSet;

use wellspring_core::{OBSTACLES, Obstacle, Step};

use crate::callers::action::CallersAction;
use crate::fleet_action::FleetAction;
use crate::line::Trouble;
use crate::provider::{ServerRequest, TokenName};
use crate::world::{CallerAnswer, Job, Run, Scene, World};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Callers of this process ask for a token.
    Ask(usize),
    /// An API refuses the token of this process, and its callers ask for another.
    Refused(usize),
    /// A step is carried out.
    Work {
        who: usize,
        run: usize,
        how: StepOutcome,
    },
    /// A process ends and another one is started. What it was sending may still arrive.
    Crash {
        who: usize,
        straggler: bool,
    },
    /// A process ends when its save is flushed and not yet renamed, and another one is started.
    CrashBeforeRename {
        who: usize,
        run: usize,
    },
    /// A task is dropped.
    Drop {
        who: usize,
        run: usize,
        lost: bool,
    },
    /// A write that hung is made, if it still fits.
    Written {
        store: usize,
        n: usize,
    },
    /// A request whose sender has given it up is processed.
    Arrived(usize),
    UserLogsOut,
    UserSignsIn,
    StoreIsEmptied,
    /// This process has another credential from now on.
    CredentialChanges(usize),
    /// The lock file of this machine is removed, though a process holds a lock on it.
    LockIsRemoved(u8),
    /// Something happens to a store of a fleet.
    Fleet(FleetAction),
    /// Something happens to the callers of this process.
    Callers(usize, CallersAction),
}

/// How a step comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepOutcome {
    Well,
    /// Of several spilled tokens this one is found.
    Finding(usize),
    /// The store fails without having done anything; at once, or when the time is up.
    Failing {
        late: bool,
    },
    /// The store fails, and has made the change all the same or not.
    Unsure {
        made: bool,
        late: bool,
    },
    /// The store fails, and may make the change later.
    Hanging {
        late: bool,
    },
    /// It is done, too late for what comes next.
    Slow,
    /// Nothing was sent.
    Unsent,
    /// The request was lost.
    Stray,
    /// The answer was lost.
    Lost,
    /// The answer cannot be used, but for its refresh token.
    Unusable,
    /// The answer has come and cannot be read.
    Unreadable,
    /// The answer has arrived while the process was stopped.
    Stopped,
    /// Nothing was sent, for this reason.
    UnsentBecause(Obstacle),
    /// The server refuses the client, though nothing is wrong with it.
    ClientRefused,
    /// The server refuses the request.
    RequestRefused,
    /// A gateway refuses the request and does not say why.
    GatewayRefused,
    /// The request is given up, and may arrive later.
    Straggling,
    /// The time for waiting is up.
    TimeUp,
    /// The time for sending has passed.
    Overdue,
    /// The store is out of reach for as long as it is tried; the change may have been made before.
    CutOff {
        made: bool,
    },
}

impl Action {
    /// Whether something goes wrong.
    pub(crate) const fn is_fault(self) -> bool {
        match self {
            Self::Ask(_) | Self::Refused(_) | Self::Written { .. } | Self::Arrived(_) | Self::Callers(..) => {
                false
            }
            Self::Work { how, .. } => how.is_fault(),
            Self::Fleet(what) => what.is_fault(),
            _ => true,
        }
    }

    /// Whether a good end may depend on it: it does not go wrong, and sooner or later it happens.
    pub(crate) const fn leads_on(self) -> bool {
        match self {
            Self::Callers(_, what) => what.leads_on(),
            _ => !self.is_fault(),
        }
    }
}

impl StepOutcome {
    pub(crate) const fn is_fault(self) -> bool {
        !matches!(self, Self::Well | Self::Finding(_) | Self::TimeUp | Self::Overdue | Self::CutOff { .. })
    }

    /// The store is out of reach.
    pub(crate) const fn is_cut_off(self) -> bool {
        matches!(self, Self::CutOff { .. })
    }

    /// Whether a byte of the request leaves.
    pub(crate) const fn leaves(self) -> bool {
        !matches!(self, Self::Unsent | Self::UnsentBecause(_) | Self::Overdue) && !self.is_refusal()
    }

    /// Whether the request is refused and not processed.
    pub(crate) const fn is_refusal(self) -> bool {
        matches!(self, Self::ClientRefused | Self::RequestRefused | Self::GatewayRefused)
    }
}

impl World {
    /// All that can happen next.
    pub(crate) fn actions(&self, scene: &Scene) -> Vec<Action> {
        let mut found = Vec::new();
        let faulty = self.history.faults > 0;
        let may = |trouble| faulty && scene.line.may(trouble);
        for (who, process) in self.processes.iter().enumerate() {
            if who < scene.visitor() {
                self.asks(who, &mut found);
                if may(Trouble::NewCredential) && process.credential == 0 {
                    found.push(Action::CredentialChanges(who));
                }
                found.extend(self.caller_actions(who).into_iter().map(|what| Action::Callers(who, what)));
            }
            for (run, doing) in process.runs.iter().enumerate() {
                let mut hows = Vec::new();
                self.ways(scene, who, doing, &mut hows);
                found.extend(hows.into_iter().map(|how| Action::Work { who, run, how }));
                if may(Trouble::UnnamedSave) && self.would_write(who, &doing.step) {
                    found.push(Action::CrashBeforeRename { who, run });
                }
                if may(Trouble::Dropped) && matches!(doing.job, Job::Renewal(_)) {
                    found.push(Action::Drop { who, run, lost: false });
                    if matches!(doing.step, Step::Send(..)) {
                        found.push(Action::Drop { who, run, lost: true });
                    }
                }
            }
            if may(Trouble::Crash) && !process.runs.is_empty() {
                found.push(Action::Crash { who, straggler: false });
                if may(Trouble::Straggler)
                    && process.runs.iter().any(|run| matches!(run.step, Step::Send(..)))
                {
                    found.push(Action::Crash { who, straggler: true });
                }
            }
        }
        self.fleet_actions(scene, &mut found);
        for (store, model) in self.stores.iter().enumerate() {
            found.extend((0..model.hanging.len()).map(|n| Action::Written { store, n }));
        }
        found.extend((0..self.history.stragglers.len()).map(Action::Arrived));
        let is_there = |slot: usize| !self.processes[slot].runs.is_empty();
        if may(Trouble::SignIn) && !is_there(scene.visitor()) {
            found.push(Action::UserSignsIn);
        }
        if may(Trouble::Logout) && !is_there(scene.visitor() + 1) {
            found.push(Action::UserLogsOut);
        }
        let machines = scene.line.machines.iter().copied().collect::<BTreeSet<u8>>();
        let locked = machines
            .into_iter()
            .filter(|machine| self.stores.iter().any(|store| self.is_locked(store.lock_on(*machine))));
        found.extend(locked.filter(|_| may(Trouble::LockRemoved)).map(Action::LockIsRemoved));
        if may(Trouble::Emptied) && self.stores.iter().any(|store| store.stored.is_some()) {
            found.push(Action::StoreIsEmptied);
        }
        found
    }

    fn asks(&self, who: usize, found: &mut Vec<Action>) {
        let process = &self.processes[who];
        let answered_at_once = process.lifecycle.quiet_until() < wellspring_core::Instant::NEVER;
        match process.answer {
            CallerAnswer::Nothing | CallerAnswer::Later if !process.renews() => found.push(Action::Ask(who)),
            CallerAnswer::Fresh if self.history.again > 0 => found.push(Action::Refused(who)),
            CallerAnswer::Login { .. } if self.history.again > 0 && answered_at_once => {
                found.push(Action::Ask(who))
            }
            _ => {}
        }
    }

    /// How this step may come out.
    fn ways(&self, scene: &Scene, who: usize, run: &Run, ways: &mut Vec<StepOutcome>) {
        let faulty = self.history.faults > 0;
        let may = |trouble| faulty && scene.line.may(trouble);
        let lates: &[bool] = if matches!(run.job, Job::UnfinishedSave) { &[false] } else { &[false, true] };
        let failing = |ways: &mut Vec<StepOutcome>| {
            if may(Trouble::Store) {
                ways.extend(lates.iter().map(|late| StepOutcome::Failing { late: *late }));
            } else if may(Trouble::Outage) {
                ways.extend(lates.last().map(|late| StepOutcome::Failing { late: *late }));
            }
        };
        if self.processes[who].cut > 0
            && matches!(run.step, Step::Load(..) | Step::Save(..) | Step::Watch(..))
        {
            self.cut_off_ways(who, &run.step, ways);
            return;
        }
        match &run.step {
            Step::Load(..) => {
                let spilled = self.store(who).spilled_on(self.processes[who].machine).count();
                ways.push(StepOutcome::Well);
                ways.extend((1..spilled).map(StepOutcome::Finding));
                failing(ways);
            }
            Step::Save(save) => {
                ways.push(StepOutcome::Well);
                failing(ways);
                for late in lates.iter().copied() {
                    if may(Trouble::Store) {
                        ways.push(StepOutcome::Unsure { made: true, late });
                        ways.push(StepOutcome::Unsure { made: false, late });
                    }
                    if may(Trouble::Hanging) {
                        ways.push(StepOutcome::Hanging { late });
                    }
                }
                if may(Trouble::Slow) && save.operation.liveness_lock {
                    ways.push(StepOutcome::Slow);
                }
            }
            Step::Watch(watch) => {
                self.ways_of_watch(scene, who, &watch.operation, ways);
                failing(ways);
            }
            Step::Send(sending, _)
                if scene.line.has_callers() && self.processes[who].now().instant > sending.not_after =>
            {
                ways.push(StepOutcome::Overdue);
            }
            Step::Send(sending, _) => {
                ways.push(StepOutcome::Well);
                if may(Trouble::Silence) {
                    ways.push(StepOutcome::Stray);
                    ways.push(StepOutcome::Lost);
                }
                if may(Trouble::Straggler) {
                    ways.push(StepOutcome::Straggling);
                }
                if !matches!(ServerRequest::read(&sending.request), ServerRequest::Revoke(_)) {
                    ways.extend(may(Trouble::Unsent).then_some(StepOutcome::Unsent));
                    if may(Trouble::Obstacles) {
                        ways.extend(OBSTACLES.map(|(obstacle, _)| StepOutcome::UnsentBecause(obstacle)));
                    } else if may(Trouble::Local) {
                        ways.push(StepOutcome::UnsentBecause(Obstacle::NoNetwork));
                    }
                    ways.extend(may(Trouble::Unusable).then_some(StepOutcome::Unusable));
                    ways.extend(may(Trouble::Unreadable).then_some(StepOutcome::Unreadable));
                    ways.extend(may(Trouble::Stop).then_some(StepOutcome::Stopped));
                    if may(Trouble::Refusal) {
                        ways.push(StepOutcome::ClientRefused);
                        ways.push(StepOutcome::RequestRefused);
                        ways.push(StepOutcome::GatewayRefused);
                    }
                }
            }
            Step::Spill(..) | Step::Forget(..) => {
                ways.push(StepOutcome::Well);
                if may(Trouble::Store) || may(Trouble::Outage) {
                    ways.push(StepOutcome::Failing { late: false });
                }
            }
            Step::Sleep(..) => {
                ways.push(StepOutcome::Well);
                if self.history.impatience > 0 || self.is_claimed_by_the_dead(who) {
                    ways.push(StepOutcome::TimeUp);
                }
            }
            Step::Done(..) => {}
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(who) => write!(f, "{who} asks for a token"),
            Self::Refused(who) => write!(f, "{who} has its token refused and asks for another"),
            Self::Work { who, run, how } => write!(f, "{who}/{run} continues: {how:?}"),
            Self::Crash { who, straggler: false } => write!(f, "{who} crashes"),
            Self::Crash { who, .. } => write!(f, "{who} crashes, its request still under way"),
            Self::CrashBeforeRename { who, run } => write!(f, "{who} crashes, its save {who}/{run} unnamed"),
            Self::Drop { who, run, lost } => write!(f, "{who}/{run} is dropped, answer lost: {lost}"),
            Self::Written { store, n } => write!(f, "write {n} of store {store} is made, late"),
            Self::Arrived(n) => write!(f, "request {n} arrives, late"),
            Self::UserLogsOut => write!(f, "a user logs out"),
            Self::UserSignsIn => write!(f, "a user signs in"),
            Self::StoreIsEmptied => write!(f, "the store is emptied"),
            Self::CredentialChanges(who) => write!(f, "{who} has another credential"),
            Self::LockIsRemoved(machine) => write!(f, "the lock of machine {machine} is removed"),
            Self::Fleet(what) => write!(f, "{what}"),
            Self::Callers(who, what) => write!(f, "{who}: {what}"),
        }
    }
}

/// A state in a line of text, for traces.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for store in self.stores.iter() {
            write!(f, "{store}")?;
        }
        for (n, family) in self.server.families.iter().enumerate() {
            write!(f, " [server {}.{}", n + 1, family.live)?;
            if family.revoked {
                write!(f, " revoked")?;
            }
            write!(f, "]")?;
        }
        for process in &self.processes {
            if !process.callers.all.is_empty() {
                write!(f, " {}{}", process.slot, process.callers)?;
            }
            for run in &process.runs {
                let alive = if run.lock.is_some() { "*" } else { "" };
                write!(f, " {}{alive}:{}", process.slot, Doing(run))?;
            }
            if !matches!(process.answer, CallerAnswer::Nothing) && process.runs.is_empty() {
                write!(f, " {}:{:?}", process.slot, process.answer)?;
            }
        }
        Ok(())
    }
}

struct Doing<'a>(&'a Run);

impl fmt::Display for Doing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.step {
            Step::Load(..) => f.write_str("load"),
            Step::Save(save) if save.operation.record.lease.is_some() => f.write_str("save lease"),
            Step::Save(save) => write!(f, "save {:?}", TokenName::of(&save.operation.record)),
            Step::Watch(watch) => write!(f, "watch v{}", watch.operation.version.value()),
            Step::Send(sending, _) => write!(f, "send {:?}", ServerRequest::read(&sending.request)),
            Step::Spill(spill) => {
                write!(f, "spill {:?}", TokenName::of(&spill.operation.pending_save.record))
            }
            Step::Forget(..) => f.write_str("forget"),
            Step::Sleep(..) => f.write_str("sleep"),
            Step::Done(..) => f.write_str("done"),
        }
    }
}
