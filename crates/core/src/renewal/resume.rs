//! How a renewal continues: with the reply of the store, with the answer of the server, or after a pause.

use alloc::boxed::Box;
use core::time::Duration;

use crate::async_store::{AsyncStore, StoreFuture};
use crate::key::TokenKey;
use crate::liveness::LockDomain;
use crate::store::{Loaded, Store, StoreError, Swap, WatchOutcome};
use crate::time::Clocks;

use super::answer::Answer;
use super::operation::{Forget, Load, Save, Spill, Watch};
use super::step::{
    AfterLoad, AfterSave, AfterSend, Forgetting, Loading, Saving, Sent, Sleeping, Spilling, Step, StoreOp,
    UnfinishedSave, Watching,
};
use super::transitions::{amended, exchanged, judged, leased, load, recorded, signed_in, signed_out, stored};

impl StoreOp for Load {
    type Reply = Loaded;
    type Next = Loading;
    const NAME: &'static str = "load";

    fn run(
        &self,
        store: &dyn Store,
        key: &TokenKey,
        _: Option<LockDomain>,
        within: Duration,
    ) -> Result<Loaded, StoreError> {
        store.load(key, within)
    }

    fn run_async<'a>(
        &'a self,
        store: &'a dyn AsyncStore,
        key: &'a TokenKey,
        _: Option<LockDomain>,
        within: Duration,
    ) -> StoreFuture<'a, Loaded> {
        store.load(key, within)
    }

    fn loaded(reply: &Loaded) -> Option<&Loaded> {
        Some(reply)
    }

    fn timed_out() -> StoreError {
        StoreError::unavailable("the store did not answer in time")
    }

    fn resume(next: Loading, reply: Result<Loaded, StoreError>, now: Clocks) -> Step {
        let Loading { mut context, phase } = next;
        match phase {
            AfterLoad::Judge(judge) => {
                let next = judge.loaded(&context, reply, now);
                judged(context, next, now)
            }
            AfterLoad::SignIn(sign_in) => {
                let next = sign_in.loaded(&mut context, reply, now);
                signed_in(context, next, now)
            }
            AfterLoad::AcquireLease(lease) => {
                let next = lease.loaded(&mut context, reply, now);
                leased(context, next, now)
            }
            AfterLoad::SaveToken(save) => {
                let next = save.loaded(&context, reply, now);
                stored(context, next, now)
            }
            AfterLoad::RecordFailure(record) => {
                let next = record.loaded(&context, reply, now);
                recorded(context, next, now)
            }
            AfterLoad::SignOut(sign_out) => {
                let next = sign_out.loaded(&context, reply, now);
                signed_out(context, next, now)
            }
            AfterLoad::Amend(amend) => amended(context, amend.loaded(reply, now), now),
        }
    }
}

impl StoreOp for Save {
    type Reply = Swap;
    type Next = Saving;
    const NAME: &'static str = "save";

    fn needs_liveness_lock(&self) -> bool {
        self.liveness_lock
    }

    fn run(
        &self,
        store: &dyn Store,
        key: &TokenKey,
        held: Option<LockDomain>,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        store.save(key, self.expected, &self.record_under(held), within)
    }

    fn run_async<'a>(
        &'a self,
        store: &'a dyn AsyncStore,
        key: &'a TokenKey,
        held: Option<LockDomain>,
        within: Duration,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move { store.save(key, self.expected, &self.record_under(held), within).await })
    }

    fn resume(next: Saving, reply: Result<Swap, StoreError>, now: Clocks) -> Step {
        let Saving { mut context, phase } = next;
        match phase {
            AfterSave::AcquireLease(lease) => {
                let next = lease.saved(&mut context, reply, now);
                leased(context, next, now)
            }
            AfterSave::SaveToken(save) => {
                let next = save.saved(&context, reply, now);
                stored(context, next, now)
            }
            AfterSave::EndLease(end) => judged(context, end.saved(reply), now),
            AfterSave::RecordFailure(record) => {
                let next = record.saved(&context, reply, now);
                recorded(context, next, now)
            }
            AfterSave::SignOut(sign_out) => {
                let next = sign_out.saved(&context, reply, now);
                signed_out(context, next, now)
            }
            AfterSave::Amend(amend) => amended(context, amend.saved(reply, now), now),
        }
    }
}

