//! A store that the hosts of a fleet share, as far as it differs from the locks of one machine: each process shows its
//! presence, an ended lock leaves a note beside the record, a host may be cut off, and the store may go back to an older
//! copy of itself.
//!
//! Presence proves no death. It ends late after a crash, early when a process is stopped or cut off, and comes back.

use std::rc::Rc;

use wellspring_core::{LockDomain, Save, Step, WatchOutcome};

use crate::action::{Action, StepOutcome};
use crate::fleet_action::FleetAction;
use crate::invariants::Broken;
use crate::line::{Mutation, Trouble};
use crate::presence::{FleetStore, process_of};
use crate::provider::TokenName;
use crate::store_model::StoreModel;
use crate::world::{Job, Process, Scene, World};

/// One more than the operations of a process that fail before its host is reached again.
const CUT: u8 = 3;

/// The number by which a process shows its presence.
fn number_of(process: &Process) -> u32 {
    process.owner().process + 1
}

/// The lock that the lease in the store names.
fn leased(store: &StoreModel) -> Option<LockDomain> {
    store.record()?.lease?.domain
}

impl Process {
    /// The name of the next liveness lock that it takes in a store of a fleet.
    pub(crate) fn next_lock(&self) -> LockDomain {
        let number = u128::from(number_of(self)) << 8 | u128::from(self.locks);
        LockDomain::new(number).expect("it is not zero")
    }
}

impl Process {
    /// The store is out of reach once more. In the background no clock is waited for.
    pub(crate) fn is_cut_off(&mut self, job: &Job, how: StepOutcome) {
        if how.is_cut_off() {
            self.cut -= 1;
            if !matches!(job, Job::UnfinishedSave) {
                self.wait();
            }
        }
    }
}

impl World {
    /// How an operation of a process comes out that does not reach the store.
    pub(crate) fn cut_off_ways(&self, who: usize, step: &Step, ways: &mut Vec<StepOutcome>) {
        let left = self.processes[who].cut;
        if left > 1 {
            ways.push(StepOutcome::CutOff { made: false });
        }
        if left == CUT && matches!(step, Step::Save(..)) {
            ways.push(StepOutcome::CutOff { made: true });
        }
    }

    /// A lease lapses only after another look for its owner.
    pub(crate) fn check_lapse(&self, who: usize, save: &Save, unseen: bool) -> Result<(), Broken> {
        let store = self.store(who);
        let owner = store.record().and_then(|record| record.lease).map(|lease| lease.attempt.owner);
        let of_another = owner.is_some_and(|owner| owner != self.processes[who].owner());
        if unseen && of_another && store.version() == save.expected {
            return Err(Broken("8: a lease lapses and its owner was not looked for once more".to_owned()));
        }
        Ok(())
    }

    /// What a watcher in a store of a fleet sees at once.
    pub(crate) fn sight(&self, scene: &Scene, who: usize, domain: LockDomain) -> Option<WatchOutcome> {
        let is_own = process_of(domain) == number_of(&self.processes[who]);
        if is_own && !self.is_locked(domain) {
            // A process knows its own locks, also those of leases that a failover has brought back.
            return Some(WatchOutcome::OwnerGone);
        }
        let sight = self.store(who).fleet.sight(domain);
        let gone = scene.line.mutated(Mutation::GoneByPresence) && sight.is_some();
        if gone { Some(WatchOutcome::OwnerGone) } else { sight }
    }

    fn lives(&self, number: u32) -> Option<usize> {
        self.processes.iter().position(|process| number_of(process) == number)
    }

    pub(crate) fn fleet_actions(&self, scene: &Scene, found: &mut Vec<Action>) {
        if !scene.line.fleet_store {
            return;
        }
        let mut can = |action| found.push(Action::Fleet(action));
        let may = |trouble| self.history.faults > 0 && scene.line.may(trouble);
        for (who, process) in self.processes.iter().enumerate() {
            if process.cut > 0 {
                can(FleetAction::IsReached(who));
            } else if may(Trouble::Partition) && !process.runs.is_empty() && who < scene.visitor() {
                can(FleetAction::IsCutOff(who));
            }
        }
        for store in self.stores.iter() {
            if may(Trouble::GoesBack) {
                (1..=store.fleet.copies.len()).for_each(|by| can(FleetAction::GoesBack(by)));
            }
            let Some(number) = leased(store).map(process_of) else { continue };
            let missing = store.fleet.missing.contains(&number);
            match self.lives(number) {
                None if !missing => can(FleetAction::PresenceEnds(number)),
                Some(who) if !missing && self.processes[who].cut > 0 => {
                    can(FleetAction::PresenceEnds(number))
                }
                Some(who) if !missing && may(Trouble::Presence) => can(FleetAction::PresenceLapses(who)),
                Some(who) if missing && self.processes[who].cut == 0 => {
                    can(FleetAction::PresenceReturns(who))
                }
                _ => {}
            }
            let came_back = store.fleet.came_back.is_some() && store.fleet.came_back == store.version();
            if let Some(who) = self.lives(number)
                && came_back
                && self.processes[who].runs.is_empty()
            {
                can(FleetAction::Stops(who));
            }
        }
    }

