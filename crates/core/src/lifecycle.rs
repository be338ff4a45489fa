//! The refresh state machine of one key inside one process.
//!
//! One verb for each input, one answer for each verb: a token has at most one renewal under way, so nothing
//! needs draining. The lifecycle permits one renewal at a time by handing out one [`Permit`]. How callers wait is in
//! [`Acquire`](crate::Acquire); where they wait is the driver's business.

use core::time::Duration;

use crate::decision::{GateState, Holding, Verb, decide};
use crate::error::{ErrorKind, TokenError};
use crate::generation::{Epoch, Generation};
use crate::jitter::Jitter;
use crate::pauses::Occasion;
use crate::policy::{CLOCK_WENT_BACK, Policy};
use crate::proven::Proven;
use crate::record::{Granted, Record, SessionState};
use crate::refresh_state::RefreshState;
use crate::renewal::outcome::{Failure, Outcome, OwnAttempt, RefreshUpdate};
use crate::rules::{Rule, holds};
use crate::time::{Clocks, Instant};
use crate::token::{Due, Token, TokenResponse};
use crate::witnesses::Witnesses;

mod adopt;
mod amended;
mod gate;
mod gates;
mod permit;
mod refusals;
mod reject;
mod rest;
mod session;
mod targets;

pub use permit::Permit;
pub use rest::Resting;
pub use targets::CallTarget;

use gate::Gate;
use refusals::Refusals;
use targets::Targets;

/// What a caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the lifecycle matches on every case")]
pub enum Need {
    /// A token that is in force.
    Fresh,
    /// A token that stays in force for at least this long, if the endpoint grants any that do.
    ValidFor(Duration),
    /// A token newer than this generation, which was refused.
    Newer(Generation),
}

/// What to do for a caller.
#[must_use]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks an answer must not compile")]
pub enum Decision {
    /// Hand this out.
    Use(Token),
    /// Hand this out, and run a renewal beside it.
    UseAndRefresh(Token, Permit),
    /// Run a renewal and hand out its result.
    Refresh(Permit),
    /// Wait for the renewal under way.
    Wait,
    /// There is no token, for this reason.
    Fail(TokenError),
}

/// The result of a renewal, the same for every caller that waited for it.
#[must_use]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks an answer must not compile")]
pub enum Completed {
    /// A token, just granted.
    Renewed(Token),
    /// A token newer than the renewal's own, which the lifecycle holds already.
    Adopted(Token),
    /// No token.
    Failed(TokenError),
}

/// What to do about a refused token.
#[must_use]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks an answer must not compile")]
pub enum Rejected {
    /// A newer token is in force already: use it.
    Replaced(Token),
    /// The token is discarded: acquire with [`Need::Newer`].
    Renew,
    /// A renewal could not change the response now: it is the caller's.
    KeepResponse,
}

/// The refresh state machine of one key inside one process.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct Lifecycle {
    policy: Policy,
    jitter: Jitter,
    token: Option<Token>,
    held: Option<RefreshState>,
    epoch: Epoch,
    generation: Generation,
    /// The generation of the last token: of two sessions, records may have the same one.
    issued: Generation,
    gate: Gate,
    closed: bool,
    /// Why no renewal may start before the store has saved a token that is held in memory only.
    pending_save: Option<TokenError>,
    attempts: u64,
    /// Failures in a row.
    failures: u32,
    /// Refusals of the endpoint in a row.
    witnesses: Witnesses,
    /// The credential with which the last token was obtained.
    proven: Option<Proven>,
    refusals: Refusals,
    targets: Targets,
    /// The access token that an API has refused, until a renewal of this process or another access token replaces it.
    refused: Option<Token>,
    own_attempt: Option<OwnAttempt>,
    /// The store has shown a logout, and nothing newer since.
    logged_out: bool,
}

