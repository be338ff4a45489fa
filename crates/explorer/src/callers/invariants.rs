//! What must hold for callers, stated without the decision tables.
//!
//! - (1) one permit at a time; none during a pause, after `close`, while a token is in memory only, or for a caller that
//!   can run no renewal
//! - (2) a token is in force when it is handed out
//! - (7) a late refusal changes nothing; a refused response leads to at most one renewal and one retry; a refused token is
//!   discarded; during the pause for refusals nothing is, and nothing where two fresh tokens were refused
//! - (close) after `close` no renewal, sign-in or logout starts, and every caller that sleeps is waked
//! - (service) a token in force and enough is handed out at once; a caller without one starts a renewal where it may, waits
//!   for the renewal under way, or sleeps through a pause that ends in its time; nothing that ends a wait is missing
//! - (deadline) no wait and no sleep lasts beyond the caller's deadline
//! - (need) a token that is handed out is what its caller needs

use core::ops::ControlFlow;

use wellspring_core::{
    Acquire, AuthorizationCode, AuthorizationGrant, Clocks, Generation, Instant, Lifecycle, Need, Rejected,
    Resumed, Token, TokenError,
};

use crate::invariants::Broken;
use crate::provider::TokenName;
use crate::world::{Process, Scene};

use super::places::target;
use super::{AskResult, Caller, Kind, LEAST_PAUSE, PAUSE, REFUSAL_WINDOW, Response, State};

fn broken<T>(text: &str) -> Result<T, Broken> {
    Err(Broken(text.to_owned()))
}

fn in_force(token: &Token, now: Clocks) -> bool {
    token.remaining(now).is_none_or(|left| !left.is_zero())
}

fn is_enough(token: &Token, need: Need, now: Clocks) -> bool {
    in_force(token, now)
        && match need {
            Need::Fresh => true,
            Need::Newer(generation) => token.generation() > generation,
            Need::ValidFor(wanted) => token.remaining(now).is_none_or(|left| left >= wanted),
        }
}

/// What a caller finds when it asks.
pub(super) struct Before {
    acquire: Acquire,
    executor: bool,
    now: Clocks,
    token: Option<Token>,
    lifecycle: Lifecycle,
    /// A renewal is under way.
    renews: bool,
    /// A token that a renewal obtained is in memory only.
    unsaved: bool,
}

impl Before {
    pub(super) fn of(process: &Process, acquire: Acquire, executor: bool) -> Self {
        Self {
            acquire,
            executor,
            now: process.now(),
            token: process.lifecycle.token().cloned(),
            lifecycle: process.lifecycle.clone(),
            renews: process.renews(),
            unsaved: process.holds_unsaved(),
        }
    }

    /// Whether the pause after a failure continues.
    fn is_pause(&self) -> bool {
        !self.is_stopped() && self.now.instant < self.lifecycle.quiet_until()
    }

    /// Whether no renewal may start for another reason than a pause.
    fn is_stopped(&self) -> bool {
        self.renews || self.lifecycle.is_closed() || self.lifecycle.is_save_pending()
    }

    /// What the lifecycle has the caller do: is that right?
    pub(super) fn check(&self, caller: &Caller, starts: bool, result: &AskResult) -> Result<(), Broken> {
        let need = self.acquire.need();
        if starts {
            self.check_start()?;
        }
        let enough = self.token.as_ref().filter(|token| is_enough(token, need, self.now));
        match (result, enough) {
            (AskResult::Answer(Ok(token)), Some(enough)) if token == enough => {}
            (AskResult::Answer(Ok(_)), _) => {
                return broken("need: a caller gets a token that is not in force, or not what it needs");
            }
            (_, Some(_)) => {
                return broken("service: a caller that needs the token in force waits or gets an error");
            }
            (_, None) => self.check_lacking(caller, starts, result)?,
        }
        let due = enough.and_then(Token::renew_at).is_some_and(|due| self.now.reached(due));
        if due && self.executor && !starts && !self.is_stopped() && !self.is_pause() {
            return broken("service: a token that is due is not renewed");
        }
        if enough.is_some() && !due && starts {
            return broken("service: a token that is not due is renewed");
        }
        self.check_time(result)
    }

