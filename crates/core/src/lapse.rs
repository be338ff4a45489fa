//! When a lease lapses by the wall clock, if no process can tell whether its owner is alive.
//!
//! Processes that live shorter than a lease cannot watch it for its whole span. On one machine they all read the same wall
//! clock as the owner, so that clock decides. The machines of a fleet have no common clock.

use crate::lease::Lease;
use crate::policy::CLOCK_WENT_BACK;
use crate::store::SharedBy;
use crate::time::UnixTime;

impl Lease {
    /// When this lease lapses by the wall clock: one more whole span after its end. `None` where only the clock of a
    /// process that watches it decides: in a store that several machines share.
    ///
    /// A lease from the future was acquired before the wall clock was set back, and has lapsed.
    #[must_use]
    pub fn lapses_at(&self, shared_by: SharedBy, now: UnixTime) -> Option<UnixTime> {
        if shared_by == SharedBy::Fleet {
            return None;
        }
        let began = self.until.minus(self.span);
        let from_the_future = began > now.plus(CLOCK_WENT_BACK);
        Some(if from_the_future { now } else { self.until.plus(self.span) })
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::lease::{Attempt, Owner};

    const fn lease(began: u64) -> Lease {
        let owner = Owner { machine: 1, boot: 1, process: 1, source: 1 };
        Lease {
            attempt: Attempt { owner, number: 1 },
            domain: None,
            first_sent: None,
            until: UnixTime::from_secs(began + 40),
            span: Duration::from_secs(40),
            replays: 0,
        }
    }

    #[test]
    fn a_lease_lapses_one_span_after_its_end_where_all_processes_read_the_same_clock() {
        for (shared_by, lapses) in
            [(SharedBy::Process, Some(1_080)), (SharedBy::Host, Some(1_080)), (SharedBy::Fleet, None)]
        {
            for now in [1_000, 1_079, 1_080, 9_000] {
                let lapses = lapses.map(UnixTime::from_secs);
                assert_eq!(lease(1_000).lapses_at(shared_by, UnixTime::from_secs(now)), lapses, "{now}");
            }
        }
    }

    #[test]
    fn a_lease_from_before_the_wall_clock_was_set_back_has_lapsed() {
        for (now, lapses) in [(940, 1_080), (939, 939), (0, 0)] {
            let lapses = Some(UnixTime::from_secs(lapses));
            assert_eq!(lease(1_000).lapses_at(SharedBy::Host, UnixTime::from_secs(now)), lapses, "{now}");
        }
    }
}
