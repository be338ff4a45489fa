//! The lines with a store that the hosts of a fleet share.

use core::time::Duration;

use wellspring_core::Replay;

use crate::line::{Line, Trouble};

const WINDOW: Replay = Replay::Within(Duration::from_secs(3));

const TWO_HOSTS: &[u8] = &[0, 1];

/// A process that is stopped, killed or cut off, and an answer that is lost.
const SIGHT: &[Trouble] = &[Trouble::Presence, Trouble::Partition, Trouble::Crash, Trouble::Silence];
/// The same, with a store that fails, a user who signs in and a user who logs out.
const SIGHT_AND_STORE: &[Trouble] = &[
    Trouble::Presence,
    Trouble::Partition,
    Trouble::Crash,
    Trouble::Store,
    Trouble::Logout,
    Trouble::SignIn,
];
/// A failover, and a process that is stopped or killed meanwhile.
const FAILOVER: &[Trouble] = &[Trouble::GoesBack, Trouble::Crash, Trouble::Presence];

const fn line(name: &'static str, replay: Replay, faults: u8, troubles: &'static [Trouble]) -> Line {
    let mut line = Line::new(name, replay);
    (line.machines, line.faults, line.troubles) = (TWO_HOSTS, faults, troubles);
    (line.fleet_store, line.again) = (true, 1);
    line
}

/// The wall clocks of the two hosts differ by half a minute.
const fn clocks_differ(mut line: Line) -> Line {
    line.ahead = 30;
    line
}

/// What every change is measured by.
pub(crate) const QUICK: &[Line] = &[
    line("never, fleet", Replay::Never, 1, SIGHT),
    line("owner dead, fleet", Replay::OwnerDead, 1, SIGHT),
    clocks_differ(line("last resort, fleet, clocks that differ", Replay::LastResort, 1, SIGHT)),
    line("never, fleet, failover", Replay::Never, 1, FAILOVER),
    line("owner dead, fleet, failover", Replay::OwnerDead, 1, FAILOVER),
];

/// What takes longer.
pub(crate) const LONG: &[Line] = &[
    line("within, fleet", WINDOW, 1, SIGHT),
    line("never, fleet, a store that fails", Replay::Never, 1, SIGHT_AND_STORE),
    clocks_differ(line("owner dead, fleet, a store that fails", Replay::OwnerDead, 1, SIGHT_AND_STORE)),
    line("never, fleet, failover, two faults", Replay::Never, 2, FAILOVER),
];
