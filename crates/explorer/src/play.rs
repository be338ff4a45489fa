//! Carrying out one action, exactly as the drivers do it.

use std::rc::Rc;

use wellspring_core::{
    Answer, AuthorizationCode, AuthorizationGrant, ByteLeft, Completed, Decision, Instant, LoginReason, Need,
    Outcome, Pending, PendingSave, Rejected, Renewal, Save, Step, StoreError, StoreOp, TransportError,
    TransportErrorKind, WatchOutcome,
};

use crate::action::{Action, How};
use crate::law::Broken;
use crate::line::Mutation;
use crate::provider::{Name, Wish};
use crate::server::Said;
use crate::shelf::Hanging;
use crate::world::{Job, Person, Run, Scene, Told, World};

impl World {
    /// The state after this action, with every invariant checked.
    pub(crate) fn after(&self, scene: &Scene, action: Action) -> Result<Self, Broken> {
        let mut world = self.clone();
        if action.is_fault() {
            Rc::make_mut(&mut world.history).faults -= 1;
        }
        world.play(scene, action)?;
        world.check(scene)?;
        Ok(world)
    }

    fn play(&mut self, scene: &Scene, action: Action) -> Result<(), Broken> {
        match action {
            Action::Ask(who) => self.ask(scene, who, Need::Fresh),
            Action::Refused(who) => self.refused(scene, who),
            Action::Work { who, run, how } => self.work(scene, who, run, how),
            Action::Crash { who, straggler } => self.crash(scene, who, straggler),
            Action::Drop { who, run, lost } => self.drop_task(scene, who, run, lost),
            Action::Written(n) => {
                let write = Rc::make_mut(&mut self.shelf).hanging.remove(n);
                self.swap(scene, write.expected, &write.record).map(|_| ())
            }
            Action::Arrived(n) => {
                let (who, time, wish) = Rc::make_mut(&mut self.history).stragglers.remove(n);
                let said = self.process(scene, who, time, wish)?;
                self.lose_what_was(said);
                Ok(())
            }
            Action::UserLogsOut | Action::UserSignsIn => self.visit(scene, action),
            Action::Callers(who, what) => self.play_callers(scene, who, what),
            Action::StoreIsEmptied => {
                Rc::make_mut(&mut self.shelf).stored = None;
                let history = Rc::make_mut(&mut self.history);
                history.emptied = true;
                history.end_families(None);
                Ok(())
            }
        }
    }

    fn ask(&mut self, scene: &Scene, who: usize, need: Need) -> Result<(), Broken> {
        let mut person = Person::clone(&self.people[who]);
        if let Told::Login { .. } = person.told {
            Rc::make_mut(&mut self.history).again -= 1;
        }
        let quiet = person.lifecycle.quiet_until();
        if person.now().instant < quiet && quiet < Instant::NEVER {
            person.wait();
        }
        let now = person.now();
        let permit = match person.lifecycle.acquire(need, now) {
            Decision::Use(token) => {
                person.told = self.hand_out(who, token.expose())?;
                None
            }
            Decision::UseAndRefresh(_, permit) => {
                person.told = Told::Fresh;
                Some(permit)
            }
            Decision::Refresh(permit) => {
                person.told = Told::Nothing;
                Some(permit)
            }
            Decision::Wait => {
                person.told = Told::Nothing;
                None
            }
            Decision::Fail(error) => {
                person.told = self.refuse(scene, who, &error)?;
                None
            }
        };
        if let Some(permit) = permit {
            let job = permit.job(scene.provider.clone()).stored_by(person.owner());
            let step = Renewal::begin(job, now);
            let run = Run { job: Job::Renewal(Box::new(permit)), step, alive: false, sent: false };
            return self.settle(scene, who, person, run);
        }
        self.people[who] = Rc::new(person);
        Ok(())
    }

