//! The look-up of a user, compared with that of a hash map with the same names.

use core::hint::black_box;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use wellspring_core::TokenError;
use wellspring_transport_async::TokenPool;

use crate::processor_time;
use crate::users::name;

/// How many look-ups one measurement takes.
const ROUNDS: usize = 200_000;

/// How many measurements of each kind there are, in turns.
const TURNS: usize = 15;

/// What a look-up takes.
pub(crate) struct Ratio {
    /// In look-ups of a map that returns a shared value, as the pool does.
    pub(crate) against_clone: f64,
    /// In look-ups of a map that lends its value.
    pub(crate) against_get: f64,
    /// In nanoseconds.
    pub(crate) nanos: f64,
}

/// The medians of the look-ups, each of names that no look-up has touched for a while.
pub(crate) fn ratio(pool: &TokenPool, keys: usize) -> Result<Ratio, TokenError> {
    let names: Vec<String> = (0..keys).map(name).collect();
    // As large as a lifecycle, so that the values lie as far apart.
    let map: HashMap<String, Arc<[u64; 16]>> =
        names.iter().map(|name| (name.clone(), Arc::default())).collect();
    let mut next = 1_u64;
    let mut pick = move || {
        next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (next >> 33) as usize % keys
    };
    let (mut pooled, mut cloned, mut lent) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let order: Vec<&str> = (0..ROUNDS).map(|_| names[pick()].as_str()).collect();
        pooled.push(time(&order, |name| pool.source(name).is_ok()));
        let order: Vec<&str> = (0..ROUNDS).map(|_| names[pick()].as_str()).collect();
        cloned.push(time(&order, |name| map.get(name).cloned().is_some()));
        let order: Vec<&str> = (0..ROUNDS).map(|_| names[pick()].as_str()).collect();
        lent.push(time(&order, |name| black_box(map.get(name)).is_some()));
    }
    let (pooled, cloned, lent) = (median(pooled), median(cloned), median(lent));
    Ok(Ratio {
        against_clone: pooled / cloned,
        against_get: pooled / lent,
        nanos: pooled * 1e9 / ROUNDS as f64,
    })
}

fn time(order: &[&str], found: impl Fn(&str) -> bool) -> Duration {
    let start = processor_time();
    for name in order {
        assert!(found(black_box(name)));
    }
    processor_time().saturating_sub(start)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}
