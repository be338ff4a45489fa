//! The store under one key, as a store of a fleet answers: compare-and-swap, and after a failover an older copy.

use core::time::Duration;

use wellspring_core::{Record, StoreError, Stored, Swap, Version};

use crate::plan::Plan;

#[derive(Debug)]
pub(crate) struct SharedStore {
    pub(crate) stored: Option<Stored>,
    versions: u128,
    /// What the store held before the first save that its copy lacks.
    copy: Option<Option<Stored>>,
}

impl SharedStore {
    pub(crate) fn holding(record: Record) -> Self {
        let stored = Stored { version: Version::new(1), record };
        Self { stored: Some(stored), versions: 1, copy: None }
    }

    pub(crate) fn version(&self) -> Option<Version> {
        self.stored.as_ref().map(|stored| stored.version)
    }

    /// Whether the store answers now. After a failover it is the older copy.
    pub(crate) fn answers(&mut self, plan: &Plan, at: Duration) -> Result<(), StoreError> {
        let Some(failover) = &plan.failover else { return Ok(()) };
        if failover.contains(&at) {
            return Err(StoreError::unavailable("the store does not answer"));
        }
        if at >= failover.end {
            if let Some(copy) = self.copy.take() {
                self.stored = copy;
            }
        }
        Ok(())
    }

    pub(crate) fn swap(
        &mut self,
        plan: &Plan,
        expected: Option<Version>,
        record: Record,
        at: Duration,
    ) -> Swap {
        if self.version() != expected {
            return Swap::Conflict;
        }
        self.versions += 1;
        let version = Version::new(self.versions);
        let replaced = self.stored.replace(Stored { version, record });
        let is_lacking = plan
            .failover
            .as_ref()
            .is_some_and(|failover| (failover.start.saturating_sub(plan.lag)..failover.start).contains(&at));
        if is_lacking {
            self.copy.get_or_insert(replaced);
        }
        Swap::Done(version)
    }
}
