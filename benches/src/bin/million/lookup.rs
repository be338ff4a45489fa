//! The look-up of a user, compared with that of a hash map with the same names.

use core::hint::black_box;
use std::collections::HashMap;
use std::sync::Arc;

use wellspring_core::TokenError;
use wellspring_transport_async::TokenPool;

use crate::processor_time;
use crate::users::name;

/// How many look-ups one measurement takes.
const ROUNDS: usize = 20_000;

/// How many measurements of each kind there are, in turns: what else the machine does then slows all kinds alike.
const TURNS: usize = 151;

/// What a look-up takes.
pub(crate) struct Ratio {
    /// In look-ups of a map that returns a shared value, as the pool does.
    pub(crate) against_clone: f64,
    /// In look-ups of a map that lends its value.
    pub(crate) against_get: f64,
    /// In nanoseconds.
    pub(crate) nanos: f64,
}

/// The medians of all turns, each with names that no look-up has touched for a while.
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
    let mut order = || -> Vec<&str> { (0..ROUNDS).map(|_| names[pick()].as_str()).collect() };
    let (mut nanos, mut against_clone, mut against_get) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let pooled = time(&order(), |name| pool.source(name).is_ok());
        let cloned = time(&order(), |name| map.get(name).cloned().is_some());
        let lent = time(&order(), |name| black_box(map.get(name)).is_some());
        nanos.push(pooled);
        against_clone.push(pooled / cloned);
        against_get.push(pooled / lent);
    }
    Ok(Ratio { against_clone: median(against_clone), against_get: median(against_get), nanos: median(nanos) })
}

/// Nanoseconds of one look-up.
fn time(order: &[&str], found: impl Fn(&str) -> bool) -> f64 {
    let start = processor_time();
    for name in order {
        assert!(found(black_box(name)));
    }
    processor_time().saturating_sub(start).as_secs_f64() * 1e9 / ROUNDS as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
