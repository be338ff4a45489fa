//! Locks and atomics: those of std, or those of shuttle where a test explores every schedule of its threads.
//!
//! `cargo xtask interleavings` builds with shuttle. Every other build has the types of std and arc-swap.

#[cfg(wellspring_shuttle)]
pub(crate) use self::explored::{ArcSwap, HashMap, OnceLock, RandomState};
#[cfg(wellspring_shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(not(wellspring_shuttle))]
pub(crate) use arc_swap::ArcSwap;
#[cfg(not(wellspring_shuttle))]
pub(crate) use core::sync::atomic::AtomicU64;
#[cfg(not(wellspring_shuttle))]
pub(crate) use std::collections::HashMap;
#[cfg(not(wellspring_shuttle))]
pub(crate) use std::hash::RandomState;
#[cfg(not(wellspring_shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock};

/// Types that shuttle lacks: the real ones, with a point before each use at which another thread may run.
#[cfg(wellspring_shuttle)]
mod explored {
    use arc_swap::Guard;
    use shuttle::sync::atomic::{AtomicBool, Ordering};
    use std::sync::Arc;

    /// Ordered, so that a schedule is the same when it is run again.
    pub(crate) use std::collections::BTreeMap as HashMap;
    /// The same in each run.
    pub(crate) type RandomState = core::hash::BuildHasherDefault<siphasher::sip::SipHasher13>;

    #[derive(Debug, Default)]
    struct Turn(AtomicBool);

    impl Turn {
        fn pass(&self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[derive(Debug)]
    pub(crate) struct OnceLock<T>(std::sync::OnceLock<T>, Turn);

    impl<T> Default for OnceLock<T> {
        fn default() -> Self {
            Self(std::sync::OnceLock::new(), Turn::default())
        }
    }

    impl<T> OnceLock<T> {
        pub(crate) fn get(&self) -> Option<&T> {
            self.1.pass();
            self.0.get()
        }

        pub(crate) fn set(&self, value: T) -> Result<(), T> {
            self.1.pass();
            self.0.set(value)
        }
    }

    #[derive(Debug, Default)]
    pub(crate) struct ArcSwap<T>(arc_swap::ArcSwap<T>, Turn);

    impl<T> ArcSwap<T> {
        pub(crate) fn new(value: Arc<T>) -> Self {
            Self(arc_swap::ArcSwap::new(value), Turn::default())
        }

        pub(crate) fn load(&self) -> Guard<Arc<T>> {
            self.1.pass();
            self.0.load()
        }

        pub(crate) fn store(&self, value: Arc<T>) {
            self.1.pass();
            self.0.store(value);
        }
    }
}