    pub(crate) fn apply_to_fleet(&mut self, action: FleetAction) {
        match action {
            FleetAction::PresenceEnds(number) => self.miss(number),
            FleetAction::PresenceLapses(who) => self.miss(number_of(&self.processes[who])),
            FleetAction::PresenceReturns(who) => self.show(who),
            FleetAction::IsCutOff(who) => Rc::make_mut(&mut self.processes[who]).cut = CUT,
            FleetAction::IsReached(who) => Rc::make_mut(&mut self.processes[who]).cut = 0,
            FleetAction::GoesBack(by) => self.go_back(by),
            FleetAction::Stops(who) => {
                self.miss(number_of(&self.processes[who]));
                Rc::make_mut(&mut self.processes[who]).restart();
            }
        }
    }

    fn miss(&mut self, number: u32) {
        for store in Rc::make_mut(&mut self.stores) {
            store.fleet.missing.push(number);
            store.fleet.missing.sort_unstable();
            store.fleet.missing.dedup();
        }
    }

    fn show(&mut self, who: usize) {
        let number = number_of(&self.processes[who]);
        for store in Rc::make_mut(&mut self.stores) {
            store.fleet.missing.retain(|missing| *missing != number);
        }
    }

    /// The store continues as an older copy. The presence of each process comes back by itself, a note does not.
    fn go_back(&mut self, by: usize) {
        let history = Rc::make_mut(&mut self.history);
        history.went_back = true;
        for store in Rc::make_mut(&mut self.stores) {
            let copy = store.fleet.copies.get(by - 1).cloned().flatten();
            if let Some(name) = copy.as_ref().and_then(|copy| TokenName::of(&copy.record)) {
                history.past_mut(name).over = false;
            }
            store.stored = copy;
            let missing = leased(store).map(process_of).into_iter().collect();
            let came_back = store.version();
            store.fleet = FleetStore { missing, came_back, ..FleetStore::default() };
        }
        let live = |(n, family): (usize, &crate::server::Family)| TokenName {
            family: u8::try_from(n + 1).expect("few users sign in"),
            number: family.live,
        };
        let lost: Vec<TokenName> = self.server.families.iter().enumerate().map(live).collect();
        lost.into_iter().for_each(|name| self.lose(name));
    }

    /// Writes the notes of locks that have ended under their lease, as a process does that reaches the store, and forgets
    /// what no lease names.
    pub(crate) fn tend_fleet(&mut self, scene: &Scene) {
        if !scene.line.fleet_store {
            return;
        }
        let due: Vec<_> = self.stores.iter().map(|store| self.due_note(store)).collect();
        let (faults, once) = (self.history.faults, scene.line.mutated(Mutation::NoteWrittenOnce));
        for (store, due) in Rc::make_mut(&mut self.stores).iter_mut().zip(due) {
            let named = leased(store);
            let fleet = &mut store.fleet;
            match due {
                Some((lock, true)) if !fleet.without_note.contains(&lock) => fleet.notes.push(lock),
                Some((lock, false)) if once => fleet.without_note.push(lock),
                _ => {}
            }
            for locks in [&mut fleet.notes, &mut fleet.without_note] {
                locks.retain(|lock| named == Some(*lock));
                locks.dedup();
            }
            fleet.missing.retain(|number| named.map(process_of) == Some(*number));
            if faults == 0 {
                fleet.copies.clear();
            }
        }
    }

    /// The lock that the lease names, if its process lives and holds it no more, and whether that process reaches the store.
    fn due_note(&self, store: &StoreModel) -> Option<(LockDomain, bool)> {
        let lock = leased(store)?;
        let who = self.lives(process_of(lock))?;
        let came_back = store.fleet.came_back == store.version();
        (!self.is_locked(lock) && !came_back).then(|| (lock, self.processes[who].cut == 0))
    }
}