    /// A renewal starts: may it?
    fn check_start(&self) -> Result<(), Broken> {
        if self.renews {
            return broken("1: a second permit is out");
        }
        if self.lifecycle.is_closed() {
            return broken("close: a renewal starts after `close`");
        }
        if self.unsaved {
            return broken("1: a renewal starts while a token is in memory only");
        }
        if self.is_pause() {
            return broken("1: a renewal starts during a pause");
        }
        if !self.executor {
            return broken("1: a renewal starts for a caller that can run none");
        }
        Ok(())
    }

    /// A caller for which no token is there.
    fn check_lacking(&self, caller: &Caller, starts: bool, result: &AskResult) -> Result<(), Broken> {
        if caller.fell_short && matches!(result, AskResult::Answer(Err(_))) {
            // The store brings the same token again.
            return Ok(());
        }
        if self.executor && !self.is_stopped() && !self.is_pause() && !starts {
            return broken("service: a caller without a token starts no renewal, though one may start");
        }
        let AskResult::Answer(Err(error)) = result else { return Ok(()) };
        if caller.kind == Kind::AtOnce || !self.executor {
            return Ok(());
        }
        if self.renews {
            return broken("service: a caller gets an error instead of the result of the renewal under way");
        }
        let patient = matches!(caller.kind, Kind::Acquires(_, wellspring_core::Patience::UntilDeadline));
        let ends = if self.lifecycle.is_save_pending() {
            self.now.instant.plus(PAUSE)
        } else {
            self.lifecycle.quiet_until()
        };
        let passes = error.is_transient() && !self.lifecycle.is_closed() && ends < self.acquire.deadline();
        if patient && passes {
            return broken("service: a patient caller gets an error though the pause ends in its time");
        }
        Ok(())
    }

    fn check_time(&self, result: &AskResult) -> Result<(), Broken> {
        let deadline = self.acquire.deadline();
        match result {
            AskResult::Wait(next) if next.deadline() != deadline => {
                broken("deadline: a caller waits for another time than its own")
            }
            AskResult::Sleep(until, _) if *until >= deadline => {
                broken("deadline: a caller sleeps until after its deadline")
            }
            AskResult::Sleep(until, _) if *until <= self.now.instant => {
                broken("deadline: a caller sleeps for no time")
            }
            _ => Ok(()),
        }
    }
}

/// The clock that a caller slept by has ended, and nothing else has changed.
pub(super) fn clock_ended(resumed: &Resumed, until: Instant, now: Clocks) -> Result<(), Broken> {
    if resumed.is_continue() && now.instant < until {
        return broken("service: a caller whose clock has ended asks again and would sleep again");
    }
    Ok(())
}

/// A renewal has ended with this result. A token whose life ended during its own renewal goes to the callers that
/// waited for it, and is not kept.
pub(super) fn ended(
    scene: &Scene,
    process: &Process,
    result: &Result<Token, TokenError>,
    just_granted: bool,
) -> Result<(), Broken> {
    if let Ok(token) = result
        && !just_granted
        && !in_force(token, process.now())
    {
        return broken("2: the result of a renewal is not in force");
    }
    if let (Ok(token), Some(kept)) = (result, process.lifecycle.token())
        && token == kept
        && !in_force(token, process.now())
    {
        return broken("2: a token that has expired during its renewal is kept");
    }
    stays_closed(scene, process)
}

/// After `close` no sign-in or logout starts.
pub(super) fn stays_closed(scene: &Scene, process: &Process) -> Result<(), Broken> {
    let mut lifecycle = process.lifecycle.clone();
    let grant = AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code"),
        redirect_uri: String::new(),
        verifier: None,
    };
    let starts = lifecycle.sign_in(scene.provider_of(process), grant).is_ok()
        || lifecycle.sign_out(scene.provider_of(process)).is_ok();
    if process.lifecycle.is_closed() && starts {
        return broken("close: a sign-in or a logout starts after `close`");
    }
    Ok(())
}

