//! Carrying out what happens to callers, as the drivers do it.

use core::ops::ControlFlow;
use std::rc::Rc;

use wellspring_core::{
    Acquire, AcquireStep, Call, CallStep, Completed, Instant, Need, Outcome, Patience, Permit, Renewal,
    Resumed, Token, TokenError, Verdict, acquire_at_once,
};

use crate::invariants::Broken;
use crate::line::Mutation;
use crate::world::{Job, Process, Run, Scene, World};

use super::action::{CallerAction, CallersAction};
use super::invariants::Before;
use super::places::target;
use super::{AskResult, Caller, CallerResult, Kind, ONE_RENEWAL, Response, State, UNTIL_DEADLINE};

impl World {
    pub(crate) fn apply_to_callers(
        &mut self,
        scene: &Scene,
        who: usize,
        what: CallersAction,
    ) -> Result<(), Broken> {
        let limits = &mut Rc::make_mut(&mut self.history).limits;
        let mut process = Process::clone(&self.processes[who]);
        match what {
            CallersAction::One(n, action) => {
                let caller = process.callers.all[n].clone();
                return self.go_on(scene, who, process, n, caller, action);
            }
            CallersAction::Close => {
                limits.closes -= 1;
                process.lifecycle.close();
                super::invariants::stays_closed(scene, &process)?;
                if !scene.line.mutated(Mutation::CloseWakesNoSleeper) {
                    process.callers.wake();
                }
            }
            CallersAction::TimePasses => {
                limits.ticks -= 1;
                process.wait();
            }
        }
        self.processes[who] = Rc::new(process);
        Ok(())
    }

    fn go_on(
        &mut self,
        scene: &Scene,
        who: usize,
        mut process: Process,
        n: usize,
        mut caller: Caller,
        action: CallerAction,
    ) -> Result<(), Broken> {
        let limits = &mut Rc::make_mut(&mut self.history).limits;
        let state = core::mem::replace(&mut caller.state, State::Idle);
        match (state, action) {
            (State::Idle, CallerAction::Ask { executor }) => {
                let acquire = caller.begin(&process);
                return self.ask_for(scene, who, process, (n, caller), acquire, executor);
            }
            (State::Asks(acquire), CallerAction::Ask { executor }) => {
                return self.ask_for(scene, who, process, (n, caller), acquire, executor);
            }
            (State::Waits(_, next), CallerAction::DeadlineComes) => {
                limits.deadlines -= u8::from(process.now().instant < next.deadline());
                process.wait_until(next.deadline());
                caller.resumed(ControlFlow::Break(Err(next.time_up(None))), &process)?;
            }
            // A driver whose clock has ended does not wait.
            (State::Waits(_, next), CallerAction::ClockEnds) => {
                limits.clocks -= 1;
                caller.resumed(ControlFlow::Break(Err(next.time_up(None))), &process)?;
            }
            (State::Sleeps { until, next, changed }, CallerAction::Wakes) => {
                if !changed {
                    process.wait_until(until);
                }
                caller.resumed(next.resume(changed, process.now()), &process)?;
            }
            (State::Sleeps { until, next, .. }, CallerAction::ClockEnds) => {
                limits.clocks -= 1;
                let changed = scene.line.mutated(Mutation::ClockEndCountsAsChange);
                let resumed = next.resume(changed, process.now());
                super::invariants::clock_ended(&resumed, until, process.now())?;
                caller.resumed(resumed, &process)?;
            }
            (State::Sends(_, next), CallerAction::Responds { refuses }) => {
                limits.refusals -= u8::from(refuses);
                let verdict = if refuses { Verdict::TokenRefused } else { Verdict::Accepted };
                let repeatable = matches!(caller.kind, Kind::Calls { repeatable: true } | Kind::CallsAt(_));
                if let (Kind::CallsAt(place), false) = (caller.kind, refuses) {
                    process.callers.refusing.accept(place);
                    if !scene.line.mutated(Mutation::AcceptanceNotReported) {
                        process.lifecycle.accepted_at(target(place));
                    }
                }
                let response = Response(caller.sends);
                caller.step(next.resume(response, &verdict, repeatable), &process)?;
            }
            (State::Rejects(generation, next), CallerAction::Rejects) => {
                let place = if let Kind::CallsAt(place) = caller.kind { Some(place) } else { None };
                let rejected = process.reject(generation, place)?;
                caller.step(next.resume(rejected), &process)?;
            }
            (state, action) => unreachable!("{action} does not fit {state:?}"),
        }
        process.callers.all[n] = caller;
        self.processes[who] = Rc::new(process);
        Ok(())
    }

