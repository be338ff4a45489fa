//! Changes of a session's record that send nothing.

use alloc::sync::Arc;

use super::Lifecycle;
use crate::attachments::Attachments;
use crate::error::TokenError;
use crate::provider::Provider;
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
    match outcome {
        Outcome::Looked(record) => Ok(record.map(|record| record.attachments).unwrap_or_default()),
        Outcome::Failed(failure) => Err(failure.error),
        _ => Err(TokenError::unavailable("the record was neither read nor changed")),
    }
}
