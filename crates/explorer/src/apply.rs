//! Carrying out one action, exactly as the drivers do it.

use std::rc::Rc;

use wellspring_core::{
    AuthorizationCode, AuthorizationGrant, ByteLeft, Completed, Decision, Instant, LockDomain, LoginReason,
    Need, Outcome, Pending, PendingSave, Rejected, Renewal, Save, Step, StoreOp,
};

use crate::action::{Action, StepOutcome};
use crate::invariants::Broken;
use crate::line::Mutation;
use crate::provider::{ServerRequest, TokenName};
use crate::server::ServerReply;
use crate::store_model::Hanging;
use crate::watching::failed;
use crate::world::{CallerAnswer, Job, Process, Run, Scene, World};

impl World {
    /// The state after this action, with every invariant checked.
    pub(crate) fn after(&self, scene: &Scene, action: Action) -> Result<Self, Broken> {
        let mut world = self.clone();
        if action.is_fault() {
            Rc::make_mut(&mut world.history).faults -= 1;
        }
        world.apply(scene, action)?;
        world.tend_fleet(scene);
        world.check(scene)?;
        Ok(world)
    }

    fn apply(&mut self, scene: &Scene, action: Action) -> Result<(), Broken> {
        match action {
            Action::Ask(who) => self.ask(scene, who, Need::Fresh),
            Action::Refused(who) => self.refused(scene, who),
            Action::Work { who, run, how } => self.work(scene, who, run, how),
            Action::Crash { who, straggler } => self.crash(scene, who, straggler),
            Action::CrashBeforeRename { who, run } => self.crash_before_rename(scene, who, run),
            Action::Drop { who, run, lost } => self.drop_task(scene, who, run, lost),
            Action::Written { store, n } => {
                let write = Rc::make_mut(&mut self.stores)[store].hanging.remove(n);
                self.swap(scene, write.writer, write.expected, &write.record).map(|_| ())
            }
            Action::Arrived(n) => {
                let (who, time, server_request) = Rc::make_mut(&mut self.history).stragglers.remove(n);
                let reply = self.serve(scene, who, time, server_request)?;
                self.lose_what_was(reply);
                Ok(())
            }
            Action::UserLogsOut | Action::UserSignsIn => self.visit(scene, action),
            Action::Callers(who, what) => self.apply_to_callers(scene, who, what),
            Action::Fleet(what) => {
                self.apply_to_fleet(what);
                Ok(())
            }
            Action::CredentialChanges(who) => {
                Rc::make_mut(&mut self.processes[who]).credential = 1;
                Ok(())
            }
            Action::LockIsRemoved(machine) => {
                for store in Rc::make_mut(&mut self.stores) {
                    store.remove_lock_on(machine);
                }
                Ok(())
            }
            Action::StoreIsEmptied => {
                for store in Rc::make_mut(&mut self.stores) {
                    store.stored = None;
                }
                let history = Rc::make_mut(&mut self.history);
                history.emptied = true;
                for user in 0..scene.line.user_count() {
                    history.end_families(user, None);
                }
                Ok(())
            }
        }
    }

    fn ask(&mut self, scene: &Scene, who: usize, need: Need) -> Result<(), Broken> {
        let mut process = Process::clone(&self.processes[who]);
        if let CallerAnswer::Login { .. } = process.answer {
            Rc::make_mut(&mut self.history).again -= 1;
        }
        process.look_at_credential();
        let quiet = process.lifecycle.quiet_until();
        if process.now().instant < quiet && quiet < Instant::NEVER {
            process.wait();
        }
        let now = process.now();
        let permit = match process.lifecycle.acquire(need, now) {
            Decision::Use(token) => {
                process.answer = self.hand_out(who, token.expose())?;
                None
            }
            Decision::UseAndRefresh(_, permit) => {
                process.answer = CallerAnswer::Fresh;
                Some(permit)
            }
            Decision::Refresh(permit) => {
                process.answer = CallerAnswer::Nothing;
                Some(permit)
            }
            Decision::Wait => {
                process.answer = CallerAnswer::Nothing;
                None
            }
            Decision::Fail(error) => {
                process.check_remembered(&error)?;
                process.answer = self.refuse(scene, who, &error)?;
                None
            }
        };
        if let Some(permit) = permit {
            process.asks_with = process.credential;
            let job =
                permit.job(scene.provider_of(&process)).stored_by(process.owner(), scene.line.shared_by());
            let step = Renewal::begin(job, now);
            let run =
                Run { job: Job::Renewal(Box::new(permit)), step, lock: None, sent: false, unseen: false };
            return self.settle(scene, who, process, run);
        }
        self.processes[who] = Rc::new(process);
        Ok(())
    }

