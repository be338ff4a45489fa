//! Lives through the days of the book, prints their numbers and draws their charts.

use core::ops::Range;
use core::time::Duration;
use std::path::Path;

use crate::chart::{Line, draw};
use crate::clock::timed;
use crate::fleet::live;
use crate::plan::{DAY, Grant, Plan, minutes};
use crate::tally::{Tally, peak_and_mean};

/// Parts of a day: its name, and from when until when.
const PARTS: [(&str, Range<Duration>); 7] = [
    ("quiet hours", minutes(60)..minutes(6 * 60)),
    ("the endpoint is down", minutes(6 * 60)..minutes(6 * 60 + 10)),
    ("the ten minutes after", minutes(6 * 60 + 10)..minutes(6 * 60 + 20)),
    ("the hours after", minutes(6 * 60 + 20)..minutes(12 * 60)),
    ("the store fails over", minutes(12 * 60)..minutes(12 * 60 + 2)),
    ("all instances start anew", minutes(18 * 60)..minutes(18 * 60 + 10)),
    ("the hours after that", minutes(18 * 60 + 10)..DAY),
];

const DAYS: [(&str, bool, Grant); 3] = [
    ("each instance for itself, client credentials", false, Grant::Credentials),
    ("a shared store, client credentials", true, Grant::Credentials),
    ("a shared store, single-use refresh tokens", true, Grant::Rotating),
];

/// The jitters of the curve, in seconds.
const JITTERS: [u64; 8] = [0, 15, 30, 60, 120, 180, 240, 300];

/// The days of a fleet with so many keys. The charts go into this folder.
pub(crate) fn run(keys: u64, charts: Option<&Path>) -> Result<(), String> {
    let mut lines = Vec::new();
    for (name, stored, grant) in DAYS {
        let plan = Plan::eventful(keys, stored, grant);
        let (tally, took) = timed(|| live(&plan));
        print_day(name, &plan, &tally, took);
        lines.push(Line { name, points: by_minute(&tally.calls) });
    }
    let curve = curve(keys);
    if let Some(folder) = charts {
        let hours = |(minute, calls): &(f64, f64)| (minute / 60.0, *calls);
        let day: Vec<Line<'_>> = lines.iter().take(2).map(|line| line.map(hours)).collect();
        let to = |name: &str| folder.join(name);
        draw(&to("fleet-day.svg"), ["hour of the day", "token calls a second"], &day)?;
        draw(&to("fleet-jitter.svg"), ["jitter in seconds", "the worst minute against the mean"], &[curve])?;
    }
    Ok(())
}

fn print_day(name: &str, plan: &Plan, tally: &Tally, took: Duration) {
    let Plan { keys, instances, sharers, .. } = plan;
    println!(
        "{name}: {keys} keys, {instances} instances, {sharers} for each key; {:.0} s",
        took.as_secs_f64()
    );
    println!("  {:<26} {:>12} {:>12} {:>12}", "token calls a second", "mean", "worst minute", "worst second");
    for (part, range) in PARTS {
        let (second, mean) = peak_and_mean(&tally.calls, range.clone());
        let minute = worst_minute(&tally.calls, range);
        println!("  {part:<26} {mean:>12.0} {minute:>12.0} {second:>12}");
    }
    let calls: u64 = tally.calls.iter().map(|calls| u64::from(*calls)).sum();
    let operations: u64 = tally.store.iter().map(|count| u64::from(*count)).sum();
    let Tally { granted, adopted, without, without_for, ended, reused, .. } = tally;
    let without_for = without_for.as_secs_f64() / Duration::from_secs((*without).max(1)).as_secs_f64();
    println!("  token calls {calls}, tokens granted {granted}, taken over from the store {adopted}");
    println!("  operations on the store {operations}");
    println!(
        "  times without a token {without}, {without_for:.1} s each; sessions ended {ended}, reuses {reused}"
    );
}

/// The mean of each minute of a day.
fn by_minute(seconds: &[u32]) -> Vec<(f64, f64)> {
    let sums = seconds.chunks(60).map(|minute| f64::from(minute.iter().sum::<u32>()) / 60.0);
    sums.zip(0_u32..).map(|(calls, minute)| (f64::from(minute), calls)).collect()
}

fn worst_minute(seconds: &[u32], part: Range<Duration>) -> f64 {
    let place = |at: Duration| usize::try_from(at.as_secs()).unwrap_or(usize::MAX).min(seconds.len());
    let minutes = by_minute(&seconds[place(part.start)..place(part.end)]);
    minutes.into_iter().map(|(_, calls)| calls).fold(0.0, f64::max)
}

/// For each jitter the worst minute of the hours after an outage, against the mean of a quiet hour. Half of the keys is
/// enough for that.
fn curve(keys: u64) -> Line<'static> {
    println!("jitter, a shared store, single-use refresh tokens, {} keys", keys / 2);
    println!("  {:>8} {:>22} {:>22}", "jitter", "worst minute / mean", "calls / without jitter");
    let mut points = Vec::new();
    let mut without = 0;
    for jitter in JITTERS {
        let mut plan = Plan::quiet(keys / 2, true, Grant::Rotating);
        plan.jitter = Duration::from_secs(jitter);
        plan.outage = Some(minutes(6 * 60)..minutes(6 * 60 + 10));
        let tally = live(&plan);
        let (_, mean) = peak_and_mean(&tally.calls, minutes(60)..minutes(6 * 60));
        let ratio = worst_minute(&tally.calls, minutes(6 * 60 + 20)..minutes(12 * 60)) / mean;
        without = if jitter == 0 { tally.granted } else { without };
        let cost =
            Duration::from_millis(tally.granted).as_secs_f64() / Duration::from_millis(without).as_secs_f64();
        println!("  {jitter:>6} s {ratio:>22.2} {cost:>22.3}");
        points.push((Duration::from_secs(jitter).as_secs_f64(), ratio));
    }
    Line { name: "after a ten-minute outage", points }
}