impl Lifecycle {
    /// A lifecycle without a token. The seed makes its jitter; any number will do, a different one for each
    /// process.
    #[must_use]
    pub fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            jitter: Jitter::new(seed),
            token: None,
            held: None,
            epoch: Epoch::default(),
            generation: Generation::default(),
            issued: Generation::default(),
            gate: Gate::Open,
            closed: false,
            pending_save: None,
            attempts: 0,
            failures: 0,
            witnesses: Witnesses::default(),
            proven: None,
            refusals: Refusals::default(),
            targets: Targets::default(),
            refused: None,
            own_attempt: None,
            logged_out: false,
        }
    }

    /// A caller needs a token.
    pub fn acquire(&mut self, need: Need, now: Clocks) -> Decision {
        self.acquire_through(self.gate_state(now), need, None, now)
    }

    /// A caller needs a token and has nothing to run a renewal on, for this reason: the gate is closed to it.
    pub fn acquire_held(&mut self, need: Need, why: TokenError, now: Clocks) -> Decision {
        self.acquire_through(GateState::Closed, need, Some(why), now)
    }

    fn acquire_through(
        &mut self,
        gate: GateState,
        need: Need,
        why: Option<TokenError>,
        now: Clocks,
    ) -> Decision {
        let verb = decide(self.holding(need, now), gate);
        match (verb, &self.token) {
            (Verb::Use, Some(token)) => Decision::Use(token.clone()),
            (Verb::UseAndRefresh, Some(token)) => {
                let token = token.clone();
                Decision::UseAndRefresh(token, self.permit(need, now))
            }
            (Verb::Wait, _) => Decision::Wait,
            (Verb::Fail, _) => Decision::Fail(why.unwrap_or_else(|| self.gate_error(now).remembered())),
            (Verb::Refresh | Verb::Use | Verb::UseAndRefresh, _) => Decision::Refresh(self.permit(need, now)),
        }
    }

    /// A renewal has ended.
    pub fn complete(&mut self, permit: Permit, outcome: Outcome, now: Clocks) -> Completed {
        debug_assert!(matches!(self.gate, Gate::Busy { number } if number == permit.number));
        self.gate = Gate::Open;
        match outcome {
            Outcome::Renewed(
                Record { epoch, generation, state: SessionState::Active(granted), proven, .. },
                sent,
            ) if (epoch, generation) > self.place() => {
                self.proven = proven;
                let token = self.install((epoch, generation), granted, Some(sent), now);
                if self.token.is_none() {
                    let cause = TokenError::unavailable("the token just granted had expired already");
                    let until = now.instant.plus(self.policy.min_age);
                    self.gate = Gate::Shut { until, retry_at: None, cause };
                }
                Completed::Renewed(token)
            }
            Outcome::Kept(record, error) if record.place() > self.place() => {
                self.keep(&record, now);
                let recorded = if record.throttle.is_some() { Recorded::Yes } else { Recorded::No };
                self.shut_after(recorded, error, true, now);
                Completed::Failed(self.shut_error(now))
            }
            Outcome::Kept(_, error) => self.superseded(error, now),
            Outcome::Adopted(record) => {
                let _ = self.adopt(&record, now);
                let has_access_token = record.granted().is_some_and(Granted::has_access_token);
                let text = if has_access_token {
                    "the token that another process obtained has expired already"
                } else {
                    "another process obtained a refresh token without a usable access token: try again"
                };
                self.superseded(TokenError::unavailable(text), now)
            }
            Outcome::Renewed(..)
            | Outcome::SignedOut(..)
            | Outcome::Forgotten(_)
            | Outcome::Imported(_)
            | Outcome::Looked(_) => {
                self.superseded(TokenError::unavailable("the renewal was overtaken by a newer token"), now)
            }
            Outcome::Failed(failure) if permit.place < self.place() => self.superseded(failure.error, now),
            Outcome::Failed(failure) => self.failed(&permit, failure, now),
        }
    }

    /// The program has obtained this itself, with a request sent then. It is newer than all that came before.
    pub fn take_over(&mut self, response: TokenResponse, sent: Clocks, now: Clocks) -> Token {
        self.install(self.next_place(), Granted::new(sent.unix, response), Some(sent), now)
    }

    /// When a driver that keeps this token warm should acquire next; `None` when that is of no use before a change.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let due = self.token.as_ref().map_or(Some(Instant::ORIGIN), |token| Some(token.renew_at()?.instant));
        due.map(|due| due.max(self.quiet_until())).filter(|wake| *wake < Instant::NEVER)
    }

    /// The token that is held, whatever its age.
    #[must_use]
    pub const fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    const fn place(&self) -> (Epoch, Generation) {
        (self.epoch, self.generation)
    }

    fn holding(&self, need: Need, now: Clocks) -> Holding {
        let Some(token) = self.token.as_ref().filter(|token| in_force(token, now)) else {
            return Holding::Lacking;
        };
        let enough = match need {
            Need::Fresh => true,
            Need::Newer(generation) => token.generation() > generation,
            Need::ValidFor(wanted) => self.lasts(token, wanted, now),
        };
        match token.renew_at() {
            _ if !enough => Holding::Lacking,
            Some(due) if now.reached(due) => Holding::Aging,
            _ => Holding::Fresh,
        }
    }

    /// Whether a token lasts as long as wanted, or as long as a new token would.
    fn lasts(&self, token: &Token, wanted: Duration, now: Clocks) -> bool {
        let Some((lifetime, left)) = token.lifetime().zip(token.remaining(now)) else { return true };
        self.policy.lasts(lifetime, left, wanted)
    }

    fn permit(&mut self, need: Need, now: Clocks) -> Permit {
        self.attempts = self.attempts.wrapping_add(1);
        self.gate = Gate::Busy { number: self.attempts };
        let in_force = self.token.as_ref().filter(|token| in_force(token, now));
        Permit {
            started: now.instant,
            place: self.place(),
            held: self.held.clone(),
            refused: self.refused.clone(),
            access_left: in_force
                .map_or(Duration::ZERO, |token| token.remaining(now).unwrap_or(Duration::MAX)),
            wanted: if let Need::ValidFor(wanted) = need { wanted } else { Duration::ZERO },
            number: self.attempts,
            known: self.known(),
        }
    }

    /// Every way to a new token ends here. A permit that is out stays out. `sent` is known only of a request of this
    /// process.
    fn install(
        &mut self,
        place: (Epoch, Generation),
        granted: Granted,
        sent: Option<Clocks>,
        now: Clocks,
    ) -> Token {
        if place.0 != self.epoch && holds(Rule::NewSessionForgetsPlaces) {
            self.targets.clear();
        }
        (self.epoch, self.generation) = place;
        self.issued = self.generation.max(self.issued.next());
        self.failures = 0;
        self.witnesses = Witnesses::default();
        self.own_attempt = None;
        self.logged_out = false;
        self.refused = None;
        self.reopen();
        let has_access_token = granted.has_access_token();
        let Granted { obtained_at, response, reusable, requested_scope } = granted;
        let after_sending = |life: Duration| match sent {
            Some(sent) => sent.plus(life),
            // The origin of this driver's clock may be younger than the token: count forward from now.
            None => {
                let unix = obtained_at.plus(life);
                Clocks { instant: now.instant_of(unix), unix }
            }
        };
        self.held = response.refresh_token.clone().map(|token| {
            let expires = response.refresh_lifetime.map(after_sending);
            RefreshState {
                token,
                expires,
                reusable,
                requested_scope,
                members: response.members.clone(),
                first_sent: None,
                replays: 0,
            }
        });
        let expires = response.lifetime.or(self.policy.assumed_lifetime).map(after_sending);
        let sent = sent.unwrap_or_else(|| {
            let instant = now.instant.minus(now.unix.since(obtained_at));
            Clocks { instant, unix: obtained_at }
        });
        let lifetime = response.lifetime.or(self.policy.assumed_lifetime);
        let due = lifetime.zip(expires).map(|(lifetime, expires)| Due {
            lifetime,
            expires,
            lead: self.policy.lead(lifetime, &mut self.jitter),
        });
        let token = Token::new(response, self.issued, sent, due);
        // A token that has expired by now goes to the callers that waited for it and is not kept.
        self.token = Some(token.clone()).filter(|token| has_access_token && in_force(token, now));
        token
    }

    /// The renewal that ended was of a grant that a newer one has replaced.
    fn superseded(&self, error: TokenError, now: Clocks) -> Completed {
        match self.token.as_ref().filter(|token| in_force(token, now)) {
            Some(token) => Completed::Adopted(token.clone()),
            None => Completed::Failed(error),
        }
    }

    fn failed(&mut self, permit: &Permit, failure: Failure, now: Clocks) -> Completed {
        let Failure { error, held, facts, worked } = failure;
        let mut recorded = Recorded::NoStore;
        match held {
            RefreshUpdate::As(held) => self.held = held,
            RefreshUpdate::Abandoned { byte_left: true } => {
                if let Some(held) = &mut self.held {
                    // Its fate was unknown before this renewal: this was one more repetition.
                    held.replays = held.replays.saturating_add(u32::from(held.first_sent.is_some()));
                    held.first_sent.get_or_insert(permit.started);
                }
            }
            RefreshUpdate::Abandoned { byte_left: false } => self.learn(OwnAttempt::Unsent(permit.number)),
        }
        if let Some(facts) = facts {
            facts.own_attempt.into_iter().for_each(|attempt| self.learn(attempt));
            recorded = if facts.recorded || facts.logged_out { Recorded::Yes } else { Recorded::No };
            if facts.logged_out {
                self.end_session();
            }
        }
        self.shut_after(recorded, error, worked, now);
        debug_assert!(self.held.as_ref().is_none_or(|held| held.replays == 0 || held.first_sent.is_some()));
        Completed::Failed(self.shut_error(now))
    }

    /// Remembers this of an attempt. An answer that could not be read is remembered until the next token.
    fn learn(&mut self, attempt: OwnAttempt) {
        if !matches!(self.own_attempt, Some(OwnAttempt::Answered(_))) {
            self.own_attempt = Some(attempt);
        }
    }

    /// Shuts the gate after this error. `worked`: the credential has worked within the last day.
    fn shut_after(&mut self, recorded: Recorded, error: TokenError, worked: bool, now: Clocks) {
        let in_force = self.token.as_ref().filter(|token| in_force(token, now));
        let access_left =
            in_force.map_or(Duration::ZERO, |token| token.remaining(now).unwrap_or(Duration::MAX));
        if recorded == Recorded::Yes {
            // The store has the pause of all processes, and may get a new sign-in at any time.
            let pause = if access_left.is_zero() { LOOK_AGAIN } else { LOOK_AGAIN.min(access_left) };
            return self.shut(pause, error, now);
        }
        self.failures = self.failures.saturating_add(1);
        self.witnesses.add(&error, now.unix);
        let error = self.witnesses.judge(error);
        let (failures, witnesses) = (self.failures, self.witnesses);
        let occasion = Occasion { failures, witnesses, worked, access_left, now: now.unix };
        let pause = match error.kind() {
            ErrorKind::LoginRequired { .. } if recorded == Recorded::NoStore => Duration::MAX,
            // The user may sign in from another process at any time. The refresh token that was refused stands in the store
            // without a mark, so each look may cost a request.
            ErrorKind::LoginRequired { .. } => self.policy.pause(self.failures, &mut self.jitter),
            _ => self.policy.pause_after(&error, &occasion, &mut self.jitter),
        };
        self.shut(pause, error, now);
    }

    /// Ends the pause after a failure.
    fn reopen(&mut self) {
        if matches!(self.gate, Gate::Shut { .. }) {
            self.gate = Gate::Open;
        }
    }
}

/// Whether the store shows a failure to all processes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recorded {
    Yes,
    No,
    NoStore,
}

/// The pause after a failure that the store has recorded: another process may sign in at any time.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whether a token may be handed out: not expired on either clock, and not obtained in what a wall clock that was set
/// back takes for the future.
fn in_force(token: &Token, now: Clocks) -> bool {
    let expired = token.expires().is_some_and(|expires| now.reached(expires));
    !expired && now.unix.plus(CLOCK_WENT_BACK) >= token.sent().unix
}

#[cfg(test)]
mod tests;
