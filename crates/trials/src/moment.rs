//! When a process is killed, and what may be found afterwards.

use core::fmt;

use crate::blow::{Effect, When};
use crate::relay::Wire;

/// When a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial plays each")]
pub enum Moment {
    /// By itself, at an effect of its renewal.
    At(Effect, When),
    /// While its exchange is so far.
    On(Wire),
    /// The same, while another process waits for it.
    Watched(Wire),
    /// By its parent, whenever.
    Whenever,
    /// By itself, at an effect of a renewal that finds what a process killed before it has spilled.
    Heir(Effect, When),
}

/// How far the killed processes have come, as the store says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial looks at each")]
pub enum Left {
    /// No lease is saved.
    Unclaimed,
    /// The lease is saved, and no outcome.
    Claimed,
    /// The outcome is spilled.
    Spilled,
    /// The outcome is saved.
    Saved,
}

const DURING: When = When::During(0);

impl Moment {
    /// Every one.
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
        Self::Heir(Effect::Load, When::Before),
        Self::Heir(Effect::Load, When::After),
        Self::Heir(Effect::Outcome, When::Before),
        Self::Heir(Effect::Outcome, DURING),
        Self::Heir(Effect::Outcome, When::After),
        Self::Heir(Effect::Forget, When::Before),
        Self::Heir(Effect::Forget, DURING),
        Self::Heir(Effect::Forget, When::After),
    ];

    /// How many processes are killed.
    #[must_use]
    pub const fn kills(self) -> u32 {
        match self {
            Self::Heir(..) => 2,
            Self::At(..) | Self::On(_) | Self::Watched(_) | Self::Whenever => 1,
        }
    }

    /// Its place in the table.
    pub(crate) fn place(self) -> usize {
        Self::ALL.into_iter().position(|moment| moment == self).unwrap_or(Self::ALL.len())
    }

    /// What may be left by a kill at this moment, and whether the server may and must have processed the request.
    #[must_use]
    pub fn leaves(self, left: Left, processed: bool) -> bool {
        use Left::{Claimed, Saved, Spilled, Unclaimed};
        match self {
            Self::Whenever => true,
            Self::At(Effect::Load | Effect::Life, _) | Self::At(Effect::Lease, When::Before) => {
                left == Unclaimed && !processed
            }
            Self::At(Effect::Lease, When::During(_)) => matches!(left, Unclaimed | Claimed) && !processed,
            Self::At(Effect::Lease, When::After)
            | Self::At(Effect::Send, When::Before)
            | Self::On(Wire::Connected | Wire::FirstByte)
            | Self::Watched(Wire::Connected | Wire::FirstByte) => left == Claimed && !processed,
            Self::At(Effect::Send, When::During(_)) => left == Claimed,
            Self::On(Wire::Processed | Wire::HalfAnswer)
            | Self::Watched(Wire::Processed | Wire::HalfAnswer)
            | Self::At(Effect::Send, When::After)
            | Self::At(Effect::Outcome | Effect::Spill, When::Before) => left == Claimed && processed,
            Self::On(Wire::Answer) | Self::At(Effect::Outcome, When::During(_)) => {
                matches!(left, Claimed | Saved) && processed
            }
            Self::At(Effect::Spill, When::During(_)) => matches!(left, Claimed | Spilled) && processed,
            Self::At(Effect::Spill, When::After)
            | Self::Heir(Effect::Load, _)
            | Self::Heir(Effect::Outcome, When::Before) => left == Spilled && processed,
            Self::Heir(Effect::Outcome, When::During(_)) => matches!(left, Spilled | Saved) && processed,
            Self::At(Effect::Outcome, When::After)
            | Self::Heir(Effect::Outcome, When::After)
            | Self::Heir(Effect::Forget, _) => left == Saved && processed,
            Self::At(Effect::Forget, _) | Self::Watched(Wire::Answer) | Self::Heir(..) => false,
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
            Self::Heir(what, at) => format!("heir: {} {}", when(at), effect(what)),
        };
        f.pad(&text)
    }
}
