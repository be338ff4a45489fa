//! A save that is whole and has no name: its process has died between the flush of the new record and the rename.
//!
//! The record lies under a temporary name, which is bound to the version that it replaces. The next load or save finishes
//! it, as `interrupted.rs` of the file store does; a record that holds a lease is discarded, because nothing was sent under
//! the lease.

use wellspring_core::Step;

use crate::invariants::Broken;
use crate::store_model::Unnamed;
use crate::world::{Scene, World};

impl World {
    /// Finishes or discards the save that has no name, as each load and save of the store does first.
    pub(crate) fn settle_unnamed(&mut self, scene: &Scene, who: usize) -> Result<(), Broken> {
        if self.store(who).unnamed.is_none() {
            return Ok(());
        }
        let store = self.store_mut(who);
        let Some(unnamed) = store.take_unnamed(&scene.line) else { return Ok(()) };
        let before = store.record().cloned();
        store.name(&unnamed.record, &scene.line);
        self.saved(scene, who, before.as_ref(), &unnamed.record)
    }

    /// Whether this step is a save that would write a record: the store holds the version that it replaces.
    pub(crate) fn would_write(&self, who: usize, step: &Step) -> bool {
        matches!(step, Step::Save(save) if save.operation.expected == self.store(who).version())
    }

    /// The process dies when its save is flushed and not yet renamed.
    pub(crate) fn crash_before_rename(
        &mut self,
        scene: &Scene,
        who: usize,
        run: usize,
    ) -> Result<(), Broken> {
        self.settle_unnamed(scene, who)?;
        let run = &self.processes[who].runs[run];
        let unnamed = match &run.step {
            Step::Save(save) if self.would_write(who, &run.step) => {
                let save = &save.operation;
                let record =
                    save.record_under(self.lock_of(scene, &self.processes[who], save, run.lock)).into_owned();
                Some(Unnamed { expected: save.expected, record })
            }
            _ => None,
        };
        if unnamed.is_some() {
            self.store_mut(who).unnamed = unnamed;
        }
        self.crash(scene, who, false)
    }
}
