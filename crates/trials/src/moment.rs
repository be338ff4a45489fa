//! The moment at which a process is killed, and the possible states afterwards.

use core::fmt;

use crate::kill_point::{Effect, When};
use crate::relay::Wire;

/// When a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial plays each")]
pub enum Moment {
    /// By itself, at an effect of its renewal.
    At(Effect, When),
    /// At this point of its exchange.
    On(Wire),
    /// The same, while another process watches its lease.
    Watched(Wire),
    /// By its parent, at a random time.
    Whenever,
    /// By itself, at an effect of a renewal that finds the spill of a process killed before.
    Successor(Effect, When),
}

/// How far the killed processes have come, by the state of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial looks at each")]
pub enum Left {
    /// No lease is saved.
    NoLease,
    /// The lease is saved, and no outcome.
    Leased,
    /// The outcome is spilled.
    Spilled,
    /// The outcome is saved.
    Saved,
}

const DURING: When = When::During(0);

impl Moment {
    /// Every moment.
    pub const ALL: [Self; 35] = [
        Self::At(Effect::Load, When::Before),
        Self::At(Effect::Load, DURING),
        Self::At(Effect::Load, When::After),
        Self::At(Effect::Life, When::Before),
        Self::At(Effect::Life, DURING),
        Self::At(Effect::Life, When::After),
        Self::At(Effect::Lease, When::Before),
        Self::At(Effect::Lease, DURING),
        Self::At(Effect::Lease, When::After),
        Self::At(Effect::Send, When::Before),
        Self::On(Wire::Connected),
        Self::On(Wire::FirstByte),
        Self::On(Wire::Processed),
        Self::On(Wire::HalfAnswer),
        Self::On(Wire::Answer),
        Self::At(Effect::Send, When::After),
        Self::At(Effect::Outcome, When::Before),
        Self::At(Effect::Outcome, DURING),
        Self::At(Effect::Outcome, When::After),
        Self::At(Effect::Spill, When::Before),
        Self::At(Effect::Spill, DURING),
        Self::At(Effect::Spill, When::After),
        Self::Watched(Wire::Connected),
        Self::Watched(Wire::FirstByte),
        Self::Watched(Wire::Processed),
        Self::Watched(Wire::HalfAnswer),
        Self::Whenever,
        Self::Successor(Effect::Load, When::Before),
        Self::Successor(Effect::Load, When::After),
        Self::Successor(Effect::Outcome, When::Before),
        Self::Successor(Effect::Outcome, DURING),
        Self::Successor(Effect::Outcome, When::After),
        Self::Successor(Effect::Forget, When::Before),
        Self::Successor(Effect::Forget, DURING),
        Self::Successor(Effect::Forget, When::After),
    ];

    /// How many processes are killed.
    #[must_use]
    pub const fn kills(self) -> u32 {
        match self {
            Self::Successor(..) => 2,
            Self::At(..) | Self::On(_) | Self::Watched(_) | Self::Whenever => 1,
        }
    }

    /// Its place in the table.
    pub(crate) fn place(self) -> usize {
        Self::ALL.into_iter().position(|moment| moment == self).unwrap_or(Self::ALL.len())
    }

    /// Whether a kill at this moment may leave this state, with or without a request that the server processed.
    #[must_use]
    pub fn leaves(self, left: Left, processed: bool) -> bool {
        use Left::{Leased, NoLease, Saved, Spilled};
        match self {
            Self::Whenever => true,
            Self::At(Effect::Load | Effect::Life, _) | Self::At(Effect::Lease, When::Before) => {
                left == NoLease && !processed
            }
            Self::At(Effect::Lease, When::During(_)) => matches!(left, NoLease | Leased) && !processed,
            Self::At(Effect::Lease, When::After)
            | Self::At(Effect::Send, When::Before)
            | Self::On(Wire::Connected | Wire::FirstByte)
            | Self::Watched(Wire::Connected | Wire::FirstByte) => left == Leased && !processed,
            Self::At(Effect::Send, When::During(_)) => left == Leased,
            Self::On(Wire::Processed | Wire::HalfAnswer)
            | Self::Watched(Wire::Processed | Wire::HalfAnswer)
            | Self::At(Effect::Send, When::After)
            | Self::At(Effect::Outcome | Effect::Spill, When::Before) => left == Leased && processed,
            Self::On(Wire::Answer) | Self::At(Effect::Outcome, When::During(_)) => {
                matches!(left, Leased | Saved) && processed
            }
            Self::At(Effect::Spill, When::During(_)) => matches!(left, Leased | Spilled) && processed,
            Self::At(Effect::Spill, When::After)
            | Self::Successor(Effect::Load, _)
            | Self::Successor(Effect::Outcome, When::Before) => left == Spilled && processed,
            Self::Successor(Effect::Outcome, When::During(_)) => matches!(left, Spilled | Saved) && processed,
            Self::At(Effect::Outcome, When::After)
            | Self::Successor(Effect::Outcome, When::After)
            | Self::Successor(Effect::Forget, _) => left == Saved && processed,
            Self::At(Effect::Forget, _) | Self::Watched(Wire::Answer) | Self::Successor(..) => false,
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = |effect| match effect {
            Effect::Load => "the load",
            Effect::Life => "the liveness lock",
            Effect::Lease => "the lease's save",
            Effect::Send => "the exchange",
            Effect::Outcome => "the outcome's save",
            Effect::Spill => "the spill",
            Effect::Forget => "the spill's removal",
        };
        let when = |when| match when {
            When::Before => "before",
            When::During(_) => "in",
            When::After => "after",
        };
        let so_far = |wire| match wire {
            Wire::Connected => "connected, nothing sent",
            Wire::FirstByte => "the first byte sent",
            Wire::Processed => "the request processed",
            Wire::HalfAnswer => "half of the answer read",
            Wire::Answer => "the answer delivered",
        };
        let text = match *self {
            Self::At(what, at) => format!("{} {}", when(at), effect(what)),
            Self::On(wire) => so_far(wire).to_owned(),
            Self::Watched(wire) => format!("watched: {}", so_far(wire)),
            Self::Whenever => "whenever".to_owned(),
            Self::Successor(what, at) => format!("successor: {} {}", when(at), effect(what)),
        };
        f.pad(&text)
    }
}