    fn refused(&mut self, scene: &Scene, who: usize) -> Result<(), Broken> {
        Rc::make_mut(&mut self.history).again -= 1;
        let mut person = Person::clone(&self.people[who]);
        let now = person.now();
        let Some(generation) = person.lifecycle.token().map(wellspring_core::Token::generation) else {
            return self.ask(scene, who, Need::Fresh);
        };
        person.refused = person.lifecycle.token().and_then(|token| Name::parse(token.expose()));
        let rejected = person.lifecycle.reject(generation, now);
        self.people[who] = Rc::new(person);
        match rejected {
            Rejected::Renew | Rejected::KeepResponse => self.ask(scene, who, Need::Newer(generation)),
            Rejected::Replaced(_) => Ok(()),
        }
    }

    /// A user signs in or logs out, in a process of its own.
    fn visit(&mut self, scene: &Scene, action: Action) -> Result<(), Broken> {
        let who = scene.visitor() + usize::from(action == Action::UserLogsOut);
        let mut visitor = Person::clone(&self.people[who]);
        visitor.restart();
        visitor.told = Told::Fresh;
        let now = visitor.now();
        let provider = scene.provider.clone();
        let (job, begun) = if action == Action::UserLogsOut {
            (Job::SignOut, visitor.lifecycle.sign_out(provider).expect("it is not closed"))
        } else {
            let code = AuthorizationCode::new("code");
            let spend =
                AuthorizationGrant::AuthorizationCode { code, redirect_uri: String::new(), verifier: None };
            (Job::SignIn, visitor.lifecycle.sign_in(provider, spend).expect("it is not closed"))
        };
        let step = Renewal::begin(begun.stored_by(visitor.owner()), now);
        self.settle(scene, who, visitor, Run { job, step, alive: false, sent: false })
    }

    fn crash(&mut self, scene: &Scene, who: usize, straggler: bool) -> Result<(), Broken> {
        let mut person = Person::clone(&self.people[who]);
        let mut taken: Vec<Name> = person.pending_save().collect();
        let shelf = Rc::make_mut(&mut self.shelf);
        let hanging = shelf.hanging.iter().filter(|write| write.writer == who);
        taken.extend(hanging.filter_map(|write| Name::of(&write.record)));
        shelf.hanging.retain(|write| write.writer != who);
        if straggler {
            for run in &person.runs {
                if let Step::Send(sending, _) = &run.step {
                    let wish = Wish::read(&sending.request);
                    self.may_send(scene, who, wish)?;
                    Rc::make_mut(&mut self.history).stragglers.push((who, person.ticks, wish));
                }
            }
        }
        person.restart();
        if who >= scene.visitor() {
            person.told = Told::Fresh;
        }
        self.people[who] = Rc::new(person);
        for name in taken {
            self.lose(name);
        }
        Ok(())
    }

    /// The task of a renewal is dropped: its guard spills the token that is not saved.
    fn drop_task(&mut self, scene: &Scene, who: usize, run: usize, lost: bool) -> Result<(), Broken> {
        let mut person = Person::clone(&self.people[who]);
        let Run { job, step, mut sent, .. } = person.runs.remove(run);
        if let (true, Step::Send(sending, _)) = (lost, &step) {
            sent = true;
            self.may_send(scene, who, Wish::read(&sending.request))?;
            let said = self.process(scene, who, person.ticks, Wish::read(&sending.request))?;
            self.lose_what_was(said);
        }
        if let Some(pending_save) = step.pending_save()
            && !scene.line.mutated(Mutation::NothingGuarded)
        {
            Rc::make_mut(&mut self.shelf).spill(person.machine, PendingSave::clone(pending_save));
        }
        let byte_left = if sent { ByteLeft::Maybe } else { ByteLeft::No };
        let Job::Renewal(permit) = job else { unreachable!("only renewals are dropped") };
        self.complete(scene, who, person, *permit, Outcome::abandoned(byte_left))
    }

    /// The answer is lost.
    fn lose_what_was(&mut self, said: Said) {
        if let Said::Granted(name) = said {
            self.lose(name);
        }
    }

    fn swap(
        &mut self,
        scene: &Scene,
        expected: Option<wellspring_core::Version>,
        record: &wellspring_core::Record,
    ) -> Result<wellspring_core::Swap, Broken> {
        let before = self.shelf.record().cloned();
        let swap = Rc::make_mut(&mut self.shelf).swap(expected, record, &scene.line);
        if let wellspring_core::Swap::Done(_) = swap {
            self.saved(before.as_ref(), record)?;
        }
        Ok(swap)
    }

