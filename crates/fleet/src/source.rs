//! One instance's source of one key: the lifecycle that keeps its token warm, and the renewal that it runs.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{
    Clocks, Completed, ErrorKind, Instant, Lifecycle, LockDomain, Need, Outcome, Owner, Permit, Policy,
    Provider, Renewal, SharedBy, Step, TokenError, UnixTime, acquire_at_once,
};

use crate::plan::Plan;
use crate::tally::Tally;

/// When the day begins, on the wall clock and on the monotonic clock of every instance.
const MIDNIGHT: UnixTime = UnixTime::from_secs(1_800_000_000);
const UP_FOR: Duration = Duration::from_secs(1_000_000);

pub(crate) const NEVER: Duration = Duration::MAX;

/// The clocks at this time of the day.
pub(crate) const fn clocks(at: Duration) -> Clocks {
    let instant = Instant::after_origin(UP_FOR.saturating_add(at));
    Clocks { instant, unix: MIDNIGHT.plus(at) }
}

/// The time of the day at which the clocks show this.
pub(crate) fn time_of(instant: Instant) -> Duration {
    if instant >= Instant::NEVER { NEVER } else { instant.since(clocks(Duration::ZERO).instant) }
}

/// A renewal, or a save that goes on in the background.
#[derive(Debug)]
pub(crate) struct Run {
    /// `None` in the background.
    permit: Option<Permit>,
    pub(crate) step: Option<Step>,
    /// When the step is done.
    pub(crate) at: Duration,
    pub(crate) lock: Option<LockDomain>,
}

#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) lifecycle: Lifecycle,
    owner: Owner,
    pub(crate) locks: u128,
    /// When it next looks for what is due.
    pub(crate) wakes: Duration,
    /// When its instance is started anew.
    pub(crate) restarts: Duration,
    pub(crate) runs: Vec<Run>,
    /// Since when it holds no token in force.
    pub(crate) lacks_since: Option<Duration>,
    /// The user has to sign in.
    pub(crate) has_ended: bool,
}

impl Source {
    pub(crate) fn new(plan: &Plan, seed: u64, number: u32, restarts: Duration) -> Self {
        let owner = Owner { machine: u64::from(number), boot: 1, process: number, source: seed };
        Self {
            lifecycle: lifecycle(plan, seed),
            owner,
            locks: 0,
            wakes: Duration::ZERO,
            restarts,
            runs: Vec::new(),
            lacks_since: None,
            has_ended: false,
        }
    }

    /// A new process without memory, once the old one has nothing to do.
    pub(crate) fn restart(&mut self, plan: &Plan, at: Duration) {
        self.owner.source ^= 0x5DEE_CE66;
        self.lifecycle = lifecycle(plan, self.owner.source);
        (self.restarts, self.wakes, self.has_ended) = (NEVER, at, false);
    }

    /// Its next liveness lock.
    pub(crate) fn lock(&mut self) -> Option<LockDomain> {
        self.locks += 1;
        LockDomain::new(u128::from(self.owner.source) << 64 | self.locks)
    }

    /// Renews what is due, as a driver does that keeps the token warm.
    pub(crate) fn wake(&mut self, plan: &Plan, provider: &Arc<dyn Provider>, at: Duration) {
        let now = clocks(at);
        let (permit, answer) = acquire_at_once(&mut self.lifecycle, Need::Fresh, Ok(()), now);
        if answer.is_err() {
            self.lacks_since.get_or_insert(at);
        }
        if let Some(permit) = permit {
            let job = permit.job(Arc::clone(provider));
            let job = if plan.stored { job.stored_by(self.owner, SharedBy::Fleet) } else { job };
            let step = Renewal::begin(job, now);
            self.runs.push(Run { permit: Some(permit), step: Some(step), at, lock: None });
        }
        self.sleep(at);
    }

    /// Finds out when to wake next.
    pub(crate) fn sleep(&mut self, at: Duration) {
        let is_busy = self.runs.iter().any(|run| run.permit.is_some());
        // After the end of its session only a sign-in changes anything, and no user signs in here.
        let next = if is_busy || self.has_ended { None } else { self.lifecycle.next_wake() };
        // A keep-warm task that was woken too early looks again a moment later.
        self.wakes = next.map_or(NEVER, |wake| time_of(wake).max(at + Duration::from_millis(1)));
    }

    /// A renewal has ended, or a save in the background.
    pub(crate) fn ended(&mut self, n: usize, outcome: Outcome, at: Duration, tally: &mut Tally) {
        let now = clocks(at);
        match self.runs.swap_remove(n).permit {
            Some(permit) => match self.lifecycle.complete(permit, outcome, now) {
                Completed::Renewed(_) => self.has_token(at, tally),
                Completed::Adopted(_) => {
                    tally.adopted += 1;
                    self.has_token(at, tally);
                }
                Completed::Failed(error) => self.failed(&error),
            },
            None => {
                self.lifecycle.save_ended();
                self.lifecycle.recovered(outcome, now);
            }
        }
        self.sleep(at);
    }

    /// The background goes on with a token that the store did not take.
    pub(crate) fn goes_on(&mut self, step: Step, lock: Option<LockDomain>, at: Duration) {
        if step.pending_save().is_some() {
            self.lifecycle.save_pending(TokenError::store("a token is not stored yet", true));
        }
        self.runs.push(Run { permit: None, step: Some(step), at, lock });
    }

    fn failed(&mut self, error: &TokenError) {
        self.has_ended |= matches!(error.kind(), ErrorKind::LoginRequired { .. });
    }

    fn has_token(&mut self, at: Duration, tally: &mut Tally) {
        if let Some(since) = self.lacks_since.take() {
            tally.without += 1;
            tally.without_for += at.saturating_sub(since);
        }
    }
}

fn lifecycle(plan: &Plan, seed: u64) -> Lifecycle {
    let mut policy = Policy::default();
    policy.jitter = plan.jitter;
    Lifecycle::new(policy, seed)
}
