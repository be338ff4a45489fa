//! What can happen to a store of a fleet, or to a host's way there.

use core::fmt;

/// One thing that happens to the store or to a host's way there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FleetAction {
    /// The presence of a process that has ended, or that cannot reach the store, ends.
    PresenceEnds(u32),
    /// The presence of a process that lives ends early: the process was stopped for too long.
    PresenceLapses(usize),
    PresenceReturns(usize),
    /// This host does not reach the store.
    IsCutOff(usize),
    IsReached(usize),
    /// The store fails over to a copy that lacks so many saves.
    GoesBack(usize),
    /// A process that has nothing to do ends in order, and another one is started.
    Stops(usize),
}

impl FleetAction {
    pub(crate) const fn is_fault(self) -> bool {
        matches!(self, Self::PresenceLapses(_) | Self::IsCutOff(_) | Self::GoesBack(_))
    }
}

impl fmt::Display for FleetAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PresenceEnds(number) => write!(f, "the presence of process {} ends", number - 1),
            Self::PresenceLapses(who) => write!(f, "{who} is stopped, and its presence ends"),
            Self::PresenceReturns(who) => write!(f, "the presence of {who} is back"),
            Self::IsCutOff(who) => write!(f, "{who} does not reach the store"),
            Self::IsReached(who) => write!(f, "{who} reaches the store again"),
            Self::GoesBack(by) => write!(f, "the store fails over and lacks its last {by} saves"),
            Self::Stops(who) => write!(f, "{who} ends in order"),
        }
    }
}
