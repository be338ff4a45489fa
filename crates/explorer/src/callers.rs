//! The callers of a process: each waits for a token or calls an API, on the shipped machines.
//!
//! - [`action`]: what can happen to a caller
//! - [`apply`]: carrying it out, as the drivers do it
//! - [`invariants`]: what must hold for callers
//! - [`places`]: where an API has refused which tokens
//! - [`lines`], [`mutants`]: the lines with callers, and the deliberate mistakes that they show

use core::time::Duration;

use wellspring_core::{
    Acquire, AwaitChange, AwaitRejection, AwaitRenewal, AwaitToken, AwaitVerdict, Generation, Instant, Need,
    Patience, Policy, Token, TokenError,
};

pub(crate) mod action;
mod apply;
mod invariants;
pub(crate) mod lines;
pub(crate) mod mutants;
mod places;
#[cfg(test)]
mod tests;

use places::RefusingPlaces;

/// What the callers of a line do and meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// The callers of each process.
    pub(crate) kinds: &'static [&'static [Kind]],
    /// Whether the processes share a store.
    pub(crate) stored: bool,
    /// How long each token lives.
    pub(crate) lifetime: Duration,
    /// The age of the first token.
    pub(crate) age: Duration,
    pub(crate) limits: Limits,
}

/// How often each thing may happen to the callers of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    /// The API refuses a token.
    pub(crate) refusals: u8,
    /// A caller's deadline comes while it waits.
    pub(crate) deadlines: u8,
    /// The clock that a caller waits by ends.
    pub(crate) clocks: u8,
    /// A caller asks that has nothing to run a renewal on.
    pub(crate) executors: u8,
    /// A source is closed.
    pub(crate) closes: u8,
    /// Time passes while nothing waits for it.
    pub(crate) ticks: u8,
}

/// What a caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Takes the token that is held, or an error, and does not wait.
    AtOnce,
    /// Acquires a token.
    Acquires(Need, Patience),
    /// Calls an API once.
    Calls {
        /// Whether the request can be sent a second time.
        repeatable: bool,
    },
    /// Calls this place of an API once; the request can be sent a second time.
    CallsAt(u8),
}

/// The callers of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Callers {
    pub(crate) all: Vec<Caller>,
    /// When the API refused a token soon after its issue, if it did so last.
    young_refusal: Option<Instant>,
    refusing: RefusingPlaces,
}

/// One caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    kind: Kind,
    state: State,
    /// The call that the token is for.
    call: Option<AwaitToken>,
    /// How often the request was sent.
    sends: u8,
    /// Renewals that this caller has started because its token was refused.
    renewals: u8,
    /// When it began to wait for a renewal, and whether the renewal is its own.
    waits: Option<(Instant, bool)>,
    /// Its own renewal has brought a token that does not last as long as needed.
    fell_short: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    /// Has not begun.
    Idle,
    /// Is about to ask the lifecycle.
    Asks(Acquire),
    /// Waits for the renewal under way.
    Waits(Acquire, AwaitRenewal),
    /// Waits for the instant, or for a change of the lifecycle.
    Sleeps {
        until: Instant,
        next: AwaitChange,
        changed: bool,
    },
    /// Its request is under way.
    Sends(Token, AwaitVerdict),
    /// Is about to report the refused token to the lifecycle.
    Rejects(Generation, AwaitRejection<Response>),
    Done(CallerResult),
}

/// The number of the send that this is the response to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Response(u8);

/// What the lifecycle has a caller do that asks it.
enum AskResult {
    Answer(Result<Token, TokenError>),
    Wait(AwaitRenewal),
    Sleep(Instant, AwaitChange),
}

/// What a caller got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CallerResult {
    Token,
    Error,
    Response,
    /// Nothing: the process crashed.
    Crashed,
}

/// How long a caller waits for one renewal, and a patient caller in all.
const ONE_RENEWAL: Duration = Duration::from_secs(5);
const UNTIL_DEADLINE: Duration = Duration::from_secs(24);

/// A pause that other callers meet before it ends, and that a patient caller can sleep through.
const PAUSE: Duration = Duration::from_secs(20);
/// The least that jitter leaves of it.
const LEAST_PAUSE: Duration = Duration::from_secs(10);
const REFUSAL_WINDOW: Duration = Duration::from_secs(60);

impl Setup {
    /// No callers: a line of renewals only.
    pub(crate) const NONE: Self = Self {
        kinds: &[],
        stored: true,
        lifetime: Duration::ZERO,
        age: Duration::ZERO,
        limits: Limits { refusals: 0, deadlines: 0, clocks: 0, executors: 0, closes: 0, ticks: 0 },
    };

    pub(crate) const fn is_none(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The callers of this process before they begin.
    pub(crate) fn callers(&self, slot: usize) -> Callers {
        let kinds = self.kinds.get(slot).copied().unwrap_or_default();
        let all = kinds.iter().map(|kind| Caller::new(*kind)).collect();
        Callers { all, ..Callers::default() }
    }
}

/// The same policy, with pauses that callers meet.
pub(crate) fn with_pauses(mut policy: Policy) -> Policy {
    policy.jitter = Duration::ZERO;
    policy.first_pause = PAUSE;
    policy.longest_pause = PAUSE;
    policy.refusal_window = REFUSAL_WINDOW;
    policy
}

impl Callers {
    pub(crate) fn are_done(&self) -> bool {
        self.all.iter().all(|caller| matches!(caller.state, State::Done(_)))
    }

    /// The process has crashed: callers that had begun are gone.
    pub(crate) fn crash(&mut self) {
        self.young_refusal = None;
        self.refusing = RefusingPlaces::default();
        for caller in &mut self.all {
            if !matches!(caller.state, State::Idle | State::Done(_)) {
                *caller = Caller { state: State::Done(CallerResult::Crashed), ..Caller::new(caller.kind) };
            }
        }
    }

    /// The lifecycle has changed: every caller that sleeps is waked.
    pub(crate) fn wake(&mut self) {
        for caller in &mut self.all {
            if let State::Sleeps { changed, .. } = &mut caller.state {
                *changed = true;
            }
        }
    }
}

impl Caller {
    const fn new(kind: Kind) -> Self {
        Self { kind, state: State::Idle, call: None, sends: 0, renewals: 0, waits: None, fell_short: false }
    }
}