    /// One step of one loop.
    fn work(&mut self, scene: &Scene, who: usize, run: usize, how: How) -> Result<(), Broken> {
        let mut person = Person::clone(&self.people[who]);
        let Run { job, step, mut alive, mut sent } = person.runs.remove(run);
        let failed = || StoreError::unavailable("the store does not answer");
        if let How::Failing { late: true }
        | How::Unsure { late: true, .. }
        | How::Hanging { late: true }
        | How::Slow
        | How::TimeUp = how
        {
            person.wait();
        }
        let now = person.now();
        if how == How::TimeUp && (matches!(step, Step::Watch(..)) || !self.is_claimed_by_the_dead()) {
            Rc::make_mut(&mut self.history).impatience -= 1;
        }
        let next = match step {
            Step::Load(load) => {
                let which = if let How::Finding(which) = how { which } else { 0 };
                let loaded = self.shelf.load(person.machine, which);
                load.resume(if how.is_fault() { Err(failed()) } else { Ok(loaded) }, now)
            }
            Step::Save(Pending { operation: save, next, .. }) => {
                alive |= save.liveness_lock && !scene.line.mutated(Mutation::NoLivenessLock);
                let saved = match how {
                    How::Well | How::Slow => Ok(self.swap(scene, save.expected, &save.record)?),
                    How::Unsure { made, .. } => {
                        if made {
                            self.swap(scene, save.expected, &save.record)?;
                        }
                        Err(failed().maybe_applied())
                    }
                    How::Hanging { .. } => {
                        let write = Hanging { writer: who, expected: save.expected, record: save.record };
                        Rc::make_mut(&mut self.shelf).hanging.push(write);
                        Err(failed().maybe_applied())
                    }
                    _ => Err(failed()),
                };
                Save::resume(next, saved, now)
            }
            Step::Watch(watch) => {
                let seen = match how {
                    How::Well if self.has_changed(scene, person.machine, watch.operation.version) => {
                        Ok(WatchOutcome::Changed)
                    }
                    How::Well => Ok(WatchOutcome::OwnerGone),
                    How::TimeUp => Ok(WatchOutcome::Unchanged),
                    _ => Err(failed()),
                };
                watch.resume(seen, now)
            }
            Step::Send(sending, next) => {
                let wish = Wish::read(&sending.request);
                sent |= how.leaves();
                let answer = self.exchange(scene, who, person.ticks, wish, how)?;
                next.resume(answer, now)
            }
            Step::Spill(spill) if how == How::Well => {
                let pending_save = spill.operation.pending_save.clone();
                Rc::make_mut(&mut self.shelf).spill(person.machine, pending_save);
                spill.resume(Ok(()), now)
            }
            Step::Spill(spill) => spill.resume(Err(failed()), now),
            Step::Forget(forget) if how == How::Well => {
                Rc::make_mut(&mut self.shelf).forget(person.machine, forget.operation.attempt);
                forget.resume(Ok(()), now)
            }
            Step::Forget(forget) => forget.resume(Err(failed()), now),
            Step::Sleep(_, sleeping) => sleeping.resume(now),
            Step::Done(..) => unreachable!("a renewal that is done is settled at once"),
        };
        self.settle(scene, who, person, Run { job, step: next, alive, sent })
    }

    /// Whether a watcher says that the store holds another version.
    fn has_changed(&self, scene: &Scene, machine: u8, version: wellspring_core::Version) -> bool {
        let looks = !scene.line.mutated(Mutation::GoneWithoutLook) || self.is_anybody_alive_on(machine);
        looks && self.shelf.version() != Some(version)
    }

