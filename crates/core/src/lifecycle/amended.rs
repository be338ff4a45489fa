//! Changes of a session's record that send nothing.

use alloc::sync::Arc;
use core::time::Duration;

use super::Lifecycle;
use crate::attachments::Attachments;
use crate::error::TokenError;
use crate::provider::Provider;
use crate::record::Record;
use crate::renewal::amend::Amendment;
use crate::renewal::job::{Goal, RenewalJob};
use crate::renewal::outcome::Outcome;
use crate::time::Clocks;

impl Lifecycle {
    /// The job of changing the session's record; the outcome goes to [`imported`](Self::imported) for an import, else to
    /// [`attached`](Self::attached).
    ///
    /// # Errors
    ///
    /// When the lifecycle is closed.
    pub fn amend(
        &mut self,
        provider: Arc<dyn Provider>,
        amendment: Amendment,
    ) -> Result<RenewalJob, TokenError> {
        self.job(provider, Goal::Amend(amendment))
    }

    /// An import has ended. Returns whether the session is that of the imported tokens; otherwise there was a session or a
    /// logout before.
    ///
    /// # Errors
    ///
    /// The reason why nothing was imported.
    pub fn imported(&mut self, outcome: Outcome, now: Clocks) -> Result<bool, TokenError> {
        match outcome {
            Outcome::Imported(record) => {
                let _ = self.adopt(&record, now);
                Ok(true)
            }
            outcome => looked(outcome).map(|_| false),
        }
    }

    /// A look at the record has ended. Returns how long ago the session's refresh token was obtained or used last; `None` where
    /// there is none that can be used.
    ///
    /// # Errors
    ///
    /// The reason why that is not known.
    pub fn session_age(&self, outcome: Outcome, now: Clocks) -> Result<Option<Duration>, TokenError> {
        let usable = |record: &Record| record.dead.is_none().then(|| record.granted().cloned()).flatten();
        let granted = looked_at(outcome)?.as_ref().and_then(usable);
        let granted = granted.filter(|granted| granted.response.refresh_token.is_some());
        Ok(granted.map(|granted| now.unix.since(granted.obtained_at)))
    }

    /// A look at the record, or a change of its attachments, has ended. Returns the attachments.
    ///
    /// # Errors
    ///
    /// The reason why they are not known, or not changed.
    pub fn attached(&self, outcome: Outcome) -> Result<Attachments, TokenError> {
        looked(outcome)
    }
}

fn looked(outcome: Outcome) -> Result<Attachments, TokenError> {
    Ok(looked_at(outcome)?.map(|record| record.attachments).unwrap_or_default())
}

fn looked_at(outcome: Outcome) -> Result<Option<Record>, TokenError> {
    match outcome {
        Outcome::Looked(record) => Ok(record),
        Outcome::Failed(failure) => Err(failure.error),
        _ => Err(TokenError::unavailable("the record was neither read nor changed")),
    }
}
