//! Runs a few threads under their schedules: all of them where they can be counted, else many.
#![allow(dead_code, reason = "each test file uses its own part")]

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use shuttle::scheduler::{DfsScheduler, PctScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::thread::{self, Thread};
use shuttle::{Config, MaxSteps, Runner};

/// Runs every schedule.
pub(crate) fn every(threads: impl Fn() + Send + Sync + 'static) {
    const BOUND: usize = 500_000;
    let schedules = run(DfsScheduler::new(Some(BOUND), false), threads);
    assert!(schedules < BOUND, "there are more schedules than were run");
    println!("{schedules} schedules, which is all of them");
}

/// Runs this many schedules, drawn with a fixed seed. Each changes the order of threads in three places at most: almost
/// every race shows at that depth.
pub(crate) fn many(schedules: usize, threads: impl Fn() + Send + Sync + 'static) {
    assert_eq!(run(PctScheduler::new_from_seed(7, 3, schedules), threads), schedules);
    println!("{schedules} schedules");
}

fn run(scheduler: impl Scheduler + 'static, threads: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    // Code that is not optimized needs a larger stack.
    config.stack_size = 256 * 1024;
    // The warning: memory is sequentially consistent here. The tests that this matters for say it.
    config.silence_warnings = true;
    config.max_steps = MaxSteps::FailAfter(10_000);
    Runner::new(Punctual(scheduler), config).run(threads)
}

/// Wakes no parked thread without a cause: a lost wake-up stays lost, and shuttle reports a deadlock.
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

/// Wakes the thread that calls this.
pub(crate) fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