impl Process {
    /// The API has refused the token of this generation, which the caller reports to the lifecycle.
    pub(super) fn reject(&mut self, refused: Generation, place: Option<u8>) -> Result<Rejected, Broken> {
        let (now, before) = (self.now(), self.lifecycle.clone());
        let held = before.token().filter(|token| in_force(token, now)).cloned();
        let stopped = self.renews() || before.is_closed() || before.is_save_pending();
        let pause = !stopped && now.instant < before.quiet_until();
        let rejected = match place {
            None => self.lifecycle.reject(refused, now),
            Some(place) => self.lifecycle.reject_at(target(place), refused, now),
        };
        let same = self.lifecycle == before;
        let Some(held) = held else {
            return match rejected {
                Rejected::Replaced(_) => broken("2: a retry gets a token that is not in force"),
                Rejected::KeepResponse if !pause => {
                    broken("service: a refused call is not retried, though it may be")
                }
                Rejected::Renew if pause => broken("service: a refused call is to renew during a pause"),
                _ if !same => broken("7: a refusal of a token that is gone changes the lifecycle"),
                rejected => Ok(rejected),
            };
        };
        if held.generation() != refused {
            return match rejected {
                _ if !same => broken("7: a late refusal changes the lifecycle"),
                Rejected::Replaced(token) if token == held && held.generation() > refused => {
                    Ok(Rejected::Replaced(token))
                }
                _ => broken("7: a late refusal is not answered with the newer token"),
            };
        }
        let young = now.instant.since(held.sent().instant) < REFUSAL_WINDOW;
        let since = self.callers.young_refusal.filter(|_| young).map(|refusal| now.instant.since(refusal));
        let keeps = matches!(rejected, Rejected::KeepResponse);
        // A place is remembered.
        let same = same
            || place.is_some()
                && self.lifecycle.token() == before.token()
                && self.lifecycle.quiet_until() == before.quiet_until();
        if let Some(place) = place.filter(|_| young)
            && self.callers.refusing.refuse(place, refused, TokenName::family_of(&held))
        {
            if same && keeps {
                return Ok(rejected);
            }
            return broken("7: a place that has refused two fresh tokens has a third renewed");
        }
        let suspended = since.is_some_and(|since| since < LEAST_PAUSE);
        let may_be_suspended = since.is_some_and(|since| since < PAUSE);
        if suspended && !(same && keeps) {
            return broken("7: an API that refuses every token has every token renewed");
        }
        if may_be_suspended && same && keeps {
            return Ok(rejected);
        }
        if self.lifecycle.token().is_some() {
            return broken("7: a refused token is not discarded");
        }
        self.callers.young_refusal = young.then_some(now.instant);
        match rejected {
            Rejected::Renew if !pause => Ok(rejected),
            Rejected::KeepResponse if pause => Ok(rejected),
            Rejected::Replaced(_) => broken("7: a retry gets the token that was refused"),
            Rejected::Renew => broken("service: a refused call is to renew during a pause"),
            Rejected::KeepResponse => broken("service: a refused call is not retried, though it may be"),
        }
    }

    /// What must hold for the callers of this process in every state.
    pub(crate) fn check_callers(&self) -> Result<(), Broken> {
        for caller in &self.callers.all {
            match &caller.state {
                State::Waits(..) if !self.renews() => {
                    return broken("service: a caller waits, and no renewal is under way");
                }
                State::Sleeps { changed: false, .. } if self.lifecycle.is_closed() => {
                    return broken("close: a caller sleeps on after `close`");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Caller {
    /// A caller that waited gets this answer, or asks again.
    pub(super) fn check_delivered(
        &self,
        need: Need,
        resumed: &Resumed,
        just_granted: bool,
        now: Clocks,
    ) -> Result<(), Broken> {
        let ControlFlow::Break(Ok(token)) = resumed else { return Ok(()) };
        let since = self.waits.is_some_and(|(asked, _)| token.sent().instant >= asked);
        let excused = match need {
            // Its life ended during its own renewal.
            Need::Fresh => just_granted,
            // No renewal brings a token that lives longer.
            Need::ValidFor(_) => since,
            Need::Newer(_) => false,
        };
        if !excused && !is_enough(token, need, now) {
            return broken("need: a caller that waited gets a token that is not what it needs");
        }
        Ok(())
    }

    pub(super) fn started_renewal(&mut self) -> Result<(), Broken> {
        self.renewals += 1;
        if self.renewals > 1 {
            return broken("7: one refused response leads to two renewals");
        }
        Ok(())
    }

    pub(super) fn check_sends(&self) -> Result<(), Broken> {
        if self.sends > 2 {
            return broken("7: a call is sent a third time");
        }
        if self.sends > 1 && self.kind == (Kind::Calls { repeatable: false }) {
            return broken("7: a request that can be sent only once is sent twice");
        }
        Ok(())
    }

    pub(super) fn check_response(&self, response: Response) -> Result<(), Broken> {
        if response != Response(self.sends) {
            return broken("7: a call ends with a response that is not its last");
        }
        Ok(())
    }
}
