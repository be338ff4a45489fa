//! A process is killed at effects of its renewal, and one on the other driver takes over. `cargo xtask crash` kills at each.

use std::path::Path;

use wellspring_core::Replay;
use wellspring_trials::crash::Trial;
use wellspring_trials::{Driver, Effect, Kind, Moment, When, Wire, table};

use crate::PROGRAM;

#[test]
fn another_process_takes_over_after_a_kill_and_sends_no_refresh_token_that_may_have_been_sent() {
    let moments = [
        Moment::At(Effect::Life, When::After),
        Moment::At(Effect::Lease, When::During(0)),
        Moment::At(Effect::Send, When::Before),
        Moment::On(Wire::Processed),
        Moment::At(Effect::Outcome, When::After),
        Moment::At(Effect::Spill, When::After),
    ];
    let mut trials = Vec::new();
    for (m, moment) in moments.into_iter().enumerate() {
        for (k, kind) in Kind::ENGINES.into_iter().enumerate() {
            let victim = Driver::ALL[(m + k) % 2];
            let (replay, taker, seed) = (Replay::OwnerDead, victim.other(), (10 * m + k) as u64);
            trials.push(Trial { moment, kind, replay, victim, taker, seed });
        }
    }
    let table = table::play(&trials, Path::new(PROGRAM));
    println!("{}", table.text());
    assert_eq!(table.broken(), [""; 0]);
    assert_eq!(table.reuses(), 0);
}
