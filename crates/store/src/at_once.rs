//! A blocking map seen as an asynchronous one, whose futures are ready at once: what is written for both kinds of map runs over
//! it without a runtime.

use core::future::{Future, ready};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use wellspring_core::{LivenessLock, LockDomain, StoreError, StoreGuarantees, Version, WatchOutcome};

use crate::async_map::AsyncMap;
use crate::map::{Entry, KeyName, Map};

/// A blocking map. Each operation is done when its future is made.
#[derive(Debug)]
pub(crate) struct AtOnce<'a, M>(pub(crate) &'a M);

impl<M> Clone for AtOnce<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for AtOnce<'_, M> {}

/// The output of a future that waits for nothing but a map [`AtOnce`].
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a blocking map has ended each of its operations"),
    }
}

impl<M: Map> AsyncMap for AtOnce<'_, M> {
    fn guarantees(&self) -> StoreGuarantees {
        self.0.guarantees()
    }

    fn removal(&self, name: &KeyName) -> Option<String> {
        self.0.removal(name)
    }

    fn load(
        &self,
        name: &KeyName,
        within: Duration,
    ) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send {
        ready(self.0.load(name, within))
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        ready(self.0.swap(name, expected, entry, within))
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> impl Future<Output = Result<WatchOutcome, StoreError>> + Send {
        ready(self.0.watch(name, version, domain, within))
    }

    fn liveness_lock(
        &self,
        name: &KeyName,
        within: Duration,
    ) -> impl Future<Output = Result<LivenessLock, StoreError>> + Send {
        ready(self.0.liveness_lock(name, within))
    }

    fn names(&self, within: Duration) -> impl Future<Output = Result<Vec<KeyName>, StoreError>> + Send {
        ready(self.0.names(within))
    }

    fn shown(&self, name: &KeyName) -> String {
        self.0.shown(name)
    }
}