    fn refused(&mut self, scene: &Scene, who: usize) -> Result<(), Broken> {
        Rc::make_mut(&mut self.history).again -= 1;
        let mut process = Process::clone(&self.processes[who]);
        let now = process.now();
        let Some(generation) = process.lifecycle.token().map(wellspring_core::Token::generation) else {
            return self.ask(scene, who, Need::Fresh);
        };
        process.refused = process.lifecycle.token().and_then(|token| TokenName::parse(token.expose()));
        let rejected = process.lifecycle.reject(generation, now);
        self.processes[who] = Rc::new(process);
        match rejected {
            Rejected::Renew | Rejected::KeepResponse => self.ask(scene, who, Need::Newer(generation)),
            Rejected::Replaced(_) => Ok(()),
        }
    }

    /// A user signs in or logs out, in a process of its own.
    fn visit(&mut self, scene: &Scene, action: Action) -> Result<(), Broken> {
        let who = scene.visitor() + usize::from(action == Action::UserLogsOut);
        let mut visitor = Process::clone(&self.processes[who]);
        visitor.restart();
        visitor.answer = CallerAnswer::Fresh;
        let now = visitor.now();
        let provider = scene.provider_of(&visitor);
        let (job, begun) = if action == Action::UserLogsOut {
            (Job::SignOut, visitor.lifecycle.sign_out(provider).expect("it is not closed"))
        } else {
            let code = AuthorizationCode::new("code");
            let spend =
                AuthorizationGrant::AuthorizationCode { code, redirect_uri: String::new(), verifier: None };
            (Job::SignIn, visitor.lifecycle.sign_in(provider, spend).expect("it is not closed"))
        };
        let step = Renewal::begin(begun.stored_by(visitor.owner(), scene.line.shared_by()), now);
        self.settle(scene, who, visitor, Run { job, step, lock: None, sent: false, unseen: false })
    }

    pub(crate) fn crash(&mut self, scene: &Scene, who: usize, straggler: bool) -> Result<(), Broken> {
        let mut process = Process::clone(&self.processes[who]);
        let mut taken: Vec<TokenName> = process.pending_save().collect();
        let store = self.store_mut(who);
        let hanging = store.hanging.iter().filter(|write| write.writer == who);
        taken.extend(hanging.filter_map(|write| TokenName::of(&write.record)));
        store.hanging.retain(|write| write.writer != who);
        if straggler {
            for run in &process.runs {
                if let Step::Send(sending, _) = &run.step {
                    let server_request = ServerRequest::read(&sending.request);
                    self.may_send(scene, who, server_request)?;
                    Rc::make_mut(&mut self.history).stragglers.push((who, process.ticks, server_request));
                }
            }
        }
        process.restart();
        if who >= scene.visitor() {
            process.answer = CallerAnswer::Fresh;
        }
        self.processes[who] = Rc::new(process);
        for name in taken {
            self.lose(name);
        }
        Ok(())
    }

    /// The task of a renewal is dropped: its guard spills the token that is not saved.
    fn drop_task(&mut self, scene: &Scene, who: usize, run: usize, lost: bool) -> Result<(), Broken> {
        let mut process = Process::clone(&self.processes[who]);
        let Run { job, step, mut sent, .. } = process.runs.remove(run);
        if let (true, Step::Send(sending, _)) = (lost, &step) {
            sent = true;
            self.may_send(scene, who, ServerRequest::read(&sending.request))?;
            let reply = self.serve(scene, who, process.ticks, ServerRequest::read(&sending.request))?;
            self.lose_what_was(reply);
        }
        if let Some(pending_save) = step.pending_save()
            && !scene.line.mutated(Mutation::NothingGuarded)
        {
            self.store_mut(who).spill(process.machine, PendingSave::clone(pending_save));
        }
        let byte_left = if sent { ByteLeft::Maybe } else { ByteLeft::No };
        let Job::Renewal(permit) = job else { unreachable!("only renewals are dropped") };
        self.complete(scene, who, process, *permit, Outcome::abandoned(byte_left))
    }

    /// The answer is lost.
    pub(crate) fn lose_what_was(&mut self, reply: ServerReply) {
        if let ServerReply::Granted(name) = reply {
            self.lose(name);
        }
    }

