//! What can happen to the callers of a process.

use core::fmt;

use crate::world::{Process, World};

use super::{Caller, Callers, Limits, State};

/// One thing that happens to the callers of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallersAction {
    /// One of them continues.
    One(usize, CallerAction),
    /// The source is closed.
    Close,
    /// Time passes.
    TimePasses,
}

/// How a caller continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallerAction {
    /// The caller asks the lifecycle, with something to run a renewal on or without.
    Ask { executor: bool },
    /// The caller's deadline comes before the renewal ends.
    DeadlineComes,
    /// The clock that the caller waits by ends.
    ClockEnds,
    /// The pause ends, or the lifecycle has changed.
    Wakes,
    /// The API answers.
    Responds { refuses: bool },
    /// The caller reports the refused token to the lifecycle.
    Rejects,
}

impl CallersAction {
    /// Whether a good end may depend on it: it is no limited event.
    pub(crate) const fn leads_on(self) -> bool {
        let Self::One(_, action) = self else { return false };
        match action {
            CallerAction::Ask { executor } => executor,
            CallerAction::Responds { refuses } => !refuses,
            CallerAction::Wakes | CallerAction::Rejects => true,
            CallerAction::DeadlineComes | CallerAction::ClockEnds => false,
        }
    }
}

impl World {
    /// All that can happen next to the callers of this process.
    pub(crate) fn caller_actions(&self, who: usize) -> Vec<CallersAction> {
        let mut found = Vec::new();
        let process = &self.processes[who];
        let limits = &self.history.limits;
        for (caller, is) in process.callers.all.iter().enumerate() {
            let alike = |before: &Caller| before.kind == is.kind && before.state == State::Idle;
            if is.state == State::Idle && process.callers.all[..caller].iter().any(alike) {
                // Callers of one kind begin in order: which of them does what is of no interest.
                continue;
            }
            is.actions(process, limits, &mut |action| found.push(CallersAction::One(caller, action)));
        }
        if !process.callers.are_done() {
            if limits.closes > 0 && !process.lifecycle.is_closed() {
                found.push(CallersAction::Close);
            }
            if limits.ticks > 0 {
                found.push(CallersAction::TimePasses);
            }
        }
        found
    }
}

impl Caller {
    fn actions(&self, process: &Process, limits: &Limits, add: &mut impl FnMut(CallerAction)) {
        match &self.state {
            State::Idle | State::Asks(_) => {
                add(CallerAction::Ask { executor: true });
                if limits.executors > 0 {
                    add(CallerAction::Ask { executor: false });
                }
            }
            State::Waits(_, next) => {
                if limits.deadlines > 0 || process.now().instant >= next.deadline() {
                    add(CallerAction::DeadlineComes);
                }
                if limits.clocks > 0 {
                    add(CallerAction::ClockEnds);
                }
            }
            State::Sleeps { changed, .. } => {
                add(CallerAction::Wakes);
                if limits.clocks > 0 && !changed {
                    add(CallerAction::ClockEnds);
                }
            }
            State::Sends(..) => {
                add(CallerAction::Responds { refuses: false });
                if limits.refusals > 0 {
                    add(CallerAction::Responds { refuses: true });
                }
            }
            State::Rejects(..) => add(CallerAction::Rejects),
            State::Done(_) => {}
        }
    }
}

impl fmt::Display for CallersAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(caller, action) => write!(f, "caller {caller} {action}"),
            Self::Close => f.write_str("the source is closed"),
            Self::TimePasses => f.write_str("time passes"),
        }
    }
}

impl fmt::Display for CallerAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ask { executor: true } => "asks for a token",
            Self::Ask { executor: false } => "asks for a token and can run no renewal",
            Self::DeadlineComes => "has no time left",
            Self::ClockEnds => "loses the clock that it waits by",
            Self::Wakes => "wakes",
            Self::Responds { refuses: true } => "is refused by the API",
            Self::Responds { refuses: false } => "gets its response",
            Self::Rejects => "reports the refused token",
        })
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Idle => f.write_str("idle"),
            State::Asks(acquire) => write!(f, "asks for {:?}", acquire.need()),
            State::Waits(acquire, _) => write!(f, "waits for {:?}", acquire.need()),
            State::Sleeps { until, changed, .. } => write!(f, "sleeps until {until:?}, changed: {changed}"),
            State::Sends(token, _) => write!(f, "sends g{}", token.generation()),
            State::Rejects(generation, _) => write!(f, "refused g{generation}"),
            State::Done(answer) => write!(f, "{answer:?}"),
        }
    }
}

impl fmt::Display for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut open = "(";
        for caller in &self.all {
            write!(f, "{open}{caller}")?;
            open = "; ";
        }
        f.write_str(")")
    }
}