    /// The caller asks under the lock, and the renewal that it may run starts.
    fn ask_for(
        &mut self,
        scene: &Scene,
        who: usize,
        mut process: Process,
        (n, mut caller): (usize, Caller),
        acquire: Acquire,
        executor: bool,
    ) -> Result<(), Broken> {
        Rc::make_mut(&mut self.history).limits.executors -= u8::from(!executor);
        let now = process.now();
        let runs_on = || {
            if executor { Ok(()) } else { Err(TokenError::misconfigured("there is no runtime to renew on")) }
        };
        let before = Before::of(&process, acquire.clone(), executor);
        let (permit, result) = if caller.kind == Kind::AtOnce {
            let (permit, answer) = acquire_at_once(&mut process.lifecycle, acquire.need(), runs_on(), now);
            (permit, AskResult::Answer(answer))
        } else {
            match acquire.clone().ask(&mut process.lifecycle, runs_on(), now) {
                AcquireStep::Start(permit, next) => (Some(permit), AskResult::Wait(next)),
                AcquireStep::StartBeside(permit, token, _) => (Some(permit), AskResult::Answer(Ok(token))),
                AcquireStep::Wait(next) => (None, AskResult::Wait(next)),
                AcquireStep::Sleep(until, next) => (None, AskResult::Sleep(until, next)),
                AcquireStep::Done(answer) => (None, AskResult::Answer(answer)),
            }
        };
        before.check(&caller, permit.is_some(), &result)?;
        caller.waits = matches!(result, AskResult::Wait(_)).then_some((now.instant, permit.is_some()));
        if permit.is_some() && matches!(acquire.need(), Need::Newer(_)) {
            caller.started_renewal()?;
        }
        match result {
            AskResult::Answer(answer) => caller.answered(answer, &process)?,
            AskResult::Wait(next) => caller.state = State::Waits(acquire, next),
            AskResult::Sleep(until, next) => caller.state = State::Sleeps { until, next, changed: false },
        }
        process.callers.all[n] = caller;
        match permit {
            Some(permit) => self.start_renewal(scene, who, process, permit),
            None => {
                self.processes[who] = Rc::new(process);
                Ok(())
            }
        }
    }

    fn start_renewal(
        &mut self,
        scene: &Scene,
        who: usize,
        process: Process,
        permit: Permit,
    ) -> Result<(), Broken> {
        let job = permit.job(scene.provider_of(&process));
        let job = if scene.line.callers.stored {
            job.stored_by(process.owner(), scene.line.shared_by())
        } else {
            job
        };
        let step = Renewal::begin(job, process.now());
        let run = Run { job: Job::Renewal(Box::new(permit)), step, lock: None, sent: false, unseen: false };
        self.settle(scene, who, process, run)
    }

    /// The renewal has ended: every caller that waits gets its result, and every caller that sleeps is waked.
    pub(crate) fn deliver(
        &mut self,
        scene: &Scene,
        who: usize,
        mut process: Process,
        completed: Completed,
    ) -> Result<(), Broken> {
        let just_granted = matches!(completed, Completed::Renewed(_));
        let result = match completed {
            Completed::Renewed(token) | Completed::Adopted(token) => {
                self.hand_out(who, token.expose())?;
                Ok(token)
            }
            Completed::Failed(error) => {
                // What is left over counts as being in reach.
                self.processes[who] = Rc::new(process.clone());
                self.refuse(scene, who, &error)?;
                Err(error)
            }
        };
        super::invariants::ended(scene, &process, &result, just_granted)?;
        for n in 0..process.callers.all.len() {
            let mut caller = process.callers.all[n].clone();
            let State::Waits(acquire, next) = caller.state.clone() else { continue };
            let resumed = next.resume(result.clone());
            caller.check_delivered(acquire.need(), &resumed, just_granted, process.now())?;
            caller.fell_short =
                result.is_ok() && resumed.is_continue() && caller.waits.is_some_and(|(_, own)| own);
            caller.resumed(resumed, &process)?;
            process.callers.all[n] = caller;
            if scene.line.mutated(Mutation::ResultForFirstWaiterOnly) {
                break;
            }
        }
        process.callers.wake();
        self.processes[who] = Rc::new(process);
        Ok(())
    }
}