    fn swap(
        &mut self,
        scene: &Scene,
        who: usize,
        expected: Option<wellspring_core::Version>,
        record: &wellspring_core::Record,
    ) -> Result<wellspring_core::Swap, Broken> {
        self.settle_unnamed(scene, who)?;
        let before = self.store(who).record().cloned();
        let swap = self.store_mut(who).swap(expected, record, &scene.line);
        if let wellspring_core::Swap::Done(_) = swap {
            self.saved(scene, who, before.as_ref(), record)?;
        }
        Ok(swap)
    }

    /// One step of one loop.
    fn work(&mut self, scene: &Scene, who: usize, run: usize, how: StepOutcome) -> Result<(), Broken> {
        let mut process = Process::clone(&self.processes[who]);
        let Run { job, step, mut lock, mut sent, mut unseen } = process.runs.remove(run);
        unseen = self.has_waited_unseen(scene, who, &step, how).unwrap_or(unseen);
        if let StepOutcome::Failing { late: true }
        | StepOutcome::Unsure { late: true, .. }
        | StepOutcome::Hanging { late: true }
        | StepOutcome::Slow
        | StepOutcome::Stopped
        | StepOutcome::TimeUp = how
        {
            process.wait();
        }
        process.is_cut_off(&job, how);
        let now = process.now();
        // A watcher of a lock would have learned that its owner is gone.
        let sees = matches!(&step, Step::Watch(watch) if watch.operation.domain.is_some());
        if how == StepOutcome::TimeUp && (sees || !self.is_claimed_by_the_dead(who)) {
            Rc::make_mut(&mut self.history).impatience -= 1;
        }
        let next = match step {
            Step::Load(load) => {
                let which = if let StepOutcome::Finding(which) = how { which } else { 0 };
                let fails = how.is_fault() || how.is_cut_off();
                if !fails {
                    self.settle_unnamed(scene, who)?;
                }
                let loaded = self.store(who).load(process.machine, which);
                load.resume(if fails { Err(failed()) } else { Ok(loaded) }, now)
            }
            Step::Save(Pending { operation: save, next, .. }) => {
                self.check_lapse(who, &save, unseen)?;
                process.locks += u8::from(scene.line.fleet_store && save.liveness_lock && lock.is_none());
                let named = self.lock_of(scene, &process, &save, lock);
                lock = lock.or(named.filter(|_| !scene.line.mutated(Mutation::NoLivenessLock)));
                let record = save.record_under(named).into_owned();
                let saved = match how {
                    StepOutcome::Well | StepOutcome::Slow => {
                        Ok(self.swap(scene, who, save.expected, &record)?)
                    }
                    StepOutcome::Unsure { made, .. } | StepOutcome::CutOff { made } => {
                        if made {
                            self.swap(scene, who, save.expected, &record)?;
                        }
                        Err(failed().maybe_applied())
                    }
                    StepOutcome::Hanging { .. } => {
                        let write = Hanging { writer: who, expected: save.expected, record, lock };
                        self.store_mut(who).hanging.push(write);
                        Err(failed().maybe_applied())
                    }
                    _ => Err(failed()),
                };
                Save::resume(next, saved, now)
            }
            Step::Watch(watch) => {
                let seen = self.watched(scene, &process, &watch.operation, how);
                watch.resume(seen, now)
            }
            Step::Send(sending, next) => {
                let server_request = ServerRequest::read(&sending.request);
                sent |= how.leaves();
                // The request has arrived before the process was stopped.
                let ticks = process.ticks - u8::from(how == StepOutcome::Stopped);
                let answer = self.exchange(scene, who, ticks, server_request, how)?;
                next.resume(answer, now)
            }
            Step::Spill(spill) if how == StepOutcome::Well => {
                let pending_save = spill.operation.pending_save.clone();
                self.store_mut(who).spill(process.machine, pending_save);
                spill.resume(Ok(()), now)
            }
            Step::Spill(spill) => spill.resume(Err(failed()), now),
            Step::Forget(forget) if how == StepOutcome::Well => {
                self.store_mut(who).forget(process.machine, forget.operation.attempt);
                forget.resume(Ok(()), now)
            }
            Step::Forget(forget) => forget.resume(Err(failed()), now),
            Step::Sleep(_, sleeping) => sleeping.resume(now),
            Step::Done(..) => unreachable!("a renewal that is done is settled at once"),
        };
        self.settle(scene, who, process, Run { job, step: next, lock, sent, unseen })
    }

