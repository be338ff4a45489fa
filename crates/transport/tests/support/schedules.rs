//! Runs a play of a few threads under its schedules: all of them where they can be counted, else many.
#![allow(dead_code, reason = "each test file uses its own part")]

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use shuttle::scheduler::{DfsScheduler, PctScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::thread::{self, Thread};
use shuttle::{Config, MaxSteps, Runner};

/// Runs every schedule.
pub(crate) fn every(play: impl Fn() + Send + Sync + 'static) {
    const BOUND: usize = 500_000;
    let schedules = run(DfsScheduler::new(Some(BOUND), false), play);
    assert!(schedules < BOUND, "there are more schedules than were run");
    println!("{schedules} schedules, which is all of them");
}

/// Runs so many schedules, drawn with a fixed seed; in each the order is turned round in three places at most, which is
/// what it takes to show almost every race there is.
pub(crate) fn many(schedules: usize, play: impl Fn() + Send + Sync + 'static) {
    assert_eq!(run(PctScheduler::new_from_seed(7, 3, schedules), play), schedules);
    println!("{schedules} schedules");
}

fn run(scheduler: impl Scheduler + 'static, play: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    // What is not optimized needs room.
    config.stack_size = 256 * 1024;
    // That memory is sequentially consistent here is said where it matters.
    config.silence_warnings = true;
    config.max_steps = MaxSteps::FailAfter(10_000);
    Runner::new(Punctual(scheduler), config).run(play)
}

/// Wakes no parked thread without a cause: a wake-up that is lost stays lost, and is reported as a deadlock.
#[derive(Debug)]
struct Punctual<S>(S);

impl<S: Scheduler> Scheduler for Punctual<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.new_execution()
    }

    fn next_task(&mut self, ready: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
        let with_cause: Vec<&Task> =
            ready.iter().copied().filter(|task| !task.can_spuriously_wakeup()).collect();
        self.0.next_task(&with_cause, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// What wakes the thread that calls this.
pub(crate) fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