    fn exchange(
        &mut self,
        scene: &Scene,
        who: usize,
        time: u8,
        wish: Wish,
        how: How,
    ) -> Result<Answer, Broken> {
        if how.leaves() {
            self.may_send(scene, who, wish)?;
        }
        let silent = |kind| Answer::Failed(TransportError::new(kind, "no answer came"));
        Ok(match how {
            How::Well => self.process(scene, who, time, wish)?.answer(),
            How::Lost => {
                let said = self.process(scene, who, time, wish)?;
                self.lose_what_was(said);
                silent(TransportErrorKind::Ambiguous)
            }
            How::Straggling => {
                Rc::make_mut(&mut self.history).stragglers.push((who, time, wish));
                silent(TransportErrorKind::Ambiguous)
            }
            How::Stray => silent(TransportErrorKind::Ambiguous),
            _ => silent(TransportErrorKind::NotSent),
        })
    }

    /// Runs on to the next step that others can notice.
    pub(crate) fn settle(
        &mut self,
        scene: &Scene,
        who: usize,
        mut person: Person,
        mut run: Run,
    ) -> Result<(), Broken> {
        loop {
            run.step = match run.step {
                Step::Sleep(_, sleeping) if !scene.line.is_fleet() => sleeping.resume(person.now()),
                Step::Done(outcome, unfinished) => {
                    if let Some(unfinished) = unfinished {
                        if unfinished.pending_save().is_some() {
                            person.save_pends(scene);
                        }
                        let alive = run.alive && !scene.line.mutated(Mutation::LivenessLockEndsEarly);
                        let step = unfinished.recover(person.now());
                        let rest = Run { job: Job::UnfinishedSave, step, alive, sent: false };
                        self.settle_leftover(scene, &mut person, rest);
                    }
                    return self.end(scene, who, person, run.job, outcome);
                }
                step => {
                    if matches!(step, Step::Watch(..))
                        && !scene.line.mutated(Mutation::LivenessLockWhileWatching)
                    {
                        run.alive = false;
                    }
                    run.step = step;
                    let place = if matches!(run.job, Job::UnfinishedSave) { person.runs.len() } else { 0 };
                    person.runs.insert(place, run);
                    self.people[who] = Rc::new(person);
                    return Ok(());
                }
            };
        }
    }

    fn settle_leftover(&self, scene: &Scene, person: &mut Person, mut run: Run) {
        while let Step::Sleep(_, sleeping) = run.step {
            if scene.line.is_fleet() {
                run.step = Step::Sleep(person.now().instant, sleeping);
                break;
            }
            run.step = sleeping.resume(person.now());
        }
        person.runs.push(run);
    }

    fn end(
        &mut self,
        scene: &Scene,
        who: usize,
        mut person: Person,
        job: Job,
        outcome: Outcome,
    ) -> Result<(), Broken> {
        let now = person.now();
        match job {
            Job::Renewal(permit) => return self.complete(scene, who, person, *permit, outcome),
            Job::SignIn => {
                if let Ok(token) = person.lifecycle.signed_in(outcome, now) {
                    self.hand_out(who, token.expose())?;
                }
            }
            Job::SignOut => {
                let _ = person.lifecycle.signed_out(outcome, now);
            }
            Job::UnfinishedSave if scene.line.has_callers() => person.save_ended(outcome),
            Job::UnfinishedSave => {
                if let Outcome::Adopted(record) = &outcome {
                    let _ = person.lifecycle.adopt(record, now);
                }
            }
        }
        self.people[who] = Rc::new(person);
        Ok(())
    }

    fn complete(
        &mut self,
        scene: &Scene,
        who: usize,
        mut person: Person,
        permit: wellspring_core::Permit,
        outcome: Outcome,
    ) -> Result<(), Broken> {
        let now = person.now();
        let completed = person.lifecycle.complete(permit, outcome, now);
        if scene.line.has_callers() {
            return self.deliver(scene, who, person, completed);
        }
        let before = person.told;
        person.told = match completed {
            Completed::Renewed(token) | Completed::Adopted(token) => self.hand_out(who, token.expose())?,
            Completed::Failed(_) if before == Told::Fresh => before,
            Completed::Failed(error) => {
                // What is left over counts as being in reach.
                self.people[who] = Rc::new(person.clone());
                self.refuse(scene, who, &error)?
            }
        };
        person.saw_logout = match person.told {
            Told::Login { reason, .. } => reason == LoginReason::LoggedOut,
            Told::Fresh => false,
            _ => person.saw_logout,
        };
        self.people[who] = Rc::new(person);
        Ok(())
    }
}
