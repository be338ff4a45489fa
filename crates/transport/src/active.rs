//! What a renewal holds while it is carried out: how far it has come, what nobody has stored yet, its liveness lock.
//!
//! However it ends, what is not stored by then is spilled: when its task is thrown away too.

use core::fmt;
use std::sync::{Arc, Mutex};

use wellspring_core::{ByteLeft, LivenessLock, PendingSave, Step};

use crate::events;
use crate::shared::SharedLifecycle;
use crate::storage::{Next, Operation, Said, Storage, Work};

/// Where the liveness lock of a renewal is kept: with the renewal, and with each thread that still works for it.
pub type LivenessSlot = Arc<Mutex<Option<Arc<LivenessLock>>>>;

/// What a renewal holds while it is carried out.
pub struct ActiveRenewal {
    shared: Arc<SharedLifecycle>,
    pub(crate) byte_left: ByteLeft,
    pending_save: Option<PendingSave>,
    /// Shown from before the lease is saved until the renewal is over, and by each operation until it is.
    life: LivenessSlot,
}

impl ActiveRenewal {
    pub(crate) fn new(shared: Arc<SharedLifecycle>) -> Self {
        Self { shared, byte_left: ByteLeft::No, pending_save: None, life: LivenessSlot::default() }
    }

    /// Goes on with what was laid aside.
    pub(crate) const fn with(
        shared: Arc<SharedLifecycle>,
        pending_save: Option<PendingSave>,
        life: LivenessSlot,
    ) -> Self {
        Self { shared, byte_left: ByteLeft::No, pending_save, life }
    }

    /// Looks at a step before it is carried out.
    pub fn enter(&mut self, step: Step) -> Work {
        self.pending_save = step.pending_save().cloned();
        match &step {
            Step::Send(..) => self.byte_left = ByteLeft::Maybe,
            // Whoever waits for another's lease has none to answer for.
            Step::Watch(..) => self.rest(),
            _ => {}
        }
        step.into()
    }

    /// Goes on with what the store has said.
    pub fn leave(&self, said: Said, next: Next) -> Step {
        let name = &self.shared.provider().spec().name;
        if let Some((operation, error)) = said.error() {
            events::store_failed(name, operation, error);
        } else if matches!(said, Said::Spilled(_)) {
            events::token_spilled(name);
        }
        next.resume(said, self.shared.clock().now())
    }

    /// Whether a token would be lost if this went no further.
    #[must_use]
    pub const fn holds_pending_save(&self) -> bool {
        self.pending_save.is_some()
    }

    /// Spills what nobody has stored, and shows no liveness lock any more.
    pub(crate) fn give_up(&mut self) {
        if let (Some(pending_save), Some(storage)) = (self.pending_save.take(), self.shared.storage()) {
            let profile = self.shared.provider().spec();
            match storage.spill(&profile.key, &pending_save) {
                Ok(()) => events::token_spilled(&profile.name),
                Err(error) => events::store_failed(&profile.name, "spill", &error),
            }
        }
        self.rest();
    }

    /// What it holds is laid aside: it is not to be spilled yet.
    pub(crate) fn keep_for_later(&mut self) {
        self.pending_save = None;
    }

    /// Shows no liveness lock any more, but for what a thread that hangs may still save.
    pub(crate) fn rest(&mut self) {
        self.life = LivenessSlot::default();
    }

    /// The liveness lock, for a thread that works for this.
    #[must_use]
    pub fn life(&self) -> LivenessSlot {
        Arc::clone(&self.life)
    }

    /// The lifecycle it is for.
    #[must_use]
    pub const fn shared(&self) -> &Arc<SharedLifecycle> {
        &self.shared
    }

    /// The store.
    ///
    /// # Panics
    ///
    /// Where there is none, which no operation of a renewal is ever asked for.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        self.shared.storage().expect("only a store asks for operations on it")
    }

    /// Carries the operation out here and now.
    #[must_use]
    pub fn carry_out(&self, operation: &Operation, within: core::time::Duration) -> Said {
        let key = &self.shared.provider().spec().key;
        let storage = self.shared.storage().expect("only a store asks for operations on it");
        operation.carry_out(storage, key, within, &self.life)
    }
}

impl Drop for ActiveRenewal {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl fmt::Debug for ActiveRenewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (byte_left, pending_save) = (&self.byte_left, &self.pending_save);
        f.debug_struct("ActiveRenewal")
            .field("byte_left", byte_left)
            .field("pending_save", pending_save)
            .finish_non_exhaustive()
    }
}
