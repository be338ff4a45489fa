//! The days of all keys, on all processors.

use std::sync::Arc;
use std::thread::{available_parallelism, scope};

use crate::day;
use crate::endpoint::Client;
use crate::plan::Plan;
use crate::tally::Tally;

/// Lives through the day of this plan. The counts are the same on any number of threads.
pub(crate) fn live(plan: &Plan) -> Tally {
    let threads = u64::try_from(available_parallelism().map_or(1, usize::from)).unwrap_or(1);
    live_on(plan, threads)
}

/// The same, on so many threads.
pub(crate) fn live_on(plan: &Plan, threads: u64) -> Tally {
    let part = |thread: u64| {
        let client = Arc::new(Client::new(plan.grant, plan.lifetime));
        let mut tally = Tally::new();
        for key in (thread..plan.keys).step_by(usize::try_from(threads).unwrap_or(1)) {
            day::live(plan, &client, key, &mut tally);
        }
        tally
    };
    let mut whole = Tally::new();
    scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        for part in parts {
            whole.add(&part.join().unwrap_or_else(|_| Tally::new()));
        }
    });
    whole
}
