//! Many runs, a few at once.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The number of runs at once; most of them wait for a disk or a deadline.
const AT_ONCE: usize = 6;

/// Does this with each item, a few at once.
pub(crate) fn at_once<T: Sync>(items: &[T], action: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
                    action(item);
                }
            });
        }
    });
}