impl Process {
    /// The clock shows this instant, or later.
    fn wait_until(&mut self, instant: Instant) {
        while self.now().instant < instant {
            self.wait();
        }
    }

    /// A token that a renewal obtained is neither stored nor spilled.
    pub(crate) fn save_pends(&mut self, scene: &Scene) {
        if scene.line.has_callers() && !scene.line.mutated(Mutation::SaveNeverPending) {
            self.lifecycle
                .save_pending(TokenError::store("a token that was obtained is not stored yet", true));
        }
    }

    /// What was left over is stored, or given up.
    pub(crate) fn save_ended(&mut self, outcome: Outcome) {
        if !self.holds_unsaved() {
            self.lifecycle.save_ended();
        }
        let now = self.now();
        self.lifecycle.recovered(outcome, now);
        self.callers.wake();
    }

    /// Whether a token that a renewal obtained is in memory only.
    pub(super) fn holds_unsaved(&self) -> bool {
        let in_memory =
            |run: &Run| matches!(run.job, Job::UnfinishedSave) && run.step.pending_save().is_some();
        self.runs.iter().any(in_memory)
    }
}

impl Caller {
    /// What the caller acquires first.
    fn begin(&mut self, process: &Process) -> Acquire {
        let (need, patience) = match self.kind {
            Kind::AtOnce => (Need::Fresh, Patience::OneRenewal),
            Kind::Acquires(need, patience) => (need, patience),
            Kind::Calls { .. } | Kind::CallsAt(_) => {
                let CallStep::Token(need, next) = Call::begin::<Response>() else {
                    unreachable!("a call begins with a token")
                };
                self.call = Some(next);
                (need, Patience::OneRenewal)
            }
        };
        let time = if patience == Patience::OneRenewal { ONE_RENEWAL } else { UNTIL_DEADLINE };
        Acquire::new(need, patience, process.now().instant.plus(time))
    }

    fn resumed(&mut self, resumed: Resumed, process: &Process) -> Result<(), Broken> {
        match resumed {
            ControlFlow::Continue(acquire) => {
                self.waits = None;
                self.state = State::Asks(acquire);
                Ok(())
            }
            ControlFlow::Break(answer) => self.answered(answer, process),
        }
    }

    /// The caller has its token or an error: a call sends its request, or ends.
    fn answered(&mut self, answer: Result<Token, TokenError>, process: &Process) -> Result<(), Broken> {
        match (answer, self.call.take()) {
            (Ok(token), Some(next)) => self.step(next.resume(token), process),
            (answer, _) => {
                self.ends(if answer.is_ok() { CallerResult::Token } else { CallerResult::Error });
                Ok(())
            }
        }
    }

    fn step(&mut self, step: CallStep<Response>, process: &Process) -> Result<(), Broken> {
        match step {
            CallStep::Token(need, next) => {
                let end = process.now().instant.plus(ONE_RENEWAL);
                self.call = Some(next);
                self.state = State::Asks(Acquire::new(need, Patience::OneRenewal, end));
            }
            CallStep::Send(token, next) => {
                self.sends += 1;
                self.check_sends()?;
                self.state = State::Sends(token, next);
            }
            CallStep::Reject(generation, next) => self.state = State::Rejects(generation, next),
            CallStep::Done(response) => {
                self.check_response(response)?;
                self.ends(CallerResult::Response);
            }
        }
        Ok(())
    }

    fn ends(&mut self, answer: CallerResult) {
        *self = Self { state: State::Done(answer), ..Self::new(self.kind) };
    }
}