    /// The liveness lock that the process of this save shows: the one that it holds, or one that the save takes.
    pub(crate) fn lock_of(
        &self,
        scene: &Scene,
        process: &Process,
        save: &Save,
        held: Option<LockDomain>,
    ) -> Option<LockDomain> {
        let of_machine = || self.store(process.slot.into()).lock_on(process.machine);
        let takes = || if scene.line.fleet_store { process.next_lock() } else { of_machine() };
        held.or_else(|| save.liveness_lock.then(takes))
    }

    /// Runs on to the next step that others can notice.
    pub(crate) fn settle(
        &mut self,
        scene: &Scene,
        who: usize,
        mut process: Process,
        mut run: Run,
    ) -> Result<(), Broken> {
        loop {
            run.step = match run.step {
                Step::Sleep(_, sleeping) if !scene.line.is_fleet() => sleeping.resume(process.now()),
                Step::Done(outcome, unfinished) => {
                    if let Some(unfinished) = unfinished {
                        if unfinished.pending_save().is_some() {
                            process.save_pends(scene);
                        }
                        let lock = run.lock.filter(|_| !scene.line.mutated(Mutation::LivenessLockEndsEarly));
                        let step = unfinished.recover(process.now());
                        let rest = Run { job: Job::UnfinishedSave, step, lock, sent: false, unseen: false };
                        self.settle_leftover(scene, &mut process, rest);
                    }
                    return self.end(scene, who, process, run.job, outcome);
                }
                step => {
                    if matches!(step, Step::Watch(..))
                        && !scene.line.mutated(Mutation::LivenessLockWhileWatching)
                    {
                        run.lock = None;
                    }
                    run.step = step;
                    let place = if matches!(run.job, Job::UnfinishedSave) { process.runs.len() } else { 0 };
                    process.runs.insert(place, run);
                    self.processes[who] = Rc::new(process);
                    return Ok(());
                }
            };
        }
    }

    fn settle_leftover(&self, scene: &Scene, process: &mut Process, mut run: Run) {
        while let Step::Sleep(_, sleeping) = run.step {
            if scene.line.is_fleet() {
                run.step = Step::Sleep(process.now().instant, sleeping);
                break;
            }
            run.step = sleeping.resume(process.now());
        }
        process.runs.push(run);
    }

    fn end(
        &mut self,
        scene: &Scene,
        who: usize,
        mut process: Process,
        job: Job,
        outcome: Outcome,
    ) -> Result<(), Broken> {
        let now = process.now();
        match job {
            Job::Renewal(permit) => return self.complete(scene, who, process, *permit, outcome),
            Job::SignIn => {
                if let Ok(token) = process.lifecycle.signed_in(outcome, now) {
                    self.hand_out(who, token.expose())?;
                }
            }
            Job::SignOut => {
                let _ = process.lifecycle.signed_out(outcome, now);
            }
            Job::UnfinishedSave if scene.line.has_callers() => process.save_ended(outcome),
            Job::UnfinishedSave => {
                if let Outcome::Adopted(record) = &outcome {
                    let _ = process.lifecycle.adopt(record, now);
                }
            }
        }
        self.processes[who] = Rc::new(process);
        Ok(())
    }

    fn complete(
        &mut self,
        scene: &Scene,
        who: usize,
        mut process: Process,
        permit: wellspring_core::Permit,
        outcome: Outcome,
    ) -> Result<(), Broken> {
        let now = process.now();
        let completed = process.lifecycle.complete(permit, outcome, now);
        if scene.line.has_callers() {
            return self.deliver(scene, who, process, completed);
        }
        let before = process.answer;
        process.answer = match completed {
            Completed::Renewed(token) | Completed::Adopted(token) => self.hand_out(who, token.expose())?,
            Completed::Failed(error) if before == CallerAnswer::Fresh => {
                self.check_failure(scene, who, &process, &error)?;
                before
            }
            Completed::Failed(error) => {
                self.check_failure(scene, who, &process, &error)?;
                // What is left over counts as being in reach.
                self.processes[who] = Rc::new(process.clone());
                self.refuse(scene, who, &error)?
            }
        };
        process.saw_logout = match process.answer {
            CallerAnswer::Login { reason, .. } => reason == LoginReason::LoggedOut,
            CallerAnswer::Fresh => false,
            _ => process.saw_logout,
        };
        self.processes[who] = Rc::new(process);
        Ok(())
    }
}
