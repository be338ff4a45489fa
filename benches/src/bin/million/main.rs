//! A pool that holds a million users: bytes for each, the look-up beside that of a bare hash map, and what the timer costs.
//!
//! `cargo xtask million` builds and runs it. Times are those of the processor, so other programs do not add to them.

mod allocator;
mod lookup;
mod users;

use core::error::Error;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::process::ExitCode;

use allocator::bytes_in_use;
use rustix::time::{ClockId, clock_gettime};
use users::{TOKEN, Users};
use wellspring_transport_async::{Clock, ManualClock};

/// The most bytes for each user, besides the token.
const BYTES: f64 = 600.0;

/// The most time of a look-up, in those of a hash map.
const LOOKUP: f64 = 1.3;

/// The most time of one processor that the timer may take.
const TIMER: f64 = 0.01;

type Measured<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let keys = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    match measure(keys) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("A figure is above its limit.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(keys: usize) -> Measured<bool> {
    println!("{keys} users in one pool\n\n   measured   limit   what");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (bytes, users) = runtime.block_on(filled(keys, true, Clock::system()))?;
    let mut within = show("bytes each, with a refresh token that survives its use", bytes, BYTES);
    let ratio = lookup::ratio(&users.pool, keys)?;
    drop(users);
    within &= show("look-up of a user, in those of a HashMap<String, Arc<_>>", ratio.against_clone, LOOKUP);
    println!("   {:<8.3}   {:<5}   the same, if the map lends its value", ratio.against_get, "-");
    println!("   {:<8.0}   {:<5}   nanoseconds of one look-up", ratio.nanos, "-");
    let clock = Clock::manual(1_800_000_000);
    let (bytes, users) = runtime.block_on(filled(keys, false, Clock::from(&clock)))?;
    within &= show("bytes each, with a refresh token that does not", bytes, BYTES);
    let share = runtime.block_on(timer_share(&users, &clock, keys))?;
    within &= show("of one processor: an hour in which each user is renewed from the store", share, TIMER);
    Ok(within)
}

fn show(what: &str, measured: f64, limit: f64) -> bool {
    let within = measured <= limit;
    println!("   {measured:<8.4}   {limit:<5}   {what}{}", if within { "" } else { "  ABOVE THE LIMIT" });
    within
}

/// The bytes that each of so many users takes beside its token and its name, and the pool that holds them.
async fn filled(keys: usize, reusable: bool, clock: Clock) -> Measured<(f64, Users)> {
    let users = Users::new(reusable, clock)?;
    let before = bytes_in_use();
    users.fill(keys).await?;
    let taken = bytes_in_use().saturating_sub(before);
    let own = if reusable { 2 * TOKEN + 1 } else { TOKEN };
    Ok((taken as f64 / keys as f64 - own as f64, users))
}

/// The share of one processor that an hour takes in which the timer renews each user.
async fn timer_share(users: &Users, clock: &ManualClock, keys: usize) -> Measured<f64> {
    const HOUR: u32 = 3_600;
    let warm = users.pool.keep_warm()?;
    let (loads, start) = (users.loads.load(Ordering::Relaxed), processor_time());
    for _ in 0..HOUR {
        clock.advance(Duration::from_secs(1));
        // The watch looks, and starts the renewals; each of them loads a record and ends.
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }
    let taken = processor_time().saturating_sub(start);
    drop(warm);
    let renewed = users.loads.load(Ordering::Relaxed) - loads;
    if renewed < keys {
        return Err(format!("the timer has renewed {renewed} of {keys} users in an hour").into());
    }
    Ok(taken.as_secs_f64() / f64::from(HOUR))
}

/// The time that this thread has had on a processor.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_at_rest_takes_at_most_600_bytes_beside_its_token() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for reusable in [false, true] {
            let filled = runtime.block_on(filled(100_000, reusable, Clock::system()));
            let (bytes, _) = filled.expect("a pool of these users");
            println!("{bytes:.0} bytes each, reusable: {reusable}");
            assert!(bytes > 0.0 && bytes <= BYTES, "{bytes:.0} bytes, reusable: {reusable}");
        }
    }
}