impl StoreOp for Watch {
    type Reply = WatchOutcome;
    type Next = Watching;
    const NAME: &'static str = "watch";
    const SLICED: bool = true;

    fn run(
        &self,
        store: &dyn Store,
        key: &TokenKey,
        _: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        store.watch(key, self.version, self.domain, within)
    }

    fn run_async<'a>(
        &'a self,
        store: &'a dyn AsyncStore,
        key: &'a TokenKey,
        _: Option<LockDomain>,
        within: Duration,
    ) -> StoreFuture<'a, WatchOutcome> {
        store.watch(key, self.version, self.domain, within)
    }

    fn is_final(reply: &WatchOutcome) -> bool {
        *reply != WatchOutcome::Unchanged
    }

    fn timed_out() -> StoreError {
        StoreError::unavailable("the store did not answer in time")
    }

    fn resume(next: Watching, reply: Result<WatchOutcome, StoreError>, now: Clocks) -> Step {
        let Watching { context, phase } = next;
        let next = phase.watched(&context, reply, now);
        judged(context, next, now)
    }
}

impl StoreOp for Spill {
    type Reply = ();
    type Next = Spilling;
    const NAME: &'static str = "spill";
    const LOCAL: bool = true;

    fn run(
        &self,
        store: &dyn Store,
        key: &TokenKey,
        _: Option<LockDomain>,
        _: Duration,
    ) -> Result<(), StoreError> {
        store.spill(key, &self.pending_save)
    }

    fn run_async<'a>(
        &'a self,
        store: &'a dyn AsyncStore,
        key: &'a TokenKey,
        _: Option<LockDomain>,
        _: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move { store.spill(key, &self.pending_save) })
    }

    fn resume(next: Spilling, reply: Result<(), StoreError>, now: Clocks) -> Step {
        let Spilling { context, phase } = next;
        stored(context, phase.spilled(reply, now), now)
    }
}

impl StoreOp for Forget {
    type Reply = ();
    type Next = Forgetting;
    const NAME: &'static str = "forget";
    const LOCAL: bool = true;

    fn run(
        &self,
        store: &dyn Store,
        key: &TokenKey,
        _: Option<LockDomain>,
        _: Duration,
    ) -> Result<(), StoreError> {
        store.forget_spill(key, self.attempt)
    }

    fn run_async<'a>(
        &'a self,
        store: &'a dyn AsyncStore,
        key: &'a TokenKey,
        _: Option<LockDomain>,
        _: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move { store.forget_spill(key, self.attempt) })
    }

    fn resume(next: Forgetting, reply: Result<(), StoreError>, now: Clocks) -> Step {
        let Forgetting { context, phase } = next;
        stored(context, phase.forgotten(reply), now)
    }
}

impl Sleeping {
    /// Continues after the pause.
    pub fn resume(self, now: Clocks) -> Step {
        load(self.context, self.phase, now)
    }
}

impl Sent {
    /// Continues with the answer.
    pub fn resume(self, answer: Answer, now: Clocks) -> Step {
        let Self { context, phase } = self;
        match phase {
            AfterSend::Exchange(exchange) => {
                let next = exchange.answered(&context, answer, now);
                exchanged(context, next, now)
            }
            AfterSend::SignIn(sign_in) => {
                let next = sign_in.answered(&context, answer, now);
                signed_in(context, next, now)
            }
            AfterSend::RevokeOrphan(concluded) => stored(context, concluded.forget(), now),
            AfterSend::Revoke(revoke) => signed_out(context, revoke.answered(answer), now),
        }
    }
}

impl UnfinishedSave {
    /// Continues with it. The liveness lock of its renewal is to be held until this is done.
    pub fn recover(self, now: Clocks) -> Step {
        let Self { context, phase } = self;
        stored(context, phase.recover(now), now)
    }
}
